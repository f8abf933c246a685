"""Every complete procedure, from its own example cases to the signed result, in one process."""

import io
import json

import pypdf
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from province_backend.clients.wording import WORDS
from services_catalog.settings import HERE
from tests.running import Front, Portal

CODES = tuple(sorted(path.parent.name for path in (HERE / "procedures").glob("*/form.json")))


@pytest.fixture(scope="module")
def portal(one_process: Portal) -> Front:
    """One running portal of the embedded form, its offices working at once."""
    return one_process


def test_the_twelve_procedures_can_be_filed(portal: Front) -> None:
    with portal.client() as client:
        listed = client.get("/api/catalog/v1/procedures", params={"fileable": "true", "page_size": 100}).json()
    assert [one["code"] for one in listed["results"]] == list(CODES)
    assert len(CODES) >= 12


@pytest.fixture(scope="module")
def filed(portal: Front) -> dict[str, str]:
    """A dossier of every procedure, all handed in before anyone waits; the code by procedure."""
    with portal.client("citizen-1") as client:
        return {code: portal.file_dossier(client, code) for code in CODES}


@pytest.fixture(scope="module")
def asked(portal: Front, filed: dict[str, str]) -> dict[str, str]:
    """A dossier of every procedure whose office asks for the paper of the example; the code by procedure."""
    with portal.client("citizen-2") as client:
        return {code: portal.file_dossier(client, code, asks_papers=True) for code in filed}


@pytest.mark.parametrize("code", CODES)
def test_a_procedure_ends_with_its_signed_result(portal: Front, filed: dict[str, str], code: str) -> None:
    title = json.loads((WORDS / f"{code}.json").read_text("utf-8"))["result"]
    with portal.client("citizen-1") as client:
        done = portal.until_status(client, filed[code], 10)
        assert done["state"] == "returned"
        (result,) = done["results"]
        got = client.get(f"/api/dossiers/v1/dossiers/{filed[code]}/files/{result['sha256']}").content
        route = client.get("/api/catalog/v1/resolve", params={"procedure": code, "place": done["place"]}).json()
    assert done["office"] == route["office"]
    said = " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(got)).pages).split())
    assert title in said and filed[code] in said
    assert len(PdfFileReader(io.BytesIO(got)).embedded_signatures) == 1


@pytest.mark.parametrize("code", CODES)
def test_the_paper_that_a_demo_office_asks_for_is_answered(portal: Front, asked: dict[str, str], code: str) -> None:
    with portal.client("citizen-2") as client:
        waiting = portal.until_status(client, asked[code], 5)
        ask = next(ask for ask in waiting["asks"] if ask["state"] == "open")
        assert all(item["text"] and item["field"] and item["rule"] for item in ask["items"])
        body = {"kind": "supplement", "ask_no": ask["ask_no"], "text": "Tôi gửi bổ sung."}
        assert client.post(f"/api/dossiers/v1/dossiers/{asked[code]}/requests", json=body).status_code == 201


def test_a_service_without_a_published_code_says_so_on_its_page_and_is_found(portal: Front) -> None:
    with portal.client() as client:
        for lang, words in (("vi", "Chưa có mã trong danh mục"), ("en", "No code in the catalogue")):
            page = client.get("/procedures/bhyt-ho-gia-dinh", params={"lang": lang})
            assert page.status_code == 200 and words in page.text
        for typed in ("gia hạn bảo hiểm y tế hộ gia đình", "mua bhyt cho ca nha"):
            found = client.get("/api/search/v1/query", params={"q": typed}).json()["results"]
            assert "bhyt-ho-gia-dinh" in [one["id"] for one in found[:3]], typed
