"""A real SMTP server on 127.0.0.1 that answers as a test wants it to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller

from tests.installation import free_port


class Mailbox:
    """Keeps what it accepts. `answers` are given to the next recipients, "" accepts."""

    def __init__(self) -> None:
        self.accepted: list[Any] = []
        self.recipient_answers: list[str] = []
        self.data_answers: list[str] = []
        self.hang_up_after_data = False

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.recipient_answers and (answer := self.recipient_answers.pop(0)):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.data_answers and (answer := self.data_answers.pop(0)):
            return answer
        if self.hang_up_after_data:
            self.hang_up_after_data = False
            server.transport.abort()
            return "250 never heard"
        self.accepted.append(envelope)
        return "250 accepted"


@contextmanager
def smtp_server() -> Iterator[tuple[Mailbox, int]]:
    mailbox = Mailbox()
    port = free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield mailbox, port
    finally:
        controller.stop()
