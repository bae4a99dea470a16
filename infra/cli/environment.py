"""The environment variables that every run of the engine gets, from `make` and in `make shell`."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from infra.local.places import Places, private_folder

LOCAL = "local"
BACKEND = "PULUMI_BACKEND_URL"
PASSPHRASE = "PULUMI_CONFIG_PASSPHRASE"  # noqa: S105 - the variable's name
PASSPHRASE_FILE = "PULUMI_CONFIG_PASSPHRASE_FILE"  # noqa: S105 - the variable's name
NO_DOWNLOADS = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
AWS_PLUGIN = "pulumi-resource-aws"
ALICLOUD_PLUGIN = "pulumi-resource-alicloud"
# Another interpreter's settings would be used by the program's.
FOREIGN = ("PYTHONHOME", "PYTHONPATH")


def pulumi_environment(
    root: Path, stack: str, base: Mapping[str, str], engine_bin: Path
) -> dict[str, str]:
    """The variables for running the engine on `stack` from the checkout at `root`.

    The local stack always keeps its state in the checkout and never looks at a login or at the
    home of another installation: it works offline, and two clones do not meet. Other stacks use
    what the caller has set, and the checkout's state where nothing is; the engine gets their
    providers' plugins by itself, unless one stands on PATH or the caller forbids it.

    Makes the state's folder; raises PlatformError where that cannot be.
    """
    env = {name: value for name, value in base.items() if name not in FOREIGN}
    venv = root / ".venv"
    env["VIRTUAL_ENV"] = str(venv)
    env["PATH"] = path(base.get("PATH", os.defpath), venv / "bin", engine_bin)
    env["PULUMI_SKIP_UPDATE_CHECK"] = "1"
    env["no_proxy"] = env["NO_PROXY"] = _without_proxy(base)
    state = Places(root).state
    if stack == LOCAL:
        for name in (PASSPHRASE_FILE, "PULUMI_ACCESS_TOKEN", "PULUMI_STACK"):
            env.pop(name, None)
        env[BACKEND] = _backend(state)
        env[PASSPHRASE] = ""  # no secret is ever in this stack
        env["PULUMI_HOME"] = str(_made(state / "pulumi-home"))
        env[NO_DOWNLOADS] = "true"
        return env
    if any(shutil.which(each, path=env["PATH"]) for each in (AWS_PLUGIN, ALICLOUD_PLUGIN)):
        # The engine takes that one, and would ask the network for what else seems to be missing.
        env.setdefault(NO_DOWNLOADS, "true")
    if not env.get(BACKEND) and not env.get("PULUMI_ACCESS_TOKEN"):
        env[BACKEND] = _backend(state)
        if PASSPHRASE_FILE not in env:
            env.setdefault(PASSPHRASE, "")  # as above; elsewhere the caller has to choose one
    return env


def path(users: str, *first: Path) -> str:
    """A PATH with these folders first, and none twice."""
    ours = [str(folder) for folder in first]
    return os.pathsep.join([*ours, *(part for part in users.split(os.pathsep) if part not in ours)])


def _without_proxy(base: Mapping[str, str]) -> str:
    """The user's hosts without a proxy, and this machine: gRPC asks a proxy even for that one."""
    users = base.get("no_proxy") or base.get("NO_PROXY") or ""
    return ",".join(filter(None, [users, "127.0.0.1", "localhost"]))


def _backend(state: Path) -> str:
    return _made(state / "pulumi").as_uri()


def _made(folder: Path) -> Path:
    private_folder(folder.parent)
    private_folder(folder)
    return folder
