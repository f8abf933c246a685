"""Two people publish and withdraw; a withdrawal has a reason and a word on what replaces it; texts are checked."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from kernel.db import Database
from services_catalog.store.seed import read_editorial
from services_catalog.store.tables import APPROVAL
from tests.services_catalog.conftest import PROCEDURES
from tests.services_catalog.test_proposals import BOTH, READER, REASON, SECOND, Desk, desk

__all__ = ["desk"]
BIRTH, OTHER = "1.001193", "1.000039"


async def asked_to_publish(desk: Desk, *, by: str = "editor", **more: Any) -> tuple[int, Any]:
    await desk.call("PUT", f"/proposals/{OTHER}")
    bench = await desk.save(OTHER, lambda written: written.update(plain=["Tên mới", "A new name"]))
    body = {"version": bench["version"], "reason": REASON, **more}
    return await desk.call("PUT", f"/motions/{OTHER}/publish", body, by=by)


async def asked_to_withdraw(desk: Desk, code: str = OTHER, *, by: str = "editor", **more: Any) -> tuple[int, Any]:
    return await desk.call("PUT", f"/motions/{code}/withdraw", {"reason": REASON, **more}, by=by)


async def test_who_asked_cannot_approve_and_is_told_so_in_words(desk: Desk) -> None:
    for by in ("editor", BOTH):
        _, motion = await asked_to_publish(desk, by=by)
        assert motion["own"] and not motion["may_approve"]
        status, problem = await desk.approve(OTHER, motion, by=by)
        assert (status, problem["code"]) == (403, "second_person_needed") and "Một người khác" in problem["detail"]
        await desk.call("DELETE", f"/motions/{OTHER}", by=by)
    _, procedure = await desk.call("GET", f"/procedures/{OTHER}", by=None)
    assert procedure["revision"] == 1


async def test_who_saved_the_last_version_does_not_approve_it_either(desk: Desk) -> None:
    await desk.call("PUT", f"/proposals/{OTHER}")
    _, bench = await desk.call("GET", f"/proposals/{OTHER}")
    written = {**bench["written"], "plain": ["Tên khác", "Another"]}
    await desk.call("PATCH", f"/proposals/{OTHER}", {"version": 1, "written": written}, by=BOTH)
    _, motion = await desk.call("PUT", f"/motions/{OTHER}/publish", {"version": 2, "reason": REASON})
    assert (await desk.approve(OTHER, motion, by=BOTH))[1]["code"] == "second_person_needed"
    assert (await desk.approve(OTHER, motion))[0] == 200


async def test_only_editors_ask_and_only_publishers_approve(desk: Desk) -> None:
    assert (await asked_to_publish(desk, by=SECOND))[0] == 403
    assert (await asked_to_withdraw(desk, by=READER, no_successor=True))[0] == 403
    _, motion = await asked_to_withdraw(desk, no_successor=True)
    assert (await desk.approve(OTHER, motion, by=READER))[0] == 403
    assert (await desk.call("GET", "/motions", by=None))[0] == 401
    _, listed = await desk.call("GET", "/motions", by=SECOND)
    assert [(one["code"], one["kind"], one["may_approve"]) for one in listed["results"]] == [(OTHER, "withdraw", True)]


async def test_saving_again_ends_what_was_asked_so_that_only_what_was_shown_is_published(desk: Desk) -> None:
    _, motion = await asked_to_publish(desk)
    await desk.save(OTHER, lambda written: written.update(plain=["Tên nữa", "Yet another"]))
    assert (await desk.call("GET", "/motions"))[1]["results"] == []
    status, problem = await desk.approve(OTHER, motion)
    assert (status, problem["code"]) == (404, "motion_not_found")


async def test_something_else_waits_until_the_first_is_approved_or_taken_back(desk: Desk) -> None:
    await asked_to_publish(desk)
    status, problem = await asked_to_withdraw(desk, no_successor=True)
    assert (status, problem["code"]) == (409, "motion_waits")
    assert (await desk.call("DELETE", f"/motions/{OTHER}", by=SECOND))[0] == 204
    assert (await asked_to_withdraw(desk, no_successor=True))[0] == 200


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({}, "successor_unsaid"),
        ({"successor": OTHER}, "successor_itself"),
        ({"successor": "9.999999"}, "successor_unknown"),
        ({"successor": BIRTH, "reason": "ngắn"}, "invalid_request"),
    ],
)
async def test_a_withdrawal_says_why_and_what_to_use_instead(desk: Desk, more: dict[str, Any], code: str) -> None:
    status, problem = await desk.call("PUT", f"/motions/{OTHER}/withdraw", {"reason": REASON, **more})
    assert (status, problem["code"]) == (422, code)


async def test_a_withdrawn_procedure_shows_its_reason_and_day_and_replaces_no_other(
    desk: Desk, database: Database
) -> None:
    _, motion = await asked_to_withdraw(desk, successor=BIRTH)
    status, head = await desk.approve(OTHER, motion)
    assert (status, head["withdrawn"], head["successor"]) == (200, True, BIRTH)
    _, procedure = await desk.call("GET", f"/procedures/{OTHER}", by=None)
    assert procedure["withdrawal"]["reason"] == REASON and procedure["withdrawal"]["at"]
    assert (await asked_to_withdraw(desk, successor=BIRTH))[1]["code"] == "already_withdrawn"
    assert (await asked_to_withdraw(desk, BIRTH, successor=OTHER))[1]["code"] == "successor_withdrawn"
    async with database.read() as tx:
        kept = [(row.asked_by, row.approved_by) for row in await tx.all(select(APPROVAL))]
    assert kept == [("sub-editor", "sub-publisher")]


async def test_publishing_a_withdrawn_procedure_says_that_it_brings_it_back(desk: Desk) -> None:
    _, motion = await asked_to_withdraw(desk, no_successor=True)
    await desk.approve(OTHER, motion)
    status, problem = await asked_to_publish(desk)
    assert (status, problem["code"]) == (422, "restores_unsaid") and "có hiệu lực trở lại" in problem["detail"]
    _, motion = await asked_to_publish(desk, restores=True)
    assert motion["restores"] and (await desk.approve(OTHER, motion))[0] == 200
    _, procedure = await desk.call("GET", f"/procedures/{OTHER}", by=None)
    assert (procedure["withdrawn"], procedure["withdrawal"], procedure["revision"]) == (False, None, 2)


async def test_a_procedure_withdrawn_by_mistake_comes_back_as_it_was(desk: Desk) -> None:
    await desk.call("PUT", f"/proposals/{BIRTH}")
    _, motion = await asked_to_withdraw(desk, BIRTH, no_successor=True)
    await desk.approve(BIRTH, motion)
    body = {"version": 1, "reason": REASON, "restores": True}
    status, motion = await desk.call("PUT", f"/motions/{BIRTH}/publish", body)
    assert status == 200 and (await desk.approve(BIRTH, motion))[0] == 200
    _, procedure = await desk.call("GET", f"/procedures/{BIRTH}", by=None)
    assert (procedure["withdrawn"], procedure["revision"]) == (False, 1)


def _far(written: dict[str, Any]) -> None:
    written["guide"]["checked_on"] = "2999-01-01"


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        (lambda w: w.update(plain=["<script>alert(1)</script>", "x"]), "Tên thường gọi, tiếng Việt", "dấu <"),
        (lambda w: w.update(plain=["Tên", "long " * 61]), "Tên thường gọi, tiếng Anh", "300"),
        (lambda w: w.update(plain=["Tên\u200b ẩn", "x"]), "Tên thường gọi, tiếng Việt", "không nhìn thấy"),
        (lambda w: w["guide"].update(result=["x" * 61, "x"]), "Hướng dẫn, kết quả, tiếng Việt", "60"),
        (_far, "Hướng dẫn, ngày kiểm tra căn cứ pháp lý", "chưa tới"),
        (lambda w: w["form"]["pages"][0].pop("title"), "Biểu mẫu, trang 1", "Thiếu: tên"),
        (
            lambda w: w["form"]["pages"][0]["fields"][0].update(label=["", "Name"]),
            "Biểu mẫu, trang 1",
            "Còn trống",
        ),
    ],
)
async def test_names_and_days_are_checked_and_said_in_words(
    desk: Desk, change: Callable[[dict[str, Any]], None], place: str, said: str
) -> None:
    await desk.call("PUT", f"/proposals/{BIRTH}")
    bench = await desk.save(BIRTH, change)
    found = [(fault["place"]["vi"], fault["text"]["vi"]) for fault in bench["faults"]]
    assert any(at.startswith(place) and said in text for at, text in found), found
    assert not bench["ready"]


async def test_words_of_another_procedure_are_named_in_a_warning_that_forbids_nothing(desk: Desk) -> None:
    await desk.call("PUT", f"/proposals/{OTHER}")
    theirs = read_editorial(PROCEDURES)[BIRTH].everyday[0]
    names = {"everyday": [theirs.upper()], "plain": ["Tên mới", "A new name"]}
    bench = await desk.save(OTHER, lambda written: written.update(names))
    assert [BIRTH in one["text"]["vi"] for one in bench["warnings"]] == [True] and bench["faults"] == []
    assert bench["ready"]
