"""Hands a finished mail to the mail server and reads the answer."""

from __future__ import annotations

import smtplib
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from enum import Enum
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection


class Verdict(Enum):
    ACCEPTED = "accepted"
    TRY_AGAIN = "try again"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    verdict: Verdict
    answer: str = ""  # the server's own words, for the owner


def hand_to_server(content: bytes, *, to: str) -> Outcome:
    """Send `content` as it is. A server's 4xx and everything that breaks the line: try again."""
    try:
        get_connection().send_messages([Written(content, to)])
    except smtplib.SMTPRecipientsRefused as refusal:
        # One exception class for "busy" and "no such person": only the code tells them apart.
        code, words = next(iter(refusal.recipients.values()))
        return _by_code(code, words)
    except smtplib.SMTPResponseException as refusal:
        return _by_code(refusal.smtp_code, refusal.smtp_error)
    except (OSError, smtplib.SMTPServerDisconnected) as error:
        return Outcome(Verdict.TRY_AGAIN, str(error) or type(error).__name__)
    except (smtplib.SMTPException, ValueError) as error:
        # The server lacks what the settings ask of it, or the address cannot be written in a mail.
        return Outcome(Verdict.REFUSED, str(error) or type(error).__name__)
    return Outcome(Verdict.ACCEPTED)


def _by_code(code: int, words: bytes | str) -> Outcome:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    verdict = Verdict.REFUSED if 500 <= code < 600 else Verdict.TRY_AGAIN
    return Outcome(verdict, f"{code} {text}".strip())


class Written(EmailMessage):
    """A mail whose bytes are fixed already: mail connections send them unchanged."""

    def __init__(self, content: bytes, to: str) -> None:
        parsed: Verbatim = message_from_bytes(content, _class=Verbatim)  # type: ignore[type-var]
        parsed.content = content
        self.parsed = parsed
        super().__init__(subject=str(parsed["Subject"]), from_email=settings.DEFAULT_FROM_EMAIL, to=[to])

    def message(self, **options: Any) -> Any:
        return self.parsed


class Verbatim(Message):
    content: bytes = b""

    def as_bytes(self, unixfrom: bool = False, policy: Any = None, linesep: str = "\n") -> bytes:
        return b"\n".join(self.content.splitlines()).replace(b"\n", linesep.encode()) + linesep.encode()
