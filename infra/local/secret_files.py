"""The local stack's secrets: one file each that only its owner may read.

Functions read the same files, and make one at random when they are first; so nothing here ever
shows half a text, and what is to be made does not take the place of what is there.
"""

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.errors import PlatformError
from infra.local.places import Places, private_folder
from infra.secret_store import SECRET_BYTES, Kept, judged, keys_of

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OPEN = os.O_CLOEXEC | os.O_NOFOLLOW


class SecretFiles:
    """The secrets of one clone."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def exists(self, name: str) -> bool:
        """Whether there is a secret of this name, usable or not."""
        return os.path.lexists(self._file(name))

    def read(self, name: str) -> str:
        """The secret's text. Raises PlatformError, which never holds any of it."""
        with _explained(self._file(name)):
            return _read(self._file(name))

    def make(self, name: str, text: str) -> bool:
        """Write a secret unless there is one; whether it was written. Raises PlatformError."""
        with _explained(self._file(name)):
            part = self._part(name, text)
            try:
                os.link(part, self._file(name), follow_symlinks=False)
            except FileExistsError:
                return False
            finally:
                part.unlink()
            _sync(self._places.secrets)
            return True

    def write(self, name: str, text: str) -> None:
        """Write a secret in place of what is there. Raises PlatformError."""
        with _explained(self._file(name)):
            part = self._part(name, text)
            try:
                part.replace(self._file(name))
            except OSError:
                part.unlink()
                raise
            _sync(self._places.secrets)

    def kept(self) -> list[Kept]:
        """All secrets by name. Raises PlatformError."""
        with _explained(self._places.secrets):
            try:
                names = sorted(each.name for each in self._places.secrets.iterdir())
            except FileNotFoundError:
                return []
            return [self._kept(name) for name in names if not name.startswith(".")]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold off other commands that read a secret in order to write it anew."""
        with _explained(self._places.secrets):
            self._prepare()
            folder = os.open(self._places.secrets, os.O_RDONLY | _OPEN)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _prepare(self) -> None:
        private_folder(self._places.state)
        private_folder(self._places.secrets)

    def _file(self, name: str) -> Path:
        return self._places.secrets / name

    def _part(self, name: str, text: str) -> Path:
        """The text in a file beside the secret's, not yet in its place."""
        self._prepare()
        part = self._file(f".{name}.{secrets.token_hex(8)}")
        file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPEN, 0o600)
        try:
            with os.fdopen(file, "wb") as content:
                content.write(text.encode() + b"\n")
                content.flush()
                os.fsync(file)
        except BaseException:
            part.unlink()
            raise
        return part

    def _kept(self, name: str) -> Kept:
        file = self._file(name)
        written = file.lstat().st_mtime
        try:
            with _explained(file):
                keys = keys_of(_read(file))
        except PlatformError as error:
            return Kept(name, written, 0, str(error).partition("\n")[0])
        return Kept(name, written, keys)


def _read(file: Path) -> str:
    # without O_NONBLOCK a pipe in its place would hold us up
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | _OPEN)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():
            raise PlatformError(f"{file}: is no file of yours\n→ remove it")
        if stat.S_IMODE(found.st_mode) & _OTHERS:
            raise PlatformError(
                f"{file}: may be read by others, so it is no secret any more\n"
                f"→ replace it (or, if nobody read it, chmod 600 '{file}')"
            )
        data = os.read(descriptor, SECRET_BYTES + 3)  # of a file: all there is, up to that
    finally:
        os.close(descriptor)
    try:
        text, problem = judged(data.decode())
    except UnicodeDecodeError:
        raise PlatformError(f"{file}: is no UTF-8 text\n→ replace it") from None
    if problem:
        raise PlatformError(f"{file}: {problem}\n→ replace it")
    return text


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Raise PlatformError for an error of the file system."""
    try:
        yield
    except OSError as error:
        raise PlatformError(
            f"{path}: cannot be used ({error.strerror})\n"
            "→ make sure that it is a file of yours and that the disk is not full"
        ) from error


def _sync(folder: Path) -> None:
    """Have the folder's new entry outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | _OPEN)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
