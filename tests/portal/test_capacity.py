"""Working for oneself or for one's organisation: chosen openly, told on every page, passed on to every call."""

import base64
import json

import pytest

from portal.capacity import organisation_in
from tests.portal.conftest import Browser
from tests.portal.contract import Services

FIRM = "org-gom"


def bearer(**claims: str) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"Bearer e30.{body}.c2ln"


@pytest.fixture
def accountant(browser: Browser) -> Browser:
    browser.headers["authorization"] = bearer(sub="p", org=FIRM)
    return browser


async def test_who_has_no_choice_sees_none(signed_in: Browser) -> None:
    assert "acting-line" not in (await signed_in.get("/")).text


async def test_each_page_says_for_whom_one_works_and_offers_the_other(accountant: Browser) -> None:
    for path in ("/", "/my", "/procedures/1.001193", "/dossiers"):
        page = (await accountant.get(path)).text
        assert "Làm việc cho:" in page and "<strong>bản thân</strong>" in page and "Chuyển sang tổ chức" in page


async def test_the_choice_is_remembered_and_leads_to_the_organisations_space(accountant: Browser) -> None:
    chosen = await accountant.post(
        "/my/acting", data={"for": "organisation", "back": "/dossiers"}, follow_redirects=False
    )
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/my")
    assert accountant.cookies["acting_for"] == FIRM
    page = (await accountant.get("/my", headers={"acting-for": FIRM})).text
    assert "Chuyển sang bản thân" in page and "<strong>bản thân</strong>" not in page
    back = await accountant.post("/my/acting", data={"for": "self", "back": "/search"}, follow_redirects=False)
    assert back.headers["location"] == "/search" and "acting_for" not in accountant.cookies


@pytest.mark.parametrize("back", ["//evil.test", "https://evil.test", "/\\evil.test", "", "/my/wallet"])
async def test_going_back_never_leaves_the_site_nor_opens_the_others_page(accountant: Browser, back: str) -> None:
    answer = await accountant.post("/my/acting", data={"for": "self", "back": back}, follow_redirects=False)
    assert answer.headers["location"] == "/my"


async def test_a_choice_that_the_token_does_not_allow_counts_as_none(accountant: Browser, contract: Services) -> None:
    page = await accountant.get("/my", headers={"acting-for": "org-khac"})
    assert page.status_code == 200 and "<strong>bản thân</strong>" in page.text
    assert contract.calls


@pytest.mark.parametrize(
    "header", ["", "Bearer sample", "Bearer a.b.c", bearer(sub="p"), "Bearer e30.W10.c", "Bearer .!.."]
)
def test_a_token_without_an_organisation_offers_no_choice(header: str) -> None:
    assert organisation_in(header) == ""
