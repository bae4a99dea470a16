"""Letters over SMTP to a mail server on the loopback: encrypted, checked, and told apart."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.common.letter_checks import checked
from app.adapters.common.notifications import open_letters
from app.adapters.common.smtp_address import address
from app.adapters.common.smtp_letters import SmtpLetters
from app.adapters.memory.clock import MemoryClock
from app.adapters.memory.secrets import MemorySecrets
from app.bootstrap import ConfigurationError, Services
from app.ports.errors import (
    AccessDeniedError,
    InvalidValueError,
    PortError,
    UnavailableError,
)
from app.ports.notifications import Letter
from tests.support.certificates import Certificate, certificate
from tests.support.memory_shop import NOW_MS, MemoryShop, environment
from tests.support.smtp_server import PASSWORD, USER, SmtpServer, secrets, serving

SENDER = "shop@example.com"
LETTER = Letter(id="01K", to="tea@house.example", subject="Grüße", text="Hello,\n\n.\n你好\n")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def server(shown: Certificate) -> Iterator[SmtpServer]:
    with serving(SmtpServer(shown.server())) as found:
        yield found


def _letters(server: SmtpServer, shown: Certificate, timeout_s: float = 2.0) -> SmtpLetters:
    kept = MemorySecrets(secrets(server.url))
    clock = MemoryClock(NOW_MS)
    return SmtpLetters(kept, SENDER, clock, timeout_s=timeout_s, context=shown.client)


@pytest.mark.parametrize("implicit", [False, True])
def test_a_letter_arrives_whole_and_nothing_of_it_went_unencrypted(
    shown: Certificate,
    implicit: bool,  # noqa: FBT001
) -> None:
    with serving(SmtpServer(shown.server(), implicit=implicit)) as server:
        _letters(server, shown).send(LETTER)

    (letter,) = server.letters
    assert letter["from"] == SENDER
    assert letter["to"] == LETTER.to
    assert letter["subject"] == LETTER.subject
    assert letter["message-id"] == "<01K@example.com>"
    assert letter["date"].datetime.timestamp() * 1000 == NOW_MS
    assert letter.get_content().replace("\r\n", "\n") == LETTER.text
    in_the_clear = {line.partition(" ")[0].upper() for line, secure in server.said if not secure}
    assert in_the_clear == (set() if implicit else {"EHLO", "STARTTLS"})


def test_a_server_that_offers_no_encryption_gets_neither_password_nor_letter(
    server: SmtpServer, shown: Certificate
) -> None:
    """As it is when somebody on the way takes the offer out."""
    server.offers_starttls = False
    with pytest.raises(UnavailableError):
        _letters(server, shown).send(LETTER)
    assert {line.partition(" ")[0] for line, _ in server.said} == {"ehlo"}


@pytest.mark.parametrize(
    ("refusal", "error"), [("454 not now", UnavailableError), ("502 no", PortError)]
)
def test_a_refused_starttls_is_an_error_and_nothing_goes_on_in_the_clear(
    server: SmtpServer, shown: Certificate, refusal: str, error: type[PortError]
) -> None:
    server.answers["STARTTLS"] = refusal
    with pytest.raises(error):
        _letters(server, shown).send(LETTER)
    assert not [line for line, _ in server.said if line.upper().startswith(("AUTH", "MAIL"))]


@pytest.mark.parametrize("implicit", [False, True])
def test_a_certificate_of_somebody_else_ends_it(
    shown: Certificate,
    tmp_path: Path,
    implicit: bool,  # noqa: FBT001
) -> None:
    other = certificate(tmp_path)
    with (
        serving(SmtpServer(other.server(), implicit=implicit)) as server,
        pytest.raises(UnavailableError),
    ):
        _letters(server, shown).send(LETTER)
    assert not [line for line, _ in server.said if "AUTH" in line.upper()]


@pytest.mark.parametrize(
    ("where", "reply", "error"),
    [
        ("greeting", "421 busy", UnavailableError),
        ("greeting", "554 go away", PortError),
        ("greeting", "", UnavailableError),
        ("greeting", "silence", UnavailableError),
        ("AUTH", "454 not now", UnavailableError),
        ("AUTH", "535 who are you", AccessDeniedError),
        ("MAIL", "451 later", UnavailableError),
        ("MAIL", "553 not you", PortError),
        ("RCPT", "450 full", UnavailableError),
        ("RCPT", "550 nobody tea@house.example", InvalidValueError),
        ("DATA", "451 later", UnavailableError),
        ("letter", "452 no room", UnavailableError),
        ("letter", "554 spam", PortError),
        ("letter", "", UnavailableError),
        ("letter", "silence", UnavailableError),
    ],
)
def test_what_the_server_says_becomes_the_ports_error_without_its_words(
    server: SmtpServer, shown: Certificate, where: str, reply: str, error: type[PortError]
) -> None:
    server.answers[where] = reply
    with pytest.raises(PortError) as caught:
        _letters(server, shown, timeout_s=0.3).send(LETTER)
    assert type(caught.value) is error
    for planted in ("tea@house", PASSWORD, reply[4:] or "tea@house"):
        assert planted not in str(caught.value)
    assert server.letters == []


def test_nobody_at_the_address_is_unavailable(shown: Certificate) -> None:
    with serving(SmtpServer(shown.server())) as server:
        pass
    with pytest.raises(UnavailableError):
        _letters(server, shown).send(LETTER)


def test_a_password_that_was_changed_is_read_anew_once(
    server: SmtpServer, shown: Certificate
) -> None:
    """What the secrets' adapter remembers may be five minutes old."""

    class Remembering(MemorySecrets):
        def get(self, name: str) -> str:
            return super().get(name).replace("p%3A", "old%3A")

    kept = Remembering(secrets(server.url))
    SmtpLetters(kept, SENDER, MemoryClock(NOW_MS), context=shown.client).send(LETTER)

    assert len(server.letters) == 1
    assert len([line for line, _ in server.said if line.startswith("AUTH")]) == 2


@pytest.mark.parametrize(
    "letter",
    [
        Letter("1", "tea@house.example\r\nBcc: x@y.example", "a", ""),
        Letter("1", "tea@house.example, x@y.example", "a", ""),
        Letter("1", "Tea <tea@house.example>", "a", ""),
        Letter("1", "tea", "a", ""),
        Letter("1", "", "a", ""),
        Letter("1", "tëa@house.example", "a", ""),
        Letter("1", "tea@house.example", "a\r\nBcc: x@y.example", ""),
        Letter("1", "tea@house.example", "a\nb", ""),
        Letter("1", "tea@house.example", "a\u2028b", ""),
        Letter("1", "tea@house.example", "", ""),
        Letter("1", "tea@house.example", "x" * 201, ""),
        Letter("1>\r\nBcc: x@y.example", "tea@house.example", "a", ""),
        Letter("", "tea@house.example", "a", ""),
    ],
)
def test_what_would_be_more_than_one_header_is_refused_before_anything_is_sent(
    server: SmtpServer, shown: Certificate, letter: Letter
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        _letters(server, shown).send(letter)
    assert "x@y.example" not in str(caught.value)
    assert server.said == []
    with pytest.raises(InvalidValueError):
        open_letters("kept", "", MemoryShop().table, MemorySecrets({}), MemoryClock(1)).send(letter)


def test_a_text_cannot_end_the_letter_or_begin_another(
    server: SmtpServer, shown: Certificate
) -> None:
    text = "one\r\n.\r\nMAIL FROM:<x@y.example>\r\n..\nend\n"
    _letters(server, shown).send(Letter("1", "tea@house.example", "a", text))
    (letter,) = server.letters
    content = letter.get_content().replace("\r\n", "\n")
    assert content == text.replace("\r\n", "\n")
    assert len([line for line, _ in server.said if line.upper().startswith("MAIL")]) == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("smtps://a:b@mail.example", ("mail.example", 465, False, "a", "b")),
        ("smtp+starttls://mail.example:25/", ("mail.example", 25, True, "", "")),
        ("smtp+starttls://a%40b:c%2Fd@mail.example", ("mail.example", 587, True, "a@b", "c/d")),
    ],
)
def test_the_secret_names_a_server(text: str, found: tuple[object, ...]) -> None:
    assert tuple(address(text)) == found
    assert "c/d" not in repr(address(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 43,
        "smtp://hunter2:hunter2@mail.example",
        "smtps://hunter2:hunter2@mail.example:port",
        "smtps://hunter2:hunter2@mail.example:99999",
        "smtps://hunter2:hunter2@",
        "smtps://hunter2:hunter2@mail.example/path",
        "smtps://hunter2:hunter2/2@mail.example",
        "smtps://hunter2:hünter@mail.example",
    ],
)
def test_what_names_no_server_is_not_repeated(text: str) -> None:
    with pytest.raises(PortError, match="smtp-url") as caught:
        address(text)
    assert "hunter2" not in str(caught.value)


def test_the_environment_says_how_letters_go_out() -> None:
    shop = MemoryShop()
    stated = dict(environment("notify"))
    for wrong in ("", "pigeon"):
        with pytest.raises(ConfigurationError, match="SHOP_NOTIFICATIONS"):
            _ = Services({**stated, "SHOP_NOTIFICATIONS": wrong}, shop.cloud).notifications
    smtp = {**stated, "SHOP_NOTIFICATIONS": "smtp", "SHOP_NOTIFICATIONS_FROM": SENDER}
    assert isinstance(Services(smtp, shop.cloud).notifications, SmtpLetters)
    Services(stated, shop.cloud).notifications.send(LETTER)
    (row,) = shop.letters(LETTER.to)
    assert row["expires_at"] == NOW_MS // 1000 + 7 * 24 * 60 * 60
    assert USER not in str(row)
    assert checked(LETTER) is LETTER
