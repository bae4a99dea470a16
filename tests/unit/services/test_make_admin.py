"""Admins are made by an operator, once, whatever breaks in between."""

import json

import pytest

from app.bootstrap import Services
from app.domain.errors import InvalidError
from app.ports.errors import UnavailableError
from app.services.make_admin import Done, make_admin, promote, revoke_admin, who_has
from app.services.outbox import send_again
from tests.support.breaks import BREAKS, broken, interleaved
from tests.support.faults import Faults
from tests.support.memory_shop import PASSWORD, MemoryShop, environment


def _services(shop: MemoryShop, faults: Faults | None = None) -> Services:
    return Services(environment("auth"), faults or shop.cloud)


def _make(shop: MemoryShop, password: str = PASSWORD, faults: Faults | None = None) -> Done:
    with_ = _services(shop, faults)
    return make_admin(
        "Shopkeeper",
        password,
        users=with_.table("users"),
        passwords=with_.passwords,
        clock=with_.clock,
        operator="deploy",
    )


def _promote(shop: MemoryShop, faults: Faults | None = None) -> Done:
    """As an operator does: he sees who it is, then has this one be an admin."""
    shop.clock.advance(1)
    users = _services(shop, faults).table("users")
    found = who_has("shopkeeper", users=users)
    if found is None:
        return "unknown"
    return promote("Shopkeeper", found.user, users=users, clock=shop.clock, operator="deploy")


def _revoke(shop: MemoryShop, faults: Faults | None = None) -> Done:
    shop.clock.advance(1)  # entries stand in the order of their moments
    users = _services(shop, faults).table("users")
    return revoke_admin("SHOPKEEPER", users=users, clock=shop.clock, operator="deploy")


def _unwelcomed() -> MemoryShop:
    """A shop where the queue was away as somebody registered."""
    shop = MemoryShop()
    away = Faults(shop.cloud, 3, UnavailableError, after=False)
    name = {"username": "shopkeeper", "password": PASSWORD}
    assert shop.call("POST /users", name, adapters=away).status == 201
    assert away.calls[-1] == "welcome.send"
    return shop


def _swept(shop: MemoryShop, faults: Faults) -> int:
    return send_again(
        users=faults.table("users", {}),
        welcome=faults.queue("welcome", {}),
        events=faults.queue("events", {}),
        clock=shop.clock,
    )


def _welcomes(shop: MemoryShop) -> set[str]:
    """The events of the user's welcomes, each of which comes once or more."""
    told = [json.loads(each.body) for each in shop.queue.messages]
    return {each["event"] for each in told if each["username"].lower() == "shopkeeper"}


def _audited(shop: MemoryShop) -> list[str]:
    """What the audit trail has of the user once the sweep has run, the newest first."""
    shop.clock.advance(2 * 60_000)
    shop.sweep()
    shop.tell_all()
    user = str((shop.user("shopkeeper") or {})["user_id"])
    answer = shop.call(f"GET /admin/audit?subject=user:{user}", token=shop.admin("auditor"))
    entries = answer.json["entries"]
    assert all(each["by"] == "operator" for each in entries)
    assert all(each["more"]["username"].lower() == "shopkeeper" for each in entries)
    assert all(each["more"]["account"] == "deploy" for each in entries)
    return [each["what"] for each in entries]


def _role(shop: MemoryShop) -> object:
    return (shop.user("shopkeeper") or {}).get("role")


def test_a_new_name_is_registered_as_an_admin_from_the_start() -> None:
    shop = MemoryShop()
    assert _promote(shop) == "unknown"
    assert shop.user("shopkeeper") is None
    assert _make(shop) == "registered"
    assert _make(shop) == "is one"

    session = shop.log_in("shopkeeper").json
    assert session["user"]["role"] == "admin"
    assert shop.call("GET /admin/promotions", token=session["token"]).status == 200


def test_who_became_an_admin_and_who_is_none_any_more_stands_in_the_audit_trail() -> None:
    """Noted by the write that did it, so the command needs no queue; the sweep sends it."""
    shop = MemoryShop()
    _make(shop)
    _revoke(shop)
    _promote(shop)
    assert _audited(shop) == ["made an admin", "an admin no more", "made an admin"]
    assert _welcomes(shop) == set(), "who made it needs no welcome"
    assert "outbox" not in (shop.user("shopkeeper") or {"outbox": ""})


def test_a_welcome_that_was_not_sent_yet_goes_out_beside_the_entry() -> None:
    shop = _unwelcomed()
    assert _promote(shop) == "promoted"
    assert _audited(shop) == ["made an admin"]
    assert len(_welcomes(shop)) == 1


@pytest.mark.parametrize("lacking", [[], ["told"]], ids=["new", "of before there were entries"])
def test_a_welcome_and_a_promotion_at_the_same_moment_lose_neither(lacking: list[str]) -> None:
    def waited() -> MemoryShop:
        shop = _unwelcomed()
        shop.table("users").update({"username": "shopkeeper"}, remove=lacking)
        shop.clock.advance(2 * 60_000)
        return shop

    for shop, ours, _ in interleaved(waited, _promote, lambda shop: shop.sweep()):
        assert ours == "promoted"
        assert _audited(shop) == ["made an admin"]
        assert len(_welcomes(shop)) == 1
    for shop, _, ours in interleaved(waited, _swept, _promote):
        assert ours == "promoted"
        assert _audited(shop) == ["made an admin"]
        assert len(_welcomes(shop)) == 1


def test_two_operators_at_once_leave_an_entry_for_all_that_was_done() -> None:
    def admin() -> MemoryShop:
        shop = MemoryShop()
        _make(shop)
        return shop

    for shop, ours, theirs in interleaved(admin, _revoke, _revoke):
        assert {ours, theirs} == {"revoked", "was none"}
        assert _audited(shop) == ["an admin no more", "made an admin"]


def test_a_user_who_is_there_keeps_his_password_and_is_an_admin_at_once() -> None:
    shop = MemoryShop()
    token = shop.token("shopkeeper")
    assert shop.call("GET /admin/promotions", token=token).status == 403

    assert _make(shop, "another password") == "taken"
    assert shop.call("GET /admin/promotions", token=token).status == 403
    assert _promote(shop) == "promoted"
    assert _promote(shop) == "is one"

    assert shop.call("GET /admin/promotions", token=token).status == 200
    assert shop.log_in("shopkeeper").status == 201


def test_an_admin_who_is_none_any_more_is_told_so_by_his_next_request() -> None:
    shop = MemoryShop()
    assert _revoke(shop) == "unknown"
    _make(shop)
    token = shop.log_in("shopkeeper").json["token"]

    assert _revoke(shop) == "revoked"
    assert _revoke(shop) == "was none"

    assert shop.call("GET /admin/promotions", token=token).status == 403
    assert shop.call("GET /users/me", token=token).json["role"] == "customer"


def test_a_row_of_before_there_were_roles_is_a_customers() -> None:
    shop = MemoryShop()
    shop.register("shopkeeper")
    shop.table("users").update({"username": "shopkeeper"}, remove=["role", "email", "told"])

    assert shop.log_in("shopkeeper").json["user"]["role"] == "customer"
    assert _promote(shop) == "promoted"
    assert _audited(shop) == ["made an admin"]


def test_only_the_user_who_was_looked_at_is_promoted() -> None:
    """Not one who has the name since."""
    shop = MemoryShop()
    users = _services(shop).table("users")
    shop.register("shopkeeper")
    seen = who_has("SHOPKEEPER", users=users)
    assert seen is not None
    assert (seen.role, seen.since) == ("customer", (shop.user("shopkeeper") or {})["created_at"])
    users.delete({"username": "shopkeeper"})
    assert (
        promote("shopkeeper", seen.user, users=users, clock=shop.clock, operator="deploy")
        == "unknown"
    )
    shop.register("shopkeeper")
    assert (
        promote("shopkeeper", seen.user, users=users, clock=shop.clock, operator="deploy")
        == "unknown"
    )
    assert _role(shop) == "customer"


@pytest.mark.parametrize(("name", "password"), [("!", PASSWORD), ("shopkeeper", "short")])
def test_what_cannot_be_a_name_or_a_password_makes_nobody(name: str, password: str) -> None:
    with_ = _services(MemoryShop())
    users = with_.table("users")
    with pytest.raises(InvalidError):
        make_admin(
            name,
            password,
            users=users,
            passwords=with_.passwords,
            clock=with_.clock,
            operator="deploy",
        )


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_a_command_that_breaks_anywhere_is_finished_when_it_is_run_again(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
    there: bool,  # noqa: FBT001
) -> None:
    def made() -> MemoryShop:
        shop = MemoryShop()
        if there:
            shop.register("shopkeeper")
        return shop

    def run(shop: MemoryShop, faults: Faults | None = None) -> Done | None:
        try:
            return _promote(shop, faults) if there else _make(shop, PASSWORD, faults)
        except UnavailableError:
            return None

    for shop, done in broken(made, run, error, after=after):
        assert done in (None, "registered", "promoted")
        assert (_role(shop) == "admin") or done is None
        assert run(shop) in ("registered", "promoted", "is one")
        assert _role(shop) == "admin"
        assert _audited(shop) == ["made an admin"]
        assert shop.log_in("shopkeeper").status == 201


def test_whoever_takes_the_name_at_the_same_time_is_no_admin() -> None:
    """Or the name is taken: there is one user of it, and the operator is told which."""
    for shop, ours, theirs in interleaved(
        MemoryShop,
        lambda shop, faults: _make(shop, "another password", faults),
        lambda shop: shop.register("shopkeeper").status,
    ):
        assert (ours, theirs) in {("registered", 409), ("taken", 201)}
        password, role = (PASSWORD, "customer") if theirs == 201 else ("another password", "admin")
        assert shop.log_in("shopkeeper", password).json["user"]["role"] == role
