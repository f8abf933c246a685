"""The messages that the demo has sent: ``.eml`` files in ``DATA/outbox``."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from citizen_service.clients import bounce_rules, drop_report

NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,120}\.eml")
SHOWN = 200
CHANNELS = ("mail", "sms", "zalo", "voice")
LONGEST = 100


@dataclass(frozen=True, slots=True)
class Sent:
    """One message. ``at`` is what its Date says, or None."""

    name: str
    to: str
    subject: str
    at: datetime | None
    body: str
    headers: tuple[tuple[str, str], ...]


def newest(folder: Path, limit: int = SHOWN) -> list[Sent]:
    """Return the newest messages first (their names begin with the time)."""
    if not folder.is_dir():
        return []
    names = sorted((path.name for path in folder.iterdir() if NAME.fullmatch(path.name)), reverse=True)
    return [found for name in names[:limit] if (found := read(folder, name)) is not None]


def raw(folder: Path, name: str) -> bytes | None:
    """Return the file ``name`` as it is, or None if there is no such message."""
    if not NAME.fullmatch(name):
        return None
    try:
        return (folder / name).read_bytes()
    except OSError:
        return None


def read(folder: Path, name: str) -> Sent | None:
    """Return one message, or None if there is none of that name."""
    content = raw(folder, name)
    if content is None:
        return None
    message = message_from_bytes(content, _class=EmailMessage, policy=default)
    part = message.get_body(("plain",))
    date = message["Date"]
    return Sent(
        name=name,
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        at=date.datetime if date is not None else None,
        body=part.get_content() if part is not None else "",
        headers=tuple((key, str(value)) for key, value in message.items()),
    )


def rules(folder: Path) -> dict[str, list[str]]:
    """Return for which ``channels`` and ``addresses`` the demo's gateway says that nothing arrives."""
    return bounce_rules(folder)


def set_rules(folder: Path, channels: list[str], addresses: list[str]) -> dict[str, list[str]]:
    """Tell the demo's gateway what does not arrive from now on; unknown channels are left out."""
    wanted = {
        "channels": [name for name in CHANNELS if name in channels],
        "addresses": [text for one in addresses if 0 < len(text := one.strip()) <= LONGEST][:LONGEST],
    }
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / ".bounces.part"
    part.write_text(json.dumps(wanted, ensure_ascii=False), "utf-8")
    part.replace(folder / "bounces.json")
    return wanted


def bounce(folder: Path, name: str) -> bool:
    """Let the demo's gateway say that this message did not arrive; False when there is none of that name."""
    found = read(folder, name)
    if found is None:
        return False
    drop_report(folder, name, found.to)
    return True
