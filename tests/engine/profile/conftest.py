"""Tests of profiles write thousands of files: none of them waits until it is on the platter.

A killed process loses nothing by that, only a power cut would. That files are brought to the disk
before they get their names is a test of its own.
"""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="module")
def _no_waiting_for_the_disk() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield
