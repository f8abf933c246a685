"""The platform's pages, in both languages, without script. Every one says that it is a sample."""

from collections.abc import Mapping, Sequence
from html import escape

from kernel.errors import Text
from kernel.locale import money
from motcua.payments.book import Slip

CSS = """
:root{--ink:#1b1b1b;--paper:#fff;--quiet:#f5f3ef;--line:#c9c4bb;--link:#0b4a8f;--bar:#1d3b53;--gold:#f2c230}
@media (prefers-color-scheme:dark){:root{--ink:#f1eee8;--paper:#16181b;--quiet:#22262b;--line:#5a5f66;--link:#9cc6ff}}
*{box-sizing:border-box}
body{margin:0;color:var(--ink);background:var(--paper);font:18px/1.6 system-ui,"Segoe UI",Roboto,"Noto Sans",Arial,
sans-serif;overflow-wrap:break-word}
header{background:var(--bar);color:#fff;padding:12px 16px;font-weight:700}
main{max-width:40rem;margin:0 auto;padding:16px}
h1{font-size:28px;line-height:1.3;margin:16px 0}
.demo{border:2px solid var(--ink);background:var(--quiet);padding:12px 16px;margin:16px 0}
.amount{font-size:28px;font-weight:700;margin:0}
form p{margin:12px 0}
ul{padding-left:20px}
button{display:block;width:100%;min-height:44px;padding:12px 16px;font:inherit;color:var(--ink);
background:var(--paper);border:1px solid var(--line);border-radius:4px;cursor:pointer}
button.first{background:var(--bar);color:#fff;font-weight:700}
summary{min-height:44px;padding:8px 0;cursor:pointer}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--gold);outline-offset:2px;box-shadow:0 0 0 5px var(--ink)}
@media (max-width:400px){body{font-size:16px}}
""".strip()

WORDS: Mapping[str, Text] = {
    "site": Text("Nền tảng thanh toán mẫu", "Sample payment platform"),
    "demo": Text(
        "BẢN DEMO. Đây không phải ngân hàng. Không có tiền thật, không nhập số thẻ.",
        "DEMO. This is no bank. No real money, no card numbers.",
    ),
    "pay_title": Text("Nộp tiền", "Pay"),
    "pay": Text("Nộp {amount}", "Pay {amount}"),
    "cancelled": Text("Không nộp, quay lại", "Do not pay, go back"),
    "other": Text("Thử trường hợp khác (chỉ có ở bản demo)", "Try something else (demo only)"),
    "declined": Text("Ngân hàng từ chối (không đủ tiền)", "The bank declines (not enough money)"),
    "cut": Text(
        "Trừ tiền rồi mất kết nối 60 giây trước khi trả lời",
        "Debit, then lose the connection for 60 seconds before answering",
    ),
    "late": Text("Trừ tiền, 30 giây sau mới trả lời", "Debit, and answer 30 seconds later"),
    "done": Text("Khoản này đã xong ở đây.", "This payment is finished here."),
    "back": Text("Về hồ sơ", "Back to the dossier"),
    "away_title": Text("Nền tảng mẫu đang mất kết nối", "The sample platform lost its connection"),
    "away": Text(
        "Bạn mở lại trang hồ sơ. Trang đó nói rõ tiền đã nộp hay chưa. Đừng nộp lại lần nữa.",
        "Open the page of your dossier again. It says whether you have paid. Do not pay again.",
    ),
    "nothing": Text("Không có khoản nộp này", "There is no such payment"),
    "stop": Text("Ngừng trả lời {seconds} giây", "Answer nothing for {seconds} seconds"),
    "resume": Text("Trả lời trở lại", "Answer again"),
    "is_away": Text("Nền tảng mẫu đang không trả lời.", "The sample platform answers nothing now."),
    "is_here": Text("Nền tảng mẫu đang trả lời.", "The sample platform answers."),
    "state_waiting": Text("chờ nộp", "waiting"),
    "state_paid": Text("đã trừ tiền", "debited"),
    "state_declined": Text("bị từ chối", "declined"),
    "state_cancelled": Text("đã hủy", "cancelled"),
    "state_expired": Text("hết hạn", "expired"),
    "state_refunded": Text("đã hoàn tiền", "given back"),
}


def payment(slip: Slip, language: str) -> str:
    """Return the page where a person pays, or decides how the sample platform behaves."""
    about = f'<p>{escape(slip.about)}</p><p class="amount">{escape(money(slip.amount_vnd, language))}</p>'
    if slip.done:
        state = f"<p>{_word('done', language)} ({_word(f'state_{slip.state}', language)})</p>"
        back = f'<p><a href="{escape(slip.return_url)}">{_word("back", language)}</a></p>'
        return _page(language, "pay_title", about + state + back)
    pay = WORDS["pay"].in_language(language).format(amount=money(slip.amount_vnd, language))
    other = "".join(_button(how, _word(how, language)) for how in ("declined", "cut", "late"))
    return _page(
        language,
        "pay_title",
        f'{about}<form method="post"><p><button class="first" name="how" value="pay">{escape(pay)}</button></p>'
        f"{_button('cancelled', _word('cancelled', language))}"
        f"<details><summary>{_word('other', language)}</summary>{other}</details></form>",
    )


def overview(slips: Sequence[Slip], language: str, *, away: bool) -> str:
    """Return the list of payments, and how to make the platform fall silent."""
    stops = "".join(
        f'<p><button name="away" value="{seconds}">'
        f"{escape(WORDS['stop'].in_language(language).format(seconds=seconds))}</button></p>"
        for seconds in (60, 600)
    )
    rows = "".join(
        f'<li><a href="/pay/{slip.id}">{escape(money(slip.amount_vnd, language))}</a> · {escape(slip.about)} · '
        f"{_word(f'state_{slip.state}', language)}</li>"
        for slip in slips
    )
    return _page(
        language,
        "site",
        f"<p>{_word('is_away' if away else 'is_here', language)}</p>"
        f'<form method="post">{stops}<p><button name="away" value="0">{_word("resume", language)}</button></p></form>'
        f"<ul>{rows}</ul>",
    )


def away(language: str) -> str:
    """Return the page of a platform that fell silent."""
    return _page(language, "away_title", f"<p>{_word('away', language)}</p>")


def nothing(language: str) -> str:
    """Return the page for an address without a payment."""
    return _page(language, "nothing", "")


def _button(how: str, text: str) -> str:
    return f'<p><button name="how" value="{how}">{text}</button></p>'


def _word(key: str, language: str) -> str:
    return escape(WORDS[key].in_language(language))


def _page(language: str, title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{_word(title, language)} - {_word('site', language)}</title>"
        f'<link rel="stylesheet" href="/pay/style.css"></head><body><header>{_word("site", language)}</header>'
        f'<main><h1>{_word(title, language)}</h1><p class="demo"><strong>{_word("demo", language)}</strong></p>'
        f"{body}</main></body></html>"
    )
