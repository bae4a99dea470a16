"""On Alibaba Cloud too, a function goes back to a version that there is, and nowhere else."""

import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from socket import gaierror

import pytest

from app.adapters.alicloud.acs3 import Service
from app.adapters.common.calls import Endpoint, SilentError
from infra.alicloud.rollback import VERSION, connect, endpoint_of, roll_back
from infra.alicloud.silence import unsent, why
from infra.cli import rollback
from infra.errors import PlatformError
from infra.versions import Version
from tests.support.fc_server import Function, FunctionCompute, fc_server
from tests.support.loopback import KEYS, REGION

FUNCTION = "shop-alicloud-rolled-auth"


@pytest.fixture
def server() -> Iterator[FunctionCompute]:
    """One function of four versions, of which the last is live, with some calls to another."""
    with fc_server() as made:
        alias = {
            "aliasName": "live",
            "versionId": "7",
            "description": "What the shop calls",
            "additionalVersionWeight": {"2": 0.05},
        }
        made.functions[FUNCTION] = Function([1, 2, 4, 7], {"live": alias})
        yield made


@pytest.fixture
def fc(server: FunctionCompute) -> Iterator[Service]:
    endpoint = Endpoint(server.url)
    yield Service(endpoint, lambda: KEYS, VERSION)
    endpoint.close()


def live(server: FunctionCompute) -> str:
    return str(server.functions[FUNCTION].aliases["live"]["versionId"])


def test_the_alias_moves_back_step_by_step_and_stops_at_the_first(
    server: FunctionCompute, fc: Service
) -> None:
    was, now = roll_back(fc, FUNCTION, None)
    assert (was, now) == (
        Version(7, "2026-01-07T00:00:00Z"),
        Version(4, "2026-01-04T00:00:00Z"),
    )
    assert live(server) == "4"
    roll_back(fc, FUNCTION, None)
    roll_back(fc, FUNCTION, None)
    with pytest.raises(PlatformError, match="there is none before 1, which is live"):
        roll_back(fc, FUNCTION, None)
    assert live(server) == "1"


def test_all_calls_go_to_the_one_version_and_the_alias_keeps_its_description(
    server: FunctionCompute, fc: Service
) -> None:
    roll_back(fc, FUNCTION, 1)
    assert server.functions[FUNCTION].aliases["live"] == {
        "aliasName": "live",
        "versionId": "1",
        "description": "What the shop calls",
        "additionalVersionWeight": {},
    }


def test_a_version_that_was_deleted_while_it_is_live_is_gone_back_from(
    server: FunctionCompute, fc: Service
) -> None:
    server.functions[FUNCTION].versions.remove(7)
    assert roll_back(fc, FUNCTION, None)[0] == Version(7, "removed since")
    assert live(server) == "4"


def test_an_unknown_version_moves_nothing_and_all_there_are_are_listed(
    server: FunctionCompute, fc: Service
) -> None:
    with pytest.raises(PlatformError, match="there is no version 3") as raised:
        roll_back(fc, FUNCTION, 3)
    for number in (1, 2, 4, 7):
        assert f"  {number}  2026-01-0{number}T" in str(raised.value)
    assert "UpdateAlias" not in server.asked


def test_a_bad_moment_is_asked_about_again(server: FunctionCompute, fc: Service) -> None:
    server.refusing[:] = [("InternalServerError", 500), ("ServiceUnavailable", 503)]
    roll_back(fc, FUNCTION, None)
    assert live(server) == "4"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (("FunctionNotFound", 404), "there is no such function with an alias live"),
        (("AliasNotFound", 404), "there is no such function with an alias live"),
        (("ConcurrentUpdateError", 409), "somebody else is just moving its alias"),
        (("AccessDenied", 403), "GetAlias with AccessDenied (403), and nothing was changed"),
        (("InvalidAccessKeyId.NotFound", 404), "see that the keys are current"),
    ],
)
def test_a_refusal_is_said_in_words_with_what_to_do(
    server: FunctionCompute, fc: Service, answer: tuple[str, int], said: str
) -> None:
    server.refusing[:] = [answer]
    with pytest.raises(PlatformError) as raised:
        roll_back(fc, FUNCTION, None)
    assert said in str(raised.value)
    assert "\n→ " in str(raised.value)
    assert live(server) == "7"


def test_keys_that_are_not_the_accounts_move_nothing(server: FunctionCompute) -> None:
    endpoint = Endpoint(server.url)
    forged = Service(endpoint, lambda: (KEYS.id, "another secret", KEYS.token), VERSION)
    with pytest.raises(PlatformError, match="SignatureDoesNotMatch"):
        roll_back(forged, FUNCTION, None)
    endpoint.close()
    assert server.asked == []


@pytest.mark.parametrize(
    ("cause", "said", "nothing_was_asked"),
    [
        (gaierror(-2, "Name or service not known"), "its address is not known here", True),
        (ConnectionRefusedError(), "nothing takes connections there", True),
        (TimeoutError(), "it took too long", False),
        (ConnectionResetError(), "ConnectionResetError", False),
    ],
)
def test_why_there_was_no_answer_is_said_in_words(
    cause: OSError, said: str, *, nothing_was_asked: bool
) -> None:
    silent = SilentError(type(cause).__name__)
    silent.__cause__ = cause
    assert (why(silent), unsent(silent)) == (said, nothing_was_asked)


def test_where_no_connection_was_made_nothing_may_have_been_moved() -> None:
    nothing = Service(Endpoint("http://127.0.0.1:1"), lambda: KEYS, VERSION)
    with pytest.raises(PlatformError) as raised:
        roll_back(nothing, FUNCTION, None)
    told = "did not answer (nothing takes connections there, so nothing was changed)"
    assert told in str(raised.value)
    assert "alicloud:region" in str(raised.value)
    assert "moved" not in str(raised.value)


def test_where_an_answer_does_not_come_the_alias_may_have_been_moved() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        endpoint = Endpoint(f"http://127.0.0.1:{mute.getsockname()[1]}", read_s=0.05)
        with pytest.raises(PlatformError) as raised:
            roll_back(Service(endpoint, lambda: KEYS, VERSION), FUNCTION, None)
        endpoint.close()
    assert "did not answer (it took too long)" in str(raised.value)
    assert "its alias may have been moved" in str(raised.value)


def test_the_endpoint_is_the_regions_own() -> None:
    assert endpoint_of("cn-hangzhou") == "https://fcv3.cn-hangzhou.aliyuncs.com"
    assert endpoint_of("me-central-1") == "https://me-central-1.fc.aliyuncs.com"


def test_without_keys_nothing_is_asked() -> None:
    with pytest.raises(PlatformError, match="no keys of Alibaba Cloud are set, so nothing was"):
        connect(REGION, {})


def test_the_command_finds_the_function_by_the_shops_name_in_the_stacks_region(
    server: FunctionCompute, fc: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks/Pulumi.alicloud-rolled.yaml").write_text(
        "config: {alicloud:region: cn-shanghai, shop:settings: {target: alicloud}}\n"
    )
    words = ["--stack", "alicloud-rolled", "--function", "auth"]
    on = {"alicloud": partial(rollback.on_alicloud, connect={"cn-shanghai": fc}.__getitem__)}
    assert rollback.main(words, tmp_path, on) == 0
    was, now, _, undone = capsys.readouterr().out.splitlines()
    assert was == "auth ran version 7 (2026-01-07T00:00:00Z)"
    assert now == "auth runs version 4 (2026-01-04T00:00:00Z) from now on"
    assert undone == "→ make rollback STACK=alicloud-rolled FUNCTION=auth VERSION=7 goes back"
    assert live(server) == "4"
