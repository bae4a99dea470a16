"""What serves the buckets' signed addresses."""

from collections.abc import Mapping

from infra.errors import PlatformError
from infra.local.client import RefusedByCloudError, ask
from infra.local.kinds.kind import Plain, describe, only, without
from infra.local.kinds.staging import as_staged, staged
from infra.local.places import Places
from infra.local.runtime.specs import Rule, text, text_list
from infra.local.runtime.storage import StorageSpec
from infra.local.values import UNKNOWN


class Storage:
    """The process behind signed addresses. Its code is staged by the provider, as a function's."""

    _own: Mapping[str, Rule] = {"runtime": text, "source": text, "modules": text_list}
    rules: Mapping[str, Rule] = {
        **_own,
        **{name: rule for name, rule in StorageSpec.RULES.items() if name != "code"},
    }
    replacing = frozenset({"runtime"})

    def identify(self, places: Places, _inputs: Plain) -> str:
        """There is one in a clone."""
        return f"{places.key}-storage"

    def report(self, inputs: Plain) -> Plain:
        """The inputs, and the address."""
        port = inputs["port"]
        return {**inputs, "url": UNKNOWN if port is UNKNOWN else f"http://127.0.0.1:{port}"}

    def create(self, places: Places, inputs: Plain) -> None:
        """Stage the code and serve. Raises PlatformError when the code is not what was planned."""
        code = staged(places, inputs, "the storage")
        try:
            ask(places, "put_storage", spec={**without(inputs, self._own), "code": code})
        except RefusedByCloudError as error:
            raise PlatformError(
                f"storage: {error}\n"
                "  nothing of it was changed: what served before, if anything did, still serves\n"
                "→ mend it (make logs shows what it printed), then run it again"
            ) from error

    change = create

    def find(self, places: Places, old: Plain) -> Plain | None:
        """What serves; where its code came from is what Pulumi remembers."""
        running = describe(places)
        if running is None or running["storage"] is None:
            return None
        return {**only(old, self._own), **as_staged(running["storage"])}

    def delete(self, places: Places, _old: Plain) -> None:
        """Serve no more, once the requests under way are answered."""
        if describe(places) is not None:
            ask(places, "delete_storage")
