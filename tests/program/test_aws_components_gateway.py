"""What the shop's routes become on AWS: an HTTP API, a throttle and a permission for each route."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra import model
from infra.aws.function import Function
from infra.aws.gateway import Gateway, source_of, statement_id
from infra.aws.names import Names
from infra.aws.shared import Shared
from infra.browsers import HEADERS
from infra.packages.deployed import Code
from infra.settings_aws import Aws
from tests.support.aws_program import GATEWAY, arn, outputs
from tests.support.program import Declared
from tests.support.program import declared as program_of

API, STAGE = "aws:apigatewayv2/api:Api", "aws:apigatewayv2/stage:Stage"
ROUTE, PERMISSION = "aws:apigatewayv2/route:Route", "aws:lambda/permission:Permission"
INTEGRATION = "aws:apigatewayv2/integration:Integration"
DOMAIN = "aws:apigatewayv2/domainName:DomainName"
CERTIFICATE = (
    "arn:aws:acm:eu-central-1:123456789012:certificate/0f0f0f0f-1111-2222-3333-444444444444"
)
SHOP = model.Platform(
    stack="dev",
    functions=(
        model.Function(name="orders", timeout_s=5),
        model.Function(name="slow", timeout_s=29),
        model.Function(name="sweep"),
    ),
    routes=(
        model.Route(
            method="GET",
            path="/orders/{id}",
            function="orders",
            throttle=model.Throttle(rate=5, burst=9),
        ),
        model.Route(method="POST", path="/orders", function="orders"),
        model.Route(method="ANY", path="/{rest+}", function="slow"),
    ),
)


def declared(platform: model.Platform = SHOP, **stated: Any) -> tuple[Declared, dict[str, str]]:
    """What the gateway of this platform declares, and its outputs."""
    shared = Shared(names=Names("dev"), region="eu-central-1", settings=Aws.model_validate(stated))
    told: dict[str, str] = {}

    def program() -> Any:
        functions = {
            each.name: Function(
                each.name,
                each,
                shared,
                code=Code(Path(__file__).parent, "app.entrypoints.aws.http"),
                environment={},
                statements=[],
            )
            for each in platform.functions
        }
        made = Gateway("gateway", platform, functions, shared)
        made.url.apply(lambda url: told.update(url=url))
        return made.domain_target.apply(lambda target: told.update(target=target))

    return program_of(program, outputs), told


@pytest.fixture(scope="module")
def usual() -> Declared:
    return declared()[0]


def test_each_route_leads_to_the_alias_of_its_function(usual: Declared) -> None:
    assert len(usual.names(INTEGRATION)) == 2  # sweep has no route
    for route in SHOP.routes:
        made = usual.inputs(ROUTE, f"gateway-{route.key}")
        assert made["routeKey"] == route.key
        assert made["target"] == f"integrations/gateway-{route.function}-id"
        integration = usual.inputs(INTEGRATION, f"gateway-{route.function}")
        alias = arn("lambda", f"function:shop-dev-{route.function}:live")
        assert alias in integration["integrationUri"]
        assert integration["payloadFormatVersion"] == "2.0"


def test_the_api_waits_as_long_as_a_new_instance_may_take_and_no_longer_than_it_can(
    usual: Declared,
) -> None:
    assert usual.inputs(INTEGRATION, "gateway-orders")["timeoutMilliseconds"] == 15_000
    assert usual.inputs(INTEGRATION, "gateway-slow")["timeoutMilliseconds"] == 30_000


def test_each_route_has_a_throttle_of_its_own_and_the_tightest_holds_for_any_other(
    usual: Declared,
) -> None:
    stage = usual.inputs(STAGE)
    assert (stage["name"], stage["autoDeploy"]) == ("$default", True)
    assert {each["routeKey"]: each for each in stage["routeSettings"]} == {
        route.key: {
            "routeKey": route.key,
            "throttlingRateLimit": route.throttle.rate,
            "throttlingBurstLimit": route.throttle.burst,
            "detailedMetricsEnabled": False,
        }
        for route in SHOP.routes
    }
    assert stage["defaultRouteSettings"] == {
        "throttlingRateLimit": 5,
        "throttlingBurstLimit": 9,
        "detailedMetricsEnabled": False,
    }


def test_each_route_by_itself_may_call_its_function(usual: Declared) -> None:
    assert len(usual.names(PERMISSION)) == len(SHOP.routes)
    for route, source in zip(
        SHOP.routes, ("*/GET/orders/*", "*/POST/orders", "*/*/*"), strict=True
    ):
        made = usual.inputs(PERMISSION, f"gateway-permission-{route.key}")
        assert made["qualifier"] == "live"
        assert made["function"] == f"shop-dev-{route.function}"
        assert made["principal"] == "apigateway.amazonaws.com"
        assert made["sourceArn"] == f"{arn('execute-api', 'gateway')}/{source}"


def test_a_route_that_is_removed_takes_just_its_own_permission_along(usual: Declared) -> None:
    without, _ = declared(replace(SHOP, routes=SHOP.routes[1:]))
    gone = set(usual.names(PERMISSION)) - set(without.names(PERMISSION))
    assert gone == {f"gateway-permission-{SHOP.routes[0].key}"}
    kept = {each.name: each.inputs for each in without.resources if each.typ == PERMISSION}
    before = {each.name: each.inputs for each in usual.resources if each.typ == PERMISSION}
    assert all(before[name] == inputs for name, inputs in kept.items())


def test_routes_that_look_alike_have_permissions_that_differ() -> None:
    alike = [
        model.Route(method="GET", path=path, function="f")
        for path in ("/", "/a/b", "/a-b", "/a.b", "/{a}/b", "/a/{b}", "/a/{b+}", "/" + "a" * 200)
    ]
    found = [statement_id(each) for each in alike]
    assert len(set(found)) == len(alike)
    assert all(len(each) <= 100 and each.replace("-", "").isalnum() for each in found)
    assert source_of(alike[0]) == "*/GET/"


def test_the_access_log_tells_the_route_and_its_outcome_and_nothing_of_the_caller(
    usual: Declared,
) -> None:
    stated = usual.inputs(STAGE)["accessLogSettings"]
    asked = set(json.loads(stated["format"]).values())
    assert {"$context.requestId", "$context.routeKey", "$context.status"} <= asked
    forbidden = ("identity", "authorizer", "path", "query", "header", "userAgent", "sourceIp")
    assert not [each for each in asked for word in forbidden if word in each]
    group = usual.inputs("aws:cloudwatch/logGroup:LogGroup", "gateway-log")
    assert group["name"] == "/aws/vendedlogs/shop-dev-api"
    assert stated["destinationArn"] == arn("logs", "log-group:/aws/vendedlogs/shop-dev-api")


def test_pages_of_the_origins_may_call_what_the_routes_offer_and_send_no_cookies() -> None:
    found, _ = declared(replace(SHOP, origins=("https://a.example",), routes=SHOP.routes[:2]))
    made = found.inputs(API)["corsConfiguration"]
    assert made["allowOrigins"] == ["https://a.example"]
    assert made["allowMethods"] == ["GET", "POST"]
    assert made["allowHeaders"] == list(HEADERS)
    assert made["allowCredentials"] is False
    everything, _ = declared(replace(SHOP, origins=("https://a.example",)))
    assert everything.inputs(API)["corsConfiguration"]["allowMethods"] == ["*"]


def test_without_origins_no_page_of_another_site_may_call(usual: Declared) -> None:
    assert "corsConfiguration" not in usual.inputs(API)


def test_without_a_domain_the_shop_answers_where_aws_puts_it() -> None:
    found, told = declared()
    assert told == {"url": f"https://gateway.{GATEWAY}", "target": ""}
    assert found.inputs(API)["disableExecuteApiEndpoint"] is False
    assert found.names(DOMAIN) == []


def test_a_domain_of_its_own_closes_the_address_of_aws() -> None:
    domain = {"name": "shop.example.com", "certificate_arn": CERTIFICATE}
    found, told = declared(domain=domain, detailed_metrics=True)
    assert told == {"url": "https://shop.example.com", "target": f"d-1.{GATEWAY}"}
    assert found.inputs(API)["disableExecuteApiEndpoint"] is True
    made = found.inputs(DOMAIN)
    assert made["domainName"] == "shop.example.com"
    assert made["domainNameConfiguration"] == {
        "certificateArn": CERTIFICATE,
        "endpointType": "REGIONAL",
        "securityPolicy": "TLS_1_2",
    }
    mapping = found.inputs("aws:apigatewayv2/apiMapping:ApiMapping")
    assert mapping["apiId"] == "gateway-id"
    assert mapping["stage"] == "gateway-stage-id"
    settings = found.inputs(STAGE)["routeSettings"]
    assert all(each["detailedMetricsEnabled"] for each in settings)
