"""What a stack's file states, read without the engine: which target, which region."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra import yaml_file
from infra.config_keys import SETTINGS
from infra.errors import PlatformError, Problem, Refused
from infra.yaml_file import RepeatedKeyError

# the caller's variables that name a region, as each provider reads them
_REGION = {
    "aws": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "alicloud": ("ALICLOUD_REGION", "ALIBABA_CLOUD_REGION"),
}


@dataclass(frozen=True, slots=True)
class Stated:
    """A stack's file: its whole content, and what commands want to know of it.

    `region` is empty where neither the file nor the caller's variables name one; `profile` is
    that of the AWS credentials to use, None for the caller's own.
    """

    content: Mapping[str, Any]
    target: str
    region: str
    profile: str | None = None

    @property
    def config(self) -> Mapping[str, Any]:
        """What stands under `config:`; nothing where that is no mapping."""
        return _under(self.content, "config")

    @property
    def settings(self) -> object:
        """Our own part of it, as YAML has it and not yet judged; None where there is none."""
        return self.config.get(SETTINGS)


def stack_file(root: Path, stack: str) -> Path:
    """The file of the stack."""
    return root / "stacks" / f"Pulumi.{stack}.yaml"


def stacks(root: Path) -> list[str]:
    """The stacks that there are files for."""
    return sorted(each.name[7:-5] for each in (root / "stacks").glob("Pulumi.*.yaml"))


def stated(root: Path, stack: str, env: Mapping[str, str] = os.environ) -> Stated:
    """What the stack's file states. Raises PlatformError where there is none, or no YAML in it."""
    known = stacks(root)
    if stack not in known:
        others = "".join(f"STACK={each}, or " for each in known)
        raise PlatformError(
            f"stack {stack}: there is no stacks/Pulumi.{stack}.yaml, so nothing says what to run.\n"
            f"→ {others}write that file (git checkout stacks/ brings back one that was deleted)"
        )
    content = _mapping(stack_file(root, stack))
    config = _under(content, "config")
    target = _under(config, SETTINGS).get("target")
    provider = _provider(target)
    named = (env[name] for name in _REGION[provider] if env.get(name))
    region = config.get(f"{provider}:region") or next(named, None)
    profile = config.get("aws:profile")
    return Stated(
        content,
        target if isinstance(target, str) else "",
        str(region or ""),
        profile if isinstance(profile, str) else None,
    )


def stated_with_region(root: Path, stack: str, env: Mapping[str, str] = os.environ) -> Stated:
    """The same of a stack on a cloud. Raises PlatformError where no region is stated, too."""
    found = stated(root, stack, env)
    if not found.region:
        provider = _provider(found.target)
        raise PlatformError(
            f"stack {stack}: no region is stated, so it is not known where to look\n"
            f"→ write {provider}:region under config: in stacks/Pulumi.{stack}.yaml, "
            f"or set {_REGION[provider][0]}"
        )
    return found


def _under(content: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = content.get(key)
    return found if isinstance(found, Mapping) else {}


def _provider(target: object) -> str:
    return target if isinstance(target, str) and target in _REGION else "aws"


def _mapping(file: Path) -> Mapping[str, Any]:
    """Raise Refused for what the engine would speak of its secrets: no mapping, or a key twice."""
    try:
        found = yaml_file.load(file.read_bytes())
    except OSError as error:
        raise PlatformError(
            f"{file}: cannot be read ({error.strerror})\n→ make it a file that you may read"
        ) from error
    except RepeatedKeyError as error:
        problem = error.told()
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the whole file"
        undecodable = isinstance(error, UnicodeDecodeError | yaml.reader.ReaderError)
        other = "it is not UTF-8 text" if undecodable else "a value in it cannot be read"
        reason = f"this is no YAML: {getattr(error, 'problem', None) or other}"
        remedy = "indent with spaces only" if "\\t" in reason else "mend it there"
        problem = Problem(where, "", reason, remedy)
    else:
        if found is None or isinstance(found, dict):
            return found or {}
        remedy = "write it as YAML, with config: at the top"
        problem = Problem("the whole file", "", "these are no keys and values", remedy)
    raise Refused(f"{file.parent.name}/{file.name}", [problem])
