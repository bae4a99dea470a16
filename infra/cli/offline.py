"""`make preview … OFFLINE=1`: a cloud stack's plan without an account, a key or the network.

The engine gets a state of its own that is empty and temporary, keys that are good for nothing, and
the stack's own file with a few lines changed, under another name: nothing of the stack, the account
or the user's settings is read or touched. The plan therefore shows everything as new.
"""

import json
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.cli.commands import Runner, explain
from infra.cli.environment import BACKEND, NO_DOWNLOADS, PASSPHRASE, PASSPHRASE_FILE
from infra.cli.stack import Stack
from infra.config_keys import OFFLINE
from infra.errors import PlatformError

_ENCRYPTION = frozenset({"encryptionsalt", "encryptedkey", "secretsprovider", "environment"})
_USERS = (PASSPHRASE_FILE, "PULUMI_ACCESS_TOKEN", "PULUMI_STACK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """How one provider is kept from asking its cloud, and from knowing whose account it is in.

    `added` are settings of the provider besides the stack's, `names_account` those that go;
    `prefixes` begin the variables that are not handed on, but for those `kept`. `keys` are
    variables that take their place: what opens nothing, and files that hold nothing (`{nothing}`).
    """

    added: Mapping[str, str]
    names_account: frozenset[str]
    prefixes: tuple[str, ...]
    kept: frozenset[str]
    keys: Mapping[str, str]


PROVIDERS: Mapping[str, Provider] = {
    "aws": Provider(
        added={
            "skipCredentialsValidation": "true",
            "skipMetadataApiCheck": "true",
            "skipRequestingAccountId": "true",
        },
        names_account=frozenset({
            "accessKey", "secretKey", "token", "profile", "assumeRoles",
            "assumeRoleWithWebIdentity", "sharedConfigFiles", "sharedCredentialsFiles",
            "allowedAccountIds", "forbiddenAccountIds",
        }),
        prefixes=("AWS_",),
        kept=frozenset({"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE"}),
        keys={
            "AWS_ACCESS_KEY_ID": "offline",
            "AWS_SECRET_ACCESS_KEY": "offline",
            "AWS_EC2_METADATA_DISABLED": "true",
            # The user's own would be read besides, and may start programs or ask for a login.
            "AWS_CONFIG_FILE": "{nothing}",
            "AWS_SHARED_CREDENTIALS_FILE": "{nothing}",
            "AWS_MAX_ATTEMPTS": "1",
        },
    ),
    # It takes half a minute: when it is configured the provider looks for what it cannot reach.
    "alicloud": Provider(
        added={"skipRegionValidation": "true"},
        names_account=frozenset({
            "accessKey", "secretKey", "securityToken", "profile", "accountId", "ecsRoleName",
            "assumeRole", "assumeRoleWithOidc", "sharedCredentialsFile",
            "credentialsUri",
        }),
        prefixes=("ALICLOUD_", "ALIBABA_CLOUD_", "ALIBABACLOUD_"),
        kept=frozenset({"ALICLOUD_REGION", "ALIBABA_CLOUD_REGION"}),
        keys={
            "ALICLOUD_ACCESS_KEY": "offline",
            "ALICLOUD_SECRET_KEY": "offline",
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
            "ALICLOUD_SHARED_CREDENTIALS_FILE": "{nothing}",
            "ALIBABA_CLOUD_CREDENTIALS_FILE": "{nothing}",
        },
    ),
}  # fmt: skip
"""Every cloud's provider, by the target."""


def added(target: str) -> dict[str, str]:
    """What the stack's file gets besides."""
    stated = PROVIDERS[target].added
    return {**{f"{target}:{key}": value for key, value in stated.items()}, OFFLINE: "true"}


def overlay(
    stated: Mapping[str, Any], encryption: Mapping[str, Any], target: str
) -> dict[str, Any]:
    """The stack's file without what names an account or is encrypted, with what is `added`."""
    known = PROVIDERS[target].names_account
    config = stated.get("config")
    kept = {
        key: value
        for key, value in (config if isinstance(config, dict) else {}).items()
        if not (str(key).startswith(f"{target}:") and str(key).rpartition(":")[2] in known)
        and not (isinstance(value, dict) and "secure" in value)
    }
    rest = {
        key: value for key, value in stated.items() if key != "config" and key not in _ENCRYPTION
    }
    return {**rest, **encryption, "config": {**kept, **added(target)}}


def surroundings(base: Mapping[str, str], folder: Path, target: str) -> dict[str, str]:
    """The variables of a run that knows no account and keeps its state in `folder`.

    The variables of every cloud's account go: what the program imports may read any of them.
    """
    env = {name: value for name, value in base.items() if name not in _USERS}
    for each in PROVIDERS.values():
        env = {
            name: value
            for name, value in env.items()
            if not name.startswith(each.prefixes) or name in each.kept
        }
    nothing = str(folder / "nothing")
    return {
        **env,
        BACKEND: (folder / "state").as_uri(),
        PASSPHRASE: "offline",
        NO_DOWNLOADS: "true",
        **{name: value.format(nothing=nothing) for name, value in PROVIDERS[target].keys.items()},
    }


@contextmanager
def offline(
    stack: Stack, stated: Mapping[str, Any], runner: Runner, target: str
) -> Iterator[tuple[Stack, tuple[str, ...]]]:
    """The stack without an account, and the words that the engine needs besides.

    All of it is gone at the end, after an interruption too. Raises PlatformError.
    """
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with tempfile.TemporaryDirectory(prefix="shop-offline-") as made:
            folder = Path(made)
            alone = Stack(stack.root, stack.name, surroundings(stack.env, folder, target))
            config = folder / f"Pulumi.{stack.name}.yaml"
            encryption = _make_stack(alone, folder, runner)
            content = overlay(stated, encryption, target)
            config.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
            yield alone, ("--config-file", str(config))
    finally:
        signal.signal(signal.SIGTERM, before)


def _make_stack(stack: Stack, folder: Path, runner: Runner) -> Mapping[str, Any]:
    """Make it in the empty state; the keys of a stack file that belong to the made-up passphrase.

    The engine writes them into the file of the project it is called in: not into the checkout's.
    """
    for name in ("state", "project"):
        (folder / name).mkdir()
    (folder / "nothing").touch()
    project = folder / "project"
    (project / "Pulumi.yaml").write_text(json.dumps({"name": "shop", "runtime": "python"}))
    words = ["pulumi", "stack", "init", stack.name, "--no-select", "--non-interactive"]
    ended = runner(words, env=stack.env, cwd=project, limit_s=60)
    if not ended.ok:
        raise PlatformError(
            f"no temporary stack can be made: {ended.stopped or explain(ended.output)}\n"
            "→ make doctor tells what is missing"
        )
    file = project / f"Pulumi.{stack.name}.yaml"
    written = yaml.safe_load(file.read_text()) if file.exists() else None
    found = written if isinstance(written, dict) else {}
    return {key: found[key] for key in sorted(_ENCRYPTION & found.keys())}
