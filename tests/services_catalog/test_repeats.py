"""Pages that are answered once for each person or thing: written with ``repeat``, published as an array of objects."""

from typing import Any

import jsonschema_rs
import pytest

from services_catalog.model.forms import compile_form

TWO = ["Có", "Yes"]


def field(name: str, widget: str = "text", **more: Any) -> dict[str, Any]:
    return {"name": name, "widget": widget, "label": [name, name], **more}


def written(*fields: dict[str, Any], least: int = 1, **page: Any) -> dict[str, Any]:
    repeat = {"name": "members", "min": least, "max": 2, "item": ["Thành viên", "Member"]}
    group = {"id": "members", "title": ["Thành viên", "Members"], "repeat": repeat, "fields": list(fields), **page}
    first = {"id": "first", "title": TWO, "fields": [field("alone", "yesno")]}
    return {"declaration": TWO, "pages": [first, group]}


def form(least: int = 1, **page: Any) -> dict[str, Any]:
    inside = [
        field("member_name", "name"),
        field("is_child", "yesno"),
        field("birth", "date", when={"field": "is_child", "equals": True}),
    ]
    return compile_form(written(*inside, least=least, **page), {})


def good(published: dict[str, Any], answers: dict[str, Any]) -> bool:
    return bool(jsonschema_rs.validator_for(published["schema"], validate_formats=True).is_valid(answers))


def test_a_group_is_one_field_with_its_own_fields_in_order() -> None:
    published = form()
    group = published["fields"]["members"]
    assert published["pages"][1]["fields"] == ["members"]
    assert (group["widget"], group["min"], group["max"]) == ("group", 1, 2)
    assert group["item"] == {"vi": "Thành viên", "en": "Member"}
    assert group["order"] == list(group["fields"]) == ["member_name", "is_child", "birth"]
    assert group["errors"]["required"] == {"vi": "Thêm ít nhất 1 mục: thành viên.", "en": "Add at least 1: member."}


def test_each_item_is_held_to_its_own_conditions() -> None:
    published = form()
    grown, child = {"member_name": "An", "is_child": False}, {"member_name": "Bé", "is_child": True}
    assert good(published, {"alone": False, "members": [grown]})
    assert not good(published, {"alone": False, "members": [grown, child]})
    assert good(published, {"alone": False, "members": [grown, {**child, "birth": "2020-03-27"}]})
    assert not good(published, {"alone": False, "members": [{**grown, "other": 1}]})


def test_there_are_as_many_items_as_the_form_allows() -> None:
    one = {"member_name": "An", "is_child": False}
    assert not good(form(), {"alone": False})
    assert not good(form(), {"alone": False, "members": []})
    assert not good(form(), {"alone": False, "members": [one] * 3})
    assert good(form(least=0), {"alone": False})


def test_a_group_is_asked_only_when_its_page_is() -> None:
    published = form(when={"field": "alone", "equals": False})
    assert good(published, {"alone": True})
    assert not good(published, {"alone": False})


@pytest.mark.parametrize(
    "wrong",
    [
        written(field("alone")),
        written(field("members")),
        written(field("a", when={"field": "alone", "equals": True})),
        written(field("a"), field("a")),
        written(),
        written(field("a"), least=3),
    ],
)
def test_a_group_that_contradicts_its_form_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"asked|repeat"):
        compile_form(wrong, {})
