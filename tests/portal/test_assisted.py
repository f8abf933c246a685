"""Journey (b): somebody files for an elderly person, hands over a paper with two codes, and loses the right at once.

The pages run over the real dossier and citizen services; the catalogue is the contract's.
"""

import html
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from citizen_service import usecases as citizen
from citizen_service.api import make_api
from citizen_service.events import encode as encode_settled
from citizen_service.model import Profile
from citizen_service.store import CONTACT
from citizen_service.store import METADATA as CITIZEN_TABLES
from citizen_service.store import OUTBOX as CITIZEN_OUTBOX
from dossier_service.model.assisting import ALPHABET
from dossier_service.store import assists, dossiers
from kernel.auth import Verifier
from kernel.db import Database
from kernel.digest import digest_of
from kernel.outbox import Outbox
from kernel.web import AsgiUpstream
from portal.main import build
from portal.settings import PortalSettings
from proto.events.v1 import catalog_pb2
from tests.citizen_service.conftest import profile
from tests.dossier_service.door import ISSUER, door, keys, token
from tests.dossier_service.world import PDF, World
from tests.portal.conftest import Browser
from tests.portal.contract import catalogue
from tests.portal.contract_search import search
from tests.portal.samples import FORM

CATALOGUE = "/api/catalog/v1"
HELPER = {"authorization": f"Bearer {token('helper-1', roles=['citizen', 'helper'])}"}
SON = {"authorization": f"Bearer {token('d1')}"}
WHOM = {
    "procedure": "1.001193",
    "place": "00004",
    "key": "one",
    "for_name": "Bùi Thị Sáu",
    "for_id_number": "099148000017",
    "consent_way": "spoken",
    "consent_note": "Đồng ý trước mặt trưởng thôn",
    "allows": "follow",
    "told_by": "neighbour",
    "contact": "Trưởng thôn báo lại",
}
PHOTO = {"photo-new": ("giay.pdf", PDF, "application/pdf")}
ANSWERS = [
    ("name", {"child_name": "Bùi Văn Tí"}),
    ("birth", {"birth_date-d": "1", "birth_date-m": "2", "birth_date-y": "2026"}),
    ("about", {"gender": "female", "has_paper": "yes", "paper_number": "12"}),
    ("place", {"ward": "00004", "ward-q": "Phường Ba Đình", "ward-was": "Phường Ba Đình"}),
    ("more", {"requester": "Bùi Thị Sáu"}),
]


PHOTO_FIELD = {**FORM["fields"]["photo"], "accept": ["image/jpeg", "application/pdf"]}
WITH_PDF = {**FORM, "fields": {**FORM["fields"], "photo": PHOTO_FIELD}}


@dataclass
class Town:
    """The pages, and the service behind them."""

    browser: Browser
    here: World
    people: Database


def people() -> list[Profile]:
    """Return the helper, whose telephone is known, and the son of the person helped."""
    return [replace(profile("helper-1"), name="Phạm Quốc Bảo", phone="+84987654321"), profile("d1")]


async def offer(here: World) -> None:
    """Publish the contract's form to the dossier service, with papers that may be PDF."""
    text = json.dumps(WITH_PDF, ensure_ascii=False)
    revision = catalog_pb2.ProcedureRevisionPublished(
        code="1.001193",
        revision=1,
        title="THỦ TỤC ĐĂNG KÝ KHAI SINH",
        plain_title="Đăng ký khai sinh",
        fileable=True,
        form_json=text,
        form_digest=digest_of(text),
        competent_level="commune",
        term_json='{"amount":1,"unit":"working_days"}',
    )
    head = catalog_pb2.ProcedureHeadMoved(code="1.001193", version=1, revision=1)
    await here.feed(
        "catalog.v1",
        ("procedure_revision_published", "1.001193@1", revision.SerializeToString()),
        ("procedure_head_moved", "1.001193", head.SerializeToString()),
    )


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with door(tmp_path) as there:
        await offer(there.here)
        address = f"sqlite+aiosqlite:///{tmp_path / 'citizen.db'}"
        database = await Database.open(address, CITIZEN_TABLES, sink=Outbox(CITIZEN_OUTBOX, encode_settled))
        await citizen.seed_profiles(database=database, profiles=people())
        me = make_api(database=database, clock=there.here.desk.clock, verifier=Verifier(issuer=ISSUER, keys=keys))
        shop = catalogue()
        shop.router.routes.insert(0, Route(f"{CATALOGUE}/procedures/{{code}}/form", with_pdf))
        apps = {"catalog": shop, "search": search(), "dossiers": there.app, "citizen": me}
        running = await build(
            PortalSettings(data=tmp_path, public_url="http://portal.test", demo=True),
            upstreams={name: AsgiUpstream(app) for name, app in apps.items()},
            clock=there.here.desk.clock,
        )
        transport = httpx.ASGITransport(app=running.app)
        async with Browser(transport=transport, base_url="http://portal.test", follow_redirects=True) as browser:
            browser.headers["accept-language"] = "vi"
            yield Town(browser, there.here, database)
        await database.close()


async def with_pdf(_request: Request) -> JSONResponse:
    """Answer with the form that takes papers as PDF too."""
    return JSONResponse(WITH_PDF)


def shown(page: str) -> str:
    """Return what a reader sees of a page, on one line."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


async def begin(town: Town, **more: str) -> tuple[str, str]:
    """Agree with the person; return the helping's and the draft's addresses."""
    page = await town.browser.post("/assist/new", data=WHOM | more, headers=HELPER)
    assert page.status_code == 200, shown(page.text)
    draft = re.search(r'href="(/file/draft/[^"]+)"', page.text)
    assert draft
    return str(page.url.path), draft[1]


async def file(town: Town, **more: str) -> tuple[str, str]:
    """Help up to the filed dossier; return the helping's address and the dossier's code."""
    address, draft = await begin(town, **more)
    for page, answers in ANSWERS:
        done = await town.browser.post(f"{draft}/q/{page}", data={**answers, "action": "continue"}, headers=HELPER)
        assert done.status_code == 200, (page, shown(done.text))
    await town.browser.post(f"{draft}/q/photo", data={"action": "continue"}, files=PHOTO, headers=HELPER)
    filed = await town.browser.post(f"{draft}/submit", data={}, headers=HELPER)
    assert (filed.status_code, filed.url.path) == (200, address), shown(filed.text)
    code = re.search(r"H\d\d-\d{6}-\d{4}", filed.text)
    assert code
    return address, code[0]


async def codes_on_paper(town: Town, address: str) -> tuple[str, str, str]:
    """Print the receipt; return the two codes and the page."""
    page = (await town.browser.post(f"{address}/receipt", headers=HELPER)).text
    dossier, claim = re.findall(r'class="code">([^<]+)<', page)[:2]
    return dossier, claim, page


async def test_who_is_no_helper_learns_what_the_page_is_for(town: Town) -> None:
    page = await town.browser.get("/assist", headers=SON)
    assert page.status_code == 403 and "chưa có quyền đó" in page.text
    assert (await town.browser.get("/assist", follow_redirects=False)).headers["location"] == "/auth/login?next=/assist"


async def test_a_helper_is_led_from_the_need_to_the_place_to_the_person(town: Town) -> None:
    empty = shown((await town.browser.get("/assist", headers=HELPER)).text)
    assert "Bạn chưa làm hộ ai. Bấm “Làm hộ một người”" in empty
    what = await town.browser.get("/assist/new", params={"q": "khai sinh"}, headers=HELPER)
    assert 'href="/assist/new?procedure=1.001193"' in what.text
    assert "1.000014" not in what.text, "what cannot be filed here is not offered"
    where = await town.browser.get("/assist/new", params={"procedure": "1.001193", "q": "ba đình"}, headers=HELPER)
    assert 'value="00004"' in where.text
    whom = await town.browser.get("/assist/new", params={"procedure": "1.001193", "place": "00004"}, headers=HELPER)
    assert "Đọc to cho họ nghe" in whom.text


async def test_every_slip_is_named_at_once_and_nothing_is_typed_again(town: Town) -> None:
    wrong = {"for_name": "", "for_id_number": "12", "consent_note": "", "told_by": "phone", "contact": "0987 654 321"}
    page = await town.browser.post("/assist/new", data=WHOM | wrong, headers=HELPER)
    assert page.status_code == 422 and "Có 4 chỗ cần sửa" in page.text
    assert "Đây là số của bạn." in page.text, "a helper's own telephone is never the contact"
    for anchor in ("for_name", "for_id_number", "consent_note", "contact"):
        assert f'href="#{anchor}"' in page.text and f'id="{anchor}"' in page.text
    switched = await town.browser.post("/assist/new?lang=en", data=WHOM | {"switch": "1"}, headers=HELPER)
    assert '<html lang="en"' in switched.text and 'value="Bùi Thị Sáu"' in switched.text


async def test_the_form_is_filled_in_for_the_person_and_not_for_the_helper(town: Town) -> None:
    _, draft = await begin(town)
    page = (await town.browser.get(f"{draft}/q/more", headers=HELPER)).text
    assert "Bạn đang làm hộ Bùi Thị Sáu." in page
    assert 'value="Bùi Thị Sáu"' in page and "Theo lời người được giúp." in page
    assert "Phạm Quốc Bảo" not in page and "+84987654321" not in page
    assert "Dùng giấy đã có trong ví" not in (await town.browser.get(f"{draft}/q/photo", headers=HELPER)).text
    stranger = await town.browser.get(f"{draft}/q/more", headers=SON)
    assert stranger.status_code == 404


async def test_journey_b_from_the_desk_to_the_sons_space(town: Town) -> None:
    address, code = await file(town)
    filed = shown((await town.browser.get(address, headers=HELPER)).text)
    assert "Hồ sơ này của Bùi Thị Sáu, không nằm trong không gian của bạn." in filed
    assert "số điện thoại chưa công bố" in filed or "Cần người giúp?" in filed
    dossier, claim, paper = await codes_on_paper(town, address)
    assert dossier == code and set(claim) <= {*ALPHABET, "-"} and 'class="paper-16"' in paper
    assert "Nộp hộ bởi Phạm Quốc Bảo tại Bộ phận Một cửa phường Ba Đình." in shown(paper)
    assert "099148000017" not in paper and claim not in re.findall(r"<svg.*?</svg>", paper, re.S)[0]

    both = {"dossier": code, "claim_code": claim.lower()}
    looked = await town.browser.post("/claim", data={**both, "dossier": code.replace("-", " ")})
    assert "Đăng nhập và nhận hồ sơ" in looked.text and "Bùi Thị Sáu" not in looked.text
    asked = await town.browser.post("/claim/take", data=both, follow_redirects=False)
    assert asked.headers["location"] == "/auth/login?next=/claim"
    kept = asked.headers["set-cookie"]
    assert "HttpOnly" in kept and "Path=/claim" in kept and claim.lower() not in asked.headers["location"]
    back = await town.browser.get("/claim", headers=SON)
    assert "Nhận hồ sơ" in back.text and code in back.text
    taken = await town.browser.post("/claim/take", data=both, headers=SON)
    assert taken.url.path == f"/dossiers/{code}"
    line = shown(taken.text)
    assert "Có người nộp hộ bạn trên cổng." in line and "Đã nhận về không gian của bạn" in line
    again = await town.browser.post("/claim", data=both)
    assert again.status_code == 404 and "đã dùng hoặc đã hết hạn" in again.text

    typed = {**both, "dossier": code.replace("-", " ").lower()}
    second = await town.browser.post("/claim", data=typed, headers=SON)
    assert second.url.path == f"/dossiers/{code}" and "đã ở trong danh sách của bạn" in second.text

    helpers = await town.browser.get("/my/helpers", headers=SON)
    assert "Người làm hộ xem được hồ sơ đến đâu" in helpers.text
    end = re.search(r'action="(/my/helpers/[^"]+/end)"', helpers.text)
    assert end
    ended = await town.browser.post(end[1], headers=SON)
    assert "Đã dừng. Người làm hộ không xem được hồ sơ này nữa." in ended.text
    assert (await town.browser.get(address, headers=HELPER)).status_code == 404


async def test_the_right_is_ended_with_the_paper_alone(town: Town) -> None:
    address, code = await file(town, allows="act")
    _, claim, _ = await codes_on_paper(town, address)
    assert (await town.browser.get(f"/dossiers/{code}", headers=HELPER)).status_code == 200
    ended = await town.browser.post("/claim/end", data={"dossier": code, "claim_code": claim})
    assert "Đã dừng." in ended.text
    assert (await town.browser.get(f"/dossiers/{code}", headers=HELPER)).status_code == 404
    assert (await town.browser.get(address, headers=HELPER)).status_code == 404


@pytest.mark.parametrize(
    ("told_by", "contact", "kept"),
    [
        ("relative", "0912 345 678", ("+84912345678", "sms")),
        ("phone_call", "0912 345 678", ("+84912345678", "voice")),
        ("neighbour", "Trưởng thôn báo lại", (None, "sms")),
    ],
)
async def test_news_go_the_way_that_was_chosen_and_the_relative_ends_them(
    town: Town, told_by: str, contact: str, kept: tuple[str | None, str]
) -> None:
    address, code = await file(town, told_by=told_by, contact=contact)
    again = WHOM | {"told_by": told_by, "contact": contact}
    assert (await town.browser.post("/assist/new", data=again, headers=HELPER)).url.path == address
    async with town.people.read() as tx:
        (row,) = await tx.all(select(CONTACT))
    assert (row.phone, row.way, row.helper) == (*kept, "helper-1")
    async with town.here.desk.database.read() as tx:
        assert row.owner == (await dossiers.load(tx, [code]))[code].owner
    _, claim, paper = await codes_on_paper(town, address)
    assert (kept[0] or contact) in paper
    both = {"dossier": code, "claim_code": claim}
    looked = (await town.browser.post("/claim", data=both)).text
    assert "Dừng báo tin" in looked and "912345678" not in looked, "the paper may be in wrong hands: no number"
    ended = await town.browser.post("/claim/end-contact", data=both)
    assert "Đã dừng báo tin." in ended.text and "Không báo tin qua điện thoại" in ended.text
    assert (kept[0] or contact) not in (await codes_on_paper(town, address))[2]


async def test_back_from_the_receipt_shows_the_helping_not_a_form(town: Town) -> None:
    address, draft = await begin(town)
    for page, answers in ANSWERS:
        await town.browser.post(f"{draft}/q/{page}", data={**answers, "action": "continue"}, headers=HELPER)
    await town.browser.post(f"{draft}/submit", data={}, headers=HELPER)
    await town.browser.post(f"{draft}/submit", data={}, headers=HELPER)
    for back in (draft, f"{draft}/q/name", f"{draft}/check"):
        assert (await town.browser.get(back, headers=HELPER)).url.path == address


async def test_wrong_codes_say_what_to_check_and_lock_nobody_out(town: Town) -> None:
    address, code = await file(town)
    _, claim, _ = await codes_on_paper(town, address)
    empty = await town.browser.post("/claim", data={"dossier": "", "claim_code": ""})
    assert empty.status_code == 422 and "Có 2 chỗ cần sửa" in empty.text
    for status, said in ((404, "Xem lại từng chữ trên giấy hẹn."), (429, "hoặc gọi số trên đó")):
        page = await town.browser.post("/claim", data={"dossier": code, "claim_code": "AAAA"})
        assert page.status_code == status and said in page.text
        async with town.here.desk.database.begin() as tx:
            until = town.here.desk.clock.now() + timedelta(hours=1)
            await assists.change(tx, address.rpartition("/")[2], {"claim_locked_until": until})
    page = await town.browser.post("/claim", data={"dossier": code, "claim_code": claim})
    assert page.status_code == 200


async def test_a_paper_of_the_wallet_is_used_again_with_one_tap(town: Town) -> None:
    empty = await town.browser.get("/my/wallet", headers=SON)
    assert "Ví chưa có giấy tờ nào." in empty.text
    for _ in range(2):
        page = await town.browser.post("/file/1.001193", data={"place": "00004"}, headers=SON)
        draft = str(page.url.path).rpartition("/q/")[0]
        asked = await town.browser.get(f"{draft}/q/photo", headers=SON)
        taps = re.findall(r'value="(wallet:photo:[^"]+)"', asked.text)
        sent = {"data": {"action": taps[0]}} if taps else {"data": {"action": "upload"}, "files": PHOTO}
        stays = await town.browser.post(f"{draft}/q/photo", headers=SON, **sent)
        assert stays.status_code == 200 and stays.text.count('class="upload-list"') == 1
        for name, answers in ANSWERS:
            await town.browser.post(f"{draft}/q/{name}", data={**answers, "action": "continue"}, headers=SON)
        filed = await town.browser.post(f"{draft}/submit", headers=SON)
        assert filed.url.path.endswith("/receipt"), shown(filed.text)
    assert taps, "the second time it came from the wallet"
    wallet = (await town.browser.get("/my/wallet", headers=SON)).text
    assert wallet.count("download=") == 1, "the same paper is listed once"
    stranger = await town.browser.post(f"{draft}/q/photo", data={"action": taps[0]}, headers=HELPER)
    assert stranger.status_code == 404


async def test_preferences_are_kept_and_big_print_stays_on_this_device(town: Town) -> None:
    page = await town.browser.get("/my/preferences", headers=SON)
    assert re.search(r'value="mail" checked', page.text)
    sms = {"language": "en", "channels": "sms,mail", "phone": "", "quiet_from": "21:00", "quiet_until": "07:00"}
    refused = await town.browser.post("/my/preferences", data=sms, headers=SON)
    assert refused.status_code == 422 and "Nhập số điện thoại để nhận tin nhắn hoặc Zalo." in refused.text
    big = sms | {"phone": "0912 345 678", "big_print": "yes"}
    saved = await town.browser.post("/my/preferences", data=big, headers=SON)
    assert '<html lang="en" class="big' in saved.text and "Saved." in saved.text
    assert 'value="0912 345 678"' in saved.text and 'value="sms,mail" checked' in saved.text
    off = await town.browser.post("/big-print", data={"big": "0", "back": "//evil.example"}, headers=SON)
    assert off.url.path == "/" and 'class="big' not in off.text
