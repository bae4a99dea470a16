"""What of app/ a function needs, and one fingerprint of it.

function → its entry modules → every module of app/ that these import, found without running them →
files → fingerprint → a folder of that name. An edit touches just the functions that import the
edited file, and equal files have equal fingerprints wherever the checkout stands.
"""

import errno
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from infra import folders
from infra.closure import PACKAGE, SourceFile, closure
from infra.errors import Problem
from infra.model import Function, Provider, Trigger
from infra.sources import (
    BundleError,
    HandlerMissingError,
    ImportMissingError,
    SourceCache,
    SourceError,
    StagingError,
)

__all__ = [
    "Bundle", "BundleError", "HandlerMissingError", "ImportMissingError", "SourceCache",
    "SourceError", "SourceFile", "StagingError", "bundle", "closure", "entry_modules",
    "fingerprint", "handler_path", "prune", "stage",
]  # fmt: skip


METER: Final = "SHOP_METER"
"""The variable that has a function tell what each of its calls takes."""

# trigger → what the function's own module defines for it
_ENTRIES: Mapping[Trigger, tuple[str, str]] = {
    "http": ("ROUTES", "ROUTES"),
    "queue": ("consume", "a function consume(message, services)"),
    "schedule": ("run", "a function run(services)"),
}


@dataclass(frozen=True, slots=True)
class Bundle:
    """A function's code: what the runtime calls, the files it needs, and their fingerprint.

    `modules` are those that the files were found from.
    """

    handler: str
    modules: tuple[str, ...]
    files: tuple[SourceFile, ...]
    fingerprint: str


def handler_path(function: Function, provider: Provider, trigger: Trigger = "http") -> str:
    """The dotted path that the provider's runtime calls with `(event, context)`."""
    return function.handler or f"{PACKAGE}.entrypoints.{provider}.{trigger}"


def entry_modules(
    function: Function, provider: Provider, trigger: Trigger = "http"
) -> tuple[str, ...]:
    """The modules that the function's closure starts from. Raises HandlerMissingError.

    SHOP_HANDLER holds the function's name; the module has `_` where the name has `-`.
    """
    if function.handler is None:
        entrypoint = f"{PACKAGE}.entrypoints.{provider}"
        own = f"{PACKAGE}.handlers.{function.name.replace('-', '_')}"
        metering = (f"{PACKAGE}.metering",) if function.environment.get(METER) else ()
        return entrypoint, f"{entrypoint}_{trigger}", *metering, own
    module = function.handler.rpartition(".")[0]
    named = all(part.isidentifier() for part in function.handler.split("."))
    if not (named and module.startswith(f"{PACKAGE}.")):
        raise HandlerMissingError(
            Problem(
                f"functions.{function.name}.handler",
                function.handler,
                "it does not name a function in a module of app/, so there is nothing to run",
                "write it as app.handlers.hello.lambda_handler",
            )
        )
    return (module,)


def bundle(
    root: Path,
    function: Function,
    provider: Provider,
    cache: SourceCache | None = None,
    trigger: Trigger = "http",
    adapters: str = "local",
) -> Bundle:
    """All of a function's code, its own module checked first. Raises BundleError.

    `root` is the folder that holds app/; a `cache` kept between calls spares unchanged files. The
    `trigger` is what calls the function; `adapters` (local, aws, alicloud) are those of its stores.
    """
    cache = cache or SourceCache()
    modules = entry_modules(function, provider, trigger)
    _check_entry(root, function, modules[-1], trigger, cache)
    files = closure(root, modules, cache, adapters)
    return Bundle(handler_path(function, provider, trigger), modules, files, fingerprint(files))


def fingerprint(files: Iterable[SourceFile]) -> str:
    """The SHA-256 of paths and contents, whatever the order, as 64 hexadecimal digits."""
    whole = sha256()
    for file in sorted(files):
        whole.update(sha256(file.path.encode()).digest() + sha256(file.content).digest())
    return whole.hexdigest()


def stage(files: Iterable[SourceFile], destination: Path) -> Path:
    """The folder `destination/<fingerprint>` with these files in it. Raises StagingError.

    It appears whole or not at all, whoever else stages the same; a standing one is left as it is,
    and nobody may edit it: its name is a promise of what it holds.
    """
    files = tuple(files)
    try:
        return folders.whole(
            destination / fingerprint(files), lambda draft: folders.write(files, draft)
        )
    except OSError as error:
        raise StagingError(staging_problem(destination, error, files)) from error


def prune(destination: Path, keep: Collection[str], older_than_s: float = 3600) -> None:
    """Remove what was staged more than an hour ago and is not among the fingerprints to `keep`.

    The hour is for instances of an earlier revision, which may still import from theirs.
    """
    folders.prune(destination, keep, older_than_s)


def staging_problem(destination: Path, error: OSError, files: Iterable[SourceFile]) -> Problem:
    """What to do about a folder that cannot be written."""
    size = sum(len(file.content) for file in files)
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            remedy = f"free at least {size // 1024 + 1} KB there, then run it again"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            remedy = "make the folder writable for this user, then run it again"
        case errno.ENOTDIR | errno.EEXIST:
            remedy = "move away the file that stands in the folder's place, then run it again"
        case _:
            remedy = "see to it that the folder can be written, then run it again"
    words = error.strerror or str(error)
    return Problem(str(destination), words, "the code could not be put in place", remedy)


def _check_entry(
    root: Path, function: Function, module: str, trigger: Trigger, cache: SourceCache
) -> None:
    """Refuse a function whose own module, or its entry in it, is not there."""
    path = module.replace(".", "/")
    file = f"{path}.py"
    source = cache.read(root, f"{path}/__init__.py") or cache.read(root, file)
    if function.handler is None:
        name, form = _ENTRIES[trigger]
    else:
        name = function.handler.rpartition(".")[2]
        form = f"a function {name}(event, context)"
    consequence = f"the function {function.name} has nothing to run"
    where = f"functions.{function.name}"
    if source is None:
        raise HandlerMissingError(
            Problem(where, f"{file} does not exist", consequence, f"create it with {form}")
        )
    if source.names is not None and name not in source.names:
        found = f"{source.path} defines no {name} at its top level"
        raise HandlerMissingError(Problem(where, found, consequence, f"define {form} in it"))
