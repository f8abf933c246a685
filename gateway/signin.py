"""/auth/login, /auth/callback, /auth/session and /auth/logout.

A sign-in belongs to the browser that began it (cookie ``motcua_login``), so nobody can be signed in as somebody else
by a link. The session's cookie is new at every sign-in, so no one can have chosen it before.
"""

from html import escape
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

import orjson
import structlog

from gateway.answers import Headers, page, redirect
from gateway.oidc import Provider, SignInRefused
from gateway.request import LOGIN, SESSION, EdgeRequest, set_cookie
from gateway.sessions import LOGIN_LIFETIME, Login, Session, Sessions, new_secret
from kernel.auth import origin_of
from kernel.clock import real_now
from kernel.errors import NotFound, Problem, Text
from kernel.locale import date_time

Answer = tuple[int, Headers, bytes]

FAILED = Text("Chưa đăng nhập được", "Sign-in did not work")
EXPLAINED = Text(
    "Lần đăng nhập này đã cũ, hoặc bắt đầu ở trình duyệt khác. Những gì bạn đã lưu vẫn còn.",
    "This sign-in is too old, or was begun in another browser. What you saved is kept.",
)
AGAIN = Text("Đăng nhập lại", "Sign in again")
SIGNED_OUT = Text("Bạn đã đăng xuất", "You have signed out")
HOLDS = Text("Bạn vẫn đang đăng nhập", "You are still signed in")
HOLDS_UNTIL = Text(
    "Phiên đã được gia hạn đến {at} (giờ Việt Nam). Bạn đóng trang này và làm tiếp ở trang trước.",
    "Your session now holds until {at} (Viet Nam time). Close this page and go on where you were.",
)
GO_ON = Text("Đóng cả phiên ở trang đăng nhập", "End the session at the sign-in page too")

logger = structlog.get_logger()


class SignIn:
    """The four addresses. ``public_url`` is the site's address without a last slash."""

    def __init__(self, *, sessions: Sessions, provider: Provider, public_url: str, secure: bool) -> None:
        self._sessions = sessions
        self._provider = provider
        self._public_url = public_url.rstrip("/")
        self._host = urlsplit(public_url).netloc.lower()
        self._secure = secure

    async def answer(self, request: EdgeRequest) -> Answer:
        """Answer one request under /auth. Raises ``NotFound``, ``Problem`` (405) or ``Unavailable``."""
        match request.path, request.method:
            case "/auth/login", "GET":
                return await self._login(request)
            case "/auth/callback", "GET":
                return await self._callback(request)
            case "/auth/logout", "POST":
                return await self._logout(request)
            case "/auth/session", "GET":
                return await self._session(request)
            case "/auth/session", "POST":
                return await self._session(request, renew=True)
            case (("/auth/login" | "/auth/callback" | "/auth/session" | "/auth/logout"), _):
                raise Problem(
                    "method_not_allowed",
                    Text("Địa chỉ này không nhận cách gửi đó.", "This address does not take that method."),
                    extra={"status": 405},
                )
        raise NotFound("not_found", Text("Không có gì ở địa chỉ này.", "There is nothing at this address."))

    async def _login(self, request: EdgeRequest) -> Answer:
        query = parse_qs(request.query, keep_blank_values=True)
        following = local_path(query.get("next", ["/"])[0])
        host = (request.header(b"host") or "").lower()
        if host != self._host and "here" not in query:
            # cookies belong to a host: begin at the address that the provider will send the browser back to
            return redirect(f"{self._public_url}/auth/login?here=1&next={quote(following, safe='')}")
        browser = request.cookies().get(LOGIN, "")
        if len(browser) != len(new_secret()):
            browser = new_secret()
        state = new_secret()
        login = Login(nonce=new_secret(), verifier=new_secret(), next=following)
        await self._sessions.begin_login(state=state, browser=browser, login=login)
        address = await self._provider.authorize_url(state=state, login=login, language=request.language)
        lifetime = int(LOGIN_LIFETIME.total_seconds())
        return redirect(address, set_cookie(LOGIN, browser, secure=self._secure, max_age=lifetime))

    async def _callback(self, request: EdgeRequest) -> Answer:
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        cookies = request.cookies()
        login = await self._sessions.take_login(state=query.get("state", ""), browser=cookies.get(LOGIN, ""))
        if login is None:  # the Back button, or a link kept from an earlier sign-in
            held = cookies.get(SESSION)
            return redirect("/my") if held and await self._sessions.find(held) else self._failed(request, "/")
        if "error" in query:
            if query["error"] != "access_denied":
                return self._failed(request, login.next)
            return redirect(_cancelled(login.next))
        try:
            subject, tokens = await self._provider.exchange(code=query.get("code", ""), login=login)
        except SignInRefused as refused:
            logger.warning("sign_in_refused", reason=str(refused))
            return self._failed(request, login.next)
        cookie = await self._sessions.begin(subject=subject, tokens=tokens, instead_of=cookies.get(SESSION))
        return redirect(
            login.next,
            set_cookie(SESSION, cookie, secure=self._secure),
            set_cookie(LOGIN, "", secure=self._secure, max_age=0),
        )

    async def _session(self, request: EdgeRequest, *, renew: bool = False) -> Answer:
        """Say until when the session holds; POST, or opening it as a page, makes it hold as long as it may.

        A script gets ``{"left": seconds, "until": in words}``; 0 and null = nobody is signed in any more.
        """
        cookie = request.cookies().get(SESSION, "")
        session: Session | None = None
        if cookie:
            held = renew or request.wants_page
            session = await (self._sessions.find(cookie, at_once=True) if held else self._sessions.look(cookie))
        until = self._sessions.until(session) if session is not None else None
        language = request.language
        said = date_time(until, language) if until is not None else None
        if request.wants_page:
            title = HOLDS if said else SIGNED_OUT
            text = HOLDS_UNTIL.in_language(language).format(at=said) if said else EXPLAINED.in_language(language)
            headers: Headers = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store")]
            return 200, headers, page(language, title.in_language(language), f"<p>{escape(text)}</p>").encode()
        left = max(int((until - real_now()).total_seconds()), 0) if until is not None else 0
        answer = orjson.dumps({"left": left, "until": said})
        return 200, [(b"content-type", b"application/json"), (b"cache-control", b"no-store")], answer

    async def _logout(self, request: EdgeRequest) -> Answer:
        cookie = request.cookies().get(SESSION)
        gone = set_cookie(SESSION, "", secure=self._secure, max_age=0)
        session = await self._sessions.find(cookie) if cookie else None
        if cookie:
            await self._sessions.end(cookie)
        address = None
        if session is not None:
            try:
                address = await self._provider.end_session_url(session.tokens.id_token)
            except Problem:
                logger.warning("provider_not_told_of_sign_out")
        if address is None or origin_of(address) == origin_of(self._public_url):
            return redirect(address or "/", gone)
        return self._onwards(request, address, gone)

    def _onwards(self, request: EdgeRequest, address: str, cookie: str) -> Answer:
        """Lead to another site by a page: policies of pages that hold forms let a form lead to this site only."""
        language = request.language
        link = f'<p><a href="{escape(address)}">{escape(GO_ON.in_language(language))}</a></p>'
        headers: Headers = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"refresh", f"0;url={address}".encode("latin-1")),
            (b"set-cookie", cookie.encode("latin-1")),
        ]
        return 200, headers, page(language, SIGNED_OUT.in_language(language), link).encode()

    def _failed(self, request: EdgeRequest, following: str) -> Answer:
        language = request.language
        link = f"/auth/login?next={quote(following, safe='')}"
        body = (
            f"<p>{escape(EXPLAINED.in_language(language))}</p>"
            f'<p><a href="{escape(link)}">{escape(AGAIN.in_language(language))}</a></p>'
        )
        headers: Headers = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store")]
        return 400, headers, page(language, FAILED.in_language(language), body).encode()


def _cancelled(following: str) -> str:
    """Return the address of the page that asked to sign in, which learns that the person did not."""
    return _saying(following, "sign_in=cancelled")


def back_to_form(target: str) -> Answer:
    """Return the answer to a form whose files are too large: its page again, which says so and what to do."""
    return redirect(_saying(local_path(target), "too_large=1"))


def _saying(address: str, word: str) -> str:
    parts = urlsplit(address)
    said = [part for part in parts.query.split("&") if part and part != word]
    query = "&".join([*said, word])
    return urlunsplit(("", "", parts.path, query, parts.fragment))


def local_path(text: str) -> str:
    """Return ``text`` if it is a path of this site that may follow a sign-in, else ``/``.

    Browsers read backslashes as slashes and leave tabs and line ends out, so neither may occur.
    """
    good = (
        len(text) <= 2000
        and text.startswith("/")
        and not text.startswith(("//", "/auth/"))
        and "\\" not in text
        and text.isascii()
        and text.isprintable()
    )
    if not good:
        return "/"
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else quote(text, safe="/?#[]@!$&'()*+,;=:%-._~")
