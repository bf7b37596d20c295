"""Why no take can be kept, before anybody has played one."""

import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from gui.takes.trouble import not_kept
from tests.plugin.sentences import assert_is_a_sentence

Usage = namedtuple("Usage", "total used free")


def test_a_folder_that_can_be_made_is_fine(tmp_path: Path) -> None:
    assert not_kept(tmp_path / "to" / "be" / "made") == ""


def test_one_that_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, how: path != tmp_path)
    says = not_kept(tmp_path / "new")
    assert str(tmp_path) in says
    assert_is_a_sentence(says.replace("\n", " "))


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(9, 9, 0))
    assert "is full" in not_kept(tmp_path)
