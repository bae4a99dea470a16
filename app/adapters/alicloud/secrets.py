"""Secrets as OOS's secret parameters, read by their names when they are asked for."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from app.adapters.alicloud import answers
from app.adapters.alicloud.keys import keys, region
from app.adapters.common.secrets import usable
from app.ports.adapters import Stated
from app.ports.errors import ResourceMissingError

if TYPE_CHECKING:
    from app.adapters.alicloud.oos import Oos

_SERVICE = "OOS"


class SecretParameters:
    """The secrets stated; `oos` makes what asks for them when one is needed."""

    def __init__(self, stated: Mapping[str, Stated], oos: Callable[[], "Oos"]) -> None:
        """`stated` says what Alibaba Cloud calls (`at`) each secret, `shop-<stack>-<name>`."""
        self._places: dict[str, str] = {name: each["at"] for name, each in stated.items()}
        self._made = oos

    @cached_property
    def _oos(self) -> "Oos":
        return self._made()

    def get(self, name: str) -> str:
        """The secret's text. Raises ResourceMissingError and UnavailableError."""
        return self.fresh(name)

    def fresh(self, name: str) -> str:
        """The secret's text, without newlines at its end.

        Raises ResourceMissingError, UnavailableError and AccessDeniedError.
        """
        at = self._places.get(name)
        if at is None:
            raise ResourceMissingError(f"there is no secret {name} here")
        from app.adapters.alicloud.acs3 import RefusedError  # noqa: PLC0415 - a cold start would pay
        from app.adapters.alicloud.oos import MISSING  # noqa: PLC0415 - the same
        from app.adapters.common.calls import SilentError  # noqa: PLC0415 - the same

        asked = {"Name": at, "WithDecryption": "true"}
        try:
            found = self._oos.ask("GetSecretParameter", asked)
        except SilentError as error:
            raise answers.silent(_SERVICE, error) from error
        except RefusedError as error:
            if error.code.startswith(MISSING):
                raise ResourceMissingError(
                    f"there is no secret {name} ({at}) yet: {_written(at, name)}"
                ) from error
            raise answers.refused(_SERVICE, error.action, error.code, error.status) from error
        held = found.get("Parameter")
        text = held.get("Value") if isinstance(held, dict) else None
        return usable(text, f"the secret {name} ({at})", _written(at, name))


def open_secrets(stated_by_name: Mapping[str, Stated]) -> SecretParameters:
    """The secrets stated; nothing is read yet. Any may say at which `endpoint` OOS answers."""
    places = [each["endpoint"] for each in stated_by_name.values() if "endpoint" in each]

    def made() -> "Oos":
        from app.adapters.alicloud.oos import Oos, endpoint_of  # noqa: PLC0415 - the same
        from app.adapters.common.calls import Endpoint  # noqa: PLC0415 - a cold start would pay

        return Oos(Endpoint(places[0] if places else endpoint_of(region())), keys)

    return SecretParameters(stated_by_name, made)


def _written(at: str, name: str) -> str:
    stack = at.removeprefix("shop-").removesuffix(f"-{name}")
    return f"`make secret STACK={stack} NAME={name}` writes it"
