"""The payment platform: a system outside the project, spoken to over HTTP, that may be away, slow or silent."""

import asyncio
from datetime import datetime
from typing import Any

import orjson

from dossier_service.model.payments import Payment, Said, Word
from kernel.errors import Unavailable
from kernel.web import Upstream

LONGEST = 2000


class NoAnswer(Exception):
    """The platform did not say what became of a payment: it is away, too slow, or what it said cannot be read."""


class PaymentPlatform:
    """The platform behind ``way``, below the path ``base``; each call takes ``seconds`` at most.

    Every call may be repeated: a payment is named by its own id, and so is its refund.
    """

    def __init__(self, way: Upstream, *, base: str, secret: str, seconds: float) -> None:
        self._way = way
        self._base = base.rstrip("/")
        self._secret = secret
        self._seconds = seconds

    async def begin(self, payment: Payment, *, about: str, back_to: str) -> Said:
        """Have the platform take ``payment`` in; the answer says where the person pays. Raises ``NoAnswer``.

        ``about`` is shown to the person there, ``back_to`` is where the browser returns to, which proves nothing.
        """
        body = {"amount_vnd": payment.amount_vnd, "about": about, "return_url": back_to}
        said = await self._call("PUT", f"/payments/{payment.id}", body)
        if not said.address:
            raise NoAnswer("no address to pay at")
        return said

    async def ask(self, payment: Payment) -> Said:
        """Ask what became of ``payment``. Raises ``NoAnswer``."""
        return await self._call("GET", f"/payments/{payment.id}")

    async def refund(self, payment: Payment) -> Said:
        """Have what was charged given back whole. Raises ``NoAnswer``."""
        return await self._call("PUT", f"/payments/{payment.id}/refund", {"reason": payment.refund_why})

    async def _call(self, method: str, path: str, body: object = None) -> Said:
        headers = {"authorization": f"Bearer {self._secret}", "accept": "application/json"}
        content = b"" if body is None else orjson.dumps(body)
        if content:
            headers["content-type"] = "application/json"
        try:
            async with asyncio.timeout(self._seconds):
                reply = await self._way.request(method, f"{self._base}/api{path}", headers, content)
        except (TimeoutError, Unavailable) as error:
            raise NoAnswer(type(error).__name__) from None
        if reply.status == 404:
            return Said(Word.NO_SUCH)
        if reply.status not in (200, 201):
            raise NoAnswer(f"status {reply.status}")
        return read_answer(reply.body)


def read_answer(body: bytes) -> Said:
    """Return what the platform said. Raises ``NoAnswer`` for what cannot be read, whole or in part."""
    try:
        said = orjson.loads(body)
        word = Word(said["state"])
        amount = said.get("charged_vnd") or 0
        if isinstance(amount, bool) or not isinstance(amount, int) or (word is Word.PAID and amount <= 0):
            raise ValueError("no amount")
        return Said(
            word=word,
            amount_vnd=amount,
            receipt_no=_text(said, "receipt_no"),
            at=_time(said, "paid_at"),
            address=_address(said),
            expires_at=_time(said, "expires_at"),
            refund_no=_text(said, "refund_no"),
            refunded_at=_time(said, "refunded_at"),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise NoAnswer("an answer that cannot be read") from None


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name) or ""
    if not isinstance(value, str) or len(value) > 100 or not value.isprintable():
        raise ValueError(name)
    return value


def _address(said: dict[str, Any]) -> str:
    value = said.get("pay_url") or ""
    if not isinstance(value, str) or len(value) > LONGEST:
        raise ValueError("pay_url")
    if value and not value.startswith(("https://", "http://")):
        raise ValueError("pay_url")
    return value


def _time(said: dict[str, Any], name: str) -> datetime | None:
    value = said.get(name)
    if value is None:
        return None
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError(name)
    return at
