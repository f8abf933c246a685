"""A catalogue editor writes a revision on the pages of /desk, and people see it at once; others see no tools."""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.running import Front, Portal, until

CODE = "1.012566"
HOME = f"/desk/catalogue/{CODE}"


def boxes(page: str) -> dict[str, str]:
    """Return what the page's boxes hold, as a browser would send it."""
    found = dict(re.findall(r'<input[^>]*\bname="([^"]+)"[^>]*\bvalue="([^"]*)"', page))
    found |= dict(re.findall(r'<textarea[^>]*\bname="([^"]+)"[^>]*>([^<]*)</textarea>', page))
    for name, options in re.findall(r'<select[^>]*\bname="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        assert chosen
        found[name] = chosen.group(1)
    return found


def fill(client: httpx.Client, part: str, **changes: str) -> httpx.Response:
    shown = client.get(f"{HOME}/edit/{part}")
    assert shown.status_code == 200
    typed = {**boxes(shown.text), **{name.replace("__", "."): text for name, text in changes.items()}}
    return client.post(f"{HOME}/edit/{part}", data=typed)


@pytest.fixture
def publisher(one_process: Portal) -> Iterator[httpx.Client]:
    with one_process.client("publisher-1", follow_redirects=True) as client:
        yield client


@pytest.fixture
def editor(one_process: Portal) -> Iterator[httpx.Client]:
    with one_process.client("editor-1", follow_redirects=True) as client:
        yield client


def both(name: str, vi: str, en: str) -> dict[str, str]:
    return {f"{name}__vi": vi, f"{name}__en": en}


GUIDE = {
    "checked_on": "2026-11-22",
    **both("who", "Người có số chứng minh nhân dân cũ.", "Anyone who has an old identity number."),
    **both("needs__0__text", "Số trên chứng minh nhân dân cũ.", "The number of the old card."),
    **both("steps__0__text", "Điền và nộp trên cổng này.", "Fill in and file on this portal."),
    **both("steps__0__who", "Bạn", "You"),
    **both(
        "offices__0__text", "Công an xã, phường. Điện thoại: chưa công bố.", "The commune police. Phone: not published."
    ),
    **both("legal__0__title", "Luật Căn cước 2023", "Identity Law 2023"),
    **both("fee__text", "Mức phí: chưa công bố.", "The fee is not published."),
    **both("term__text", "Thời hạn: chưa công bố.", "The time limit is not published."),
    **both("result", "Giấy xác nhận số chứng minh nhân dân.", "A confirmation of the old number."),
}


def test_a_guide_is_written_mended_approved_by_another_and_read(
    one_process: Front, editor: httpx.Client, publisher: httpx.Client
) -> None:
    assert "/desk/catalogue" in editor.get("/desk").text
    assert editor.get("/desk/catalogue", params={"code": CODE}).url.path == HOME
    assert editor.post(f"{HOME}/begin").url.path == f"{HOME}/edit/names"
    wrong = fill(editor, "guide", **{**GUIDE, "fee__amount_vnd": "miễn phí"})
    assert (
        wrong.url.path == HOME
        and "Hướng dẫn, phí, lệ phí, số tiền" in wrong.text
        and f"{HOME}/publish" not in wrong.text
    )
    kept = boxes(editor.get(f"{HOME}/edit/guide").text)
    assert kept["who.vi"] == GUIDE["who__vi"] and kept["needs.0.text.en"] == GUIDE["needs__0__text__en"]
    ready = fill(editor, "guide", fee__amount_vnd="")
    assert f"{HOME}/publish" in ready.text, re.findall(r'<div class="error-summary.*?</div>', ready.text, re.DOTALL)
    assert GUIDE["who__vi"] in editor.get(f"{HOME}/preview").text
    version = boxes(ready.text)["version"]
    short = editor.post(f"{HOME}/publish", data={"version": version, "reason": "ngắn"})
    assert short.status_code == 422 and "ngắn" in short.text
    reason = {"version": version, "reason": "Viết hướng dẫn lần đầu."}
    asked = editor.post(f"{HOME}/publish", data=reason)
    assert asked.url.path == HOME and f"{HOME}/approve" not in asked.text
    assert "/desk/catalogue" in publisher.get("/desk").text and HOME in publisher.get("/desk/catalogue").text
    motion = boxes(publisher.get(HOME).text)["id"]
    own = editor.post(f"{HOME}/approve", data={"id": motion})
    assert own.status_code == 403 and "Một người khác" in own.text
    done = publisher.post(f"{HOME}/approve", data={"id": motion})
    assert done.url.path == HOME and "published=1" in str(done.url)
    assert publisher.post(f"{HOME}/approve", data={"id": motion}).status_code == 404
    assert editor.post(f"{HOME}/publish", data=reason).url.path == HOME
    with one_process.client() as anyone:
        until(lambda: GUIDE["who__vi"] in anyone.get(f"/procedures/{CODE}").text, what="people read the new guide")
        history = anyone.get(f"/api/catalog/v1/procedures/{CODE}/revisions").json()["results"]
    assert [one["reason"] for one in history] == [None, "Viết hướng dẫn lần đầu."]


def test_what_is_no_json_stays_in_its_box_with_the_place_where_it_breaks(editor: httpx.Client) -> None:
    home = "/desk/catalogue/1.014064"
    editor.post(f"{home}/begin")
    typed = '{\n  "pages": [\n'
    answer = editor.post(f"{home}/edit/form", data={"version": "1", "form": typed})
    assert answer.status_code == 422 and "Dừng ở dòng 2" in answer.text and "&#34;pages&#34;" in answer.text
    assert editor.get(f"{home}/edit/nothing").status_code == 404
    assert "/drop" in editor.get(f"{home}/drop").text
    assert editor.post(f"{home}/drop").url.path == home


def test_the_workbench_shows_no_tool_to_a_citizen_and_asks_a_stranger_to_sign_in(one_process: Portal) -> None:
    with one_process.client("citizen-1") as citizen:
        assert "/desk/catalogue" not in citizen.get("/desk").text
        assert citizen.get("/desk/catalogue").status_code == 403
        assert citizen.post(f"{HOME}/begin").status_code == 403
    with one_process.client() as stranger:
        assert stranger.get("/desk").headers["location"].startswith("/auth/login?next=/desk")
