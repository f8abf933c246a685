"""Plain pages of /dev, in both languages, without script."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from html import escape

from kernel.errors import Text
from kernel.locale import date_time
from motcua.dev.outbox import Sent

OUTBOX = Text("Tin nhắn đã gửi (BẢN DEMO)", "Messages sent (DEMO)")
BOUNCES = Text("Giả tin không tới", "Pretend that messages do not arrive")
CHANNEL = {
    "mail": Text("Thư điện tử", "Mail"),
    "sms": Text("Tin nhắn", "Text messages"),
    "zalo": Text("Zalo", "Zalo"),
    "voice": Text("Gọi tự động", "Recorded calls"),
}
ADDRESSES = Text("Chỉ những địa chỉ này, mỗi dòng một địa chỉ", "Only these addresses, one a line")
SAVE = Text("Lưu", "Save")
BOUNCE = Text("Giả tin này không tới", "Pretend that this one did not arrive")
BOUNCED = Text("Đã báo là không tới. Vài giây nữa tin đi đường khác.", "Reported. In some seconds it goes another way.")
NONE = Text("Chưa có tin nhắn nào.", "No message yet.")
CLOCK = Text("Đồng hồ (BẢN DEMO)", "Clock (DEMO)")
NOW = Text("Bây giờ là", "It is now")
AHEAD = Text("Nhanh hơn giờ thật", "Ahead of real time by")
HOURS = Text("giờ", "hours")
MINUTES = Text("phút", "minutes")
FORWARDS = Text("Đồng hồ chỉ đi tới, không lùi được.", "The clock only moves forwards.")
MOVE = Text("Tua tới", "Move forwards")
BACK = Text("Về danh sách", "Back to the list")
FILE = Text("Tải tệp .eml", "Download the .eml file")
STEPS: tuple[tuple[str, int, Text], ...] = (
    ("hours", 1, Text("1 giờ", "1 hour")),
    ("days", 1, Text("1 ngày", "1 day")),
    ("working_days", 1, Text("1 ngày làm việc", "1 working day")),
    ("working_days", 3, Text("3 ngày làm việc", "3 working days")),
    ("working_days", 10, Text("10 ngày làm việc", "10 working days")),
)


def outbox(messages: Sequence[Sent], rules: Mapping[str, Sequence[str]], language: str) -> str:
    """Return the list of messages, and what the demo's gateway says does not arrive."""
    rows = "".join(
        f'<li><a href="/dev/outbox/{escape(one.name)}">{escape(one.subject)}</a>'
        f"<p>{escape(one.to)}{_at(one.at, language)}</p></li>"
        for one in messages
    )
    body = f'<ul class="section-list">{rows}</ul>' if rows else f"<p>{escape(NONE.in_language(language))}</p>"
    boxes = "".join(
        f'<div class="choice"><input type="checkbox" name="channel" value="{name}" id="c-{name}"'
        f"{' checked' if name in rules['channels'] else ''}>"
        f'<label for="c-{name}">{escape(text.in_language(language))}</label></div>'
        for name, text in CHANNEL.items()
    )
    lines = "\n".join(rules["addresses"])
    form = (
        f'<form method="post" action="/dev/outbox/bounces"><fieldset class="field"><legend>'
        f'{escape(BOUNCES.in_language(language))}</legend><div class="choices">{boxes}</div></fieldset>'
        f'<div class="field"><label for="addresses">{escape(ADDRESSES.in_language(language))}</label>'
        f'<textarea id="addresses" name="addresses" rows="2">{escape(lines)}</textarea></div>'
        f'<p><button class="button button--secondary">{escape(SAVE.in_language(language))}</button></p></form>'
    )
    return _page(OUTBOX, body + form, language)


def message(one: Sent, language: str, *, bounced: bool = False) -> str:
    """Return one message with its headers, and the button that lets it come back."""
    told = f'<p role="status">{escape(BOUNCED.in_language(language))}</p>' if bounced else ""
    headers = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in one.headers)
    return _page(
        OUTBOX,
        f"{told}<h2>{escape(one.subject)}</h2><pre>{escape(one.body)}</pre><dl>{headers}</dl>"
        f'<form method="post" action="/dev/outbox/{escape(one.name)}/bounce"><p>'
        f'<button class="button button--secondary">{escape(BOUNCE.in_language(language))}</button></p></form>'
        f'<p><a href="/dev/outbox/{escape(one.name)}/raw">{escape(FILE.in_language(language))}</a></p>'
        f'<p><a href="/dev/outbox">{escape(BACK.in_language(language))}</a></p>',
        language,
    )


def clock(now: datetime, offset: timedelta, language: str, *, problem: str = "") -> str:
    """Return the time with one button a step; ``problem`` is what was wrong with the last try."""
    hours, rest = divmod(int(offset.total_seconds()), 3600)
    ahead = f"{hours} {HOURS.in_language(language)} {rest // 60} {MINUTES.in_language(language)}"
    buttons = "".join(
        f'<form method="post" action="/dev/clock"><input type="hidden" name="{unit}" value="{amount}">'
        f'<p><button class="button button--secondary">{escape(MOVE.in_language(language))} '
        f"{escape(label.in_language(language))}</button></p></form>"
        for unit, amount, label in STEPS
    )
    wrong = f'<p role="alert"><strong>{escape(problem)}</strong></p>' if problem else ""
    return _page(
        CLOCK,
        f"{wrong}<p>{escape(NOW.in_language(language))}: <strong>{escape(date_time(now, language))}</strong></p>"
        f"<p>{escape(AHEAD.in_language(language))}: {escape(ahead)}</p>"
        f"<p>{escape(FORWARDS.in_language(language))}</p>{buttons}",
        language,
    )


def _at(at: datetime | None, language: str) -> str:
    return f" · {escape(date_time(at, language))}" if at is not None and at.tzinfo is not None else ""


def _page(title: Text, body: str, language: str) -> str:
    said = escape(title.in_language(language))
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f'<title>{said} - Một Cửa</title><link rel="stylesheet" href="/static/app.css"></head>'
        f'<body><main id="main" class="wrap"><h1>{said}</h1>{body}</main></body></html>'
    )
