"""The supervisor, its functions, and the gateway before them."""

import shutil
from collections.abc import Mapping

from infra.errors import PlatformError
from infra.local import launch
from infra.local.client import RefusedByCloudError, ask
from infra.local.kinds.kind import Named, Plain, describe, only, without
from infra.local.kinds.staging import as_staged, staged
from infra.local.places import Places
from infra.local.runtime.runtime_spec import RuntimeSpec
from infra.local.runtime.specs import FunctionSpec, GatewaySpec, Rule, text, text_list
from infra.local.values import UNKNOWN


class Runtime:
    """The supervisor. A change of its `release` replaces it, and all that ran on it with it."""

    _own: Mapping[str, Rule] = {"release": text}
    rules: Mapping[str, Rule] = {**_own, **RuntimeSpec.RULES}
    replacing = frozenset(_own)

    def identify(self, places: Places, inputs: Plain) -> str:
        """Of this clone and this release."""
        return f"{places.key}-{inputs['release']}"

    def report(self, inputs: Plain) -> Plain:
        """The inputs."""
        return inputs

    def create(self, places: Places, inputs: Plain) -> None:
        """Start it, if need be, and configure it."""
        if inputs["release"] != launch.release():
            raise PlatformError("the local cloud's code changed while `up` ran; run it again")
        launch.ensure_running(places)
        self.change(places, inputs)

    def change(self, places: Places, inputs: Plain) -> None:
        """Configure it; never start an empty one, since what ran on a dead one is to come back."""
        ask(places, "configure", spec=without(inputs, self._own))

    def find(self, places: Places, old: Plain) -> Plain | None:
        """Its settings, if it is of this release."""
        running = describe(places)
        if running is None or running["release"] != old["release"]:
            return None
        return {"release": running["release"], **running["runtime"]}

    def delete(self, places: Places, old: Plain) -> None:
        """End it, unless another one has taken its place; staged code is of no more use."""
        running = describe(places)
        if running is None or running["release"] == old["release"]:
            launch.end(places)
            shutil.rmtree(places.code, ignore_errors=True)


class Function(Named):
    """One function. Its code is staged by the provider: what runs is a copy of what was planned."""

    _own: Mapping[str, Rule] = {"runtime": text, "source": text, "modules": text_list}
    rules: Mapping[str, Rule] = {
        **_own,
        **{name: rule for name, rule in FunctionSpec.RULES.items() if name != "code"},
    }
    replacing = frozenset({"runtime", "name"})

    def create(self, places: Places, inputs: Plain) -> None:
        """Stage the code and run it. Raises PlatformError when the code is not what was planned."""
        code = staged(places, inputs, f"function {inputs['name']}")
        try:
            ask(places, "put_function", spec={**without(inputs, self._own), "code": code})
        except RefusedByCloudError as error:
            raise PlatformError(
                f"function {inputs['name']}: {error}\n"
                "  nothing of it was changed: what ran before, if anything did, still serves\n"
                "→ mend it (make logs shows where it was raised), then run it again"
            ) from error

    change = create

    def find(self, places: Places, old: Plain) -> Plain | None:
        """What runs under this name; where its code came from is what Pulumi remembers."""
        running = describe(places)
        if running is None or old["name"] not in running["functions"]:
            return None
        return {**only(old, self._own), **as_staged(running["functions"][old["name"]])}

    def delete(self, places: Places, old: Plain) -> None:
        """Run it no more, once the calls under way are answered."""
        if describe(places) is not None:
            ask(places, "delete_function", name=old["name"])


class Gateway:
    """The address and the whole route table: it changes as one, so no request meets half of it."""

    _own: Mapping[str, Rule] = {"runtime": text}
    rules: Mapping[str, Rule] = {**_own, **GatewaySpec.RULES}
    replacing = frozenset({"runtime"})

    def identify(self, places: Places, _inputs: Plain) -> str:
        """There is one in a clone."""
        return f"{places.key}-gateway"

    def report(self, inputs: Plain) -> Plain:
        """The inputs, and the address."""
        port = inputs["port"]
        return {**inputs, "url": UNKNOWN if port is UNKNOWN else f"http://127.0.0.1:{port}"}

    def create(self, places: Places, inputs: Plain) -> None:
        """Serve these routes from the next request on."""
        ask(places, "put_gateway", spec=without(inputs, self._own))

    change = create

    def find(self, places: Places, old: Plain) -> Plain | None:
        """What is served."""
        running = describe(places)
        if running is None or running["gateway"] is None:
            return None
        return {**only(old, self._own), **running["gateway"]}

    def delete(self, places: Places, _old: Plain) -> None:
        """Serve nothing, once the requests under way are answered."""
        if describe(places) is not None:
            ask(places, "delete_gateway")
