"""A machine that is not as it should be: one clear message, or no difference at all."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.project import Project


def test_a_port_in_use_is_named_with_the_way_out(lasting: Project) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", lasting.places.port))
        other.listen()
        ran = lasting.up()
        assert ran.code != 0
        assert (
            f"error: 127.0.0.1:{lasting.places.port} cannot be listened on "
            "(Address already in use): end what uses that port, or set local.port in the stack's "
            "settings to another one"
        ) in ran.told, ran.output
        assert "Traceback" not in ran.output
        free = lasting.places.port + 1
        lasting.settings(f"target: local\nlocal:\n  port: {free}\n")
        assert f"The shop answers at http://127.0.0.1:{free}\n" in lasting.up().ok().output


def test_down_ends_the_processes_even_where_the_engine_cannot_run(lasting: Project) -> None:
    assert lasting.supervisors()
    lasting.write("stacks/Pulumi.local.yaml", "no: [yaml")
    ran = lasting.down()
    assert ran.code == 1
    assert "this is no YAML" in ran.output
    assert lasting.processes() == {}
    lasting.settings("target: local\n")
    lasting.up().ok()
    assert lasting.serves(), "at the port that was in use"


def test_a_file_in_the_place_of_the_state_is_named(project: Project) -> None:
    project.write(".shop", "not a folder")
    for command in (project.up, project.preview, project.down):
        ran = command()
        assert (ran.code, ran.output) == (
            1,
            (
                f"{project.root}/.shop: cannot be made, since a file stands in its place.\n"
                "  Remove or rename it.\n"
            ),
        )
    assert project.processes() == {}


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_state_that_cannot_be_written_is_named(project: Project) -> None:
    project.places.state.mkdir(mode=0o500)
    ran = project.up()
    assert ran.code == 1
    assert ran.output.startswith(f"{project.root}/.shop: cannot be written.\n")
    project.places.state.chmod(0o700)


def can_mount() -> bool:
    """Whether a small disk of our own can be had here."""
    if not shutil.which("unshare"):
        return False
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_mount(), reason="needs mount namespaces (Linux)")
def test_a_full_disk_is_named_before_the_state_is_cut_off(project: Project) -> None:
    project.places.state.mkdir()
    script = (
        "mount -t tmpfs -o size=400k tmpfs .shop\n"
        ".venv/bin/python -m infra.cli.up; echo code $?\n"
        "find .shop -type f"
    )
    ran = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script],
        cwd=project.root,
        env=project.env(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stderr == (
        f"{project.root}/.shop: the disk is full (400 KB are free), nothing was changed.\n"
        "→ free at least 16 MB there, then run it again\n"
    )
    assert ran.stdout == "code 1\n"


def test_everything_works_without_a_network(project: Project, closed_port: int) -> None:
    nowhere = f"http://127.0.0.1:{closed_port}"
    for name in ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy"):
        project.extra[name] = project.extra[name.upper()] = nowhere
    project.extra["no_proxy"] = project.extra["NO_PROXY"] = ""
    first = project.up().ok()
    assert project.serves()
    again = project.up().ok()
    assert (again.steps, again.drift) == ((), ())
    project.down().ok()
    sys.stdout.write(f"\nwithout a network: {first.seconds:.1f} s, then {again.seconds:.1f} s\n")


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of 127.0.0.1 at which nobody listens, and which nobody is given meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
