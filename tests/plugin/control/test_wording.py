"""Lines that musicians type, and what they ask for."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.scales import Scale
from plugin.control import help as helping
from plugin.control.actions import INVERSE, SAYS, Action
from plugin.control.bindings import Manner, Target, TargetKind
from plugin.control.learn import Wish
from plugin.control.orders import Act, Help, Learn, Nothing, Preset, Put, Show, Undo, Unlearn
from plugin.control.table import DIALS
from plugin.control.wording import HEADS, WordingError, read, target_of
from plugin.settings import Companions, Settings, Way, Yield
from tests.plugin.control.values import turned
from tests.plugin.sentences import assert_is_a_sentence

FRESH = Settings()


def put(line: str, settings: Settings = FRESH) -> Settings:
    order = read(line, settings)
    assert isinstance(order, Put)
    return order.settings


def closeness() -> Target:
    return Target(TargetKind.DIAL, "closeness")


def test_ways_and_what_may_follow_them():
    assert put("answer", put("endless")).way is Way.ANSWER
    assert put("ENDLESS").way is Way.ENDLESS
    trade = put("trade 8")
    assert (trade.way, trade.bars) == (Way.TRADE, 8)
    harmonise = put("harmonize chord")
    assert (harmonise.way, harmonise.companions) == (Way.HARMONISE, Companions.CHORD)
    vary = put("vary 70%")
    assert (vary.way, vary.distance) == (Way.VARY, 0.7)


def test_dials_by_any_of_their_names():
    assert put("eager 0.8").eagerness == put("Eagerness  0.8").eagerness == 0.8
    assert put("yield beat").yields is Yield.BEAT
    assert put("scale D dorian").limits.scale == Scale(2, "dorian")
    assert put("scale off", put("scale D dorian")).limits.scale is None
    assert put("most_per_beat 3").limits.most_per_beat == 3
    assert put("swing unit 16").limits.swing_unit == 16
    assert put("swing 0.6").limits.swing == 0.6
    assert put("metronome on").metronome
    assert put("meter 6/8").beats_per_bar == 3.0


def test_the_root_and_the_mode_of_a_scale_go_apart():
    settings = put("mode blues", put("root Bb"))
    assert settings.limits.scale == Scale(10, "blues")
    assert put("root off", settings).limits.scale is None


def test_both_ends_of_a_range():
    limits = put("register C2 C5").limits
    assert (limits.lowest, limits.highest) == (36, 72)
    limits = put("register C6 to C7", put("register C2 C3")).limits
    assert (limits.lowest, limits.highest) == (84, 96)
    limits = put("density 1 4").limits
    assert (limits.fewest_per_beat, limits.most_per_beat) == (1, 4)
    limits = put("density 3", put("density 1 4")).limits
    assert (limits.fewest_per_beat, limits.most_per_beat) == (None, 3)
    assert put("density off", put("density 1 4")) == FRESH
    assert put("length 1/4 off").limits.shortest == 0.25


def test_so_much_more_or_less():
    assert put("tempo +5", put("tempo 120")).bpm == 125
    assert put("tempo -999", put("tempo 120")).bpm == 20
    assert put("closeness +0.1", put("closeness 0.7")).limits.closeness == 0.8
    assert put("lowest +12").limits.lowest == 12
    with pytest.raises(WordingError, match="give it a number first"):
        read("tempo +5", FRESH)


def test_back_to_the_usual():
    settings = put("closeness 0.7", put("trade 8"))
    assert put("closeness default", settings) == put("reset closeness", settings) == put("trade 8")
    assert put("reset", settings) == FRESH
    assert put("reset register", put("register C2 C3")) == FRESH


def test_actions():
    assert read("go", FRESH) == read(" NOW ", FRESH) == Act(Action.ANSWER_NOW)
    assert read("hold off", FRESH) == read("release", FRESH) == Act(Action.RELEASE)
    assert {read(action.value.split(" or ")[0], FRESH).action for action in Action} | {
        Action.TOGGLE_HOLD,
        Action.RELEASE,
    } == set(Action)
    assert set(SAYS) == set(Action) > set(INVERSE)


@pytest.mark.parametrize("line", ["panic", "PANIC", "panic now please", "!"])
def test_panic_is_understood_in_any_haste(line):
    assert read(line, FRESH) == Act(Action.PANIC)


def test_other_orders():
    assert read("  ", FRESH) == Nothing()
    assert read("closeness", FRESH) == read("show closeness", FRESH) == Show((DIALS["closeness"],))
    assert read("show", FRESH) == Show()
    assert read("show controls", FRESH) == Show(what="controls")
    assert read("help Rhythm", FRESH) == Help("rhythm")
    assert (read("undo", FRESH), read("redo", FRESH)) == (Undo(), Undo(again=True))
    assert read("save  Quiet   Bass", FRESH) == Preset("save", "Quiet Bass")
    assert read("preset Quiet Bass", FRESH) == Preset("load", "Quiet Bass")
    assert read("3", FRESH) == Preset("number", "3")
    assert read("unlearn close", FRESH) == Unlearn(closeness())
    assert read("unlearn all", FRESH) == Unlearn(None)


def test_learning_in_words():
    assert read("learn close", FRESH) == Learn(Wish(closeness()))
    assert read("learn off", FRESH) == Learn(None)
    assert read("learn closeness pickup eat inverted", FRESH) == Learn(
        Wish(closeness(), None, 1.0, 0.0, False, True)
    )
    tempo = Wish(Target(TargetKind.DIAL, "tempo"), None, 0.25, 0.5)
    dial = DIALS["tempo"]
    low, high = dial.kind.at(0.25), dial.kind.at(0.5)
    learnt = read(f"learn tempo {low} {high}", FRESH)
    assert isinstance(learnt, Learn)
    assert learnt.wish is not None
    assert learnt.wish.low == pytest.approx(tempo.low, abs=0.005)
    assert learnt.wish.high == pytest.approx(tempo.high, abs=0.005)
    assert read("learn most per beat", FRESH) == Learn(
        Wish(Target(TargetKind.DIAL, "most per beat"))
    )
    assert read("learn preset Quiet Bass pass", FRESH) == Learn(
        Wish(Target(TargetKind.PRESET, "Quiet Bass"), passes=True)
    )


def test_one_button_holds_and_lets_go():
    toggle = Target(TargetKind.ACTION, Action.TOGGLE_HOLD.value)
    assert read("learn hold", FRESH) == Learn(Wish(toggle))
    held = Wish(Target(TargetKind.ACTION, "hold"), Manner.HELD)
    assert read("learn hold held", FRESH) == Learn(held)


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("closnes 0.7", "closeness"),
        ("scale D dorain", "dorian"),
        ("trad 4", "trade"),
        ("learn closenes", "closeness"),
        ("unlearn tmpo", "tempo"),
        ("trade 3", "1, 2, 4 or 8"),
        ("register C5 C2", "exchange"),
        ("register C3", "register C2 C5"),
        ("learn register", "lowest or highest"),
        ("learn go 1 2", "no range"),
        ("learn closeness 0 7", "from -1 to 1"),
        ("learn scale 1 2", "no range"),
        ("learn go pass eat", "one of the two"),
        ("learn takes 7", "stands alone"),
        ("alternative", "alternatives lists them"),
        ("unlearn", "unlearn all"),
        ("go on", "stands alone"),
        ("endless 4", "stands alone"),
        ("save", "needs a name"),
        ("save " + "x" * 80, "shorter"),
        ("show xyzzy", "show all"),
        ("closeness +x", "like +5"),
        ("reset go", "only a dial"),
        ("1 2", "by itself"),
        ("blah", "help"),
        ("x" * 5000, "too long"),
        ("\x00\x1b[2J", "help"),
    ],
)
def test_a_line_that_cannot_be_obeyed_gets_a_sentence(line, hint):
    with pytest.raises(WordingError, match=re.escape(hint)) as refused:
        read(line, FRESH)
    assert_is_a_sentence(str(refused.value))
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 300


@given(turned(), st.lists(st.sampled_from([*HEADS, "4", "0.5", "off", "D", "C2"]), max_size=6))
def test_any_words_are_obeyed_or_refused_in_a_sentence(settings, words):
    try:
        read(" ".join(words), settings)
    except WordingError as error:
        assert_is_a_sentence(str(error))


@given(st.text(max_size=60))
def test_any_text_is_obeyed_or_refused_in_a_sentence(text):
    try:
        read(text, FRESH)
    except WordingError as error:
        assert_is_a_sentence(str(error))


@pytest.mark.parametrize("line", list(helping.examples()))
def test_every_line_of_help_can_be_typed(line):
    order = read(line, FRESH)
    assert not isinstance(order, Nothing)
    assert not isinstance(order, Put) or order.settings is not None


def test_help_speaks_of_everything():
    shown = "\n".join(helping.everything())
    assert [dial.name for dial in DIALS if f"  {dial.name} {dial.example}" not in shown] == []
    assert [span.name for span in DIALS.spans if span.example not in shown] == []
    assert [way for way in Way if f"  {way.value}" not in shown] == []
    overview = "\n".join(helping.overview())
    assert [dial.name for dial in DIALS if dial.name != "way" and dial.name not in overview] == []


def test_help_on_a_part():
    assert helping.about("", FRESH) == helping.overview()
    assert helping.about("Rhythm", FRESH)[0].startswith("  grid 4")
    about = helping.about("close", put("closeness 0.7"))
    assert about[1] == "It takes a number from -1 to 1. Now 0.7, usually 0."
    assert any("held down" in line for line in helping.about("learn", FRESH))
    with pytest.raises(WordingError, match="perhaps closeness") as refused:
        helping.about("closenes", FRESH)
    assert_is_a_sentence(str(refused.value))


def test_help_fits_a_terminal():
    assert [line for line in helping.everything() if len(line) > 130] == []


def test_targets():
    assert target_of("click") == Target(TargetKind.DIAL, "metronome")
    assert target_of("Panic") == Target(TargetKind.ACTION, "panic")
