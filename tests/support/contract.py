"""The API's document as tests read it, and people who use what it documents."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]  # it comes without types

from infra.cli.openapi_example import resolved, sample
from tests.support.project import CHECKOUT, CLIENT, Project

DOCUMENT: dict[str, Any] = json.loads((CHECKOUT / "app/handlers/docs.json").read_text("utf-8"))
PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Documented:
    """One operation of the document."""

    method: str
    path: str
    stated: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Its route, `GET /users/me`."""
        return f"{self.method} {self.path}"

    @property
    def secured(self) -> bool:
        """Whether it needs a token."""
        return bool(self.stated["security"])

    @property
    def good(self) -> int:
        """The status of a good answer."""
        return min(int(each) for each in self.stated["responses"] if each.startswith("2"))

    @property
    def example(self) -> Any:
        """A body that it takes, or None."""
        if "requestBody" not in self.stated:
            return None
        return sample(self.stated["requestBody"]["content"]["application/json"]["schema"], DOCUMENT)

    def check(self, answer: httpx.Response) -> None:
        """Fail unless the answer has a status, a media type and a body that are documented."""
        responses = self.stated["responses"]
        found = resolved(responses.get(str(answer.status_code), {}), DOCUMENT)
        assert found, f"{self.key} answered {answer.status_code}, which is not documented"
        content = found.get("content")
        if not content:
            assert answer.content == b""
            return
        media = answer.headers["content-type"]
        assert media in content, f"{self.key} answered {media}, which is not documented"
        body = answer.json() if "json" in media else answer.text
        whole = {**content[media]["schema"], "components": DOCUMENT["components"]}
        jsonschema.Draft202012Validator(whole).validate(body)


def documented() -> Iterator[Documented]:
    """Every operation of the document."""
    for path, item in DOCUMENT["paths"].items():
        for method, stated in item.items():
            yield Documented(method.upper(), path, stated)


@dataclass(frozen=True, slots=True)
class Person:
    """A user of one running shop, logged in."""

    shop: Project
    name: str
    token: str
    password: str = PASSWORD

    @property
    def headers(self) -> dict[str, str]:
        """What shows who asks."""
        return {"Authorization": f"Bearer {self.token}"}

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request in this person's name."""
        return asked(self.shop, method, path, headers=self.headers, **options)

    def again(self) -> "Person":
        """The same person with another session."""
        return Person(self.shop, self.name, _login(self.shop, self.name), self.password)


def asked(shop: Project, method: str, path: str, **options: Any) -> httpx.Response:
    """One request on a connection of its own."""
    return CLIENT.request(method, shop.url + path, **{"timeout": 40, **options})


def registered(shop: Project, name: str) -> Person:
    """Somebody new."""
    made = asked(shop, "POST", "/users", json={"username": name, "password": PASSWORD})
    assert made.status_code == httpx.codes.CREATED, made.text
    return Person(shop, name, _login(shop, name))


def _login(shop: Project, name: str) -> str:
    given = {"username": name, "password": PASSWORD}
    answer = asked(shop, "POST", "/sessions", json=given)
    assert answer.is_success, answer.text
    return str(answer.json()["token"])
