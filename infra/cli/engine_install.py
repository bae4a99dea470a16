"""The official way to an engine: the installer that Pulumi's own automation API calls."""

from pathlib import Path

from infra.cli.commands import Progress, explain
from infra.cli.machine import Machine, WayFailedError

QUIET_S = 20
LIMIT_S = 600
INSTALL = """
import sys
from pulumi.automation import PulumiCommand
from semver import VersionInfo
PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))
"""


def install(machine: Machine, folder: Path, progress: Progress, version: str) -> None:
    """Put the engine and its language hosts into `folder`/bin. Raises WayFailedError.

    The download may take a while, but it must move: given up when nothing came for `QUIET_S`
    seconds, since a machine behind a closed network gets no refusal, only silence.
    """
    progress.say(f"Pulumi {version} from the official installer")
    downloads = folder / "downloads"
    downloads.mkdir()
    watch = _Watch(folder, progress)
    ended = machine.run(
        [machine.python, "-c", INSTALL, folder, version],
        env={**machine.env, "TMPDIR": str(downloads)},
        limit_s=LIMIT_S,
        on_tick=watch.look,
    )
    if not ended.ok:
        raise WayFailedError(f"official installer: {ended.stopped or explain(ended.output)}")


class _Watch:
    """Tells whether what is in a folder still grows."""

    def __init__(self, folder: Path, progress: Progress) -> None:
        self._folder = folder
        self._progress = progress
        self._size = -1
        self._since = progress.elapsed_s

    def look(self) -> str:
        """Why to stop, if there is a reason."""
        size = sum(_size(file) for file in self._folder.rglob("*"))
        now = self._progress.elapsed_s
        if size != self._size:
            self._size, self._since = size, now
        if now - self._since > QUIET_S:
            return f"nothing came for {QUIET_S} s"
        self._progress.maybe(f"official installer: {size / 1e6:.0f} MB so far")
        return ""


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # gone since it was listed
        return 0
