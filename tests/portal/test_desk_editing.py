"""An editor who never saw JSON adds a question to the birth registration, tries it, and people meet it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from kernel.auth import Principal
from kernel.clock import Clock
from kernel.web import AsgiUpstream
from portal.main import build
from portal.settings import PortalSettings
from services_catalog import usecases
from services_catalog.api import make_api
from services_catalog.model.places import places_of
from services_catalog.model.procedures import Content
from services_catalog.store import METADATA
from services_catalog.store.places import put_places
from services_catalog.store.seed import read_editorial, read_places
from tests.engines.schemas import address
from tests.portal.boxes_read import boxes_at
from tests.portal.conftest import Browser
from tests.portal.contract import Services
from tests.services_catalog.conftest import AT, PROCEDURES, SEED, open_database

CODE = "1.001193"
HOME = f"/desk/catalogue/{CODE}"


class Editors:
    """A verifier that lets ``publisher`` publish and everyone else edit."""

    async def verify(self, token: str) -> Principal:
        return Principal(sub=token, roles=frozenset({"publisher" if token == "publisher" else "catalogue_editor"}))


@pytest.fixture
async def editor(contract: Services, tmp_path: Path) -> AsyncIterator[Browser]:
    database = await open_database(address(tmp_path, METADATA))
    written = read_editorial(PROCEDURES)[CODE]
    provinces, wards, old = read_places(SEED)
    places, made_of, _ = places_of(provinces, wards, old)
    wanted = {str(example["place"]) for example in written.examples}
    async with database.begin() as tx:
        await put_places(tx, [one for one in places if one.ward in wanted], made_of)
    content = Content(CODE, "Thủ tục đăng ký khai sinh", "Bộ Tư pháp", (), "Hộ tịch", (), (), "", written)
    await usecases.publish_revision(database=database, content=content, at=AT)
    app = make_api(database=database, procedures=PROCEDURES, seed=SEED, clock=Clock())
    app.state.verifier = Editors()
    running = await build(
        PortalSettings(data=tmp_path, public_url="http://portal.test", demo=True),
        upstreams={**contract.upstreams(), "catalog": AsgiUpstream(app)},
        clock=Clock(),
    )
    transport = httpx.ASGITransport(app=running.app)
    async with Browser(transport=transport, base_url="http://portal.test", follow_redirects=True) as client:
        client.headers.update({"accept-language": "vi", "authorization": "Bearer editor"})
        yield client
    await database.close()


async def fill(editor: Browser, at: str, **typed: Any) -> httpx.Response:
    """Fill boxes of the form at ``at`` and press a button of it; double underscores are points."""
    action = at.partition("?")[0]
    data: dict[str, Any] = boxes_at((await editor.get(at)).text, action)
    return await editor.post(action, data=data | {name.replace("__", "."): text for name, text in typed.items()})


async def approve(editor: Browser) -> httpx.Response:
    """Approve what waits, as the second person."""
    second = {"authorization": "Bearer publisher"}
    motion = boxes_at((await editor.get(HOME, headers=second)).text, f"{HOME}/approve")
    return await editor.post(f"{HOME}/approve", data=dict(motion), headers=second)


async def test_a_question_is_added_previewed_tried_and_made_ready_to_publish_without_any_json(editor: Browser) -> None:
    await editor.post(f"{HOME}/begin")
    pages = await editor.get(f"{HOME}/edit/form")
    assert "Tên của trẻ" in pages.text and f"{HOME}/form/child-name" in pages.text
    begun = await fill(editor, f"{HOME}/form/child-name", do="add", kind="yesno")
    assert begun.url.path == f"{HOME}/form/child-name/-" and begun.url.params["kind"] == "yesno"
    question = {"label__vi": "Trẻ có tên gọi ở nhà không?", "label__en": "Has the child a name at home?"}
    added = await fill(editor, f"{HOME}/form/child-name/-?kind=yesno", **question)
    assert added.url.path == f"{HOME}/form/child-name" and "Trẻ có tên gọi ở nhà không?" in added.text
    assert "Trẻ có tên gọi ở nhà không?" in (await editor.get(f"{HOME}/preview")).text
    cases = await editor.get(f"{HOME}/edit/examples")
    assert cases.text.count("Bị từ chối") == 4  # none of them answers the new question yet
    refused = await fill(editor, f"{HOME}/case/one-word-name", do="leave")
    assert refused.status_code == 422 and 'href="#f-has_the_child_a_name_at_home-0"' in refused.text
    for case in ("hospital-birth", "home-birth-statement", "long-name-grandparent", "one-word-name"):
        mended = await fill(editor, f"{HOME}/case/{case}", has_the_child_a_name_at_home="no")
        assert mended.url.path == f"{HOME}/edit/examples"
    copied: dict[str, Any] = boxes_at(
        (await editor.get(f"{HOME}/case/one-word-name")).text, f"{HOME}/case/one-word-name"
    )
    titles = {"case-title.vi": "Có tên ở nhà", "case-title.en": "With a name at home"}
    made = await editor.post(f"{HOME}/case/-", data=copied | titles | {"has_the_child_a_name_at_home": "yes"})
    assert made.url.path == f"{HOME}/edit/examples" and "Bị từ chối" not in made.text
    assert made.text.count("Được nhận") == 5 and f"{HOME}/case/with-a-name-at-home" in made.text
    ready = (await editor.get(HOME)).text
    assert "Chưa công bố được" not in ready and "nặng hơn 1" in ready


async def test_two_editors_meet_and_the_second_is_told_in_boxes(editor: Browser) -> None:
    await editor.post(f"{HOME}/begin")
    at = f"{HOME}/form/child-name/child_name"
    second: dict[str, Any] = boxes_at((await editor.get(at)).text, at)
    await fill(editor, at, label__vi="Họ và tên của trẻ")
    late = await editor.post(at, data=second | {"label.vi": "Tên đầy đủ của trẻ"})
    assert late.status_code == 409 and "Họ và tên của trẻ" in late.text
    assert boxes_at(late.text, at)["label.vi"] == ["Tên đầy đủ của trẻ"]
    assert boxes_at((await editor.get(at)).text, at)["label.vi"] == ["Họ và tên của trẻ"]
