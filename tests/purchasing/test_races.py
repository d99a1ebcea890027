"""Two people at one order, and a sender that dies: in real processes, on either engine."""

from __future__ import annotations

from typing import Any

from tests.installation import report_of


def run(race: str, environment: dict[str, str]) -> list[dict[str, Any]]:
    settings = {"MAIL_LEASE_SECONDS": "1", "LOG_LEVEL": "ERROR"}
    return report_of(environment | settings, "-m", "tests.purchasing.racing", race)


def test_three_clicks_on_approve_make_one_mail(environment):
    for report in run("double_approval", environment):
        assert sorted(report["answers"]) == ["conflict", "conflict", "done"]
        assert (report["order"], report["mails"]) == ("queued", ["waiting"])


def test_approve_and_cancel_at_once_leave_a_cancelled_order_without_a_mail(environment):
    for report in run("approval_and_cancellation", environment):
        # Whoever was first: a queued order can be cancelled, a cancelled one not approved.
        assert report["order"] == "cancelled"
        assert report["answers"] in (["done", "done"], ["conflict", "done"])
        assert report["mails"] == (["withdrawn"] if report["answers"][0] == "done" else [])
        assert report["due"] == 0


def test_the_same_delivery_received_three_times_at_once_is_taken_in_once(environment):
    for report in run("double_receipt", environment):
        assert (report["on_hand"], report["received"], report["postings"]) == (12_000, [12_000], 1)
        assert report["order"] == "received"
        if report["keys"] == 1:
            assert report["answers"] == ["done"] * 3
        else:
            assert sorted(report["answers"]) == ["conflict", "conflict", "done"]


def test_orders_made_at_once_have_numbers_without_gaps(environment):
    (report,) = run("numbers", environment)
    assert report["numbers"] == [f"{number:04}" for number in range(1, 8)]


def test_a_sender_may_die_anywhere_and_the_mail_arrives_with_one_identity(environment):
    reports = run("deaths", environment)
    assert all(report["killed"] for report in reports)
    for report in reports:
        assert (report["order"], report["mails"], report["due"]) == ("sent", ["sent"], 0), report
        # Only between the server's word and our record can a mail go twice, and then unchanged.
        twice = report["point"] in {"accepted", "recording"}
        assert report["accepted"] == (2 if twice else 1), report
        assert (report["identities"], report["bodies"]) == (1, 1), report
