"""Names of styles: the labels that pieces carry, and the numbers the model knows them by.

A piece's labels come from what its index says: collection, words of the style ("fiddle/reel" gives
"fiddle" and "reel"), composer, a jazz soloist, and kinds of piece that the title names ("... Rag").
All are lower case. A `Vocabulary` keeps those that enough pieces share; it travels in the
checkpoint. It refuses to know the network.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

LEAST_PIECES = 4
"""Labels of fewer training pieces are not learnt."""
MOST_LABELS = 400
_WORD = re.compile(r"[^\W\d_]{2,}", re.UNICODE)
# Kinds of piece that a title may name, by the word as it stands there.
_KINDS = {
    "rag": "ragtime",
    "ragtime": "ragtime",
    "choral": "chorale",
    "chorale": "chorale",
    "valse": "waltz",
    "walc": "waltz",
    "marche": "march",
    "marsz": "march",
    "ballade": "ballad",
    "etude": "study",
    "fuga": "fugue",
    "menuet": "minuet",
    "menuetto": "minuet",
}
_KINDS |= {
    kind: kind
    for kind in (
        *("waltz", "march", "mazurka", "polonaise", "polka", "nocturne", "prelude", "study"),
        *("sonata", "fugue", "reel", "jig", "hornpipe", "ballad", "blues", "minuet", "strathspey"),
        *("invention", "concerto", "scherzo", "impromptu", "romance", "tango", "lullaby"),
        *("serenade", "gigue", "sarabande", "gavotte", "allemande", "courante", "rondo", "hymn"),
        "mass",
    )
}
_NOBODY = {"", "trad", "traditional", "[traditional]", "anonim", "anonymous", "unknown"}
_EMPTY = {"secular", "empty", "unknown", "mutopia", "vox"}


def labels_of(row: Mapping[str, str]) -> tuple[str, ...]:
    """Labels of a piece from its row of index.csv; each once, the collection first."""
    collection = row.get("collection", "")
    found = [collection.replace("_", " ")]
    for part in re.split(r"[/;,]", row.get("style", "").lower()):
        words = part.strip()
        if words and words not in _EMPTY and not words[0].isdigit():
            found.append(words)
    composer = row.get("composer", "").split(",")[0].strip(' ."').lower()
    if composer not in _NOBODY:
        found.append(composer)
    if collection == "wjd" and row.get("performer"):
        found.append(row["performer"].strip().lower())
    found += [
        _KINDS[word] for word in _WORD.findall(row.get("title", "").lower()) if word in _KINDS
    ]
    return tuple(dict.fromkeys(label for label in found if label))


class StyleError(ValueError):
    """A style that the model does not know; the message is a sentence and a next step."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Labels that a model knows; number 0 is "none", `names[k]` has number k + 1."""

    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, pieces: Iterable[tuple[str, ...]]) -> "Vocabulary":
        """The labels that enough of these pieces share, the most frequent first."""
        counts = Counter(label for labels in pieces for label in labels)
        frequent = [label for label, n in counts.most_common(MOST_LABELS) if n >= LEAST_PIECES]
        return cls(tuple(frequent))

    @classmethod
    def from_text(cls, text: str) -> "Vocabulary":
        """As a checkpoint's metadata has it. Raises ValueError."""
        names = json.loads(text)
        if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
            raise ValueError("styles are not a list of names")
        return cls(tuple(names))

    def as_text(self) -> str:
        """For the metadata of a checkpoint."""
        return json.dumps(self.names, ensure_ascii=False)

    def numbers(self, labels: Iterable[str]) -> list[int]:
        """Numbers of those of the labels that are known."""
        known = {name: number for number, name in enumerate(self.names, start=1)}
        return [known[label] for label in labels if label in known]

    def number(self, name: str) -> int:
        """Number of a style that somebody asks for by name. Raises StyleError."""
        wanted = name.strip().lower()
        if wanted in self.names:
            return self.names.index(wanted) + 1
        close = get_close_matches(wanted, self.names, n=3, cutoff=0.5)
        hint = f"did you mean {', '.join(close)}?" if close else "`antiphon styles` lists them."
        raise StyleError(f"The model knows no style {name!r}; {hint}")
