"""Details 19 and 20 through the whole: a message comes back, an officer telephones, and a rating is asked for."""

import httpx

from tests.running import Front, until

VI = {"accept-language": "vi"}


def outbox(client: httpx.Client) -> list[dict[str, str]]:
    found: list[dict[str, str]] = client.get("/dev/outbox").json()["results"]
    return found


def test_detail_20_a_message_that_does_not_arrive_becomes_a_call_that_the_person_reads_of(one_process: Front) -> None:
    portal = one_process
    with portal.client("citizen-2") as client, portal.client("officer-1") as officer, portal.client() as anyone:
        portal.to_daytime(anyone)
        address = client.get("/api/me/v1/profile").json()["email"]
        anyone.post("/dev/outbox/bounces", json={"channels": ["sms", "zalo"], "addresses": [address]})
        try:
            code = portal.file_dossier(client, "3.000333", place="00004")
            portal.until_status(client, code, 10)
            until(lambda: code in officer.get("/office/H26?tab=calls", headers=VI).text, what="a task at the office")
        finally:
            anyone.post("/dev/outbox/bounces", json={"channels": [], "addresses": []})
        told = officer.post(f"/office/H26/cases/{code}/told", data={"note": "Đã gọi 9 giờ."})
        assert told.status_code == 303, told.text

        def closed() -> bool:
            rows = client.get(f"/api/dossiers/v1/dossiers/{code}/timeline").json()["results"]
            return any(row["type"] == "task_closed" and row["note"] == "Đã gọi 9 giờ." for row in rows)

        until(closed, what="the officer's note on the person's timeline")
        inbox = client.get("/api/me/v1/notices", params={"page_size": 100}).json()["results"]
        kinds = [one["kind"] for one in inbox if one["dossier"] == code]
        assert {"submitted", "returned"} <= set(kinds), "the inbox always has it"
    portal.check()


def test_detail_20_an_hour_after_the_end_one_message_asks_to_rate(one_process: Front) -> None:
    portal = one_process
    with portal.client("citizen-1") as client, portal.client() as anyone:
        portal.to_daytime(anyone)
        code = portal.file_dossier(client, "1.004873")
        portal.until_status(client, code, 10)

        def asked() -> list[dict[str, str]]:
            return [one for one in outbox(anyone) if f"/dossiers/{code}/rating" in one["body"]]

        assert asked() == []
        anyone.post("/dev/clock", json={"hours": 2})
        portal.to_daytime(anyone)
        until(lambda: len(asked()) == 1, what="a message that asks to rate")
        anyone.post("/dev/clock", json={"hours": 1})
        portal.to_daytime(anyone)
        until(lambda: len(asked()) == 1, what="no second one")
    portal.check()
