"""The history: every line, the newest first, all of it in a file."""

import csv

from PySide6.QtCore import Qt

from gui.sharing.history import COLUMNS
from gui.widgets import reason_of


def test_nothing_yet(make_dock, settle, machine, gateway):
    machine.sharing.set_server(gateway.server)
    dock = make_dock()
    settle()
    assert not dock.cards.log.table.isVisible()
    assert reason_of(dock.cards.log.export_button)


def test_every_attempt_is_a_row_with_its_facts(qtbot, make_dock, settle, machine, gateway, asked):
    machine.agree(gateway.server, pieces=1)
    machine.good(machine.sharing.prepare().wait())
    found = machine.sharing.preview()
    machine.good(machine.sharing.send(found.sha256).wait())
    dock = make_dock()
    settle()
    log, entries = dock.cards.log, machine.sharing.log()
    assert log.model.rowCount() == len(entries)
    assert log.model.columnCount() == len(COLUMNS)
    roles = Qt.ItemDataRole
    newest = [log.model.index(0, column).data() for column in range(3)]
    assert newest[0] == "just now, 12:00"
    assert newest[1:] == ["send", "Taken; it waits there for those of others"]
    assert log.model.headerData(0, Qt.Orientation.Horizontal) == "When"
    words = log.model.index(0, 0).data(roles.ToolTipRole)
    for fact in (found.sha256, f"{found.bytes:,} bytes", "limit 1.4", gateway.server.url):
        assert fact in words
    assert not log.details.isVisible()
    log.table.selectRow(0)
    assert log.details.text().replace("\u200b", "") == words

    log.export_button.click()
    qtbot.waitUntil(lambda: dock.note.text().startswith("Saved"))
    (name,) = asked.names
    with (asked.folder / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["what"] for row in rows] == [entry.what for entry in entries]
    assert rows[-1]["sha256"] == found.sha256
    assert rows[-1]["server"] == gateway.server.url
