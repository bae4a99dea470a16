"""What a role's policies allow, and what calls need: a small evaluator of IAM's rules.

It knows statements of actions and resources with `*` and `?`, an explicit Deny first; whatever
else a statement has, a condition or a principal, it refuses to judge.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_KNOWN = {"Sid", "Effect", "Action", "Resource"}


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """One action on one resource, by its ARN."""

    action: str
    resource: str


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """One action, one resource, as a statement has them; both may hold `*` and `?`."""

    action: str
    resource: str
    denies: bool = False

    def covers(self, use: Use) -> bool:
        """Whether it speaks of this use; actions are the same in any case."""
        return _matches(self.action.lower(), use.action.lower()) and _matches(
            self.resource, use.resource
        )


def rules(documents: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """The rules of some policies. Raises ValueError for what it cannot judge."""
    return tuple(sorted(set(_rules(documents))))


def allowed(known: Iterable[Rule], use: Use) -> bool:
    """Whether the rules allow it: one does, and none denies it."""
    speaking = [rule for rule in known if rule.covers(use)]
    return bool(speaking) and not any(rule.denies for rule in speaking)


def unused(known: Iterable[Rule], uses: Sequence[Use]) -> list[Rule]:
    """The rules that none of these uses needed."""
    return [rule for rule in known if not any(rule.covers(use) for use in uses)]


@dataclass(frozen=True, slots=True)
class Judged:
    """The rules of functions' roles and what the functions did, by their names."""

    rules: Mapping[str, tuple[Rule, ...]]
    uses: Mapping[str, set[Use]]

    def refused(self) -> list[tuple[str, Use]]:
        """What a function did that its role does not allow."""
        return [
            (name, use)
            for name, uses in self.uses.items()
            for use in uses
            if not allowed(self.rules[name], use)
        ]

    def useless(self, grant_of: Callable[[Rule], tuple[str, str]]) -> set[tuple[str, str, str]]:
        """The grants of which no rule at all was needed: function, what it may, on what.

        `grant_of` tells which grant a rule is for, as what it may, and on what.
        """
        never = {
            (name, rule)
            for name, uses in self.uses.items()
            for rule in unused(self.rules[name], list(uses))
        }
        all_of = {(name, rule) for name in self.uses for rule in self.rules[name]}

        def grants(found: Iterable[tuple[str, Rule]]) -> set[tuple[str, str, str]]:
            return {(name, *grant_of(rule)) for name, rule in found}

        return grants(never) - grants(all_of - never)


def of_role(iam: Any, role: str) -> tuple[Rule, ...]:
    """The rules of a role as it is deployed; `iam` is a client.

    Raises ValueError for a managed policy, whose rules are elsewhere.
    """
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    if attached:
        raise ValueError(f"{role} has managed policies: {attached}")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return rules(
        iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names
    )


def _rules(documents: Iterable[Mapping[str, Any]]) -> Iterator[Rule]:
    for document in documents:
        for statement in document["Statement"]:
            if strange := set(statement) - _KNOWN:
                raise ValueError(f"{statement} has {sorted(strange)}, which is not judged here")
            denies = {"Allow": False, "Deny": True}[statement["Effect"]]
            for action in _texts(statement["Action"]):
                for resource in _texts(statement["Resource"]):
                    yield Rule(action, resource, denies)


def _texts(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _matches(pattern: str, text: str) -> bool:
    regular = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern)
    return re.fullmatch(regular, text, re.DOTALL) is not None
