"""What `make doctor` looks at where the local cloud does not start, or does not answer."""

import os
import stat
from pathlib import Path

from infra.cli.findings import GOOD, NOTE, WRONG, Finding, Surroundings
from infra.local.launch import holder
from infra.local.places import Places


def state(around: Surroundings) -> Finding:
    """The folder of what is not in the repository: the engine's state, staged code, the log."""
    return _folder("state", Places(around.machine.root).state, around)


def sockets(around: Surroundings) -> Finding:
    """The folder of the control sockets, which is outside the checkout, in everybody's /tmp."""
    return _folder("sockets", Places(around.machine.root).socket.parent, around)


def _folder(name: str, folder: Path, around: Surroundings) -> Finding:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return Finding(name, NOTE, f"no {folder} yet; make up makes it")
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        text = f"{folder} is not a folder of yours, so nothing is put there"
        return Finding(name, WRONG, text, f"remove or rename {folder}, then make up")
    if not around.writable(folder):
        text = f"{folder} cannot be written"
        return Finding(name, WRONG, text, f"chmod u+rwx '{folder}', unless its disk is read-only")
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        return Finding(name, NOTE, f"{folder} is open to others ({mode:04o}); make up closes it")
    return Finding(name, GOOD, f"{folder}, yours alone")


def local_cloud(around: Surroundings) -> Finding:
    """Whether this checkout's local cloud runs, which it need not, and answers, which it must."""
    places = Places(around.machine.root)
    process = holder(places)
    if around.answers(places):
        text = f"running as process {process}; its log is {places.log}"
        return Finding("local", NOTE, text, runs=True)
    if process is not None:
        text = f"process {process} holds {places.lock} but does not answer"
        return Finding("local", WRONG, text, "make down, which ends it, then make up")
    port = places.port
    if around.in_use(port):
        text = f"not running, and port {port}, which it would take, is in use by another program"
        remedy = "stop that program, or set local.port in stacks/Pulumi.local.yaml, then make up"
        return Finding("local", WRONG, text, remedy)
    return Finding("local", NOTE, f"not running; make up starts it, on port {port} by default")


def printed(around: Surroundings) -> Finding:
    """What the supervisor itself printed, which is nothing while all is well."""
    places = Places(around.machine.root)
    try:
        lines = places.errors.read_text(errors="replace").split("\n")
    except (FileNotFoundError, NotADirectoryError):
        lines = []
    said = [line.strip() for line in lines if line.strip()]
    if not said:
        return Finding("printed", NOTE, "the local cloud's supervisor has printed no error")
    text = f"the local cloud's supervisor printed, last: {said[-1]}"
    if holder(places) is not None:
        return Finding("printed", NOTE, f"{text} (all of it: {places.errors})")
    remedy = f"make up; where that fails too, {places.errors} has all that was printed"
    return Finding("printed", WRONG, text, remedy)
