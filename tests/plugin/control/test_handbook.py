"""docs/CONTROLS.md is what the table says."""

from plugin.control import handbook
from plugin.control.table import DIALS
from tests.shared import REPOSITORY


def test_the_page_is_true():
    page = (REPOSITORY / "docs" / "CONTROLS.md").read_text(encoding="utf-8")
    assert page == handbook.page(), "stale: python -m plugin.control.handbook > docs/CONTROLS.md"


def test_the_page_has_every_dial():
    page = handbook.page()
    assert [dial.name for dial in DIALS if f"| `{dial.name} {dial.example}` |" not in page] == []


def test_rows_have_as_many_cells_as_their_heads():
    width = 0
    for line in handbook.page().splitlines():
        if not line.startswith("|"):
            width = 0
        else:
            width = width or line.count("|")
            assert line.count("|") == width, line
