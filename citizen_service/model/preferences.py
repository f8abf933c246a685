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
    VOICE = "voice"  # a recorded voice calls; only where somebody was helped and named a telephone


CHOSEN = (Channel.MAIL, Channel.SMS, Channel.ZALO)
OFFICE = "office"
"""Where a message ends that no channel can bring: the office telephones, or tells who was named to pass it on."""


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


@dataclass(frozen=True, slots=True)
class Contact:
    """How news reach somebody who was helped to file and has no account; ``owner`` is nobody's subject.

    ``phone`` (E.164) is theirs or a relative's, ``way`` a text message or a recorded voice; None = somebody was named
    to tell them, whom the office knows. Counts only for what ``helper`` filed, and until the person ends it.
    """

    owner: str
    helper: str
    phone: str | None
    way: Channel


def first_channel(
    wanted: Collection[Channel], addresses: Collection[Channel], *, after: Channel | None = None
) -> Channel | None:
    """Return the first of ``wanted`` that reaches the person, after ``after`` when that one failed.

    A text message is the last resort of everybody who wants to be told and has a telephone.
    """
    order = list(wanted)
    if order and Channel.SMS not in order and Channel.VOICE not in order:
        order.append(Channel.SMS)
    if after is not None:
        order = order[order.index(after) + 1 :] if after in order else []
    return next((channel for channel in order if channel in addresses), None)


def short_text(line: str, link: str) -> str:
    """Return a text message that any telephone shows whole, in one part.

    As written where it has at most 70 characters, else without diacritics and at most 160; what to do and by when
    comes first, and only where even that is too long the link stands alone.
    """
    marked = f"{line} {link}"
    if len(marked) <= SMS_MARKED:
        return marked
    plain = f"{without_marks(line)} {link}"
    return plain if len(plain) <= SMS_PLAIN else f"Mot Cua: {link}"[:SMS_PLAIN]


def without_marks(text: str) -> str:
    """Return Vietnamese text in plain Latin letters."""
    bare = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in bare if not unicodedata.combining(letter))
