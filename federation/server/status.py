"""The status page: how sharing goes, for anybody to read. HTML with plots as inline SVG, no script.

It shows what is public anyway (manifests) and counts; nothing that names a device. It refuses to
take any input.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from federation.aggregate.privacy import NOT_YET
from federation.formats.lineage import Lineage
from federation.server.leases import Version

WIDTH, HEIGHT, MARGIN = 520, 150, 34
MOST_ROWS = 50

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;
color:#1d2430;background:#fafafa}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .7rem;text-align:right;
border-bottom:1px solid #d8dce3}td:first-child,th:first-child{text-align:left}
.plots{display:flex;flex-wrap:wrap;gap:1rem}figure{margin:0}figcaption{font-size:.9rem}
svg{background:#fff;border:1px solid #d8dce3}
@media(prefers-color-scheme:dark){body{color:#e3e6ec;background:#15181d}
svg{background:#1d2128;border-color:#3a404a}td,th{border-color:#3a404a}}
"""
Points = Sequence[tuple[float, float]]


def page(
    lineages: dict[str, tuple[Lineage, bool]],
    versions: Sequence[Version],
    counts: Mapping[str, Mapping[str, int]],
    kept_back: Sequence[Mapping[str, Any]],
) -> str:
    """The whole page."""
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width'><title>Antiphon: what is shared</title>",
        f"<style>{_STYLE}</style><h1>Antiphon: what is shared</h1>",
        "<p>Players who chose to share send a small change of the model, never music. Many such "
        "changes make a version. Raw changes are deleted when they were used.</p>",
    ]
    for name, (lineage, is_open) in reversed(lineages.items()):
        own = [one for one in versions if one.manifest.lineage == name]
        held = [one for one in kept_back if one["lineage"] == name]
        parts.append(_lineage(name, lineage, is_open, own, counts.get(name, {}), held))
    if not lineages:
        parts.append("<p>Nothing is shared yet.</p>")
    return "\n".join(parts)


def plot(title: str, points: Points, unit: str = "") -> str:
    """A line through the points with the ends of both axes named; a figure of HTML."""
    caption = f"<figcaption>{escape(title)}</figcaption>"
    if not points:
        return f"<figure>{caption}<p>No figures yet.</p></figure>"
    xs, ys = [x for x, _ in points], [y for _, y in points]
    low, high = min(ys), max(ys)
    across = (max(xs) - min(xs)) or 1.0
    up = (high - low) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            MARGIN * 1.6 + (x - min(xs)) / across * (WIDTH - 2.4 * MARGIN),
            HEIGHT - MARGIN * 0.8 - (y - low) / up * (HEIGHT - 1.6 * MARGIN),
        )

    placed = [place(x, y) for x, y in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    dots = "".join(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3' fill='#2f6fde'/>" for x, y in placed)
    words = [
        _text(4, placed[0][1] if low == high else HEIGHT - MARGIN * 0.7, f"{low:.4g}{unit}"),
        "" if low == high else _text(4, MARGIN * 0.9, f"{high:.4g}{unit}"),
        _text(placed[0][0], HEIGHT - 6, f"version {min(xs):g}"),
        "" if len(points) == 1 else _text(placed[-1][0], HEIGHT - 6, f"{max(xs):g}", "end"),
    ]
    return (
        f"<figure>{caption}<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' "
        f"height='{HEIGHT}' "
        f"viewBox='0 0 {WIDTH} {HEIGHT}' role='img' aria-label='{escape(title, quote=True)}'>"
        f"<polyline points='{line}' fill='none' stroke='#2f6fde' stroke-width='2'/>"
        f"{dots}{''.join(words)}</svg></figure>"
    )


def _lineage(
    name: str,
    lineage: Lineage,
    is_open: bool,
    versions: Sequence[Version],
    counts: Mapping[str, int],
    held: Sequence[Mapping[str, Any]],
) -> str:
    manifests = [one.manifest for one in versions]
    used = [(m.version, float(m.contributions)) for m in manifests if m.parent is not None]
    gated = [(m.version, m.gate["public"]) for m in manifests if "public" in m.gate]
    spent = [(m.version, m.epsilon_spent) for m in manifests if m.epsilon_spent is not None]
    state = "takes contributions" if is_open else "closed"
    told = ", ".join(f"{number:,} {status}" for status, number in sorted(counts.items())) or "none"
    return "\n".join(
        [
            f"<h2>Model {escape(name[:12])} ({state})</h2>",
            f"<p>A change of rank {lineage.rank} ({lineage.size:,} numbers) of the prior "
            f"{escape(lineage.prior)}. Contributions: {escape(told)}. "
            f"Versions kept back by the gate: {len(held)}.</p><div class=plots>",
            plot("Contributions a version", used),
            plot("Gate: bits a note of public music (lower is better)", gated),
            plot(f"Privacy spent, ε ({NOT_YET})" if not spent else "Privacy spent, ε", spent),
            "</div>",
            _table(versions),
        ]
    )


def _table(versions: Sequence[Version]) -> str:
    rows = [
        "<table><tr><th>version<th>made<th>contributions<th>rule<th>limit<th>noise<th>ε"
        "<th>gate, bits<th>state</tr>"
    ]
    for one in list(reversed(versions))[:MOST_ROWS]:
        m = one.manifest
        state = one.status + (", a trial" if m.privacy.get("trial") else "")
        epsilon = NOT_YET if m.epsilon_spent is None else f"{m.epsilon_spent:.2f}"
        gate = f"{m.gate['public']:.4f}" if "public" in m.gate else "–"
        cells = [m.version, m.created, m.contributions, m.rule, f"{m.clip:g}", f"{m.noise:g}"]
        cells += [epsilon, gate, state]
        rows.append("<tr>" + "".join(f"<td>{escape(str(cell))}" for cell in cells) + "</tr>")
    return "\n".join([*rows, "</table>"])


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return (
        f"<text x='{x:.0f}' y='{y:.0f}' font-size='11' fill='#7a8290' text-anchor='{anchor}'>"
        f"{escape(words)}</text>"
    )
