"""The sign-in page: the demo people, one button each. No script, nothing from elsewhere."""

from collections.abc import Mapping
from html import escape

from kernel.errors import Text
from motcua.identity.people import PEOPLE, Person

CSS = """
:root{--ink:#1b1b1b;--paper:#fff;--quiet:#f5f3ef;--line:#c9c4bb;--link:#0b4a8f;--red:#b0121b;--gold:#f2c230}
@media (prefers-color-scheme:dark){:root{--ink:#f1eee8;--paper:#16181b;--quiet:#22262b;--line:#5a5f66;--link:#9cc6ff}}
*{box-sizing:border-box}
body{margin:0;color:var(--ink);background:var(--paper);font:18px/1.6 system-ui,"Segoe UI",Roboto,"Noto Sans",Arial,
sans-serif}
header{background:var(--red);color:#fff;padding:12px 16px;font-weight:700}
main{max-width:40rem;margin:0 auto;padding:16px}
h1{font-size:28px;line-height:1.3;margin:16px 0}
.demo{border:2px solid var(--ink);background:var(--quiet);padding:12px 16px;margin:16px 0}
ul{list-style:none;margin:0;padding:0}
li{margin:12px 0}
button{display:block;width:100%;min-height:44px;padding:12px 16px;text-align:left;font:inherit;color:var(--ink);
background:var(--paper);border:1px solid var(--line);border-radius:4px;cursor:pointer}
button:hover{background:var(--quiet)}
button b{display:block;color:var(--link)}
button small{display:block;font-size:16px}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--gold);outline-offset:2px;box-shadow:0 0 0 5px var(--ink)}
@media (max-width:400px){body{font-size:16px}}
""".strip()

WORDS: Mapping[str, Text] = {
    "site": Text("Một Cửa", "Một Cửa (One Door)"),
    "title": Text("Chọn người để đăng nhập", "Choose a person to sign in"),
    "demo": Text(
        "BẢN DEMO. Đây là những người không có thật. Không cần mật khẩu.",
        "DEMO. These people do not exist. No password is needed.",
    ),
    "cancel": Text("Quay lại, không đăng nhập", "Go back without signing in"),
    "error": Text("Chưa đăng nhập được", "Sign-in did not work"),
    "again": Text(
        "Địa chỉ đăng nhập này không đúng hoặc đã cũ. Hãy bấm Đăng nhập lại từ trang chủ.",
        "This sign-in address is wrong or old. Choose Sign in again from the front page.",
    ),
    "home": Text("Về trang chủ", "To the front page"),
    "ended": Text("Bạn đã đăng xuất.", "You are signed out."),
}


def sign_in(language: str, query: str) -> str:
    """Return the page that lists the people; each button posts the request's own parameters back with a person."""
    items = "".join(_button(person, language) for person in PEOPLE)
    return _page(
        language,
        "title",
        f'<p class="demo"><strong>{_word("demo", language)}</strong></p>'
        f'<form method="post" action="?{escape(query)}"><ul>{items}</ul>'
        f'<p><button name="person" value="">{_word("cancel", language)}</button></p></form>',
    )


def refused(language: str) -> str:
    """Return the page for a request that may not be redirected anywhere."""
    return _page(
        language, "error", f'<p>{_word("again", language)}</p><p><a href="/">{_word("home", language)}</a></p>'
    )


def signed_out(language: str) -> str:
    """Return the page after the end of a session when there is no address to go back to."""
    return _page(language, "ended", f'<p><a href="/">{_word("home", language)}</a></p>')


def _button(person: Person, language: str) -> str:
    work = f" · {person.org_name}" if person.org_name else ""
    return (
        f'<li><button name="person" value="{person.key}"><b>{escape(person.name)}</b>'
        f"<small>{escape(person.task.in_language(language) + work)}</small></button></li>"
    )


def _word(key: str, language: str) -> str:
    return escape(WORDS[key].in_language(language))


def _page(language: str, title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{_word(title, language)} - {_word('site', language)}</title>"
        f'<link rel="stylesheet" href="/id/style.css"></head><body><header>{_word("site", language)}</header>'
        f"<main><h1>{_word(title, language)}</h1>{body}</main></body></html>"
    )
