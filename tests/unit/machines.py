"""A made-up machine for the tests of the set-up: its commands only answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.cli.commands import Command, Finished, Progress
from infra.cli.engine import MODULES, VERSION
from infra.cli.machine import Machine

Effect = Callable[[list[str]], None]


def no_effect(_words: list[str]) -> None:
    pass


def names(word: str, part: str) -> bool:
    """Whether a command's word is this one: itself, a path that ends so, or a program with it."""
    return word == part or Path(word).name == part or ("\n" in word and part in word)


@dataclass
class Answers:
    """Answers commands by the first rule whose words are all in the command; others are absent."""

    rules: list[tuple[tuple[str, ...], Finished, Effect]] = field(default_factory=list)
    calls: list[list[str]] = field(default_factory=list)
    environments: list[Mapping[str, str]] = field(default_factory=list)

    def on(self, *words: str, says: str = "", code: int = 0, does: Effect = no_effect) -> "Answers":
        self.rules.append((words, Finished(code, says), does))
        return self

    def __call__(
        self,
        command: Command,
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        limit_s: float = 600,
        on_line: Callable[[str], None] = str,  # type: ignore[assignment]
        on_tick: Callable[[], str] = str,
        hold: Sequence[int] = (),
    ) -> Finished:
        assert limit_s > 0
        assert cwd is None or cwd.is_dir()
        assert all(descriptor > 0 for descriptor in hold)
        words = [str(word) for word in command]
        self.calls.append(words)
        self.environments.append(env)
        for wanted, finished, effect in self.rules:
            if all(any(names(word, part) for word in words) for part in wanted):
                effect(words)
                for line in finished.output.splitlines():
                    on_line(line)
                stopped = on_tick()
                return Finished(finished.code, finished.output, stopped)
        return Finished(127, f"{words[0]}: No such file or directory")


def program(file: Path, text: str = "") -> Path:
    """An executable file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)
    return file


def engine_in(folder: Path) -> Path:
    """A folder that looks like an engine's."""
    for name in ("pulumi", "pulumi-language-python"):
        program(folder / name)
    return folder


def machine(folder: Path, answers: Answers, path: Sequence[Path] = (), **env: str) -> Machine:
    """A machine whose checkout, cache and PATH are in `folder`."""
    root = folder / "checkout"
    for name in MODULES:
        file = root / "tools" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"the pins of {name}\n")
    return Machine(
        root=root,
        env={"PATH": ":".join(map(str, path)) or "/nowhere", "HOME": str(folder), **env},
        cache=folder / "cache",
        system="linux",
        arch="amd64",
        python=Path("/python"),
        run=answers,
    )


def quiet() -> tuple[Progress, list[str]]:
    """A progress whose lines are kept instead of printed."""
    lines: list[str] = []
    return Progress("test", lines.append, clock=lambda: 0.0), lines


CURRENT = f"v{VERSION}"
