"""Which names and passwords users may have, now and before, and when two names are one."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.common.passwords import PASSWORD_BYTES
from app.adapters.common.row_checks import key_text
from app.domain.errors import InvalidError
from app.domain.users import folded, new_password, new_username, same_password, username
from app.ports.tables import Row
from app.services.make_admin import promote
from tests.support.memory_shop import MemoryShop


def _plain(character: str) -> bool:
    """Whether it is made of letters only in its other forms, too: Ŀ has a dot beside it."""
    return all(unicodedata.category(part)[0] in "LNM" for part in folded(character))


ANYTHING = st.text(st.characters(codec="utf-8"), max_size=80)
LIKELY = st.text(
    st.sampled_from("aZ9ßİ\u0131\u017fﬁé\u0301ΣςԱ処\ufe8eहि٣._-@+ \u00ad\ufe0f"), max_size=70
)


def _named(typed: str) -> str | None:
    """The key of a name, or None when nobody can be called so."""
    try:
        return username(typed).key
    except InvalidError:
        return None


@given(ANYTHING | LIKELY)
def test_folding_twice_is_folding_once(typed: str) -> None:
    assert folded(folded(typed)) == folded(typed)


@given(ANYTHING | LIKELY)
def test_a_name_in_other_case_or_form_is_the_same_name(typed: str) -> None:
    key = folded(typed)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert folded(unicodedata.normalize(form, typed)) == key
    assert folded(typed.casefold()) == key


@given(ANYTHING | LIKELY)
def test_an_accepted_name_keeps_what_was_typed_and_is_a_key_that_every_store_takes(
    typed: str,
) -> None:
    key = _named(typed)
    if key is None:
        return
    assert username(typed).shown == typed
    assert 3 <= len(key) <= 64
    key_text("username", key)
    assert _named(key) == key, "its own key is the same user"
    assert not any(character.isspace() or not character.isprintable() for character in key)
    assert key[0] not in "._-@+"
    assert key[-1] not in "._-@+"


@given(st.text(st.characters(categories=["Lu", "Ll", "Nd"]).filter(_plain), min_size=3, max_size=9))
def test_letters_and_digits_alone_are_a_name_in_any_script(typed: str) -> None:
    assert _named(typed) is not None


@pytest.mark.parametrize(
    "typed",
    [
        "abc",
        "tea.house",
        "a_b",
        "a-b",
        "a@b",
        "a+b",
        "茶館主人",
        "हिन्दी",
        "Ñandú",
        "ไทยแลนด์",
        "١٢٣",
    ],
)
def test_people_are_called_so(typed: str) -> None:
    assert _named(typed) is not None


@given(ANYTHING | LIKELY | st.text(st.sampled_from("aZ9._-@+"), max_size=70))
def test_whoever_registers_takes_a_name_of_ascii_that_is_also_one_to_log_in_by(typed: str) -> None:
    try:
        name = new_username(typed)
    except InvalidError:
        assert not typed.isascii() or _named(typed) is None, "all names of ASCII can be had"
        return
    assert typed.isascii()
    assert name == username(typed)
    assert name.key == typed.lower()


@pytest.mark.parametrize(
    "typed",
    [
        "r\u03bfot",  # a Greek omicron
        "\u0440\u0430\u0443\u0440\u0430",  # all of it Cyrillic, and none of it looks so
        "ro\u1d0ft",
        "\uff52\uff4f\uff4f\uff54",
        "adm\u0131n",
        "tea\u2460",
    ],
)
def test_nobody_registers_under_a_name_that_looks_like_anothers(typed: str) -> None:
    with pytest.raises(InvalidError, match="letters a to z"):
        new_username(typed)


def test_who_has_a_name_of_another_script_from_before_keeps_it() -> None:
    """He logs in, asks for a new password, and can be made an admin."""
    shop = MemoryShop()
    assert shop.register("茶館主人").status == 422
    row = {**_row(shop), "username": "茶館主人", "shown": "茶館主人"}
    shop.table("users").put(row)

    assert shop.log_in("茶館主人").json["user"]["username"] == "茶館主人"
    assert shop.call("POST /password-resets", {"username": "茶館主人"}).status == 202
    assert any("茶館主人" in each.body for each in shop.queue.messages)
    users = shop.services("auth").table("users")
    assert (
        promote("茶館主人", str(row["user_id"]), users=users, clock=shop.clock, operator="deploy")
        == "promoted"
    )


def _row(shop: MemoryShop) -> Row:
    shop.register()
    return shop.user() or {}


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ab",
        "a" * 65,
        "\ufdfa" * 4,  # short as typed, 72 characters when folded
        "a b",
        " abc",
        "abc\n",
        "abc\0",
        ".abc",
        "abc.",
        "@abc",
        "abc+",
        "a/c",
        "a℀c",  # folds to a slash
        "ab\u00adc",
        "ab\u200dc",
        "ab\u202ec",
        "abc\ufe0f",
        "ab\u034fc",
        "\u3164\u3164\u3164",
        "\u0301abc",
        "ab😀c",
        "ab\ud800c",
        "a\u20ddbc",
    ],
)
def test_nobody_is_called_so(typed: str) -> None:
    """Too short, too long, unseen, unprintable, or with what means something elsewhere."""
    assert _named(typed) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tea-House", "tea-house"),
        ("STRASSE", "straße"),
        ("\uff54\uff45\uff41", "tea"),
        ("e\u0301te", "éte"),
        ("ΣΑΣ", "σας"),
        ("ﬁne", "FINE"),
        ("tea①", "tea1"),
    ],
)
def test_spellings_of_one_name_are_taken_together(one: str, other: str) -> None:
    assert _named(one) is not None
    assert _named(one) == _named(other)


@pytest.mark.parametrize("typed", ["hunter2!", "x y z hunter2", "h", "h" * 99])
def test_a_refusal_does_not_repeat_the_name(typed: str) -> None:
    with pytest.raises(InvalidError) as caught:
        username(typed)

    assert typed not in str(caught.value).split()
    assert "hunter2" not in str(caught.value)
    assert caught.value.field == "$.username"


def test_the_printed_form_of_a_name_does_not_tell_it() -> None:
    assert "hunter" not in repr(username("hunter"))


@given(st.text(st.characters(codec="utf-8"), min_size=8, max_size=128))
def test_any_text_of_the_right_length_is_a_password_that_can_be_hashed(typed: str) -> None:
    try:
        form = new_password(typed)
    except InvalidError:
        assert not 8 <= len(same_password(typed)) <= 128, "only its other form has another length"
        return
    assert len(form.encode()) <= PASSWORD_BYTES
    assert form == same_password(typed)


@pytest.mark.parametrize("typed", ["", "hunter2", "h" * 129, "\ud800" * 8, "e\u0301" * 4])
def test_a_password_that_will_not_do_is_refused_without_repeating_it(typed: str) -> None:
    with pytest.raises(InvalidError) as caught:
        new_password(typed, "$.new_password")

    assert "hunter2" not in str(caught.value)
    assert caught.value.field == "$.new_password"


def test_a_password_is_the_same_however_the_keyboard_composes_it() -> None:
    assert new_password("cafe\u0301 at noon") == new_password("café at noon")
