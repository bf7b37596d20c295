"""docs/KEYS.md is what the list of actions says."""

from gui import handbook
from gui.action_list import ACTIONS
from tests.shared import REPOSITORY


def test_the_page_is_what_the_list_says() -> None:
    page = (REPOSITORY / "docs" / "KEYS.md").read_text(encoding="utf-8")
    assert page == handbook.page(), "stale: python -m gui.handbook > docs/KEYS.md"


def test_every_action_has_a_row() -> None:
    page = handbook.page()
    for spec in ACTIONS:
        assert f"| {spec.text} |" in page
