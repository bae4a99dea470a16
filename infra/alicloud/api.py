"""API Gateway before the functions: an API for each route, its throttle, and who may ask."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import pulumi
from pulumi_alicloud import apigateway, fc

from infra import granted, model
from infra.alicloud.access import statement
from infra.alicloud.places import Places
from infra.alicloud.role import Role
from infra.alicloud.routes import api_path, cors, parameters
from infra.alicloud.shared import Shared

STAGE: Final = "RELEASE"
"""The one of API Gateway's three stages that is used."""
LONGEST_MS: Final = 30_000
"""What API Gateway waits for a function at most."""
START_S: Final = 10
"""What Function Compute may take for a new instance before the function's own time-out begins."""
TRIAL: Final = (
    "Without alicloud.domain the shop answers at API Gateway's own address, which is for trials: "
    "it takes 1,000 calls a day in the mainland, 100 elsewhere, and browsers save its pages "
    "instead of showing them.\n→ state alicloud.domain"
)
"""What a preview tells of a stack without a domain."""


class Api(pulumi.ComponentResource):
    """A group of classic API Gateway with the platform's routes, each with its own throttle.

    It calls the triggers by their addresses within the region, in a role of its own, and hands over
    whatever it gets. `burst` has no counterpart: it counts calls second by second.
    """

    def __init__(
        self,
        name: str,
        platform: model.Platform,
        triggers: Mapping[str, fc.V3Trigger],
        shared: Shared,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:alicloud:Api", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        self.group = apigateway.Group(
            name,
            name=shared.names.label("api"),
            description=f"The routes of {shared.names.stack}",
            base_path="/",
            opts=own,
        )
        self.role = Role(
            f"{name}-role",
            shared.names.of("", "api"),  # no function's role can have two hyphens in a row
            "apigateway",
            lambda places: calls(sorted(triggers), places),
            shared,
            about="API Gateway calls the functions that have routes",
            opts=own,
        )
        timeouts = {each.name: each.timeout_s for each in platform.functions}
        self.apis = {
            route.key: self._api(
                name, route, triggers[route.function], timeouts[route.function], shared
            )
            for route in platform.routes
        }
        self.throttles = {
            route.key: self._throttle(name, route, shared) for route in platform.routes
        }
        self.cors = self._cors(name, platform, shared) if platform.origins else None
        self.attachments = {
            key: self._attached(f"{name}-throttled-{key}", key, plugin)
            for key, plugin in self.throttles.items()
        }
        self.shared_with_pages = (
            {key: self._attached(f"{name}-cors-{key}", key, self.cors) for key in self.apis}
            if self.cors
            else {}
        )
        self.url = self.group.sub_domain.apply("https://{}".format)
        self.register_outputs({"url": self.url})

    def _api(
        self, name: str, route: model.Route, trigger: fc.V3Trigger, timeout_s: int, shared: Shared
    ) -> apigateway.Api:
        path = api_path(route.path)
        return apigateway.Api(
            f"{name}-{route.key}",
            name=shared.names.label(word(route)),
            description=route.key,
            group_id=self.group.id,
            auth_type="ANONYMOUS",
            request_config=apigateway.ApiRequestConfigArgs(
                protocol="HTTPS", method=route.method, path=path, mode="PASSTHROUGH"
            ),
            # what stands in a path has to be stated even where all is handed over
            request_parameters=[
                apigateway.ApiRequestParameterArgs(
                    name=each,
                    type="STRING",
                    required="REQUIRED",
                    in_="PATH",
                    in_service="PATH",
                    name_service=each,
                )
                for each in parameters(route.path)
            ],
            service_type="FunctionCompute",
            fc_service_config=apigateway.ApiFcServiceConfigArgs(
                function_version="3.0",
                function_type="HttpTrigger",
                function_base_url=trigger.http_trigger.apply(
                    lambda told: told.url_intranet if told else ""
                ),
                method=route.method,
                path=path,
                region=shared.region,
                arn_role=self.role.arn,
                timeout=min((timeout_s + START_S) * 1000, LONGEST_MS),
            ),
            stage_names=[STAGE],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.role.attachment]),
        )

    def _throttle(self, name: str, route: model.Route, shared: Shared) -> apigateway.Plugin:
        return apigateway.Plugin(
            f"{name}-throttle-{route.key}",
            plugin_name=shared.names.label("throttle", word(route)),
            plugin_type="trafficControl",
            description=f"What {route.key} lets through",
            plugin_data=granted.compact({"unit": "SECOND", "apiDefault": route.throttle.rate}),
            tags=shared.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _cors(self, name: str, platform: model.Platform, shared: Shared) -> apigateway.Plugin:
        return apigateway.Plugin(
            f"{name}-cors",
            plugin_name=shared.names.label("cors"),
            plugin_type="cors",
            description="Whose pages may ask",
            plugin_data=cors_data(platform),
            tags=shared.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _attached(
        self, name: str, key: str, plugin: apigateway.Plugin
    ) -> apigateway.PluginAttachment:
        return apigateway.PluginAttachment(
            name,
            api_id=self.apis[key].api_id,
            group_id=self.group.id,
            plugin_id=plugin.id,
            stage_name=STAGE,
            opts=pulumi.ResourceOptions(parent=self),
        )


def calls(functions: list[str], places: Places) -> str:
    """The policy that lets API Gateway call these functions and no other."""
    called = statement(("fc:InvokeFunction",), *map(places.function, functions))
    return granted.compact({"Version": "1", "Statement": [called]})


def cors_data(platform: model.Platform) -> str:
    """Whose pages may ask for what, as API Gateway's plugin has it: lists as one text."""
    stated = {
        "".join(word.capitalize() if at else word for at, word in enumerate(key.split("_"))): value
        for key, value in cors(platform).items()
    }
    return granted.compact(
        {
            key: ",".join(value) if isinstance(value, list) else value
            for key, value in stated.items()
        }
    )


def word(route: model.Route) -> str:
    """A name for a route, in letters, digits and hyphens; no other route's is the same."""
    letters = "".join(each if each.isalnum() else "-" for each in route.path.strip("/")).strip("-")
    digest = sha256(route.key.encode()).hexdigest()[:6]
    return f"{route.method.lower()}-{letters}-{digest}"
