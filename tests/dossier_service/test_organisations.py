"""An organisation's dossiers, drafts and wallet are its own: its people see them while they act for it, no longer."""

import json
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from dossier_service.store.tables import DOSSIER
from dossier_service.usecases.figures import filings
from kernel.digest import digest_of
from proto.events.v1 import catalog_pb2
from services_catalog.settings import HERE
from services_catalog.store.seed import read_editorial
from tests.dossier_service.door import Door, door, token
from tests.dossier_service.test_wallet import SHA, draft, file_with_paper, wallet
from tests.dossier_service.world import WARD

EDITORIAL = read_editorial(HERE / "procedures")
FIRM, OTHER = "org-gom", "org-khac"


def person(it: Door, sub: str, org: str = FIRM, *, acting: str = "") -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {token(sub, org=org)}"} | ({"acting-for": acting} if acting else {})
    return it.client(None, **headers)


async def test_the_accountant_sees_the_firms_papers_and_not_the_directors(tmp_path: Path) -> None:
    async with (
        door(tmp_path) as it,
        person(it, "director") as own,
        person(it, "director", acting=FIRM) as director,
        person(it, "accountant", acting=FIRM) as accountant,
        person(it, "accountant") as alone,
        person(it, "stranger", OTHER, acting=OTHER) as stranger,
    ):
        private, firms = await file_with_paper(own), await file_with_paper(director)
        assert {row["dossier"] for row in await wallet(accountant)} == {firms}
        assert {row["dossier"] for row in await wallet(own)} == {private}
        assert await wallet(alone) == await wallet(stranger) == []
        for client, code, status in (
            (accountant, firms, 200),
            (accountant, private, 404),
            (director, private, 404),
            (own, firms, 404),
            (alone, firms, 404),
            (stranger, firms, 404),
        ):
            assert (await client.get(f"/dossiers/{code}")).status_code == status
        listed = (await accountant.get("/dossiers")).json()["results"]
        assert [row["code"] for row in listed] == [firms]


async def test_a_colleague_goes_on_with_the_draft_and_uses_the_firms_paper_again(tmp_path: Path) -> None:
    async with (
        door(tmp_path) as it,
        person(it, "director", acting=FIRM) as director,
        person(it, "accountant", acting=FIRM) as accountant,
        person(it, "accountant") as alone,
    ):
        code = await file_with_paper(director)
        id = await draft(director)
        assert (await alone.get(f"/drafts/{id}")).status_code == 404
        taken = await accountant.post(f"/drafts/{id}/papers", json={"dossier": code, "sha256": SHA})
        assert taken.status_code == 201
        assert [row["id"] for row in (await accountant.get("/drafts")).json()["results"]] == [id]
        assert (await alone.get("/drafts")).json()["results"] == []


async def test_who_acted_is_recorded_and_told_and_counts_as_no_help(tmp_path: Path) -> None:
    async with door(tmp_path) as it, person(it, "accountant", acting=FIRM) as accountant:
        code = await file_with_paper(accountant)
        shown = (await accountant.get(f"/dossiers/{code}")).json()
        assert shown["acted_by"] == {"role": "organisation", "sub": "accountant"}
        async with it.here.desk.database.read() as tx:
            row = await tx.first(select(DOSSIER.c.owner, DOSSIER.c.helper).where(DOSSIER.c.code == code))
            assert row is not None and tuple(row) == (f"org:{FIRM}", "accountant")
        assert (await filings(desk=it.here.desk))[:2] == (1, 0)


async def test_nobody_acts_for_an_organisation_that_their_token_does_not_name(tmp_path: Path) -> None:
    async with door(tmp_path) as it:
        for bearer in (token("a", org=OTHER), token("a"), token("a", actor="helper", org=FIRM)):
            async with it.client(None, authorization=f"Bearer {bearer}", **{"acting-for": FIRM}) as client:
                answer = await client.get("/dossiers")
                assert (answer.status_code, answer.json()["code"]) == (403, "not_of_organisation")
        async with it.client(None, authorization=f"Bearer {token('org:' + FIRM)}") as forged:
            assert (await forged.get("/dossiers")).status_code == 401


async def test_a_helper_helps_as_themselves_never_as_their_organisation(tmp_path: Path) -> None:
    async with door(tmp_path) as it:
        bearer = token("helper", roles=("citizen", "helper"), org=FIRM)
        async with it.client(None, authorization=f"Bearer {bearer}", **{"acting-for": FIRM}) as helper:
            wish = {"procedure": "1.004873", "place": "00004", "helper_name": "Bảo", "for_name": "Bà Demo"}
            wish |= {"consent_way": "signed", "told_by": "neighbour", "contact": "Con gái"}
            refused = await helper.post("/assists", json=wish)
            assert (refused.status_code, refused.json()["code"]) == (403, "own_account_needed")


@pytest.mark.parametrize("code", ["1.001612", "2.000815"])
async def test_a_household_business_and_certified_copies_are_filed_for_an_organisation(
    tmp_path: Path, code: str
) -> None:
    written = EDITORIAL[code]
    text = json.dumps(written.form, ensure_ascii=False)
    revision = catalog_pb2.ProcedureRevisionPublished(
        code=code,
        revision=1,
        title=code,
        plain_title=written.plain_title,
        fileable=True,
        form_json=text,
        form_digest=digest_of(text),
        competent_level="commune",
        term_json='{"amount":1,"unit":"working_days"}',
    )
    head = catalog_pb2.ProcedureHeadMoved(code=code, version=1, revision=1)
    async with door(tmp_path) as it, person(it, "director", acting=FIRM) as director:
        published = ("procedure_revision_published", f"{code}@1", revision.SerializeToString())
        await it.here.feed("catalog.v1", published, ("procedure_head_moved", code, head.SerializeToString()))
        id = (await director.post("/drafts", json={"procedure": code, "place": WARD})).json()["id"]
        case = written.examples[0]["answers"]
        answers = {name: WARD if name.endswith("_ward") else value for name, value in case.items()}
        saved = await director.patch(f"/drafts/{id}", json={"answers": answers})
        assert saved.status_code == 200, saved.text
        filed = await director.post(f"/drafts/{id}/submit", json={})
        assert filed.status_code == 201, filed.text
        async with person(it, "accountant", acting=FIRM) as accountant, person(it, "director") as private:
            for client, status in ((accountant, 200), (private, 404)):
                assert (await client.get(f"/dossiers/{filed.json()['code']}")).status_code == status
