"""The one error of sharing: a sentence and a next step."""


class SharingError(Exception):
    """It cannot be done now; the message is a sentence and a next step."""


class ForbiddenError(SharingError):
    """There is no valid yes for it, or a switch forbids it: nothing was done, stored or opened."""
