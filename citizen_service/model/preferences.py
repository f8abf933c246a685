"""How a person wants to be told: in which language, by which channels in which order, and when not."""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import time
from enum import StrEnum

SMS_PLAIN, SMS_MARKED = 160, 70


class Channel(StrEnum):
    """A way by which a message leaves. The inbox on the portal is always there besides."""

    MAIL = "mail"
    SMS = "sms"
    ZALO = "zalo"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What one person chose. ``channels`` in order, none = only the inbox; quiet hours in Viet Nam's time.

    ``phone`` is E.164 and only for messages; None = the one the State holds, if any.
    """

    owner: str
    language: str
    channels: tuple[Channel, ...] = (Channel.MAIL,)
    phone: str | None = None
    quiet_from: time = time(22, 0)
    quiet_until: time = time(6, 0)
    big_print: bool = False


def first_channel(
    wanted: Collection[Channel], addresses: Collection[Channel], *, after: Channel | None = None
) -> Channel | None:
    """Return the first of ``wanted`` that reaches the person, after ``after`` when that one failed."""
    order = list(wanted)
    if after is not None:
        order = order[order.index(after) + 1 :] if after in order else []
    return next((channel for channel in order if channel in addresses), None)


def short_text(line: str, link: str) -> str:
    """Return a text message: without diacritics and at most 160 characters, so that any telephone shows it whole."""
    plain = f"{without_marks(line)} {link}"
    return plain if len(plain) <= SMS_PLAIN else f"Mot Cua: {link}"[:SMS_PLAIN]


def without_marks(text: str) -> str:
    """Return Vietnamese text in plain Latin letters."""
    bare = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in bare if not unicodedata.combining(letter))
