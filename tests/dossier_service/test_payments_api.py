"""Paying through the REST door: what a program gets, and what it cannot do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.dossier_service.door import Door
from tests.dossier_service.paying import FEE, Till, till
from tests.dossier_service.world import world


@asynccontextmanager
async def paying_door(folder: Path) -> AsyncIterator[tuple[Till, Door]]:
    async with till(folder) as here:
        yield here, Door(here.here)


async def test_a_program_pays_and_reads_the_receipt(tmp_path: Path) -> None:
    async with paying_door(tmp_path) as (here, door), door.client("citizen-1") as mine:
        dossier = (await mine.get(f"/dossiers/{here.code}")).json()
        assert "pay" in dossier["can"] and dossier["payments"] == []
        address = f"/dossiers/{here.code}/payments"
        started = await mine.post(address, json={"amount_vnd": FEE}, headers={"idempotency-key": "k1"})
        again = await mine.post(address, json={"amount_vnd": FEE}, headers={"idempotency-key": "k1"})
        payment = started.json()
        assert started.status_code == again.status_code == 201 and again.json() == payment
        assert payment["state"] == "started" and payment["pay_url"].endswith(f"/pay/{payment['id']}")
        here.book.debit(payment["id"])
        paid = (await mine.post(f"{address}/{payment['id']}/check")).json()
        assert (paid["state"], paid["charged_vnd"], paid["pay_url"]) == ("paid", FEE, None)
        assert paid["receipt_no"] and paid["paid_at"] and paid["request_no"] == 1
        after = await mine.get(f"/dossiers/{here.code}")
        assert "pay" not in after.json()["can"] and after.json()["payments"] == [paid]
        assert (await mine.get(address)).json()["results"] == [paid]
        shown = await mine.get(f"{address}/{payment['id']}")
        assert shown.json() == paid and shown.headers["etag"]


async def test_the_etag_of_a_dossier_changes_with_its_payments(tmp_path: Path) -> None:
    async with paying_door(tmp_path) as (here, door), door.client("citizen-1") as mine:
        before = (await mine.get(f"/dossiers/{here.code}")).headers["etag"]
        await here.start()
        after = await mine.get(f"/dossiers/{here.code}", headers={"if-none-match": before})
        assert after.status_code == 200 and after.headers["etag"] != before


async def test_a_payment_that_is_not_known_is_told_so_and_no_second_one_begins(tmp_path: Path) -> None:
    async with paying_door(tmp_path) as (here, door), door.client("citizen-1") as mine:
        payment = await here.start()
        here.wire.lost = True
        address = f"/dossiers/{here.code}/payments"
        told = (await mine.post(f"{address}/{payment.id}/check")).json()
        assert told["state"] == "unknown"
        pressed = await mine.post(address, json={"amount_vnd": FEE}, headers={"idempotency-key": "k2"})
        assert (pressed.status_code, pressed.json()["id"]) == (201, payment.id)
        other = await mine.post(address, json={"amount_vnd": FEE + 1})
        assert (other.status_code, other.json()["code"], other.json()["payment"]) == (
            409,
            "payment_under_way",
            payment.id,
        )


async def test_refusals_are_problems_that_say_what_to_do(tmp_path: Path) -> None:
    async with paying_door(tmp_path) as (here, door), door.client("citizen-1") as mine:
        address = f"/dossiers/{here.code}/payments"
        changed = await mine.post(address, json={"amount_vnd": 1})
        assert (changed.status_code, changed.json()["code"], changed.json()["amount_vnd"]) == (
            409,
            "amount_changed",
            FEE,
        )
        for bad in ({}, {"amount_vnd": 0}, {"amount_vnd": "x"}, {"amount_vnd": FEE, "more": 1}):
            assert (await mine.post(address, json=bad)).status_code == 422, bad
        assert (await mine.get(f"{address}/nope")).status_code == 404
        as_request = await mine.post(f"/dossiers/{here.code}/requests", json={"kind": "payment", "ask_no": 1})
        assert (as_request.status_code, as_request.json()["code"]) == (409, "payment_not_offered")


async def test_a_stranger_pays_nothing_and_sees_no_payment(tmp_path: Path) -> None:
    async with paying_door(tmp_path) as (here, door), door.client("citizen-2") as other, door.client() as nobody:
        payment = await here.start()
        address = f"/dossiers/{here.code}/payments"
        for answer in (
            await other.get(address),
            await other.get(f"{address}/{payment.id}"),
            await other.post(f"{address}/{payment.id}/check"),
            await other.post(address, json={"amount_vnd": FEE}),
        ):
            assert answer.status_code == 404
        assert (await nobody.post(address, json={"amount_vnd": FEE})).status_code == 401
        assert here.wire.calls == [f"PUT /pay/api/payments/{payment.id}"]


async def test_where_nothing_can_be_paid_nothing_is_offered(tmp_path: Path) -> None:
    async with till(tmp_path) as here:
        code, owner = here.code, here.owner
    assert owner.asks
    async with world(tmp_path) as there:
        door = Door(there)
        async with door.client("citizen-1") as mine:
            assert "pay" not in (await mine.get(f"/dossiers/{code}")).json()["can"]
            refused = await mine.post(f"/dossiers/{code}/payments", json={"amount_vnd": FEE})
            assert (refused.status_code, refused.json()["code"]) == (409, "payment_not_offered")
