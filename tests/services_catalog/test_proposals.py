"""The catalogue's editor: working copies, their faults and test cases, publishing, and what a revision costs people."""

import copy
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import jsonschema_rs
import pytest
from sqlalchemy import select

from kernel.auth import Principal
from kernel.clock import Clock
from kernel.db import Database
from kernel.web import AsgiUpstream
from services_catalog import usecases
from services_catalog.api import make_api
from services_catalog.model.places import places_of
from services_catalog.model.procedures import NOTHING_WRITTEN, Content, Editorial
from services_catalog.store import OUTBOX
from services_catalog.store.places import put_places
from services_catalog.store.seed import read_places, read_written
from tests.services_catalog.conftest import AT, FULL, PROCEDURES, SEED

ROOT = "/api/catalog/v1"
EDITOR, READER, SECOND, BOTH = "editor", "reader", "publisher", "both"
REASON = "Một lý do đủ dài."


SCHEMA_WORDS = re.compile(r"required|match|property|is not|pages\\.|\\.fields|\\d\\.\\d")


class Desk:
    """The API as one person calls it."""

    def __init__(self, app: Any) -> None:
        self._upstream = AsgiUpstream(app)

    async def call(self, method: str, path: str, body: Any = None, *, by: str | None = EDITOR) -> tuple[int, Any]:
        headers = {"authorization": f"Bearer {by}"} if by else {}
        if body is not None:
            headers["content-type"] = "application/json"
        reply = await self._upstream.request(
            method, ROOT + path, headers, b"" if body is None else json.dumps(body).encode()
        )
        return reply.status, json.loads(reply.body) if reply.body else None

    async def save(self, code: str, change: Callable[[dict[str, Any]], None]) -> Any:
        """Change what is written and save it; returns the answer."""
        _, bench = await self.call("GET", f"/proposals/{code}")
        written = copy.deepcopy(bench["written"])
        change(written)
        status, saved = await self.call(
            "PATCH", f"/proposals/{code}", {"version": bench["version"], "written": written}
        )
        assert status == 200, saved
        return saved

    async def approve(self, code: str, motion: Mapping[str, Any], *, by: str = SECOND) -> tuple[int, Any]:
        """Approve a motion."""
        return await self.call("POST", f"/motions/{code}/approve", {"id": motion["id"]}, by=by)


class Tokens:
    """A verifier for which the token is the role's name."""

    async def verify(self, token: str) -> Principal:
        roles = {EDITOR: {"catalogue_editor"}, SECOND: {"publisher"}, BOTH: {"catalogue_editor", "publisher"}}
        return Principal(sub=f"sub-{token}", roles=frozenset(roles.get(token, {"citizen"})))


@pytest.fixture
async def desk(database: Database, editorial: Mapping[str, Editorial]) -> AsyncIterator[Desk]:
    provinces, wards, old = read_places(SEED)
    places, made_of, _ = places_of(provinces, wards, old)
    wanted = {str(example["place"]) for example in editorial["1.001193"].examples}
    async with database.begin() as tx:
        await put_places(tx, [one for one in places if one.ward in wanted], made_of)
    for code, written in (("1.001193", editorial["1.001193"]), ("1.000039", NOTHING_WRITTEN)):
        content = Content(code, f"Thủ tục {code}", "Bộ Tư pháp", (), "Hộ tịch", (), (), "", written)
        await usecases.publish_revision(database=database, content=content, at=AT)
    app = make_api(database=database, procedures=PROCEDURES, seed=SEED, clock=Clock())
    app.state.verifier = Tokens()
    yield Desk(app)


def test_everything_shipped_has_the_shape_that_an_editor_writes() -> None:
    schema = jsonschema_rs.validator_for((PROCEDURES / "written.schema.json").read_text(), validate_formats=True)
    for code in FULL:
        assert [
            f"{code} {e.instance_path}: {e.message}" for e in schema.iter_errors(read_written(PROCEDURES, code))
        ] == []


async def test_only_an_editor_may_open_the_workbench(desk: Desk) -> None:
    for method, path in (("GET", "/proposals"), ("PUT", "/proposals/1.001193"), ("GET", "/proposals/1.001193")):
        assert (await desk.call(method, path, by=READER))[0] == 403
        assert (await desk.call(method, path, by=None))[0] == 401
    assert (await desk.call("PUT", "/proposals/9.999999"))[0] == 404
    assert (await desk.call("GET", "/proposals/1.001193"))[1]["code"] == "proposal_not_found"


async def test_a_working_copy_begins_with_what_is_in_force_and_is_not_ready_until_something_changes(desk: Desk) -> None:
    status, begun = await desk.call("PUT", "/proposals/1.001193")
    assert (status, begun["base"], begun["version"]) == (200, 1, 1)
    assert (await desk.call("PUT", "/proposals/1.001193"))[1] == begun
    _, bench = await desk.call("GET", "/proposals/1.001193")
    assert bench["written"]["form"]["pages"] and bench["faults"] == []
    assert {one["id"] for one in bench["tried"]} and not any(one["faults"] for one in bench["tried"])
    assert not bench["ready"] and all(one["change"] in (0, None) for one in bench["burden"])
    assert [one["code"] for one in (await desk.call("GET", "/proposals"))[1]["results"]] == ["1.001193"]


async def test_a_lighter_procedure_is_published_once_and_shows_what_it_saves(desk: Desk, database: Database) -> None:
    await desk.call("PUT", "/proposals/1.001193")
    bench = await desk.save("1.001193", lambda written: written["guide"]["needs"].pop())
    assert bench["ready"] and bench["version"] == 2
    assert next(one for one in bench["burden"] if one["name"] == "papers")["change"] == -1
    body = {"version": 2, "reason": "Nhà nước đã có dữ liệu về cha mẹ."}
    status, motion = await desk.call("PUT", "/motions/1.001193/publish", body)
    assert status == 200 and (await desk.call("PUT", "/motions/1.001193/publish", body))[1] == motion
    status, head = await desk.approve("1.001193", motion)
    assert (status, head["revision"]) == (200, 2)
    assert (await desk.approve("1.001193", motion))[0] == 404
    _, history = await desk.call("GET", "/procedures/1.001193/revisions", by=None)
    assert [(one["revision"], one["reason"]) for one in history["results"]] == [(1, None), (2, body["reason"])]
    assert next(one for one in history["results"][1]["burden"] if one["name"] == "papers")["change"] == -1
    async with database.read() as tx:
        told = [(row.type, row.subject) for row in await tx.all(select(OUTBOX).order_by(OUTBOX.c.id))]
    assert told[-2:] == [("procedure_revision_published", "1.001193@2"), ("procedure_head_moved", "1.001193")]
    assert (await desk.call("PUT", "/proposals/1.001193"))[1]["base"] == 2
    assert (await desk.call("GET", "/proposals/1.001193"))[1]["written"] == bench["written"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda w: w["form"]["pages"][0].pop("title"), "form.pages.0"),
        (lambda w: w["guide"]["fee"].update(amount_vnd="free"), "guide.fee.amount_vnd"),
        (lambda w: w["form"]["pages"][0]["fields"][0].update(label=["Chỉ tiếng Việt"]), "form.pages.0.fields.0.label"),
        (lambda w: w["form"]["pages"][1].update(when={"field": "nobody", "equals": True}), "form"),
        (lambda w: w["examples"][0]["answers"].pop("child_name"), "examples.0.answers"),
        (lambda w: w["examples"][0].update(place="99999"), "examples.0.place"),
        (lambda w: w.pop("guide"), ""),
    ],
)
async def test_what_is_wrong_is_kept_named_and_never_published(
    desk: Desk, change: Callable[[dict[str, Any]], None], path: str
) -> None:
    await desk.call("PUT", "/proposals/1.001193")
    bench = await desk.save("1.001193", change)
    faults = [*bench["faults"], *(fault for one in bench["tried"] for fault in one["faults"])]
    assert path in [fault["path"] for fault in faults]
    assert all(fault["text"]["vi"] and fault["text"]["en"] for fault in faults) and not bench["ready"]
    assert not any(SCHEMA_WORDS.search(fault["text"]["vi"] + fault["place"]["vi"]) for fault in faults), faults
    body = {"version": bench["version"], "reason": REASON}
    status, problem = await desk.call("PUT", "/motions/1.001193/publish", body)
    assert (status, problem["code"]) == (422, "not_ready") and problem["faults"]


async def test_two_editors_do_not_overwrite_each_other(desk: Desk) -> None:
    await desk.call("PUT", "/proposals/1.001193")
    _, bench = await desk.call("GET", "/proposals/1.001193")
    first = await desk.call("PATCH", "/proposals/1.001193", {"version": 1, "written": bench["written"]})
    late = await desk.call("PATCH", "/proposals/1.001193", {"version": 1, "written": {"plain": ["a", "b"]}})
    assert (first[0], late[0], late[1]["code"]) == (200, 412, "saved_meanwhile")


async def test_an_old_working_copy_is_not_published_over_a_newer_revision(desk: Desk, database: Database) -> None:
    await desk.call("PUT", "/proposals/1.001193")
    await desk.save("1.001193", lambda written: written["everyday"].append("giấy tờ cho em bé"))
    stored = await usecases.get_procedure(database=database, code="1.001193")
    moved = Content("1.001193", "Tên mới", "Bộ Tư pháp", (), "Hộ tịch", (), (), "", stored.content.editorial)
    await usecases.publish_revision(database=database, content=moved, at=AT)
    body = {"version": 2, "reason": REASON}
    status, problem = await desk.call("PUT", "/motions/1.001193/publish", body)
    assert (status, problem["code"]) == (409, "revision_moved")


async def test_a_procedure_nobody_wrote_for_begins_with_its_title_alone(desk: Desk) -> None:
    await desk.call("PUT", "/proposals/1.000039")
    _, bench = await desk.call("GET", "/proposals/1.000039")
    assert bench["written"] == {"plain": ["Thủ tục 1.000039"] * 2, "everyday": [], "competent_level": ""}
    assert all(one["before"]["amount"] is None and one["change"] is None for one in bench["burden"])
    assert (await desk.call("DELETE", "/proposals/1.000039"))[0] == 204
    assert (await desk.call("DELETE", "/proposals/1.000039"))[0] == 204
    assert (await desk.call("GET", "/proposals/1.000039"))[0] == 404
