"""What the workers do for orders: send the mails that are due."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from jobs.context import JobContext
from jobs.registry import every_minute, handler
from purchasing.services import outbox


@every_minute
def send_due_mails() -> None:
    outbox.hand_over_due()


@handler(outbox.JOB_KIND, _("Mail to a supplier"))
def send_mail(context: JobContext) -> dict[str, Any]:
    """Try one mail once. A repeat finds the mail claimed or sent, and does nothing."""
    return {"summary": outbox.deliver(context.shop, int(context.arguments["mail_id"]))}
