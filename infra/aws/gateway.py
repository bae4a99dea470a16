"""The shop's HTTP API: what is asked from outside, and which function answers it."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import pulumi
from pulumi_aws import apigatewayv2, cloudwatch, lambda_

from infra import browsers, granted, model
from infra.aws.function import Function
from infra.aws.shared import Shared

LONGEST_MS: Final = 30_000
"""What an HTTP API waits for a function at most."""
START_S: Final = 10
"""What Lambda lets a new instance take before the function's own time-out begins."""

_PARAMETER: Final = re.compile(r"\{[^}]*\}")
# no query string, header or address of the caller: these may hold what is nobody's to keep
_ACCESS_LOG: Final = granted.compact(
    {
        "time": "$context.requestTime",
        "request_id": "$context.requestId",
        "route": "$context.routeKey",
        "status": "$context.status",
        "latency_ms": "$context.responseLatency",
        "function_ms": "$context.integrationLatency",
        "function_status": "$context.integrationStatus",
        "error": "$context.error.message",
        "function_error": "$context.integrationErrorMessage",
    }
)


class Gateway(pulumi.ComponentResource):
    """An HTTP API with the shop's routes, each with its own throttle.

    `url` is where it answers, without a slash at the end. With a domain of the shop's own the
    address that AWS gives is closed; the certificate and the DNS record, which has to point at
    `domain_target`, are not owned. It has no authorizer: the functions verify tokens themselves.
    """

    def __init__(
        self,
        name: str,
        platform: model.Platform,
        functions: Mapping[str, Function],
        shared: Shared,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:aws:Gateway", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        domain = shared.settings.domain
        self.api = apigatewayv2.Api(
            name,
            name=shared.names.of("api"),
            protocol_type="HTTP",
            cors_configuration=cors(platform),
            disable_execute_api_endpoint=domain is not None,
            tags=shared.tags,
            opts=own,
        )
        asked = {route.function for route in platform.routes}
        self.integrations = {
            each.name: apigatewayv2.Integration(
                f"{name}-{each.name}",
                api_id=self.api.id,
                integration_type="AWS_PROXY",
                integration_method="POST",
                integration_uri=functions[each.name].alias.invoke_arn,
                payload_format_version="2.0",
                timeout_milliseconds=min((each.timeout_s + START_S) * 1000, LONGEST_MS),
                opts=own,
            )
            for each in platform.functions
            if each.name in asked
        }
        self.permissions = {
            route.key: self._permission(name, route, functions[route.function])
            for route in platform.routes
        }
        self.routes = {
            route.key: apigatewayv2.Route(
                f"{name}-{route.key}",
                api_id=self.api.id,
                route_key=route.key,
                target=self.integrations[route.function].id.apply("integrations/{}".format),
                # so that no request finds a function that it may not call
                opts=pulumi.ResourceOptions(parent=self, depends_on=[self.permissions[route.key]]),
            )
            for route in platform.routes
        }
        self.log_group = cloudwatch.LogGroup(
            f"{name}-log",
            # AWS lets its own services write to groups of this prefix by one short rule
            name=f"/aws/vendedlogs/{shared.names.of('api')}",
            retention_in_days=shared.settings.log_days,
            tags=shared.tags,
            opts=own,
        )
        self.stage = self._stage(name, platform, shared)
        self.domain: apigatewayv2.DomainName | None = None
        self.mapping: apigatewayv2.ApiMapping | None = None
        self.url: pulumi.Output[str] = self.api.api_endpoint
        self.domain_target: pulumi.Output[str] = pulumi.Output.from_input("")
        if domain is not None:
            self.domain = apigatewayv2.DomainName(
                f"{name}-domain",
                domain_name=domain.name,
                domain_name_configuration={
                    "certificate_arn": domain.certificate_arn,
                    "endpoint_type": "REGIONAL",
                    "security_policy": "TLS_1_2",
                },
                tags=shared.tags,
                opts=own,
            )
            self.mapping = apigatewayv2.ApiMapping(
                f"{name}-mapping",
                api_id=self.api.id,
                domain_name=self.domain.id,
                stage=self.stage.id,
                opts=own,
            )
            self.url = self.domain.domain_name.apply("https://{}".format)
            self.domain_target = self.domain.domain_name_configuration.target_domain_name
        self.register_outputs({"url": self.url})

    def _permission(self, name: str, route: model.Route, function: Function) -> lambda_.Permission:
        source = source_of(route)
        return lambda_.Permission(
            f"{name}-permission-{route.key}",
            statement_id=statement_id(route),
            action="lambda:InvokeFunction",
            principal="apigateway.amazonaws.com",
            function=function.function.name,
            qualifier=function.alias.name,
            source_arn=self.api.execution_arn.apply(lambda arn: f"{arn}/{source}"),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _stage(self, name: str, platform: model.Platform, shared: Shared) -> apigatewayv2.Stage:
        detailed = shared.settings.detailed_metrics
        throttles = [route.throttle for route in platform.routes]
        return apigatewayv2.Stage(
            f"{name}-stage",
            api_id=self.api.id,
            name="$default",
            auto_deploy=True,
            # each route has its own; this one is for a route on its way in or out
            default_route_settings={
                "throttling_rate_limit": min((each.rate for each in throttles), default=1),
                "throttling_burst_limit": min((each.burst for each in throttles), default=1),
                "detailed_metrics_enabled": detailed,
            },
            route_settings=[
                {
                    "route_key": route.key,
                    "throttling_rate_limit": route.throttle.rate,
                    "throttling_burst_limit": route.throttle.burst,
                    "detailed_metrics_enabled": detailed,
                }
                for route in platform.routes
            ],
            access_log_settings={"destination_arn": self.log_group.arn, "format": _ACCESS_LOG},
            tags=shared.tags,
            # a stage takes no settings of a route that is not there
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(self.routes.values())),
        )


def cors(platform: model.Platform) -> apigatewayv2.ApiCorsConfigurationArgsDict | None:
    """What the pages of the platform's origins may ask for; None without origins.

    Tokens go in a header, so no page sends cookies.
    """
    if not platform.origins:
        return None
    methods = {route.method for route in platform.routes}
    return {
        "allow_origins": list(platform.origins),
        "allow_methods": ["*"] if "ANY" in methods else sorted(methods),
        "allow_headers": list(browsers.HEADERS),
        "expose_headers": list(browsers.EXPOSED),
        "max_age": browsers.PREFLIGHT_S,
        "allow_credentials": False,
    }


def source_of(route: model.Route) -> str:
    """What calls come from, behind the API's own ARN: any stage, the method, the path.

    A parameter is `*`, since a policy has no narrower word for it; so is the method ANY.
    """
    method = "*" if route.method == "ANY" else route.method
    return f"*/{method}{_PARAMETER.sub('*', route.path)}"


def statement_id(route: model.Route) -> str:
    """The name of a route's permission in the function's policy; no other route's is the same."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", route.key).strip("-")[:80]
    return f"{words}-{sha256(route.key.encode()).hexdigest()[:8]}"
