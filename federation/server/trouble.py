"""What the server says no with: a sentence and a next step, and the HTTP status that goes with it.

It refuses to tell a caller anything about the machine: paths, tables and traces stay inside.
"""

_WHY = {401: "identity", 403: "consent", 404: "unknown", 409: "conflict", 410: "stale",
        413: "size", 422: "content", 429: "often", 503: "away"}  # fmt: skip


class RefusedError(Exception):
    """A request that is not carried out. wait_s: when it may be worth trying again, None: never.

    why: one word for programs; the sentence is for people and may change.
    """

    def __init__(
        self, status: int, says: str, wait_s: float | None = None, *, why: str = ""
    ) -> None:
        super().__init__(says)
        self.status, self.says, self.wait_s = status, says, wait_s
        self.why = why or _WHY.get(status, "refused")


class ServerError(Exception):
    """The operator's command cannot be carried out; the message is a sentence and a next step."""
