"""Tables of a cloud for the conformance suite: named by chance, lent, and gone at the end.

Many runs share an account. Making a table takes seconds there: one that a test is done with is
emptied, and the next test of its schema gets it.
"""

import secrets
from collections import defaultdict

from app.ports.tables import Schema


class LentTables:
    """Tables of a run. `reused`: whether one is lent again, or deleted when it is given back."""

    reused = True

    def __init__(self, joint: str) -> None:
        """`joint` stands between the words of a name."""
        self._joint = joint
        self._prefix = joint.join(("shop", "test", secrets.token_hex(4)))
        self._made: dict[str, Schema] = {}
        self._count = 0
        self._free: defaultdict[str, list[str]] = defaultdict(list)

    def lend(self, schema: Schema) -> str:
        """The name of an empty table."""
        free = self._free[repr(schema)]
        if free:
            return free.pop()
        name = f"{self._prefix}{self._joint}{self._count}"
        self._count += 1
        self._made[name] = schema
        self.create(name, schema)
        return name

    def take_back(self, schema: Schema, name: str) -> None:
        """Empty it for the next one, or delete it."""
        if self.reused:
            self.empty(name, schema)
            self._free[repr(schema)].append(name)
        else:
            self.delete(name, self._made.pop(name))

    def close(self) -> None:
        """Delete all that there are."""
        while self._made:
            self.delete(*self._made.popitem())

    def create(self, name: str, schema: Schema) -> None:
        """Make it; come back when it can be used."""
        raise NotImplementedError

    def empty(self, name: str, schema: Schema) -> None:
        """Delete all rows."""
        raise NotImplementedError

    def delete(self, name: str, schema: Schema) -> None:
        """Delete it."""
        raise NotImplementedError
