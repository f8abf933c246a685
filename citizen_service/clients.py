"""How a message leaves: as a file in the demo, by SMTP otherwise. Both may get the same message twice.

The Message-ID is made of the fact, so a mail server or a reader's program can tell a repeated message; the file's
name is made of it too, so a repeated file replaces the first.
"""

import asyncio
import json
import os
import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, message_from_string
from email.headerregistry import Address
from email.message import EmailMessage, Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP
from email.policy import default as DEFAULT
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Protocol

TIMEOUT = 20.0
REPORTS = 100
PERMANENT = 500
GENERATED = "auto-generated"


@dataclass(frozen=True, slots=True)
class Mail:
    """One message. ``token`` names it, the same at every try and in reports of its delivery; ``at`` is aware."""

    token: str
    to: str
    subject: str
    body: str
    language: str
    at: datetime


class Undeliverable(Exception):
    """The address takes no messages, and will not later."""


class Transport(Protocol):
    """A way out."""

    async def send(self, mail: Mail) -> None:
        """Send ``mail``; returning means it is out of our hands.

        Raises ``OSError`` when it could not be sent now, ``Undeliverable`` when it never can.
        """


@dataclass(frozen=True, slots=True)
class Report:
    """What a gateway says of a message that left: ``token`` is the message's, empty = it cannot be told whose."""

    name: str
    token: str
    failed: bool


class Reports(Protocol):
    """Where gateways leave what became of messages."""

    async def waiting(self) -> Sequence[Report]:
        """Return some reports that nobody has taken in yet, oldest first."""

    async def done(self, report: Report) -> None:
        """Forget ``report``: it is taken in."""


class ReportFolder:
    """A folder of delivery status notifications (RFC 3464), one file each, as a mail server drops them.

    Only who may write into the folder can say that a message did not arrive: a mail server does, strangers do not.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def waiting(self) -> Sequence[Report]:
        """Return up to 100 reports, in order of their names; a file that is no report names no message."""
        return await asyncio.to_thread(self._read)

    async def done(self, report: Report) -> None:
        """Delete the file."""
        await asyncio.to_thread((self._folder / report.name).unlink, missing_ok=True)

    def _read(self) -> list[Report]:
        if not self._folder.is_dir():
            return []
        names = sorted(path.name for path in self._folder.iterdir() if path.suffix == ".eml")[:REPORTS]
        return [read_report(name, (self._folder / name).read_bytes()) for name in names]


def read_report(name: str, content: bytes) -> Report:
    """Return what a delivery status notification says; one that nobody can read names no message."""
    failed, token = False, ""
    for part in message_from_bytes(content, _class=EmailMessage, policy=DEFAULT).walk():
        if part.get_content_type() == "message/delivery-status":
            fields = part.get_payload()
            groups = [group for group in fields if isinstance(group, Message)] if isinstance(fields, list) else []
            failed = failed or any(str(group.get("Action", "")).strip().lower() == "failed" for group in groups)
        elif part.get("Message-ID") and part.get("Auto-Submitted") == GENERATED:
            token = str(part["Message-ID"]).strip().strip("<>").partition("@")[0]
        elif part.get_content_type() == "text/rfc822-headers":
            about = message_from_string(str(part.get_payload()), policy=DEFAULT)
            token = str(about.get("Message-ID", "")).strip().strip("<>").partition("@")[0]
    return Report(name, token, failed)


def report_of(message: bytes, *, to: str) -> bytes:
    """Return the notification that ``message`` could not be delivered to ``to``, as a mail server would write it."""
    about = message_from_bytes(message, policy=DEFAULT)
    report = MIMEMultipart("report", report_type="delivery-status")
    report["Auto-Submitted"] = "auto-replied"
    status = MIMEBase("message", "delivery-status")
    per_message, per_recipient = Message(), Message()
    per_message["Reporting-MTA"] = "dns; demo.example.invalid"
    per_recipient["Final-Recipient"] = f"rfc822; {to}"
    per_recipient["Action"] = "failed"
    per_recipient["Status"] = "5.1.1"
    status.set_payload([per_message, per_recipient])
    headers = MIMEText(f"Message-ID: {about['Message-ID']}\r\n", "rfc822-headers")
    for part in (status, headers):
        report.attach(part)
    return report.as_bytes()


class EmlFolder:
    """Writes each message as ``<time>-<id>.eml``.

    ``bounces.json`` beside them names channels and addresses for which the demo's gateway then reports a failure.
    """

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """Write the message and its folder entry durably."""
        await asyncio.to_thread(self._write, mail)

    def _write(self, mail: Mail) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{mail.at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-{mail.token}.eml"
        part = self._folder / f".{name}.part"
        with part.open("wb") as out:
            out.write(as_message(mail, self._sender).as_bytes(policy=SMTP))
            out.flush()
            os.fsync(out.fileno())
        part.replace(self._folder / name)
        if refuses(self._folder, mail.to):
            drop_report(self._folder, name, mail.to)


class Smtp:
    """Hands messages to a mail server, one connection each, on a thread."""

    def __init__(
        self, *, host: str, port: int, starttls: bool, user: str, password: str, sender: str, timeout: float = TIMEOUT
    ) -> None:
        self._host, self._port, self._starttls = host, port, starttls
        self._user, self._password, self._sender, self._timeout = user, password, sender, timeout

    async def send(self, mail: Mail) -> None:
        """Hand one message over. ``smtplib.SMTPException`` is an ``OSError``."""
        await asyncio.to_thread(self._send, mail)

    def _send(self, mail: Mail) -> None:
        with smtplib.SMTP(self._host, self._port, timeout=self._timeout) as server:
            if self._starttls:
                server.starttls()
            if self._user:
                server.login(self._user, self._password)
            try:
                server.send_message(as_message(mail, self._sender))
            except smtplib.SMTPRecipientsRefused as refused:
                if all(code >= PERMANENT for code, _ in refused.recipients.values()):
                    raise Undeliverable from None
                raise


def refuses(folder: Path, to: str) -> bool:
    """Tell whether the demo's gateway was told that messages to ``to`` do not arrive."""
    rules = bounce_rules(folder)
    channel = to.rpartition("@")[2].partition(".")[0]
    return to in rules["addresses"] or (channel if channel in ("sms", "zalo", "voice") else "mail") in rules["channels"]


def bounce_rules(folder: Path) -> dict[str, list[str]]:
    """Return for which ``channels`` and ``addresses`` the demo's gateway reports that nothing arrives."""
    try:
        found = json.loads((folder / "bounces.json").read_text("utf-8"))
    except (OSError, ValueError):
        found = {}
    return {name: [str(one) for one in found.get(name, [])] for name in ("channels", "addresses")}


def drop_report(folder: Path, name: str, to: str) -> None:
    """Let the demo's gateway say that the message of this file name did not arrive."""
    reports = folder / "reports"
    reports.mkdir(parents=True, exist_ok=True)
    part = reports / f".{name}.part"
    part.write_bytes(report_of((folder / name).read_bytes(), to=to))
    part.replace(reports / name)


def as_message(mail: Mail, sender: str) -> EmailMessage:
    """Return ``mail`` as an RFC 5322 message of plain text."""
    name, address = parseaddr(sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{mail.token}@{address.partition('@')[2]}>"
    message["Content-Language"] = mail.language
    message["Auto-Submitted"] = GENERATED
    message.set_content(mail.body, cte="quoted-printable")
    return message
