"""Words of products and of queries: alike in one spelling, and bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.words import LONGEST, MOST, MOST_ASKED, SHORTEST, asked_for, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Green tea, 100 g", ("green", "tea", "100")),
        ("STRASSE Straße", ("strasse",)),
        ("Caf\u00e9 CAFE\u0301", ("caf\u00e9",)),
        ("\uff54\uff45\uff41 \u21165", ("tea", "no5")),
        ("o'clock re-use a_b", ("clock", "re", "use")),
        ("x" * 50, ("x" * LONGEST,)),
        ("हिन्दी चाय", ("हिन्दी", "चाय")),
        ("龙井绿茶 250g", ("龙井", "井绿", "绿茶", "250g")),
        ("iPhone手机壳", ("iphone", "手机", "机壳")),
        ("お茶とコーヒー", ("お茶", "茶と", "とコ", "コー", "ーヒ", "ヒー")),
        ("茶 a ! \x00 \ud800", ()),
    ],
)
def test_words_are_runs_of_letters_and_digits_in_one_spelling(
    text: str, words: tuple[str, ...]
) -> None:
    assert words_of(text) == words


def test_what_stands_in_the_middle_of_a_run_without_spaces_is_found() -> None:
    assert set(asked_for("绿茶")) <= set(words_of("西湖龙井绿茶礼盒"))


@given(st.lists(st.text(), max_size=3))
def test_words_are_bounded_and_each_is_found_by_itself(texts: list[str]) -> None:
    words = words_of(*texts)

    assert len(words) == len(set(words)) <= MOST
    assert all(SHORTEST <= len(each) <= LONGEST for each in words)
    assert all(len(each.encode()) <= 1024 for each in words)
    assert all(" " not in each for each in words)


@given(st.text(st.characters(categories=["L", "M", "N", "Zs", "Po"]), max_size=80))
def test_a_query_is_the_beginning_of_the_same_words_however_it_is_typed(text: str) -> None:
    assert asked_for(text) == words_of(text)[:MOST_ASKED]
    assert (
        asked_for(text.swapcase().swapcase()) == words_of(text.swapcase().swapcase())[:MOST_ASKED]
    )


def test_a_text_of_a_thousand_words_has_the_first_of_them() -> None:
    text = " ".join(f"word{number}" for number in range(1000))

    assert words_of(text) == tuple(f"word{number}" for number in range(MOST))
