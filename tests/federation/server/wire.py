"""What is said to a server below HTTP, and what it has kept afterwards."""

import socket
import sqlite3
import ssl
from contextlib import closing

from tests.federation.server.served import Served


def kept(server: Served) -> tuple[int, int]:
    """(rows, blobs): what is stored of contributions."""
    with closing(sqlite3.connect(server.folder / "antiphon.db")) as book:
        rows = book.execute("SELECT count(*) FROM contributions").fetchone()[0]
    deltas = server.folder / "blobs" / "deltas"
    return rows, len(list(deltas.iterdir())) if deltas.is_dir() else 0


def connected(server: Served) -> ssl.SSLSocket:
    """A line with TLS, on which nothing was said yet."""
    trusted = ssl.create_default_context(cafile=str(server.folder / "tls" / "cert.pem"))
    line = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    return trusted.wrap_socket(line, server_hostname="127.0.0.1")


def raw(server: Served, data: bytes) -> bytes:
    """The beginning of what is answered to these bytes."""
    with connected(server) as line:
        line.sendall(data)
        return line.recv(65536)


def said(line: ssl.SSLSocket) -> tuple[int, bytes]:
    """(status, everything) of one answer."""
    answer = line.recv(65536)
    return int(answer.split(b" ", 2)[1]), answer
