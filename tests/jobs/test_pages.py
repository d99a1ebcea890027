from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import Job
from jobs.running import claim
from jobs.services import cancel, run_now
from tenancy.context import shop_scope
from tests import factories

PROGRESS = 'hx-trigger="every 2s"'


@pytest.fixture
def pages(db: Any, make_job: Any) -> Iterator[Any]:
    """A shop with a running job, and a signed-in browser for each role."""

    class Pages:
        shop = factories.make_shop()

        def client(self, role: str) -> Client:
            client = Client()
            client.force_login(factories.make_member(self.shop, role))
            return client

        def url(self, name: str, *args: Any) -> str:
            return reverse(name, args=[self.shop.slug, *args])

    made = Pages()
    with shop_scope(made.shop):
        made.job = make_job(key="2026-11-22")  # type: ignore[attr-defined]
        made.context = claim(made.shop, made.job.pk)  # type: ignore[attr-defined]
        made.context.progress(132, 212, "Reading <b>sales</b>")  # type: ignore[attr-defined]
        made.context.log("cost 3.10")  # type: ignore[attr-defined]
    return made  # type: ignore[return-value]


def body(response: Any) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_shows_jobs_and_filters_by_state(pages: Any) -> None:
    client = pages.client("manager")
    assert "2026-11-22" in body(client.get(pages.url("jobs")))
    assert "2026-11-22" in body(client.get(pages.url("jobs"), {"state": "running"}))
    assert "2026-11-22" not in body(client.get(pages.url("jobs"), {"state": "parked"}))
    assert "2026-11-22" in body(client.get(pages.url("jobs"), {"state": "nonsense", "page": "x"}))


def test_the_page_of_a_running_job_shows_progress_and_asks_for_news(pages: Any) -> None:
    page = body(pages.client("manager").get(pages.url("job", pages.job.pk)))
    assert "62 %" in page
    assert "Reading &lt;b&gt;sales&lt;/b&gt;" in page
    assert "You may leave this page." in page
    assert "cost 3.10" in page
    assert page.count(PROGRESS) == 1


def test_a_job_without_a_message_tells_how_far_it_is(pages: Any) -> None:
    with shop_scope(pages.shop):
        Job.objects.update(message="")
    assert "132 of 212." in body(pages.client("manager").get(pages.url("job", pages.job.pk)))


def test_htmx_gets_only_the_part_that_changes(pages: Any) -> None:
    response = pages.client("manager").get(pages.url("job", pages.job.pk), headers={"HX-Request": "true"})
    part = body(response)
    assert part.startswith('<div id="job"')
    assert "no-store" in response["Cache-Control"]


def test_a_job_that_is_over_asks_for_no_news_and_links_its_result(pages: Any, make_job: Any) -> None:
    with shop_scope(pages.shop):
        job = make_job(lambda context: {"link": "/here/", "summary": "212 products forecast"}, key="2")
        run_now(job)
    for url in (pages.url("job", job.pk), pages.url("job_note", job.pk)):
        page = body(pages.client("manager").get(url))
        assert "hx-trigger" not in page
        assert 'href="/here/"' in page
        assert "212 products forecast" in page


def test_the_note_keeps_itself_up_to_date(pages: Any) -> None:
    note = body(pages.client("manager").get(pages.url("job_note", pages.job.pk)))
    assert PROGRESS in note
    assert pages.url("job_note", pages.job.pk) in note
    assert 'role="status"' in note


def test_the_page_around_a_note_is_loaded_anew_when_the_job_is_over(pages: Any, make_job: Any) -> None:
    client, htmx = pages.client("manager"), {"HX-Request": "true"}
    assert "HX-Refresh" not in client.get(pages.url("job_note", pages.job.pk), headers=htmx)
    with shop_scope(pages.shop):
        job = make_job(lambda context: {"summary": "212 products forecast"}, key="2")
        run_now(job)
    assert client.get(pages.url("job_note", job.pk), headers=htmx)["HX-Refresh"] == "true"
    assert "HX-Refresh" not in client.get(pages.url("job_note", job.pk))


def test_without_scripts_a_note_has_a_link_that_looks_again(pages: Any) -> None:
    note = body(pages.client("manager").get(pages.url("job_note", pages.job.pk)))
    assert '<noscript><a class="btn small" href="">Look again</a></noscript>' in note


def test_a_clerk_sees_progress_but_neither_log_nor_buttons(pages: Any) -> None:
    client = pages.client("clerk")
    page = body(client.get(pages.url("job", pages.job.pk)))
    assert "62 %" in page
    assert "cost 3.10" not in page
    assert "cancel/" not in page
    assert client.get(pages.url("jobs")).status_code == 403
    assert client.post(pages.url("job_cancel", pages.job.pk)).status_code == 403


def test_cancel_and_try_again_by_button(pages: Any) -> None:
    client = pages.client("manager")
    page = body(client.post(pages.url("job_cancel", pages.job.pk), follow=True))
    assert "It stops at its next step." in page
    with shop_scope(pages.shop):
        Job.objects.update(state="parked")
    page = body(client.post(pages.url("job_retry", pages.job.pk), follow=True))
    assert "Queued" in page


def test_cancelling_what_is_over_says_so_and_breaks_nothing(pages: Any) -> None:
    with shop_scope(pages.shop):
        Job.objects.update(state="done")
    page = body(pages.client("manager").post(pages.url("job_cancel", pages.job.pk), follow=True))
    assert "This job is over already." in page


def test_another_shops_job_is_not_there(pages: Any) -> None:
    with shop_scope(other := factories.make_shop()):
        token = factories.make_token()[1]
    client = Client()
    client.force_login(factories.make_member(other, "owner"))
    assert client.get(reverse("job", args=[other.slug, pages.job.pk])).status_code == 404
    url = reverse("api:job_cancel", args=[other.slug, pages.job.pk])
    answer = client.post(url, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


# ---- API --------------------------------------------------------------------------------------


@pytest.fixture
def api(pages: Any) -> Any:
    def call(name: str, *args: Any, role: str = "manager", method: str = "get", **data: Any) -> Any:
        with shop_scope(pages.shop):
            token = factories.make_token(role)[1]
        url = reverse(f"api:{name}", args=[pages.shop.slug, *args])
        return getattr(Client(), method)(url, data, headers={"Authorization": f"Bearer {token}"})

    return call


def test_machines_list_jobs_page_by_page(api: Any, pages: Any, make_job: Any) -> None:
    with shop_scope(pages.shop):
        for number in range(120):
            make_job(key=f"more {number}")
    first = api("jobs").json()
    assert len(first["results"]) == 100
    second = api("jobs", cursor=first["next"]).json()
    assert (len(second["results"]), second["next"]) == (21, None)
    assert len({job["id"] for job in first["results"] + second["results"]}) == 121


@pytest.mark.parametrize("asked", [{"state": "nonsense"}, {"cursor": "nonsense"}, {"cursor": "WzFd"}])
def test_a_question_that_makes_no_sense_is_refused_by_name(api: Any, asked: dict[str, str]) -> None:
    answer = api("jobs", **asked)
    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == set(asked)


def test_machines_see_log_and_result_only_where_they_may_manage(api: Any, pages: Any) -> None:
    assert "cost 3.10" in api("job", pages.job.pk).json()["log"]
    assert not {"log", "result"} & set(api("job", pages.job.pk, role="clerk").json())
    assert api("job", 10**15).status_code == 404


def test_machines_cancel_and_retry(api: Any, pages: Any, make_job: Any) -> None:
    assert api("job_cancel", pages.job.pk, method="post").json()["cancel_requested"] is True
    assert api("job_retry", pages.job.pk, method="post").json()["code"] == "conflict"
    assert api("job_cancel", pages.job.pk, method="post", role="clerk").status_code == 403
    with shop_scope(pages.shop):
        waiting = cancel(make_job(key="waiting"))
    assert api("job_retry", waiting.pk, method="post").json()["state"] == "queued"
