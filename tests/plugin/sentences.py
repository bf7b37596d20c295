"""What every error owes to a player."""


def assert_is_a_sentence(text: str) -> None:
    assert text.endswith(".")
    assert "\n" not in text
    assert ": " in text, "a next step follows the colon"
    assert "Traceback" not in text
