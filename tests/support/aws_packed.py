"""The functions of a stack that is up, packed for this machine and run beside its moto.

Each is built by the code that packs it for the cloud and gets the variables that the stack gave it;
in the end its role, as it is deployed, is held against all that it asked of boto3.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.aws.names import ALIAS, Names
from infra.bundles import bundles
from infra.model import Platform
from infra.packages.build import Package, build
from infra.packages.runtime import LAMBDA, host
from infra.packages.tools import this_machine
from tests.support.aws_calls import Account, by_lambda
from tests.support.aws_engine import CloudStack
from tests.support.function_process import FunctionProcess, foreign, running, shipped
from tests.support.moto import REGION
from tests.support.role_policies import Rule, Use, allowed, of_role, unused

_RANDOM = re.compile(r"-[0-9a-f]{7}(?=/|$)")
_INSIDE = re.compile(r"/index/.*|/\*$")
_MAY = {
    **dict.fromkeys(("GetItem", "Query", "GetObject", "ListBucket", "GetSecretValue"), "read"),
    **dict.fromkeys(("PutItem", "UpdateItem", "DeleteItem", "PutObject", "DeleteObject"), "write"),
}


@dataclass(frozen=True, slots=True)
class Packed:
    """The functions by their names, and the stack that they belong to."""

    stack: CloudStack
    functions: Mapping[str, FunctionProcess]
    packages: Mapping[str, Package]
    configurations: Mapping[str, Mapping[str, Any]]
    runtime: Path

    def log(self, function: str) -> str:
        """What the function wrote to its log."""
        return (self.runtime.parent / f"{function}.log").read_text(encoding="utf-8")

    def variables(self, function: str) -> Mapping[str, str]:
        """What the stack put into the function's environment."""
        found: Mapping[str, str] = self.configurations[function]["Environment"]["Variables"]
        return found

    def imported_elsewhere(self) -> set[str]:
        """What any of them imported from neither its package, the runtime's boto3 nor Python."""
        return {
            file
            for name, function in self.functions.items()
            for file in foreign(function.files, self.packages[name].folder, self.runtime)
        }

    def refused(self) -> list[tuple[str, Use]]:
        """What a function did that its role does not allow."""
        return [
            (name, use)
            for name, uses in self._uses()
            for use in uses
            if not allowed(self._rules(name), use)
        ]

    def never_used(self) -> set[tuple[str, str, str]]:
        """What roles allow and nothing needed: function, action, the resource's last words."""
        return {
            (name, rule.action, _shown(rule.resource))
            for name, uses in self._uses()
            for rule in unused(self._rules(name), list(uses))
        }

    def useless_grants(self) -> set[tuple[str, str, str]]:
        """The grants of which no action at all was needed: function, what it may, on what."""
        never = self.never_used()
        granted = {
            (name, rule.action, _shown(rule.resource))
            for name in self.functions
            for rule in self._rules(name)
        }
        return _grants(never) - _grants(granted - never)

    def _rules(self, name: str) -> tuple[Rule, ...]:
        role = self.configurations[name]["Role"].rpartition("/")[2]
        return of_role(self.stack.client("iam"), role)

    def _uses(self) -> Iterator[tuple[str, set[Use]]]:
        secrets = self.stack.client("secretsmanager").list_secrets()["SecretList"]
        consumers = self.stack.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        for name, function in self.functions.items():
            configuration = self.configurations[name]
            number = configuration["FunctionArn"].split(":")[4]
            account = Account(number, REGION, {each["Name"]: each["ARN"] for each in secrets})
            sources = [
                each["EventSourceArn"]
                for each in consumers
                if f":{configuration['FunctionName']}:" in f"{each['FunctionArn']}:"
            ]
            uses = {use for call in function.calls for use in account.uses(call)}
            yield name, uses | set(by_lambda(configuration, sources))


def _shown(resource: str) -> str:
    """The last words of an ARN; buckets go without the letters behind their names."""
    return _RANDOM.sub("", resource.rpartition(":")[2])


def _grants(found: set[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Actions on a thing, and on what is in it, as what the shop's page grants."""
    return {
        (name, _MAY.get(action.partition(":")[2], action), _INSIDE.sub("", resource))
        for name, action, resource in found
    }


@contextmanager
def packed(stack: CloudStack, platform: Platform, folder: Path) -> Iterator[Packed]:
    """All functions of the platform, each in a process of its own; afterwards they are gone."""
    root = stack.project.root
    packages = build(root, bundles(root, platform, "aws", "aws"), host(LAMBDA), this_machine())
    names, client = Names(stack.name), stack.client("lambda")
    configurations = {
        each: client.get_function_configuration(FunctionName=names.of(each), Qualifier=ALIAS)
        for each in packages
    }
    runtime = shipped(folder / "runtime")
    with ExitStack() as opened:
        opened.enter_context(_served(stack))
        functions = {
            name: opened.enter_context(
                running(
                    package.folder,
                    configurations[name]["Handler"],
                    {
                        **stack.moto.environment(),
                        "AWS_LAMBDA_FUNCTION_NAME": names.of(name),
                        **configurations[name]["Environment"]["Variables"],
                    },
                    runtime,
                    folder / f"{name}.log",
                )
            )
            for name, package in packages.items()
        }
        yield Packed(stack, functions, packages, configurations, runtime)


@contextmanager
def _served(stack: CloudStack) -> Iterator[None]:
    """Put aside, for as long as functions run here, what moto makes more of than AWS does.

    It knows no conditions of a bucket's policy, so that the one which wants https refuses all. And
    it would call a queue's consumer itself, by Docker, and refuse the message when it cannot.
    """
    s3, functions = stack.client("s3"), stack.client("lambda")
    policies = {
        each["Name"]: s3.get_bucket_policy(Bucket=each["Name"])["Policy"]
        for each in s3.list_buckets()["Buckets"]
    }
    consumers = [
        each["UUID"] for each in functions.list_event_source_mappings()["EventSourceMappings"]
    ]
    try:
        for name in policies:
            s3.delete_bucket_policy(Bucket=name)
        for each in consumers:
            functions.update_event_source_mapping(UUID=each, Enabled=False)
        yield
    finally:
        for name, policy in policies.items():
            s3.put_bucket_policy(Bucket=name, Policy=policy)
        for each in consumers:
            functions.update_event_source_mapping(UUID=each, Enabled=True)
