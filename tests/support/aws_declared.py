"""What the program of a stack on AWS declares, run with mocks: its functions and what they use.

That is made on moto as it is declared; so functions run against it without an engine.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from infra.aws.names import Names
from infra.model import Platform
from tests.support.aws_deployed import Deployed
from tests.support.aws_program import arn, bucket_name, secret_arn
from tests.support.moto import Moto
from tests.support.program import Declared
from tests.support.role_policies import rules


def by_program(declared: Declared, platform: Platform, moto: Moto) -> Deployed:
    """What the program of the platform's stack declares, made in a moto that has nothing yet."""
    names = Names(platform.stack)
    functions = {each["name"]: each for each in declared.every("aws:lambda/function:Function")}
    configurations = {
        each.name: _told(functions[names.of(each.name)]) for each in platform.functions
    }
    consumers = declared.every("aws:lambda/eventSourceMapping:EventSourceMapping")
    policies = declared.every("aws:iam/rolePolicy:RolePolicy")
    secrets = declared.every("aws:secretsmanager/secret:Secret")
    deployed = Deployed(
        name=platform.stack,
        moto=moto,
        configurations=configurations,
        sources={
            name: [
                each["eventSourceArn"]
                for each in consumers
                if f":{names.of(name)}:" in each["functionName"]
            ]
            for name in configurations
        },
        rules={
            name: rules(
                json.loads(each["policy"])
                for each in policies
                if stated["Role"].endswith(f":role/{each['role']}")
            )
            for name, stated in configurations.items()
        },
        schedules={
            each.name: arn("events", f"rule/{names.of(each.name)}") for each in platform.schedules
        },
        secrets={each["name"]: secret_arn(each["name"]) for each in secrets},
    )
    _make(declared, deployed.client)
    return deployed


def _told(function: Mapping[str, Any]) -> dict[str, Any]:
    """What Lambda would tell of a function that is declared so."""
    letters = function.get("deadLetterConfig")
    return {
        "FunctionName": function["name"],
        "FunctionArn": arn("lambda", f"function:{function['name']}"),
        "Role": function["role"],
        "Handler": function["handler"],
        "Environment": {"Variables": function["environment"]["variables"]},
        "LoggingConfig": {"LogGroup": function["loggingConfig"]["logGroup"]},
        "TracingConfig": {"Mode": function["tracingConfig"]["mode"]},
        **({"DeadLetterConfig": {"TargetArn": letters["targetArn"]}} if letters else {}),
    }


def _make(declared: Declared, client: Callable[[str], Any]) -> None:
    """The tables, buckets, queues and secrets: what they are called, and the keys of tables."""
    tables, s3 = client("dynamodb"), client("s3")
    for each in declared.every("aws:dynamodb/table:Table"):
        tables.create_table(**_table(each))
    for bucket in declared.resources:
        if bucket.typ == "aws:s3/bucket:Bucket":
            place = {"LocationConstraint": s3.meta.region_name}
            s3.create_bucket(Bucket=bucket_name(bucket.name), CreateBucketConfiguration=place)
    for each in declared.every("aws:sqs/queue:Queue"):
        client("sqs").create_queue(QueueName=each["name"])
    for each in declared.every("aws:secretsmanager/secret:Secret"):
        client("secretsmanager").create_secret(Name=each["name"])


def _table(stated: Mapping[str, Any]) -> dict[str, Any]:
    """What makes a table that is declared so, as arguments of boto3."""
    key = [{"AttributeName": stated["hashKey"], "KeyType": "HASH"}]
    if stated.get("rangeKey"):
        key.append({"AttributeName": stated["rangeKey"], "KeyType": "RANGE"})
    indexes = [
        {
            "IndexName": each["name"],
            "KeySchema": [
                {"AttributeName": part["attributeName"], "KeyType": part["keyType"]}
                for part in each["keySchemas"]
            ],
            "Projection": {"ProjectionType": each["projectionType"]},
        }
        for each in stated["globalSecondaryIndexes"]
    ]
    return {
        "TableName": stated["name"],
        "BillingMode": stated["billingMode"],
        "KeySchema": key,
        "AttributeDefinitions": [
            {"AttributeName": each["name"], "AttributeType": each["type"]}
            for each in stated["attributes"]
        ],
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
    }
