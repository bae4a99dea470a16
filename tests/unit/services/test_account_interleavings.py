"""Two do something to one account: the second all of it between any two calls of the first."""

from typing import Any

from tests.support.breaks import interleaved
from tests.support.faults import Faults
from tests.support.memory_shop import PASSWORD, MemoryShop

OURS, THEIRS = "our new words", "their new words"


def test_a_name_that_another_takes_meanwhile_is_taken() -> None:
    def register(shop: MemoryShop, faults: Faults) -> int:
        body = {"username": "tea-house", "password": OURS}
        return shop.call("POST /users", body, adapters=faults).status

    for shop, ours, theirs in interleaved(
        MemoryShop, register, lambda shop: shop.register(password=THEIRS).status
    ):
        assert sorted((ours, theirs)) == [201, 409]
        winner = OURS if ours == 201 else THEIRS
        assert shop.log_in(password=winner).status == 201
        shop.clock.advance(120_000)
        shop.sweep()
        shop.consume_all()
        assert len(shop.table("notifications")._rows) == 1


class _TwoSessions(MemoryShop):
    """A user who is logged in twice."""

    def __init__(self) -> None:
        super().__init__()
        self.mine, self.other = self.token(), self.token()

    def me(self, token: str) -> int:
        return self.call("GET /users/me", token=token).status


def test_of_two_who_set_a_password_the_one_who_is_told_so_has_set_it() -> None:
    for shop, ours, theirs in interleaved(
        _TwoSessions,
        lambda shop, faults: shop.change(shop.mine, new=OURS, adapters=faults),
        lambda shop: shop.change(shop.other, new=THEIRS),
    ):
        assert [ours, theirs].count(204) == 1
        mine_won = ours == 204
        assert (shop.log_in(password=OURS).status == 201) is mine_won
        assert (shop.log_in(password=THEIRS).status == 201) is not mine_won
        assert (shop.me(shop.mine) == 200) is mine_won
        assert (shop.me(shop.other) == 200) is not mine_won


def test_a_login_during_which_the_password_is_set_gives_no_session_that_lasts() -> None:
    def log_in(shop: _TwoSessions, faults: Faults) -> Any:
        body = {"username": "tea-house", "password": PASSWORD}
        return shop.call("POST /sessions", body, adapters=faults)

    for shop, ours, theirs in interleaved(
        _TwoSessions, log_in, lambda shop: shop.change(shop.mine, new=THEIRS)
    ):
        assert theirs == 204
        assert ours.status in (201, 401)
        if ours.status == 201:
            assert shop.me(ours.json["token"]) == 401
        assert shop.me(shop.mine) == 200


def test_a_logout_while_the_password_is_set_is_a_logout() -> None:
    def log_out(shop: _TwoSessions) -> int:
        return shop.call("DELETE /sessions/current", token=shop.mine).status

    for shop, ours, theirs in interleaved(
        _TwoSessions,
        lambda shop, faults: shop.change(shop.mine, new=OURS, adapters=faults),
        log_out,
    ):
        assert theirs == 204
        assert ours in (204, 401)
        assert shop.me(shop.mine) == 401
        assert shop.me(shop.other) == (401 if ours == 204 else 200)
