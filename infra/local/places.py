"""Where one clone keeps its local cloud: all of it follows from the clone's own path.

Two clones therefore share nothing: not the state, the data, the socket nor the port.
"""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from infra.errors import PlatformError

# below what Linux and macOS hand out to clients
FIRST_PORT, PORTS = 20_000, 10_000
FIRST_STORAGE_PORT = 10_000


@dataclass(frozen=True, slots=True)
class Places:
    """The folders, files, socket and port of one clone."""

    root: Path

    @property
    def key(self) -> str:
        """Twelve hex digits that stand for the clone's path."""
        return hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]

    @property
    def state(self) -> Path:
        """The folder that holds everything which is not in the repository."""
        return self.root / ".shop"

    @property
    def code(self) -> Path:
        """Staged code, one folder per fingerprint."""
        return self.state / "code"

    @property
    def data(self) -> Path:
        """What the shop has stored: folders of tables and buckets, files of queues."""
        return self.state / "data"

    @property
    def secrets(self) -> Path:
        """One file a secret, for their owner only."""
        return self.state / "secrets"

    @property
    def log(self) -> Path:
        """The log of the local cloud, one JSON object a line."""
        return self.state / "log" / "local.jsonl"

    @property
    def errors(self) -> Path:
        """What the supervisor itself printed: empty while all is well."""
        return self.state / "log" / "supervisor.txt"

    @property
    def lock(self) -> Path:
        """Held by the supervisor as long as it lives; holds its process id."""
        return self.state / "supervisor.lock"

    @property
    def turn(self) -> Path:
        """Held by whoever starts or ends the supervisor."""
        return self.state / "turn.lock"

    @property
    def socket(self) -> Path:
        """The control socket. Not in the clone: its path may hold 104 bytes at most on macOS."""
        return Path(f"/tmp/shop-{os.getuid()}") / f"{self.key}.sock"  # noqa: S108 - owner checked

    @property
    def port(self) -> int:
        """The port that this clone uses unless its settings name one."""
        return FIRST_PORT + int(self.key, 16) % PORTS

    @property
    def storage_port(self) -> int:
        """The port of the buckets' signed addresses, unless the settings name one."""
        return FIRST_STORAGE_PORT + int(self.key, 16) % PORTS

    def prepare(self) -> None:
        """Make the folders, for their owner only. Raises PlatformError where that cannot be."""
        for folder in (self.state, self.code, self.log.parent):
            private_folder(folder)
        private_folder(self.socket.parent)


def private_folder(folder: Path) -> None:
    """Make a folder that only its owner can enter.

    Raises PlatformError when it cannot be made, or belongs to somebody else.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        writable = os.access(folder, os.W_OK | os.X_OK)
    except (FileExistsError, NotADirectoryError) as error:
        raise PlatformError(
            f"{folder}: cannot be made, since a file stands in its place.\n  Remove or rename it."
        ) from error
    except OSError as error:
        raise PlatformError(
            f"{folder}: cannot be made ({error.strerror}).\n"
            "  Make sure that the disk is not full and that you may write there."
        ) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PlatformError(
            f"{folder}: is not a folder of yours, so nothing is put there.\n  Remove or rename it."
        )
    if not writable:
        raise PlatformError(
            f"{folder}: cannot be written.\n  Give yourself the right to: chmod u+rwx '{folder}'."
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)
