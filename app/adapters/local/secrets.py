"""Secrets as files that only their owner may read, one each, made at random on first use.

One that somebody else gives, as a provider's key, is never made: it is missing until it is there.
"""

import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from app.ports.adapters import Stated
from app.ports.errors import ResourceMissingError, UnavailableError

RANDOM_BYTES = 32
SECRET_BYTES = 4096  # what the narrowest cloud's store takes
_OPEN = os.O_CLOEXEC | os.O_NOFOLLOW
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class LocalSecrets:
    """The secrets whose files are stated."""

    def __init__(self, stated: Mapping[str, Stated]) -> None:
        """`stated` says where (`at`) the file of each secret is, and which are `given`."""
        self._files = {name: Path(each["at"]) for name, each in stated.items()}
        self._given = {name for name, each in stated.items() if each.get("given")}

    def get(self, name: str) -> str:
        """The secret's text. Raises ResourceMissingError and UnavailableError."""
        return self.fresh(name)

    def fresh(self, name: str) -> str:
        """The secret's text. Raises ResourceMissingError and UnavailableError."""
        file = self._files.get(name)
        if file is None:
            raise ResourceMissingError(f"there is no secret {name} here")
        if name in self._given and _absent(file):
            raise ResourceMissingError(
                f"the secret {name} has no value yet: make secret NAME={name} < file"
            )
        return read_or_make(file)


def open_secrets(stated_by_name: Mapping[str, Stated]) -> LocalSecrets:
    """The secrets stated; nothing is read yet."""
    return LocalSecrets(stated_by_name)


def read_or_make(path: Path) -> str:
    """The text of a secret's file, without the newline at its end; made at random if there is none.

    However many processes do so at once, one content wins and all return it. Raises
    UnavailableError for a file or folder that cannot be used; it never tells what stands in it.
    """
    try:
        with _folder(path.parent) as folder:
            found = _read(path, folder)
            if found is None:
                _make(path, folder)
                found = _read(path, folder)
    except OSError as error:
        raise UnavailableError(f"{_named(path)} cannot be read: {error.strerror}") from error
    if found is None:
        raise UnavailableError(f"{_named(path)} was removed while it was made; ask again")
    return found


def _absent(path: Path) -> bool:
    """Whether there is no such file; why one cannot be seen is its reader's to explain."""
    try:
        path.lstat()
    except OSError as error:
        return isinstance(error, FileNotFoundError)
    return False


@contextmanager
def _folder(path: Path) -> Iterator[int]:
    """The folder, made if need be and shut to others, as a descriptor: no link leads elsewhere."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _OPEN)
    try:
        if stat.S_IMODE(os.fstat(folder).st_mode) & _OTHERS:
            os.fchmod(folder, 0o700)
        yield folder
    finally:
        os.close(folder)


def _read(path: Path, folder: int) -> str | None:
    try:
        # without O_NONBLOCK a pipe in its place would hold us up
        file = os.open(path.name, os.O_RDONLY | os.O_NONBLOCK | _OPEN, dir_fd=folder)
    except FileNotFoundError:
        return None
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():
            raise UnavailableError(f"{_named(path)} is no file of this user: remove it")
        if stat.S_IMODE(found.st_mode) & _OTHERS:
            raise UnavailableError(
                f"{_named(path)} may be read by others, so it is no secret any more: "
                f"replace it (or, if nobody read it, chmod 600 {path})"
            )
        data = os.read(file, SECRET_BYTES + 3)  # of a file: all there is, up to that
    finally:
        os.close(file)
    try:
        text = data.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise UnavailableError(f"{_named(path)} is no UTF-8 text: replace it") from None
    if not text.strip():
        raise UnavailableError(f"{_named(path)} is empty: remove it, and a random one is made")
    if len(text.encode()) > SECRET_BYTES:
        raise UnavailableError(f"{_named(path)} is over {SECRET_BYTES} bytes: replace it")
    return text


def _make(path: Path, folder: int) -> None:
    """Put a random text there, whole and unless somebody else was first."""
    part = f".{path.name}.{secrets.token_hex(8)}"
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPEN, 0o600, dir_fd=folder)
    try:
        with os.fdopen(file, "w", encoding="ascii") as content:
            content.write(secrets.token_urlsafe(RANDOM_BYTES) + "\n")
            content.flush()
            os.fsync(file)
        with suppress(FileExistsError):
            # a rename would take the place of what another process has made and used
            os.link(part, path.name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    finally:
        os.unlink(part, dir_fd=folder)
    os.fsync(folder)


def _named(path: Path) -> str:
    return f"the secret {path.name} ({path})"
