"""Letters handed to a mail server over SMTP, encrypted or not at all.

| The server                                              | the port raises     |
|---------------------------------------------------------|---------------------|
| does not answer, hangs up, answers 4xx                  | UnavailableError    |
| shows a certificate that is not its name's              | UnavailableError    |
| offers no STARTTLS, or not now                          | UnavailableError    |
| takes no such user and password                         | AccessDeniedError   |
| has no such recipient (5xx)                             | InvalidValueError   |
| refuses STARTTLS, us, or the letter, for good (5xx)     | PortError           |

A letter's id is its Message-ID, by which mailboxes know one that comes twice.
"""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from app.adapters.common.letter_checks import checked
from app.adapters.common.smtp_address import SECRET, SmtpAddress, address
from app.ports.clock import Clock
from app.ports.errors import AccessDeniedError, InvalidValueError, PortError, UnavailableError
from app.ports.notifications import Letter
from app.ports.secrets import Secrets

TIMEOUT_S = 3.0  # of connecting, and of each answer
_FOR_GOOD = 500


class SmtpLetters:
    """Sends letters from the address `sender`."""

    def __init__(
        self,
        secrets: Secrets,
        sender: str,
        clock: Clock,
        *,
        timeout_s: float = TIMEOUT_S,
        context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        """`secrets` must hold `smtp-url`; `context` says which certificates are good."""
        self._secrets = secrets
        self._sender = sender
        self._clock = clock
        self._timeout_s = timeout_s
        self._context = context

    def send(self, letter: Letter) -> None:
        """Hand it over. Raises PortError as the table above has it."""
        message = self._message(checked(letter))
        text = self._secrets.get(SECRET)
        try:
            self._hand_over(message, address(text))
        except AccessDeniedError:
            newer = self._secrets.fresh(SECRET)  # it may have been changed since it was read
            if newer == text:
                raise
            self._hand_over(message, address(newer))

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        message["To"] = letter.to
        message["Subject"] = letter.subject
        moment = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
        message["Date"] = format_datetime(moment)
        message["Message-ID"] = f"<{letter.id}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message

    def _hand_over(self, message: EmailMessage, place: SmtpAddress) -> None:
        with _translated(), self._connected(place) as server:
            if place.user:
                server.login(place.user, place.password)
            server.send_message(message)

    @contextmanager
    def _connected(self, place: SmtpAddress) -> Iterator[smtplib.SMTP]:
        # by itself it would look up what this machine is called, which may take seconds
        us, wait_s = self._sender.rpartition("@")[2], self._timeout_s
        if place.starttls:
            server = smtplib.SMTP(place.host, place.port, us, wait_s)
        else:
            context = self._context()
            server = smtplib.SMTP_SSL(place.host, place.port, us, timeout=wait_s, context=context)
        try:
            if place.starttls:
                server.starttls(context=self._context())
            yield server
        finally:
            server.close()  # no QUIT: the letter is taken, and its answer would only cost time


@contextmanager
def _translated() -> Iterator[None]:
    """What smtplib raises inside, as the port's error.

    Of the server's words, which may hold an address, nothing but its code is told.
    """
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        if error.smtp_code < _FOR_GOOD:
            raise _unavailable(error.smtp_code) from None
        raise AccessDeniedError(
            f"the mail server does not take the user and password of the secret {SECRET} "
            f"({error.smtp_code}): write it anew"
        ) from None
    except smtplib.SMTPRecipientsRefused as error:
        ((code, _),) = error.recipients.values()
        if code < _FOR_GOOD:
            raise _unavailable(code) from None
        raise InvalidValueError(f"the mail server knows no such recipient ({code})") from None
    except smtplib.SMTPResponseException as error:
        if not _FOR_GOOD <= error.smtp_code < _FOR_GOOD + 100:
            raise _unavailable(error.smtp_code) from None
        raise PortError(f"the mail server refused the letter ({error.smtp_code})") from None
    except (smtplib.SMTPException, OSError) as error:
        raise UnavailableError(f"the mail server did not answer: {type(error).__name__}") from None


def _unavailable(code: int) -> UnavailableError:
    return UnavailableError(f"the mail server answered {code}: try again")
