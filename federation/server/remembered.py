"""A value that is read once a while, however many ask for it: one second old is new enough.

While one request reads, the others wait for the same answer, so a crowd is one question to the
database. Thread: the event loop; the reading itself happens in a worker thread.
"""

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from starlette.concurrency import run_in_threadpool

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """Values by key, each read again when it is older than `fresh_s`. Keys: only known ones."""

    def __init__(
        self,
        read: Callable[[Key], Value] | None,
        clock: Callable[[], float],
        fresh_s: float,
    ) -> None:
        self._read, self._clock, self._fresh_s = read, clock, fresh_s
        self._found: dict[Key, tuple[float, Value]] = {}
        self._locks: dict[Key, asyncio.Lock] = {}

    async def get(self, key: Key, read: Callable[[], Value] | None = None) -> Value:
        """The value; `read` instead of the usual way. Raises what reading raises."""
        found = self._found.get(key)
        if found is not None and self._clock() - found[0] < self._fresh_s:
            return found[1]
        async with self._locks.setdefault(key, asyncio.Lock()):
            found = self._found.get(key)
            if found is not None and self._clock() - found[0] < self._fresh_s:
                return found[1]
            began = self._clock()
            if read is not None:
                value = await run_in_threadpool(read)
            else:
                assert self._read is not None
                value = await run_in_threadpool(self._read, key)
            self._found[key] = (began, value)
            return value
