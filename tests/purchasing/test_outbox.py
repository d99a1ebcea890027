from __future__ import annotations

import io
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
import time_machine
from django.core import mail as django_mail
from django.utils import timezone

from common.errors import Conflict
from jobs.models import Job
from jobs.services import run_now
from purchasing.models import MailDue, OutboundMail
from purchasing.services import approval, outbox
from tenancy.models import AuditEvent
from tests.installation import free_port
from tests.mail_server import smtp_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings):
    with smtp_server() as (mailbox, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.DEFAULT_FROM_EMAIL = "orders@parstock.example"
        yield mailbox


@pytest.fixture
def queued(shop, trade):
    shop.order_grace_minutes = 10
    return approval.approve(trade.draft(), actor=trade.owner)


def mail_of(order):
    return OutboundMail.objects.get(order=order)


def deliver(shop, order, *, minutes=11):
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=False):
        return outbox.deliver(shop, mail_of(order).pk)


def state(order):
    order.refresh_from_db()
    return order.state, mail_of(order).state


def test_a_mail_leaves_after_the_grace_period_and_not_before(shop, queued, server):
    assert deliver(shop, queued, minutes=9) == "nothing to send"
    assert not server.accepted
    deliver(shop, queued)
    assert state(queued) == ("sent", "sent")
    assert len(server.accepted) == 1
    assert not MailDue.objects.exists()
    deliver(shop, queued)
    assert len(server.accepted) == 1


def test_the_mail_carries_name_answer_address_and_pdf(shop, trade, server):
    shop.sender_name, shop.reply_to, shop.order_grace_minutes = "Marlow & Söhne", "ines@marlow.example", 0
    order = approval.approve(trade.draft(36_000), actor=trade.owner)
    outbox.deliver(shop, mail_of(order).pk)
    (envelope,) = server.accepted
    message = message_from_bytes(envelope.content, policy=policy.default)
    assert message["From"] == "Marlow & Söhne <orders@parstock.example>"
    assert message["Reply-To"] == "ines@marlow.example"
    assert message["To"] == trade.supplier.email
    assert message["Message-ID"] == mail_of(order).message_id
    assert "£165.60" in message["Subject"]
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    for part in (plain.get_content(), html.get_content()):
        assert order.number in part
        assert "£165.60" in part
        assert trade.product.name in part
    (attachment,) = message.iter_attachments()
    assert attachment.get_filename() == f"{order.number}.pdf"
    assert attachment.get_content().startswith(b"%PDF")


def test_what_is_kept_is_what_was_sent(shop, queued, server):
    deliver(shop, queued)
    kept = bytes(mail_of(queued).content)
    assert server.accepted[0].original_content.replace(b"\r\n", b"\n").strip() == kept.strip()


@pytest.mark.parametrize("where", ["recipient_answers", "data_answers"])
def test_a_server_that_is_busy_is_tried_again_with_the_same_mail(shop, queued, server, where):
    setattr(server, where, ["451 4.3.0 come back later", ""])
    deliver(shop, queued)
    mail = mail_of(queued)
    assert state(queued) == ("queued", "waiting")
    assert "451" in mail.last_error
    assert mail.not_before > timezone.now()
    deliver(shop, queued, minutes=15)
    assert state(queued) == ("sent", "sent")
    (envelope,) = server.accepted
    assert message_from_bytes(envelope.content)["Message-ID"] == mail.message_id


def test_a_server_that_hangs_up_after_the_data_is_tried_again(shop, queued, server):
    server.hang_up_after_data = True
    deliver(shop, queued)
    assert state(queued) == ("queued", "waiting")
    deliver(shop, queued, minutes=15)
    assert state(queued) == ("sent", "sent")


def test_nobody_listening_is_tried_again_until_it_is_time_to_tell_the_owner(shop, queued, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    minutes = 11
    for wait in outbox.BACKOFF_MINUTES:
        deliver(shop, queued, minutes=minutes)
        assert state(queued) == ("queued", "waiting")
        minutes += wait + 1
    deliver(shop, queued, minutes=minutes)
    assert state(queued) == ("queued", "failed")
    assert "refused" in mail_of(queued).last_error


@pytest.mark.parametrize("where", ["recipient_answers", "data_answers"])
def test_a_refusal_is_told_and_tried_again_only_when_somebody_asks(shop, trade, queued, server, where):
    setattr(server, where, ["550 5.1.1 no such person", ""])
    deliver(shop, queued)
    assert state(queued) == ("queued", "failed")
    assert "550" in mail_of(queued).last_error
    assert not MailDue.objects.exists()
    assert AuditEvent.objects.filter(action="order.mail_failed", object=queued.number).exists()
    deliver(shop, queued, minutes=600)
    assert not server.accepted

    trade.supplier.email = "right@supplier.example"
    trade.supplier.save()
    approval.send_now(queued, actor=trade.owner)
    outbox.deliver(shop, mail_of(queued).pk)
    assert state(queued) == ("sent", "sent")
    assert server.accepted[0].rcpt_tos == ["right@supplier.example"]


def test_undo_before_sending_takes_the_mail_back(shop, trade, queued, server):
    approval.undo_approval(queued, actor=trade.owner)
    assert state(queued) == ("draft", "withdrawn")
    deliver(shop, queued)
    assert not server.accepted
    approval.approve(queued, actor=trade.owner)
    fresh = OutboundMail.objects.get(order=queued, state="waiting")
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        outbox.deliver(shop, fresh.pk)
    assert len(server.accepted) == 1


def test_nothing_leaves_after_a_cancel(shop, trade, queued, server):
    approval.cancel(queued, actor=trade.owner)
    deliver(shop, queued, minutes=600)
    assert state(queued) == ("cancelled", "withdrawn")
    assert not server.accepted


def test_a_mail_that_is_leaving_can_no_longer_be_undone(shop, trade, queued):
    OutboundMail.objects.update(state="sending", claimed_at=timezone.now())
    for change in (approval.undo_approval, approval.cancel):
        with pytest.raises(Conflict, match="leaving right now"):
            change(queued, actor=trade.owner)


def test_an_abandoned_claim_is_taken_up_again_when_it_has_lapsed(shop, queued, server):
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        mail = mail_of(queued)
        claim = outbox._claim(mail.pk)
        assert outbox.deliver(shop, mail.pk) == "nothing to send"
    deliver(shop, queued, minutes=20)
    assert state(queued) == ("sent", "sent")
    # The first worker was slow, not dead: what it has to say comes too late.
    late = outbox._record(claim, outbox.Outcome(outbox.Verdict.REFUSED, "550"))
    assert late == "taken over by a later attempt"
    assert state(queued) == ("sent", "sent")


def test_a_sent_order_that_is_cancelled_tells_the_supplier(shop, trade, queued, server):
    deliver(shop, queued)
    approval.cancel(queued, actor=trade.owner)
    mail = OutboundMail.objects.get(kind="cancellation")
    outbox.deliver(shop, mail.pk)
    assert len(server.accepted) == 2
    assert "cancelled" in message_from_bytes(server.accepted[1].content)["Subject"]
    queued.refresh_from_db()
    assert (queued.state, queued.revision) == ("cancelled", 2)


def test_names_cannot_add_headers(shop, trade, server):
    shop.sender_name = "Marlow\r\nBcc: thief@example.org"
    shop.order_grace_minutes = 0
    trade.supplier.name = "Candles\nX-Evil: 1"
    trade.supplier.save()
    order = approval.approve(trade.draft(), actor=trade.owner)
    outbox.deliver(shop, mail_of(order).pk)
    message = message_from_bytes(server.accepted[0].content, policy=policy.default)
    assert message["Bcc"] is None
    assert message["X-Evil"] is None
    assert server.accepted[0].rcpt_tos == [trade.supplier.email]
    assert "Marlow Bcc: thief@example.org" in str(message["From"])


def test_a_name_in_quotes_and_commas_stays_one_sender(shop, trade, server):
    shop.sender_name, shop.order_grace_minutes = 'Ines "Gifts", 礼品 <x@y.example>', 0
    order = approval.approve(trade.draft(), actor=trade.owner)
    outbox.deliver(shop, mail_of(order).pk)
    message = message_from_bytes(server.accepted[0].content, policy=policy.default)
    (address,) = message["From"].addresses
    assert (address.display_name, address.addr_spec) == (shop.sender_name, "orders@parstock.example")


def test_a_mail_that_cannot_be_written_is_tried_again_and_told(shop, queued, monkeypatch):
    def broken(mail):
        raise RuntimeError("no fonts")

    monkeypatch.setattr("purchasing.mail.compose", broken)
    deliver(shop, queued)
    assert state(queued) == ("queued", "waiting")
    assert "no fonts" in mail_of(queued).last_error


def test_the_tick_hands_each_due_mail_to_one_job_and_looks_again_after_the_lease(shop, queued):
    assert outbox.hand_over_due() == 0
    later = timezone.now() + timedelta(minutes=11)
    with time_machine.travel(later, tick=False):
        assert outbox.hand_over_due() == 1
        assert outbox.hand_over_due() == 0
    with time_machine.travel(later + timedelta(minutes=11), tick=False):
        assert outbox.hand_over_due() == 1
    assert Job.objects.filter(kind="mail").count() == 2


def test_send_now_does_not_wait_for_the_tick(shop, trade, queued):
    approval.send_now(queued, actor=trade.owner)
    assert Job.objects.filter(kind="mail").count() == 1
    outbox.deliver(shop, mail_of(queued).pk)
    assert state(queued) == ("sent", "sent")
    assert len(django_mail.outbox) == 1


def test_the_folder_of_a_small_installation_gets_the_very_mail(shop, trade, settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    shop.order_grace_minutes = 0
    order = approval.approve(trade.draft(), actor=trade.owner)
    outbox.deliver(shop, mail_of(order).pk)
    (file,) = tmp_path.iterdir()
    message = message_from_bytes(io.BytesIO(file.read_bytes()).read(), policy=policy.default)
    assert message["Message-ID"] == mail_of(order).message_id


def test_a_chinese_supplier_reads_chinese_in_mail_and_subject(shop, trade, server):
    shop.order_grace_minutes, shop.sender_name = 0, "Marlow"
    trade.supplier.language, trade.supplier.name = "zh-hans", "景德镇瓷器厂"
    trade.supplier.save()
    order = approval.approve(trade.draft(12_000), actor=trade.owner)
    outbox.deliver(shop, mail_of(order).pk)
    message = message_from_bytes(server.accepted[0].content, policy=policy.default)
    assert message["Subject"] == f"Marlow 的订单 {order.number}，£55.20"
    for kind in ("plain", "html"):
        content = message.get_body((kind,)).get_content()
        assert "景德镇瓷器厂，您好：" in content
        assert "前送达以下 1 行商品" in content
        for english in ("Dear", "Kind regards", "Total", "please", "lines"):
            assert english not in content


def test_the_job_that_was_asked_for_sends_the_mail(shop, trade, queued, server):
    approval.send_now(queued, actor=trade.owner)
    job = run_now(Job.objects.get(kind="mail"))
    assert (job.state, job.result) == ("done", {"summary": "Sent"})
    assert state(queued) == ("sent", "sent")
    assert len(server.accepted) == 1
