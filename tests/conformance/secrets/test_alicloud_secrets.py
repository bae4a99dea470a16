"""Secret parameters as a function meets them: none yet, refusals, and keys that are renewed."""

import traceback
from collections.abc import Iterator

import pytest

from app.adapters.alicloud import keys as names
from app.adapters.alicloud.acs3 import Request, canonical, signed
from app.adapters.alicloud.keys import Keys
from app.adapters.alicloud.oos import Oos
from app.adapters.alicloud.secrets import SecretParameters, open_secrets
from app.adapters.common.calls import Endpoint
from app.ports.errors import (
    AccessDeniedError,
    PortError,
    ResourceMissingError,
    UnavailableError,
)
from infra.cli.secret_values import rotated
from tests.support.loopback import KEYS, Answered, serving
from tests.support.secret_parameters import Kept, secret_parameters

PLANTED = "hunter2-hunter2-hunter2"
AT = "shop-alicloud-dev-token-key"


@pytest.fixture
def made() -> Iterator[Kept]:
    with secret_parameters() as found:
        yield found


def secrets(made: Kept) -> SecretParameters:
    return SecretParameters({"token-key": {"may": ["read"], "at": AT}}, lambda: made.oos)


def test_the_signature_is_the_one_that_alibaba_cloud_documents() -> None:
    # the worked example of help/en/sdk/product-overview/v3-request-structure-and-signature
    image = "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"
    headers = signed(
        "ecs.cn-shanghai.aliyuncs.com",
        "RunInstances",
        "2014-05-26",
        Request(canonical({"RegionId": "cn-shanghai", "ImageId": image})),
        ("YourAccessKeyId", "YourAccessKeySecret", ""),
        "2023-10-26T10:22:32Z",
        "3156853299f313e23d1673dc12e1703d",
    )
    assert headers["authorization"] == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;"
        "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_a_secret_that_is_not_there_says_what_writes_it(made: Kept) -> None:
    with pytest.raises(ResourceMissingError) as raised:
        secrets(made).get("token-key")
    assert "`make secret STACK=alicloud-dev NAME=token-key` writes it" in str(raised.value)
    made.store().make("token-key", PLANTED)
    assert secrets(made).get("token-key") == PLANTED


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([("Forbidden.RAM", 403)], AccessDeniedError),
        ([("NoPermission", 403)], AccessDeniedError),
        ([("InvalidSecurityToken.Expired", 400)], UnavailableError),
        ([("InvalidAccessKeyId.NotFound", 404)], UnavailableError),
        ([("Throttling.User", 400)], UnavailableError),
        ([("InternalError", 500)] * 3, UnavailableError),
        ([("MissingParameter", 400)], PortError),
    ],
)
def test_a_refusal_is_the_ports_error_and_tells_nothing_of_the_secret(
    made: Kept, answers: list[tuple[str, int]], error: type[PortError]
) -> None:
    made.store().make("token-key", PLANTED)
    made.server.refusing[:] = answers
    with pytest.raises(error) as raised:
        secrets(made).get("token-key")
    assert type(raised.value) is error
    assert answers[0][0] in str(raised.value)
    assert PLANTED not in "".join(traceback.format_exception(raised.value))


def test_an_answer_that_is_bad_twice_is_asked_for_a_third_time(made: Kept) -> None:
    made.store().make("token-key", PLANTED)
    made.server.refusing[:] = [("InternalError", 500), ("ServiceUnavailable", 503)]
    assert secrets(made).get("token-key") == PLANTED


def test_a_value_that_is_blank_cannot_be_used(made: Kept) -> None:
    made.store().make("token-key", PLANTED)
    made.put("token-key", " \n")
    with pytest.raises(UnavailableError, match="is empty, or no text"):
        secrets(made).get("token-key")


def test_a_newline_at_the_end_is_no_part_of_a_secret(made: Kept) -> None:
    ring = rotated("b" * 43, "a" * 43).text
    made.store().write("token-key", f"{ring}\r\n")
    assert secrets(made).get("token-key").splitlines() == ["a" * 43, "b" * 43]


def test_keys_are_read_from_the_environment_anew_for_each_request(
    made: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.store().make("token-key", PLANTED)
    stated = {"may": ["read"], "at": AT, "endpoint": made.server.url}
    opened = open_secrets({"token-key": stated})
    monkeypatch.delenv(names.ID, raising=False)
    with pytest.raises(UnavailableError, match=names.ID):
        opened.get("token-key")
    for turn in ("first", "renewed"):
        made.server.keys = Keys(KEYS.id, f"{turn} secret", f"{turn} token")
        for name, text in zip((names.ID, names.SECRET, names.TOKEN), made.server.keys, strict=True):
            monkeypatch.setenv(name, text)
        assert opened.get("token-key") == PLANTED
    opened._oos._endpoint.close()


def test_where_nothing_answers_the_secret_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(names.ID, "k")
    monkeypatch.setenv(names.SECRET, "s")
    stated = {"may": ["read"], "at": AT, "endpoint": "http://127.0.0.1:1"}
    with pytest.raises(UnavailableError, match="OOS did not answer: ConnectionRefusedError"):
        open_secrets({"token-key": stated}).get("token-key")


@pytest.mark.parametrize(
    "body", [b'{"Parameter": null}', b'{"Parameter": ["a"]}', b'{"Parameter": {}}', b"[" * 99_999]
)
def test_an_answer_without_a_text_is_no_secret(body: bytes) -> None:
    with serving(lambda _: Answered(200, body)) as url:
        endpoint = Endpoint(url)
        oos = Oos(endpoint, lambda: KEYS)
        try:
            with pytest.raises(PortError):
                SecretParameters({"key": {"may": ["read"], "at": AT}}, lambda: oos).get("key")
        finally:
            endpoint.close()


@pytest.mark.parametrize("name", [names.ID, names.SECRET, names.TOKEN])
@pytest.mark.parametrize("end", ["\r", "\n", "€"])
def test_a_key_that_no_header_can_hold_is_refused_by_its_name_alone(name: str, end: str) -> None:
    environment = dict(zip((names.ID, names.SECRET, names.TOKEN), KEYS, strict=True))
    assert names.keys(environment) == KEYS
    with pytest.raises(UnavailableError, match=f"^{name} holds") as raised:
        names.keys({**environment, name: f"{PLANTED}{end}"})
    assert PLANTED not in "".join(traceback.format_exception(raised.value))


def test_only_what_is_stated_is_asked_for() -> None:
    with pytest.raises(ResourceMissingError, match="there is no secret token-key here"):
        open_secrets({}).get("token-key")


def test_keys_are_not_shown() -> None:
    assert "secret" not in repr(Keys("id", "secret", "secret token"))
