"""How a message leaves: as a file in the demo, by SMTP otherwise. Both may get the same message twice.

The Message-ID is made of the fact, so a mail server or a reader's program can tell a repeated message; the file's
name is made of it too, so a repeated file replaces the first.
"""

import asyncio
import hashlib
import os
import smtplib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Protocol

TIMEOUT = 20.0


@dataclass(frozen=True, slots=True)
class Mail:
    """One message. ``key`` names the fact and stays the same at every try; ``at`` is aware."""

    key: str
    to: str
    subject: str
    body: str
    language: str
    at: datetime


class Transport(Protocol):
    """A way out."""

    async def send(self, mail: Mail) -> None:
        """Send ``mail``; returning means it is out of our hands. Raises ``OSError`` when it could not be sent."""


class EmlFolder:
    """Writes each message as ``<time>-<id>.eml``."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """Write the message and its folder entry durably."""
        await asyncio.to_thread(self._write, mail)

    def _write(self, mail: Mail) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{mail.at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-{_token(mail.key)}.eml"
        part = self._folder / f".{name}.part"
        with part.open("wb") as out:
            out.write(as_message(mail, self._sender).as_bytes(policy=SMTP))
            out.flush()
            os.fsync(out.fileno())
        part.replace(self._folder / name)


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
            server.send_message(as_message(mail, self._sender))


def as_message(mail: Mail, sender: str) -> EmailMessage:
    """Return ``mail`` as an RFC 5322 message of plain text."""
    name, address = parseaddr(sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{_token(mail.key)}@{address.partition('@')[2]}>"
    message["Content-Language"] = mail.language
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body, cte="quoted-printable")
    return message


def _token(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]
