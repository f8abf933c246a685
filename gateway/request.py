"""What the edge needs to know of an ASGI request, read once."""

from collections.abc import Mapping
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote

from kernel.locale import negotiate

SESSION = "motcua_session"
LOGIN = "motcua_login"
OWN_COOKIES = (SESSION, LOGIN)
LANGUAGE = "lang"
SAFE = frozenset(("GET", "HEAD", "OPTIONS"))

Scope = Mapping[str, Any]


class EdgeRequest:
    """One request. Header values are text (latin-1), names lower case."""

    __slots__ = (
        "accept_language",
        "authorization",
        "cookie",
        "gzip",
        "headers",
        "method",
        "path",
        "query",
        "scope",
        "traceparent",
    )

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        raw = scope.get("raw_path")
        self.path: str = raw.decode("latin-1") if raw else quote(scope["path"])
        self.query: str = scope["query_string"].decode("latin-1")
        self.headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.cookie = b""
        self.authorization = b""
        self.accept_language = b""
        self.traceparent = b""
        self.gzip = False
        for name, value in self.headers:
            if name == b"cookie":
                self.cookie = value if not self.cookie else self.cookie + b"; " + value
            elif name == b"authorization":
                self.authorization = value
            elif name == b"accept-language":
                self.accept_language = value
            elif name == b"accept-encoding":
                self.gzip = b"gzip" in value
            elif name == b"traceparent":
                self.traceparent = value

    @property
    def target(self) -> str:
        """Path and query as on the wire."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def is_read(self) -> bool:
        """Tell whether it is a GET or HEAD."""
        return self.method in ("GET", "HEAD")

    @property
    def language(self) -> str:
        """The language to answer in: the reader's choice (cookie ``lang``), else what the browser prefers."""
        if b"lang=en" in self.cookie or b"lang=vi" in self.cookie:
            chosen = self.cookies().get(LANGUAGE)
            if chosen in ("vi", "en"):
                return chosen
        return _negotiated(self.accept_language)

    @property
    def for_anyone(self) -> bool:
        """Tell whether the request carries nothing about its sender but a choice of language."""
        return not self.authorization and self.cookie in (b"", b"lang=vi", b"lang=en")

    def header(self, wanted: bytes) -> str | None:
        """Return the first header of that name."""
        for name, value in self.headers:
            if name == wanted:
                return str(value.decode("latin-1"))
        return None

    def cookies(self) -> dict[str, str]:
        """Return the cookies; the first of each name counts, what cannot be read is left out."""
        found: dict[str, str] = {}
        for part in self.cookie.decode("latin-1").split(";"):
            name, sign, value = part.strip().partition("=")
            if sign and name not in found:
                found[name] = value.strip('"')
        return found

    def other_cookies(self) -> str:
        """Return the cookie header without the gateway's own cookies."""
        parts = [part.strip() for part in self.cookie.decode("latin-1").split(";")]
        return "; ".join(part for part in parts if part and part.partition("=")[0].strip() not in OWN_COOKIES)

    @property
    def sends_files(self) -> bool:
        """Tell whether a person with a browser sends a page's form with files."""
        return self.wants_page and (self.header(b"content-type") or "").lower().startswith("multipart/form-data")

    @property
    def wants_page(self) -> bool:
        """Tell whether a person with a browser is reading."""
        return not self.path.startswith("/api/") and "text/html" in (self.header(b"accept") or "")


@lru_cache(1024)
def _negotiated(accept_language: bytes) -> str:
    return negotiate(accept_language.decode("latin-1"))


def set_cookie(name: str, value: str, *, secure: bool, max_age: int | None = None) -> str:
    """Return a Set-Cookie header value: HttpOnly, SameSite=Lax, whole site, Secure on https.

    ``max_age`` in seconds; 0 deletes; None lasts as long as the browser. Raises ``ValueError`` for a value that is
    no cookie.
    """
    jar: SimpleCookie = SimpleCookie()
    try:
        jar[name] = value
    except CookieError as error:
        raise ValueError(str(error)) from None
    morsel = jar[name]
    morsel["path"] = "/"
    morsel["httponly"] = True
    morsel["samesite"] = "Lax"
    if secure:
        morsel["secure"] = True
    if max_age is not None:
        morsel["max-age"] = str(max_age)
    return morsel.OutputString()
