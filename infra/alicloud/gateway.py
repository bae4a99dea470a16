"""The shop's way in: HTTP triggers, and before them a custom domain or API Gateway."""

from collections.abc import Mapping
from typing import Final

import pulumi
from pulumi_alicloud import fc

from infra import granted, model
from infra.alicloud.api import Api
from infra.alicloud.function import Function
from infra.alicloud.routes import cors, domain_routes, methods
from infra.alicloud.shared import Shared
from infra.settings_alicloud import Domain

_TRIGGER: Final = "http"


class Gateway(pulumi.ComponentResource):
    """One address for all routes; the functions' own addresses on the internet are closed.

    With a domain of the shop's own, Function Compute answers at it, and finds the function by the
    path; a function finds its route itself. Such a domain has no throttles: what is reserved for
    the functions is the limit. Without one API Gateway stands before them, with a throttle for each
    route, at an address that is for trials. `url` has no slash at the end. Certificate and DNS
    record, which has to point at `domain_target`, are not owned; Function Compute refuses a domain
    that does not point there yet (DomainNameNotResolved).
    """

    def __init__(
        self,
        name: str,
        platform: model.Platform,
        functions: Mapping[str, Function],
        shared: Shared,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:alicloud:Gateway", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        self.triggers = {
            each.name: _trigger(name, each.name, platform, functions[each.name], own)
            for each in platform.functions
            if each.name in {route.function for route in platform.routes}
        }
        self.domain: fc.V3CustomDomain | None = None
        self.api: Api | None = None
        self.domain_target: pulumi.Output[str] = pulumi.Output.from_input("")
        domain = shared.settings.domain
        if domain is not None:
            # told before the domain, which may be refused: the stack has no outputs then
            places = next(iter(functions.values())).places
            self.domain_target = places.apply(lambda found: found.domain_target)
            self.domain_target.apply(
                lambda target: pulumi.log.info(asked(domain.name, target), self)
            )
            self.domain = self._domain(name, platform, functions, domain)
            self.url = self.domain.custom_domain_name.apply(lambda _: _url(domain))
        else:
            self.api = Api(f"{name}-api", platform, self.triggers, shared, own)
            self.url = self.api.url
        self.register_outputs({"url": self.url})

    def _domain(
        self,
        name: str,
        platform: model.Platform,
        functions: Mapping[str, Function],
        domain: Domain,
    ) -> fc.V3CustomDomain:
        return fc.V3CustomDomain(
            f"{name}-domain",
            custom_domain_name=domain.name,
            protocol="HTTPS" if domain.certificate else "HTTP",
            certificate_id=domain.certificate,
            tls_config=(
                fc.V3CustomDomainTlsConfigArgs(min_version="TLSv1.2", max_version="TLSv1.3")
                if domain.certificate
                else None
            ),
            auth_config=fc.V3CustomDomainAuthConfigArgs(auth_type="anonymous"),
            cors_config=(
                fc.V3CustomDomainCorsConfigArgs(**cors(platform))  # type: ignore[arg-type]
                if platform.origins
                else None
            ),
            route_config=fc.V3CustomDomainRouteConfigArgs(
                routes=[
                    fc.V3CustomDomainRouteConfigRouteArgs(
                        path=each.path,
                        methods=list(each.methods),
                        function_name=functions[each.function].called,
                        qualifier=functions[each.function].qualifier,
                    )
                    for each in domain_routes(platform.routes)
                ]
            ),
            # it hands requests to triggers, so these are there before
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(self.triggers.values())),
        )


def asked(domain: str, target: str) -> str:
    """What tells of the DNS record that the shop's domain needs first."""
    return (
        f"Function Compute takes {domain} only when its DNS has this record; where make up fails "
        f"for want of it, set it and run make up again:\nCNAME {domain} {target}"
    )


def _url(domain: Domain) -> str:
    return f"{'https' if domain.certificate else 'http'}://{domain.name}"


def _trigger(
    name: str,
    called: str,
    platform: model.Platform,
    function: Function,
    opts: pulumi.ResourceOptions,
) -> fc.V3Trigger:
    """The functions verify tokens themselves, so whoever reaches a trigger may call it."""
    routes = [route for route in platform.routes if route.function == called]
    return fc.V3Trigger(
        f"{name}-{called}",
        function_name=function.called,
        qualifier=function.qualifier,
        trigger_name=_TRIGGER,
        trigger_type="http",
        description=f"The routes of {called}",
        trigger_config=granted.compact(
            {
                "authType": "anonymous",
                "disableURLInternet": True,
                "methods": list(methods(routes)),
            }
        ),
        opts=opts,
    )
