"""`make dev`: watches app/ and puts each change live at once, past the engine.

The next `make up` finds the same code running and agrees, or puts what it plans in its place.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchfiles import DefaultFilter, watch

from infra import bundle, shop
from infra.cli.console import only_local, parser, run_command
from infra.cli.stack import ROOT
from infra.errors import PlatformError
from infra.local.client import NotRunningError, ask
from infra.local.places import Places
from infra.model import Function

_DEBOUNCE_MS, _STEP_MS, _BEGIN_MS = 50, 10, 250


@dataclass(frozen=True, slots=True)
class Reload:
    """Puts the functions of one checkout live whose code has changed; keeps what it has parsed."""

    root: Path
    functions: Iterable[Function]
    cache: bundle.SourceCache

    def __call__(self) -> list[str]:
        """The names of the functions that changed. Raises PlatformError; the rest still serve."""
        places = Places(self.root)
        described: dict[str, Any] = ask(places, "describe")
        running: dict[str, Any] = described["functions"]
        changed = []
        for function in self.functions:
            spec = running.get(function.name)
            if spec is None:
                continue  # not up yet: a new function takes a `make up`
            # what calls it is changed by `make up` alone
            trigger = spec["handler"].rpartition(".")[2]
            code = bundle.bundle(self.root, function, spec["emulate"], self.cache, trigger)
            if code.fingerprint != spec["fingerprint"]:
                folder = bundle.stage(code.files, places.code)
                new = {"fingerprint": code.fingerprint, "code": str(folder)}
                ask(places, "put_function", spec={**spec, **new})
                changed.append(function.name)
        if changed:
            # of the storage, too: a process of it that dies is started anew from there
            served = [*running.values(), *filter(None, [described["storage"]])]
            bundle.prune(places.code, {each["fingerprint"] for each in served})
        return changed


def serve(reload: Reload, changes: Iterable[object], say: Callable[[str], object]) -> None:
    """Reload after each change, and say what became of it; ends with the changes."""
    for _ in changes:
        began = time.monotonic()
        try:
            changed = reload()
        except NotRunningError as error:
            say(str(error))
        except PlatformError as error:
            say(f"not live, the last good code still serves:\n{error}")
        else:
            took = (time.monotonic() - began) * 1000
            if changed:
                say(f"live in {took:.0f} ms: {', '.join(changed)}")


def changes(folder: Path, say: Callable[[str], object]) -> Iterator[object]:
    """Each change of a file below the folder; before them, that the watch has begun.

    What was saved earlier counts as a change, so none falls between a look and the watch.
    """
    begun = False
    for found in watch(
        folder,
        watch_filter=DefaultFilter(),
        debounce=_DEBOUNCE_MS,
        step=_STEP_MS,
        rust_timeout=_BEGIN_MS,
        yield_on_timeout=True,
    ):
        if not begun:
            say(f"watching {folder}; Ctrl-C ends it")
        if found or not begun:
            yield found
        begun = True


def main(arguments: Sequence[str]) -> int:
    """The command; `arguments` without the program's name."""
    options = parser("dev", "Watches app/ and puts changes live.").parse_args(arguments)

    def command() -> int:
        only_local(
            options.stack,
            "functions take a change as it is saved",
            f"make up STACK={options.stack} puts it live there",
        )
        reload = Reload(ROOT, shop.EVERY_FUNCTION, bundle.SourceCache())
        ask(Places(ROOT), "describe")  # nothing can be put live where nothing runs
        serve(reload, changes(ROOT / "app", _say), _say)
        return 0

    return run_command(command)


def _say(text: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')}  {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
