"""What a DAW's card says comes from its page, with the names that ports have here."""

from pathlib import Path

from gui.first_run import daws
from plugin.commands.daw import pages


def test_every_page_gives_its_five_lines_in_the_order_people_ask() -> None:
    found = daws.read()
    assert {page.name for page in found} == set(pages())
    assert [page.name for page in found][:3] == ["ableton-live", "logic", "bitwig"]
    for page in found:
        assert next(head for head, _ in page.lines) == "Ports"
        assert len(page.lines) == 5
        assert page.script is None or page.script.is_file()
        for _, says in page.lines:
            assert not set("`*") & set(says)


def test_only_what_was_tried_says_so() -> None:
    assert [page.name for page in daws.read() if page.tried] == ["ardour"]


def test_names_of_ports_are_put_in_their_place_and_nothing_of_a_terminal_stays() -> None:
    for page in daws.read():
        text = "\n".join(daws.worded(says, "Loop A", "Loop B") for _, says in page.lines)
        assert "Antiphon In" not in text
        assert "Antiphon Out" not in text
        assert "“Loop A”" in text
        assert "“Loop B”" in text
        assert "antiphon jam" not in text
        assert "typed" not in text


def test_a_port_with_the_name_of_the_other_one_is_not_replaced_twice() -> None:
    assert daws.worded("x Antiphon In y", "Antiphon Out", "B") == "X “Antiphon Out” y"


def test_a_page_without_its_lines_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "new.md").write_text("# New\n\nNothing yet.\n")
    assert daws.read({"new": tmp_path / "new.md"}) == ()
