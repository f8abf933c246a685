"""The platform's book: one file a payment, written durably before anything is answered."""

import json
import os
import re
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

NAME = re.compile("[0-9a-f]{32}")
OPEN_FOR = timedelta(minutes=30)


class OtherAmount(Exception):
    """A payment of this id was taken in before, with another amount."""


@dataclass(frozen=True, slots=True)
class Slip:
    """One payment. Times are RFC 3339; ``tell_at``: until then the platform says that it does not know yet."""

    id: str
    amount_vnd: int
    about: str
    return_url: str
    expires_at: str
    state: str = "waiting"
    charged_vnd: int = 0
    receipt_no: str = ""
    paid_at: str = ""
    tell_at: str = ""
    refund_no: str = ""
    refunded_at: str = ""

    @property
    def done(self) -> bool:
        """Nothing can be paid here any more."""
        return self.state != "waiting"


class Book:
    """The payments below ``folder``. ``now`` gives the time (aware)."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._now = now
        self._one = threading.Lock()

    def take_in(self, id: str, *, amount_vnd: int, about: str, return_url: str) -> Slip:
        """Return the payment ``id``, taken in now or before. Raises ``OtherAmount``."""
        with self._one:
            known = self.find(id)
            if known is None:
                until = (self._now() + OPEN_FOR).isoformat()
                return self._write(Slip(id, amount_vnd, about, return_url, until))
        if known.amount_vnd != amount_vnd:
            raise OtherAmount
        return known

    def find(self, id: str) -> Slip | None:
        """Return one payment as it stands now, or None."""
        path = self._folder / f"{id}.json"
        if not NAME.fullmatch(id) or not path.exists():
            return None
        slip = Slip(**json.loads(path.read_text()))
        over = slip.state == "waiting" and self._now() > datetime.fromisoformat(slip.expires_at)
        return replace(slip, state="expired") if over else slip

    def newest(self) -> list[Slip]:
        """Return the newest payments first."""
        if not self._folder.is_dir():
            return []
        paths = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        return [slip for path in paths[:50] if (slip := self.find(path.stem)) is not None]

    def debit(
        self, id: str, *, late: timedelta = timedelta(0), amount_vnd: int | None = None, anyway: bool = False
    ) -> Slip | None:
        """Take the money, once; None where there is no such payment.

        A platform can be wrong: say so only ``late``, take another ``amount_vnd``, or take it after all (``anyway``).
        """
        with self._one:
            slip = self.find(id)
            if slip is None or slip.receipt_no or (slip.done and not anyway):
                return slip
            now = self._now()
            number = sum(1 for one in self.newest() if one.receipt_no) + 1
            return self._write(
                replace(
                    slip,
                    state="paid",
                    charged_vnd=slip.amount_vnd if amount_vnd is None else amount_vnd,
                    receipt_no=f"MAU-{now:%y%m%d}-{number:04}-{id[:4].upper()}",
                    paid_at=now.isoformat(),
                    tell_at=(now + late).isoformat(),
                )
            )

    def end(self, id: str, state: str) -> Slip | None:
        """End a payment without taking money: ``declined`` or ``cancelled``."""
        with self._one:
            slip = self.find(id)
            return self._write(replace(slip, state=state)) if slip is not None and not slip.done else slip

    def give_back(self, id: str) -> Slip | None:
        """Give the money back, once."""
        with self._one:
            slip = self.find(id)
            if slip is None or slip.state != "paid":
                return slip
            number, at = f"HOAN-{slip.receipt_no}", self._now().isoformat()
            return self._write(replace(slip, state="refunded", refund_no=number, refunded_at=at))

    def told(self, slip: Slip) -> dict[str, object]:
        """Return what the platform says of a payment now."""
        if slip.state == "paid" and self._now() < datetime.fromisoformat(slip.tell_at):
            return {"id": slip.id, "state": "processing"}
        hidden = ("about", "return_url", "tell_at")
        return {name: value or None for name, value in asdict(slip).items() if name not in hidden}

    def go_away(self, how_long: timedelta) -> None:
        """Answer nothing for ``how_long``; zero = be back."""
        self._put("away.txt", (self._now() + how_long).isoformat())

    @property
    def away(self) -> bool:
        """Whether the platform answers nothing now."""
        path = self._folder / "away.txt"
        return path.exists() and self._now() < datetime.fromisoformat(path.read_text())

    def _write(self, slip: Slip) -> Slip:
        self._put(f"{slip.id}.json", json.dumps(asdict(slip), ensure_ascii=False))
        return slip

    def _put(self, name: str, text: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f"{name}.part"
        with part.open("w") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        part.replace(self._folder / name)
