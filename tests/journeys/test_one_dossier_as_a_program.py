"""Journeys through HTTP as a program: from search to the downloaded result."""

import hashlib
import re
from email import policy
from email.parser import BytesParser
from pathlib import Path

import httpx
import pytest

from tests.running import Front, until

FORMS = ("1.001193", "1.004873", "3.000333")


@pytest.mark.parametrize("code", FORMS)
def test_a_filed_dossier_comes_back_with_its_signed_result(portal: Front, code: str) -> None:
    with portal.client("citizen-1") as client:
        filed = portal.file_dossier(client, code)
        done = portal.until_status(client, filed, 10)
        assert done["state"] == "returned"
        assert done["held_by"] == "none"
        assert done["results"], "a returned dossier has its result"
        result = done["results"][0]
        got = client.get(f"/api/dossiers/v1/dossiers/{filed}/files/{result['sha256']}")
        assert got.status_code == 200
        assert got.content.startswith(b"%PDF-")
        assert hashlib.sha256(got.content).hexdigest() == result["sha256"]
        steps = [row["type"] for row in client.get(f"/api/dossiers/v1/dossiers/{filed}/timeline").json()["results"]]
        assert steps[0] == "submitted" or "submitted" in steps[0]
        assert len(steps) >= 5
    portal.check()


def test_search_finds_birth_registration_in_a_mothers_own_words(portal: Front) -> None:
    with portal.client() as client:
        found = client.get("/api/search/v1/query", params={"q": "lam giay khai sinh cho con"}).json()["results"]
        assert found[0]["id"] == "1.001193"


def test_the_public_lookup_shows_code_and_progress_and_nothing_else(portal: Front) -> None:
    with portal.client("citizen-1") as client, portal.client() as stranger:
        filed = portal.file_dossier(client, "1.004873")
        portal.until_status(client, filed, 10)
        shown = stranger.get(f"/api/dossiers/v1/lookup/{filed}")
        assert shown.json() == {"code": filed, "progress": 100}
        assert stranger.get("/api/dossiers/v1/lookup/H26-260101-9999").status_code == 404
        assert stranger.get(f"/api/dossiers/v1/dossiers/{filed}").status_code == 401


def test_a_foreign_dossier_does_not_exist(portal: Front) -> None:
    with portal.client("citizen-1") as owner, portal.client("citizen-2") as other:
        filed = portal.file_dossier(owner, "1.004873")
        for path in ("", "/timeline", "/stream", "/accesses"):
            answer = other.get(f"/api/dossiers/v1/dossiers/{filed}{path}")
            assert answer.status_code == 404, path
            assert answer.headers["content-type"].startswith("application/problem+json")
        asked = other.post(f"/api/dossiers/v1/dossiers/{filed}/requests", json={"kind": "withdrawal"})
        assert asked.status_code == 404


def test_papers_are_asked_for_once_and_the_supplement_is_answered_once(portal: Front) -> None:
    with portal.client("citizen-1") as client:
        filed = portal.file_dossier(client, "1.001193", asks_papers=True)
        waiting = portal.until_status(client, filed, 5)
        assert waiting["held_by"] == "citizen"
        ask = next(ask for ask in waiting["asks"] if ask["state"] == "open")
        assert ask["kind"] == "papers"
        assert ask["items"][0]["text"]
        sent = client.post(
            f"/api/dossiers/v1/dossiers/{filed}/requests",
            json={"kind": "supplement", "ask_no": ask["ask_no"], "text": "Tôi gửi bổ sung."},
        )
        assert sent.status_code == 201, sent.text
        done = portal.until_status(client, filed, 10)
        assert [request["state"] for request in done["requests"]] == ["accepted"]
        assert [ask["state"] for ask in done["asks"]] == ["met"]
    portal.check()


def test_a_draft_result_is_confirmed_before_it_is_signed(portal: Front) -> None:
    with portal.client("citizen-2") as client:
        filed = portal.file_dossier(client, "1.001193", wants_draft=True)
        until(
            lambda: any(a["kind"] == "confirm" and a["state"] == "open" for a in portal.dossier(client, filed)["asks"]),
            what="the draft is sent",
        )
        waiting = portal.dossier(client, filed)
        assert waiting["status"] == 4
        assert waiting["draft_result"]
        ask = next(a for a in waiting["asks"] if a["kind"] == "confirm")
        sent = client.post(
            f"/api/dossiers/v1/dossiers/{filed}/requests", json={"kind": "confirmation", "ask_no": ask["ask_no"]}
        )
        assert sent.status_code == 201, sent.text
        portal.until_status(client, filed, 10)


def test_submitting_again_gives_the_same_dossier(portal: Front) -> None:
    with portal.client("citizen-1") as client:
        case = portal.example(client, "1.004873")
        draft = client.post("/api/dossiers/v1/drafts", json={"procedure": "1.004873", "place": case["place"]}).json()
        client.patch(f"/api/dossiers/v1/drafts/{draft['id']}", json={"answers": case["answers"]})
        codes = {client.post(f"/api/dossiers/v1/drafts/{draft['id']}/submit", json={}).json()["code"] for _ in range(3)}
        assert len(codes) == 1


def test_one_notice_a_fact_reaches_the_inbox_and_the_mail(portal: Front) -> None:
    with portal.client("citizen-2") as client:
        filed = portal.file_dossier(client, "1.004873")
        portal.until_status(client, filed, 10)

        def mails() -> list[Path]:
            found = []
            for path in (portal.data / "outbox").glob("*.eml"):
                message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
                body = message.get_body(("plain",))
                if body is not None and filed in body.get_content():
                    assert filed not in message["subject"]
                    found.append(path)
            return found

        if portal.to_daytime(client):  # at night messages wait for the morning
            until(lambda: len(mails()) >= 2, what="mails")
        notices = client.get("/api/me/v1/notices").json()["results"]
        mine = [notice for notice in notices if filed in str(notice)]
        assert len(mine) >= 2
        facts = [(notice.get("event_no"), notice.get("channel")) for notice in mine]
        assert len(facts) == len(set(facts))


def test_an_unfileable_procedure_says_so(portal: Front) -> None:
    with portal.client("citizen-1") as client:
        refused = client.post("/api/dossiers/v1/drafts", json={"procedure": "1.000014", "place": "00004"})
        assert refused.status_code == 409
        assert refused.json()["code"] == "not_fileable_here"


def test_every_operation_of_the_merged_document_is_served(portal: Front) -> None:
    with portal.client() as client:
        document = client.get("/openapi.json").json()
        assert document["openapi"].startswith("3.")
        paths = set(document["paths"])
        for expected in (
            "/api/dossiers/v1/drafts",
            "/api/dossiers/v1/dossiers/{code}/requests",
            "/api/catalog/v1/procedures/{code}/examples",
            "/api/search/v1/query",
            "/api/me/v1/notices",
        ):
            assert expected in paths


def test_the_personal_data_of_the_journeys_are_in_no_log(portal: Front) -> None:
    text = portal.logs()
    assert not re.search(r"\b\d{12}\b", text)
    for name in ("Nguyễn", "example.invalid", "Bearer ", "eyJ"):
        assert name not in text, name


def test_no_file_can_be_reached_by_guessing(portal: Front) -> None:
    with portal.client("citizen-1") as client:
        filed = portal.file_dossier(client, "1.004873")
        answers: list[httpx.Response] = [
            client.get(f"/api/dossiers/v1/dossiers/{filed}/files/{'0' * 64}"),
            client.get(f"/api/dossiers/v1/dossiers/{filed}/files/..%2f..%2fclock.json"),
        ]
        assert {answer.status_code for answer in answers} <= {404, 422}
