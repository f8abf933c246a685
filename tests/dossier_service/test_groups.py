"""Answers that are asked once for each person: every wrong box of every item is named, in the form's own words."""

from datetime import date
from typing import Any

import orjson
import pytest

from dossier_service.model.conditions import asked
from dossier_service.usecases.answers import check_some, check_whole, compiled, file_digests, ward_codes
from dossier_service.usecases.uploads import digests_in
from kernel.errors import Invalid
from services_catalog.model.forms import compile_form

TODAY = date(2026, 11, 21)
DIGEST = "a" * 64


def two(text: str) -> list[str]:
    return [text, text]


WRITTEN: dict[str, Any] = {
    "declaration": two("x"),
    "pages": [
        {
            "id": "members",
            "title": two("Thành viên"),
            "repeat": {"name": "members", "min": 1, "max": 3, "item": two("Thành viên")},
            "fields": [
                {"name": "member_name", "widget": "name", "label": two("Họ tên")},
                {"name": "birth", "widget": "date", "label": two("Ngày sinh")},
                {"name": "child", "widget": "yesno", "label": two("Trẻ em?")},
                {"name": "photo", "widget": "files", "label": two("Ảnh"), "when": {"field": "child", "equals": True}},
            ],
        }
    ],
}
WHERE = {"id": "where", "title": two("Ở đâu")}
PUBLISHED = compile_form(WRITTEN, {})
FORM = compiled("groups", orjson.dumps(PUBLISHED).decode())
GROWN = {"member_name": "An", "birth": "1990-02-28", "child": False}
CHILD = {"member_name": "Bé", "birth": "2020-03-27", "child": True, "photo": [DIGEST]}


def wrong(answers: dict[str, Any], **uploads: str) -> dict[str, str]:
    with pytest.raises(Invalid) as found:
        check_whole(FORM, answers, uploads, TODAY)
    return {problem.path: problem.code for problem in found.value.fields}


def test_a_whole_group_is_taken() -> None:
    answers = {"members": [GROWN, CHILD]}
    check_whole(FORM, answers, {DIGEST: "image/jpeg"}, TODAY)
    check_some(FORM, answers, {DIGEST: "image/jpeg"}, TODAY, places=())


def test_a_ward_that_does_not_exist_is_named_also_inside_an_item() -> None:
    ward = {"name": "ward", "widget": "ward", "label": two("Xã"), "required": False}
    page, own = WRITTEN["pages"][0], {**ward, "name": "own_ward"}
    written = {**WRITTEN, "pages": [{**page, "fields": [*page["fields"], ward]}, {**WHERE, "fields": [own]}]}
    form = compiled("wards", orjson.dumps(compile_form(written, {})).decode())
    answers = {"own_ward": "99999", "members": [{**GROWN, "ward": "00004"}, {**GROWN, "ward": "99998"}]}
    assert ward_codes(form, answers) == {"00004", "99998", "99999"}
    with pytest.raises(Invalid) as found:
        check_some(form, answers, {}, TODAY, places={"00004"})
    named = {problem.path: problem.code for problem in found.value.fields}
    assert named == {"answers.own_ward": "unknown_place", "answers.members.1.ward": "unknown_place"}


def test_every_wrong_box_of_every_item_is_named_at_once() -> None:
    bad = {"members": [{**GROWN, "birth": "2001-02-29"}, {"member_name": "1", "child": True, "photo": [DIGEST]}]}
    assert wrong(bad) == {
        "answers.members.0.birth": "date",
        "answers.members.1.member_name": "pattern",
        "answers.members.1.birth": "required",
        "answers.members.1.photo": "unknown_file",
    }


def test_the_words_are_those_of_the_field_inside_the_group() -> None:
    with pytest.raises(Invalid) as found:
        check_whole(FORM, {"members": [{"member_name": "An", "child": False}]}, {}, TODAY)
    assert [problem.text.vi for problem in found.value.fields] == ["Nhập ngày sinh."]


@pytest.mark.parametrize(
    ("answers", "named"),
    [
        ({}, {"answers.members": "required"}),
        ({"members": []}, {"answers.members": "minItems"}),
        ({"members": [GROWN] * 4}, {"answers.members": "maxItems"}),
        ({"members": ["An"]}, {"answers.members": "type"}),
        ({"members": [[GROWN]]}, {"answers.members": "type"}),
        ({"members": "An"}, {"answers.members": "type"}),
        ({"members": [{**GROWN, "x": {"y": [1]}}]}, {"answers.members.0.x": "unknown_field"}),
        ({"members": [{**GROWN, "birth": ["x"]}]}, {"answers.members.0.birth": "type"}),
    ],
)
def test_what_is_no_group_at_all_is_a_named_problem(answers: dict[str, Any], named: dict[str, str]) -> None:
    assert wrong(answers) == named


def test_what_an_earlier_choice_left_inside_an_item_is_dropped() -> None:
    left = {"members": [{**CHILD, "child": False}, CHILD]}
    assert asked(PUBLISHED["fields"], left) == {
        "members": [{**GROWN, "member_name": "Bé", "birth": "2020-03-27"}, CHILD]
    }


def test_files_inside_items_belong_to_the_dossier_and_are_not_swept() -> None:
    answers = {"members": [GROWN, CHILD]}
    assert file_digests(FORM, answers) == [DIGEST]
    assert digests_in(orjson.dumps(answers).decode()) == {DIGEST}
