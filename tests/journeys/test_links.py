"""Every link of the running portal, followed: as a stranger, a citizen, an officer and an editor, in both languages."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit

import httpx
import pytest

from portal.pages.visit import OWN
from tests.running import Portal

EACH = 3
MOST = 260
HEAVIEST = 15_000
CODE = re.compile(r"H\d{2}-\d{6}-\d{4,6}")
ALIKE = [
    (CODE, "{code}"),
    (re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}"), "{paper}"),
    (re.compile(r"\d\.\d{6}"), "{procedure}"),
    (re.compile(r"[0-9a-f]{16,64}|[0-9a-f-]{36}"), "{id}"),
    (re.compile(r"(?<=/offices/)[^/]+|(?<=/guides/)[^/]+|(?<=/life-events/)[^/]+"), "{name}"),
]
NOT_PAGES = ("/api/", "/static/", "/auth/", "/id/", "/docs", "/openapi", "/dev/", "/metrics")


@dataclass
class Page(HTMLParser):
    """What a page says of itself, and where it leads."""

    lang: str = ""
    title: str = ""
    canonical: str = ""
    headings: int = 0
    skip: bool = False
    way_back: bool = False
    links: list[str] = field(default_factory=list)
    resources: list[str] = field(default_factory=list)
    _in: str = ""
    _form: tuple[str, list[tuple[str, str]]] | None = None

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self._in = tag if tag == "title" else ""
        if tag == "html":
            self.lang = told.get("lang", "")
        elif tag == "h1":
            self.headings += 1
        elif tag == "link" and told.get("rel") == "canonical":
            self.canonical = told.get("href", "")
        elif tag == "a" and "href" in told:
            self.skip |= "skip-link" in told.get("class", "")
            self.way_back |= "back-link" in told.get("class", "")
            self.links.append(told["href"])
        elif tag == "nav":
            self.way_back |= "breadcrumb" in told.get("class", "")
        elif tag == "form" and told.get("method", "get").lower() == "get":
            self._form = (told.get("action", ""), [])
        elif tag == "input" and self._form and told.get("name") and told.get("type") not in ("radio", "checkbox"):
            self._form[1].append((told["name"], told.get("value", "")))
        for name in ("src", "href"):
            if name in told and tag in ("script", "img", "link", "iframe", "source"):
                self.resources.append(told[name])

    def handle_endtag(self, tag: str) -> None:
        self._in = ""
        if tag == "form" and self._form:
            where, fields = self._form
            self.links.append(f"{where}?{urlencode(fields)}" if fields else where)
            self._form = None

    def handle_data(self, data: str) -> None:
        if self._in == "title":
            self.title += data


def pattern(path: str) -> str:
    """Return what addresses of the same page have in common."""
    for look, instead in ALIKE:
        path = look.sub(instead, path)
    split = urlsplit(path)
    return split.path + "?" + ",".join(sorted(part.split("=")[0] for part in split.query.split("&")))


def faults(path: str, answer: httpx.Response, page: Page, lang: str) -> Iterator[str]:
    """Say what a page lacks."""
    if answer.num_bytes_downloaded > HEAVIEST:
        yield f"{path}: {answer.num_bytes_downloaded} bytes as served"
    if re.search(r"Có lỗi xảy ra\W*<", answer.text):
        yield f"{path}: says nothing of what went wrong"
    if page.lang != lang:
        yield f"{path}: lang={page.lang!r}"
    if page.headings != 1:
        yield f"{path}: {page.headings} h1"
    if not page.title.strip() or not page.skip:
        yield f"{path}: title {page.title.strip()!r}, skip link {page.skip}"
    for one in page.resources:
        if urlsplit(one).netloc not in ("", urlsplit(str(answer.url)).netloc):
            yield f"{path}: takes {one} from elsewhere"
    if urlsplit(path).path.startswith("/office"):
        return
    own = urlsplit(path).path.startswith(OWN) or answer.headers["cache-control"] == "no-store"
    if not page.canonical and not own and "noindex" not in answer.text:
        yield f"{path}: no canonical address"
    if urlsplit(path).path.count("/") > 1 and not page.way_back:
        yield f"{path}: deeper than two and no way back"


def crawl(client: httpx.Client, lang: str, start: list[str]) -> tuple[list[str], int]:
    """Follow links from ``start``; return the faults and how many addresses were asked."""
    wanted, seen, times, found = list(start), set(start), Counter[str](), []
    asked = 0
    while wanted and asked < MOST:
        path = wanted.pop(0)
        asked += 1
        answer = client.get(path, headers={"accept-language": lang})
        if answer.status_code >= 400:
            found.append(f"{path}: {answer.status_code}")
            continue
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        if urlsplit(str(answer.url)).path.startswith(NOT_PAGES):
            continue
        page = Page()
        page.feed(answer.text)
        found.extend(faults(path, answer, page, lang))
        for link in page.links:
            to = urlsplit(urldefrag(urljoin(str(answer.url), link))[0])
            if to.netloc != urlsplit(str(answer.url)).netloc or to.scheme not in ("http", "https"):
                continue
            local = to.path + (f"?{to.query}" if to.query else "")
            if local in seen or "lang=" in to.query or local.startswith(("/auth/", "/dev/")):
                continue
            seen.add(local)
            if times[pattern(local)] < EACH:
                times[pattern(local)] += 1
                wanted.append(local)
    return found, asked


@pytest.fixture(scope="module")
def filed(one_process: Portal) -> str:
    """A dossier that has its result."""
    with one_process.client("citizen-1") as client:
        code = one_process.file_dossier(client, "1.004873")
        one_process.until_status(client, code, 10)
    return code


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("person", [None, "citizen-1", "officer-1", "editor-1"])
def test_no_link_is_dead_and_every_page_is_whole(
    one_process: Portal, filed: str, person: str | None, lang: str
) -> None:
    start = ["/"] if person is None else ["/", "/my", "/desk", f"/dossiers/{filed}"]
    if person == "officer-1":
        start = ["/office", "/desk", "/my"]
    if person == "editor-1":
        start = ["/desk", "/desk/catalogue/1.001193"]
    with one_process.client(person, follow_redirects=True) as client:
        if person == "editor-1":
            client.post("/desk/catalogue/1.001193/begin")
        if start[-1].startswith("/dossiers/") and client.get(start[-1]).status_code == 404:
            start.pop()
        found, asked = crawl(client, lang, start)
    assert found == [], f"{len(found)} faults on {asked} addresses: {chr(10).join(found)}"
    assert asked > 5


def test_every_address_of_the_sitemap_and_the_feeds_answers(one_process: Portal) -> None:
    with one_process.client(follow_redirects=True) as client:
        told: list[str] = []
        for path in ("/sitemap.xml", "/feeds/procedures.atom", "/feeds/notices.atom"):
            text = client.get(path).text
            told += re.findall(r"<loc>([^<]+)</loc>", text) + re.findall(r'<link[^>]*href="([^"]+)"', text)
        local = [urlsplit(one).path for one in told]
        asked = [path for path in local if not path.startswith("/procedures/")]
        asked += [path for path in local if path.startswith("/procedures/")][:: max(1, len(local) // 20)]
        dead = {path: client.get(path).status_code for path in dict.fromkeys(asked)}
    assert {path: status for path, status in dead.items() if status >= 400} == {}
    assert len(dead) > 10
