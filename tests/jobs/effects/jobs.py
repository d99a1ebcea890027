"""A job whose effect can be counted: each step receives one unit."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from django.conf import settings

from jobs.context import JobContext
from jobs.registry import handler
from stock.models import Kind
from stock.services.ledger import Line, post

STEPS = 3


def hold(name: str) -> None:
    """Write down which process came here, and wait until it may go on."""
    folder = Path(settings.VAR_DIR)
    (folder / f"{name}.pid").write_text(str(os.getpid()))
    while not (folder / f"{name}.go").exists():
        time.sleep(0.05)


@handler("effect", "Effect")
def effect(context: JobContext) -> dict[str, Any]:
    for step in range(STEPS):
        if step == 1 and (name := context.arguments["hold"]):
            hold(name)
        with context.scope():
            line = Line(context.arguments["product"], context.arguments["warehouse"], 1000)
            post(kind=Kind.RECEIPT, key=f"effect-{context.job_id}-{step}", lines=[line])
        context.progress(step + 1, STEPS)
    return {"summary": "received"}
