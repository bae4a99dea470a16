"""All that a clone keeps follows from its own path, and is its owner's alone."""

import os
import stat
from pathlib import Path

import pytest

from infra.errors import PlatformError
from infra.local.places import FIRST_PORT, PORTS, Places, private_folder

ROOT_ONLY = pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
NOT_ROOT = pytest.mark.skipif(os.getuid() == 0, reason="root may write to every folder")


def test_two_clones_share_neither_state_nor_socket_nor_port() -> None:
    one, other = Places(Path("/a/shop")), Places(Path("/b/shop"))
    for name in ("key", "state", "code", "log", "errors", "lock", "turn", "socket", "port"):
        assert getattr(one, name) != getattr(other, name)


def test_one_clone_has_the_same_places_each_time() -> None:
    assert Places(Path("/a/shop")).port == Places(Path("/a/shop")).port
    assert Places(Path("/a/shop")).socket == Places(Path("/a/shop")).socket


def test_the_port_is_below_those_that_clients_get() -> None:
    ports = {Places(Path(f"/clone/{number}")).port for number in range(500)}
    assert all(FIRST_PORT <= port < FIRST_PORT + PORTS for port in ports)
    assert len(ports) > 400


def test_the_sockets_path_is_short_whatever_the_clones() -> None:
    assert len(os.fsencode(Places(Path("/long" * 100)).socket)) < 104


def test_all_else_is_in_the_clones_own_folder(tmp_path: Path) -> None:
    places = Places(tmp_path)
    for each in (places.code, places.log, places.errors, places.lock, places.turn):
        assert each.is_relative_to(tmp_path / ".shop")


def test_the_folders_are_made_for_their_owner_only_and_can_be_made_again(tmp_path: Path) -> None:
    places = Places(tmp_path)
    places.prepare()
    places.state.chmod(0o755)
    places.prepare()
    for folder in (places.state, places.code, places.log.parent, places.socket.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".shop").write_text("mine")
    with pytest.raises(PlatformError) as raised:
        Places(tmp_path).prepare()
    assert str(raised.value) == (
        f"{tmp_path}/.shop: cannot be made, since a file stands in its place.\n"
        "  Remove or rename it."
    )
    assert (tmp_path / ".shop").read_text() == "mine"


def test_a_link_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".shop").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PlatformError, match="is not a folder of yours, so nothing is put there"):
        private_folder(tmp_path / ".shop")


@ROOT_ONLY
def test_somebody_elses_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, 12345, -1)
    with pytest.raises(PlatformError, match="is not a folder of yours"):
        private_folder(folder)


@NOT_ROOT
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PlatformError, match="cannot be made"):
        private_folder(tmp_path / "new")
    with pytest.raises(PlatformError, match="cannot be written"):
        private_folder(tmp_path)
    tmp_path.chmod(0o700)


def test_a_disk_that_takes_nothing_is_said_so() -> None:
    with pytest.raises(PlatformError, match="cannot be made"):
        private_folder(Path("/proc/nowhere" if Path("/proc").exists() else "/dev/nowhere"))
