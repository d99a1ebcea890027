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


def test_two_actions_at_once_end_as_if_one_had_come_after_the_other(environment):
    for report in run("pairs", environment):
        names, answers = set(report["names"]), dict(zip(report["names"], report["answers"], strict=True))
        # Of a line that was declined a moment ago, more arrives than is open.
        assert set(answers.values()) <= {"done", "conflict", "more_than_ordered"}, report
        assert "done" in answers.values(), report
        arrived = 5_000 if answers.get("receive") == "done" else 0
        assert (report["on_hand"], report["received"]) == (arrived, [arrived]), report
        if names == {"decline", "accept"} and set(answers.values()) == {"done"}:
            # Agreeing that nothing will come ends an order; where the decline came last, it waits.
            assert (report["order"], report["open"]) in (("cancelled", False), ("sent", True)), report
        else:
            assert (report["order"] == "cancelled") == (answers.get("cancel") == "done"), report
        if names == {"confirm", "decline"}:
            # Whoever came last is what counts.
            assert (report["order"], report["open"], report["confirmed"]) in (
                ("confirmed", False, [12_000]),
                ("sent", True, [0]),
            ), report


def test_receipts_and_their_undo_at_once_leave_books_and_order_alike(environment):
    for report in run("undone_receipts", environment):
        assert sorted(report["answers"])[-1] == "done"
        assert report["received"] == [report["on_hand"]], report
        assert report["on_hand"] == (7_000 if report["other"] == "receive" else 0), report


def test_nights_at_once_do_not_spend_the_weeks_money_twice(environment):
    (report,) = run("weekly_limit", environment)
    assert report == {"states": ["draft", "queued", "queued"], "mails": 2}


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
