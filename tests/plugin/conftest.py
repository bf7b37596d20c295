"""A take library of its own for every test that asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from plugin.takes import TakeWriter


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "takes" / "takes.sqlite3"


@pytest.fixture
def writer(path: Path) -> Iterator[TakeWriter]:
    troubles: list[str] = []
    found = TakeWriter(path, on_trouble=troubles.append)
    yield found
    found.close()
    assert troubles == []
