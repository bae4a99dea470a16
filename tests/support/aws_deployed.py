"""A stack's functions on AWS as they are deployed: what they are told, and what their roles allow.

Here a stack that is up says so; `aws_declared` has it from what the program declares.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3

from infra.aws.names import ALIAS, Names
from infra.model import Platform
from tests.support.aws_engine import CloudStack
from tests.support.moto import Moto
from tests.support.role_policies import Rule, of_role


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What is deployed of the stack `name`, in the cloud that moto plays.

    By the functions' names: `configurations` as Lambda tells them, the ARNs of the queues that call
    each, what each one's role allows. By their own: the ARNs of schedules. By what they are called
    in the account: those of secrets.
    """

    name: str
    moto: Moto
    configurations: Mapping[str, Mapping[str, Any]]
    sources: Mapping[str, list[str]]
    rules: Mapping[str, tuple[Rule, ...]]
    schedules: Mapping[str, str]
    secrets: Mapping[str, str]

    def client(self, service: str) -> Any:
        """A client of the cloud that it is in."""
        return boto3.client(service, **self.moto.connection())


@contextmanager
def by_engine(stack: CloudStack, platform: Platform) -> Iterator[Deployed]:
    """What a stack that is up has; meanwhile moto does no more than AWS does."""
    names, functions, iam = Names(stack.name), stack.client("lambda"), stack.client("iam")
    configurations = {
        each.name: functions.get_function_configuration(
            FunctionName=names.of(each.name), Qualifier=ALIAS
        )
        for each in platform.functions
    }
    consumers = functions.list_event_source_mappings()["EventSourceMappings"]
    secrets = stack.client("secretsmanager").list_secrets()["SecretList"]
    events = stack.client("events")
    with _served(stack):
        yield Deployed(
            name=stack.name,
            moto=stack.moto,
            configurations=configurations,
            sources={
                name: [
                    each["EventSourceArn"]
                    for each in consumers
                    if f":{names.of(name)}:" in f"{each['FunctionArn']}:"
                ]
                for name in configurations
            },
            rules={
                name: of_role(iam, str(each["Role"]).rpartition("/")[2])
                for name, each in configurations.items()
            },
            schedules={
                each.name: events.describe_rule(Name=names.of(each.name))["Arn"]
                for each in platform.schedules
            },
            secrets={each["Name"]: each["ARN"] for each in secrets},
        )


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
