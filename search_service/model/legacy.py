"""Text pasted from old documents: TCVN3 (ABC fonts) and VNI-Windows, whose letters arrive as Latin-1 characters.

Recognised only by characters that no Vietnamese text in Unicode has next to its letters.
"""

import re
import unicodedata

from search_service.model.text import MARKS

_TCVN3 = dict(
    zip(
        "¡¢£¤¥¦§¨©ª«¬\u00ad®µ¶·¸¹»¼½¾ÆÇÈÉÊËÌÎÏÐÑÒÓÔÕÖ×ØÜÝÞßáâãäåæçèéêëìíîïñòóôõö÷øùúûüýþ",
        "ĂÂÊÔƠƯĐăâêôơưđàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ",
        strict=True,
    )
)
_TCVN3_SIGN = re.compile("[A-Za-z][¨©ª«¬®µ¶¸¹»¼½¾]|[¨©®§][A-Za-z]")
_VNI_SIGN = re.compile("ñ[a-z]|[aeouyôö][øûï]|yù|[aeo][åä]|a[üë]|ö[^a-z]?", re.IGNORECASE)
_UNICODE_SIGN = re.compile("[ăđơưĂĐƠƯ\u1ea0-\u1ef9]")
_VNI_ALONE = {"ñ": "đ", "ô": "ơ", "ö": "ư", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}
_VNI_AFTER = {
    **{key: ("", tone) for key, tone in zip("ùøûõï", "12345", strict=True)},
    **{key: ("\u0302", tone) for key, tone in zip("âáàåãä", ("", *"12345"), strict=True)},
    **{key: ("\u0306", tone) for key, tone in zip("êéèúüë", ("", *"12345"), strict=True)},
}


def modern(text: str) -> str:
    """Return ``text`` in Unicode if it is recognised as TCVN3 or VNI-Windows, else as it is."""
    if _UNICODE_SIGN.search(text):
        return text
    if _TCVN3_SIGN.search(text):
        return "".join(_TCVN3.get(char, char) for char in text)
    if _VNI_SIGN.search(text):
        return _from_vni(text.lower())
    return text


def _from_vni(text: str) -> str:
    letters: list[str] = []
    for char in text:
        before = letters[-1] if letters else ""
        quality, tone = _VNI_AFTER.get(char, ("", ""))
        if (quality or tone) and _takes(before, quality):
            letters[-1] = unicodedata.normalize("NFC", before + quality + MARKS.get(tone, ""))
        else:
            letters.append(_VNI_ALONE.get(char, char))
    return "".join(letters)


def _takes(letter: str, quality: str) -> bool:
    if quality == "\u0302":
        return letter in ("a", "e", "o")
    if quality == "\u0306":
        return letter == "a"
    return letter in ("a", "e", "o", "u", "y", "ơ", "ư")
