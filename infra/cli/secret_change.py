"""What `make secret` does to one secret: makes it, replaces it, rotates it, or says why not."""

from collections.abc import Callable
from dataclasses import dataclass

from infra.cli.environment import LOCAL
from infra.cli.secret_values import ELSEWHERE, KEY_RINGS, random_text, rotated, taken
from infra.errors import PlatformError
from infra.secret_store import Kept, SecretStore

_SEEN = "Functions that run see it within five minutes."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to become of one secret: `value` was given, or `random` or `rotate` is to make it."""

    name: str
    value: bytes | None = None
    random: bool = False
    rotate: bool = False
    stack: str = LOCAL

    @property
    def command(self) -> str:
        """What to type for it, without how."""
        stack = "" if self.stack == LOCAL else f"STACK={self.stack} "
        return f"make secret {stack}NAME={self.name}"


def change(store: SecretStore, wanted: Wanted, say: Callable[[str], object]) -> None:
    """Write the secret as it is wanted, or say why nothing was changed. Raises PlatformError."""
    name = wanted.name
    with store.alone():
        if name in ELSEWHERE and wanted.value is None:
            _not_ours(store, wanted, say)
        elif wanted.rotate:
            _rotate(store, wanted, say)
        elif wanted.random or wanted.value is not None:
            there = store.exists(name)
            text = random_text() if wanted.value is None else taken(name, wanted.value)
            store.write(name, text)
            kind = "a random one" if wanted.value is None else "what standard input gave"
            say(f"{name}: {'replaced by' if there else 'made from'} {kind}.")
            if there and name in KEY_RINGS:
                say("Tokens signed so far are no longer good: ROTATE=1 would have kept them.")
            say(_SEEN)
        elif store.make(name, random_text()):
            say(f"{name}: made, at random.")
        else:
            _untouched(store, wanted, say)


def _not_ours(store: SecretStore, wanted: Wanted, say: Callable[[str], object]) -> None:
    """No value was given for a secret that cannot be made here. Raises PlatformError."""
    if not (wanted.random or wanted.rotate) and store.exists(wanted.name):
        _untouched(store, wanted, say)
        return
    raise PlatformError(
        f"{wanted.name} is not made at random: that would open nothing, so nothing was changed; "
        f"{ELSEWHERE[wanted.name]}\n→ {wanted.command} < file"
    )


def _rotate(store: SecretStore, wanted: Wanted, say: Callable[[str], object]) -> None:
    name = wanted.name
    if name not in KEY_RINGS:
        raise PlatformError(
            f"{name} cannot be rotated: it is one text, and its readers know no second one\n"
            f"→ {wanted.command} RANDOM=1 replaces it at once"
        )
    if not store.exists(name):
        store.write(name, random_text())
        say(f"{name}: there was none, so its first key was made.")
        return
    ring = rotated(store.read(name), random_text())
    store.write(name, ring.text)
    if ring.kept:
        say(f"{name}: rotated. The new key signs; tokens of the one before it stay good.")
    else:
        say(f"{name}: rotated. No key was there before it.")
    if ring.dropped:
        say("Tokens of the key before that are no longer good.")
    if ring.broken:
        say(f"Lines that were no keys are gone: {ring.broken}.")
    say(_SEEN)


def _untouched(store: SecretStore, wanted: Wanted, say: Callable[[str], object]) -> None:
    name, command = wanted.name, wanted.command
    found = next(each for each in store.kept() if each.name == name)
    say(f"{name} is there already, nothing was changed: {described(found)}.")
    if name in KEY_RINGS:
        say(f"  a new key that signs, the old one still good:  {command} ROTATE=1")
    if name not in ELSEWHERE:
        say(f"  a random one in its place:  {command} RANDOM=1")
    say(f"  your own in its place:      {command} < file")


def described(kept: Kept) -> str:
    """What is kept, in a few words that show nothing of it."""
    if kept.problem:
        return f"unusable ({kept.problem})"
    if kept.name not in KEY_RINGS:
        return "one text"
    return f"{kept.keys} key{'s' if kept.keys != 1 else ''}"
