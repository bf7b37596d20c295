"""The device's key: in the system's keychain where there is one, else in a file for its owner only.

A keychain may ask a person for a password, or wait for a service that is not there; so it is given
a few seconds in a thread, and after them the file is used. Which of both it is, a word beside it
says, so that looking never wakes a keychain. The key is made for sharing alone, when it is first
needed, and dropped when sharing is revoked. It refuses to show it.
"""

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from federation.client import places
from federation.client.places import Places
from federation.client.trouble import SharingError

if TYPE_CHECKING:
    from federation.formats.requests import DeviceKey

SERVICE = "antiphon-sharing"
WAIT_S = 5.0
_IN_KEYCHAIN = b"keychain\n"
_PRIVATE_BYTES = 32


class Keychain(Protocol):
    """What is used of the library `keyring`."""

    def get_password(self, service_name: str, username: str) -> str | None:
        """The secret of this name."""

    def set_password(self, service_name: str, username: str, password: str) -> None:
        """Keep it."""

    def delete_password(self, service_name: str, username: str) -> None:
        """Drop it."""


Open = Callable[[], Keychain | None]


def system_keychain() -> Keychain | None:
    """The usable keychain of this system, None for none."""
    try:
        import keyring
        from keyring.backends.fail import Keyring as Fails

        found = keyring.get_keyring()
    except Exception:  # whatever a backend raises while it looks around, there is no keychain
        return None
    if isinstance(found, Fails) or getattr(found, "priority", 0) < 1:
        return None
    return found


def has_key(where: Places) -> bool:
    """Whether there is one; nothing is asked."""
    return where.key.exists()


def device_key(
    where: Places, keychain: Open = system_keychain, wait_s: float = WAIT_S
) -> "DeviceKey":
    """The key, made now if there is none. Raises SharingError, OSError."""
    from federation.formats.requests import DeviceKey

    try:
        word = where.key.read_bytes()
    except FileNotFoundError:
        return _fresh(where, keychain, wait_s)
    if word != _IN_KEYCHAIN:
        try:
            return DeviceKey.from_bytes(word)
        except ValueError as error:
            raise SharingError(
                "The key of this device is damaged: `antiphon share revoke` starts afresh."
            ) from error
    secret = _asked(lambda: _get(keychain, where), wait_s)
    try:
        return DeviceKey.from_bytes(bytes.fromhex(secret or ""))
    except ValueError as error:
        raise SharingError(
            "The keychain does not give the key of this device: unlock it and try again, or "
            "`antiphon share revoke` starts afresh."
        ) from error


def drop_key(where: Places, keychain: Open = system_keychain, wait_s: float = WAIT_S) -> None:
    """It is gone, wherever it was. Raises OSError."""
    try:
        in_keychain = where.key.read_bytes() == _IN_KEYCHAIN
    except OSError:
        return
    if in_keychain:
        _asked(lambda: _delete(keychain, where), wait_s)
    places.remove(where.key)


def _fresh(where: Places, keychain: Open, wait_s: float) -> "DeviceKey":
    from federation.formats.requests import DeviceKey

    key = DeviceKey.fresh()
    secret = key.as_bytes()
    if _asked(lambda: _put(keychain, where, secret.hex()), wait_s):
        places.write(where.key, _IN_KEYCHAIN)
    else:
        places.write(where.key, secret)
    return key


def _get(keychain: Open, where: Places) -> str | None:
    chain = keychain()
    return chain.get_password(SERVICE, str(where.root)) if chain else None


def _put(keychain: Open, where: Places, secret: str) -> bool:
    chain = keychain()
    if chain is None:
        return False
    chain.set_password(SERVICE, str(where.root), secret)
    return chain.get_password(SERVICE, str(where.root)) == secret


def _delete(keychain: Open, where: Places) -> bool:
    chain = keychain()
    if chain is not None:
        chain.delete_password(SERVICE, str(where.root))
    return True


def _asked(question: Callable[[], Any], wait_s: float) -> Any:
    """The keychain's answer; None if it fails or takes too long."""
    answer: list[Any] = []

    def ask() -> None:
        with contextlib.suppress(Exception):  # a keychain may fail in any way
            answer.append(question())

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(wait_s)
    return answer[0] if answer else None
