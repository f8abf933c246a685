"""Stray keystrokes: what a Vietnamese keyboard (Telex or VNI) leaves when it was off.

``ddawng kys`` -> ``đăng ký``, ``d9a8ng ky1`` -> ``đăng ký``. Only what is a possible Vietnamese syllable comes back.
"""

import re

from search_service.model.text import VOWELS, spelled

_TELEX_TONES = {"s": "1", "f": "2", "r": "3", "x": "4", "j": "5"}
_CIRCUMFLEX = {"a": "â", "e": "ê", "o": "ô"}
_HORN = {"a": "ă", "o": "ơ", "u": "ư"}
_SYLLABLE = re.compile(
    r"^(?:ngh|ng|nh|gh|gi|kh|ch|tr|th|ph|qu|[bcdđghklmnprstvx])?"
    r"(?:uyê|uye|iêu|ieu|yêu|uôi|uoi|ươi|ươu|oai|oay|oeo|uây|uya|uyu|iê|ie|yê|ye|uô|uo|ươ|ia|ya|ua|ưa|ai|ay|ây|ao|au|âu|eo|êu|iu|oi|ôi|ơi"
    r"|ui|ưi|ưu|oa|oă|oe|uâ|uê|uy|uơ|[aăâeêioôơuưy])"
    r"(ch|nh|ng|[cmnpt])?$"
)


def possible(base: str, tone: str) -> bool:
    """Tell whether the letters ``base`` with ``tone`` can be a Vietnamese syllable."""
    found = _SYLLABLE.match(base)
    if found is None:
        return False
    return found.group(1) not in ("c", "ch", "p", "t") or tone in ("1", "5")


def decode(word: str) -> str | None:
    """Return the syllable typed as ``word`` (lower case) in Telex or VNI, or None when it is not one."""
    if not word.isascii() or not 2 <= len(word) <= 9 or not word[0].isalpha():
        return None
    keys = _vni if any(char.isdigit() for char in word) else _telex
    read = keys(word)
    if read is None:
        return None
    base, tone = read
    if base == word or not possible(base, tone):
        return None
    return spelled(base, tone)


def _telex(word: str) -> tuple[str, str] | None:
    letters: list[str] = []
    tone = ""
    for char in word:
        vowel = any(letter in VOWELS for letter in letters)
        if char in _TELEX_TONES and vowel:
            tone = _TELEX_TONES[char]
        elif char == "z" and vowel:
            tone = ""
        elif char == "w":
            if not _horn(letters):
                letters.append("ư")
        elif char == "d" and letters and letters[0] == "d":
            letters[0] = "đ"
        elif char in _CIRCUMFLEX and char in letters:
            letters[len(letters) - 1 - letters[::-1].index(char)] = _CIRCUMFLEX[char]
        else:
            letters.append(char)
    return "".join(letters), tone


def _vni(word: str) -> tuple[str, str] | None:
    letters: list[str] = []
    tone = ""
    for char in word:
        if char in "12345":
            tone = char
        elif char == "6":
            places = [i for i, letter in enumerate(letters) if letter in _CIRCUMFLEX]
            if not places:
                return None
            letters[places[-1]] = _CIRCUMFLEX[letters[places[-1]]]
        elif char in "78":
            if not _horn(letters):
                return None
        elif char == "9":
            if not letters or letters[0] != "d":
                return None
            letters[0] = "đ"
        elif char == "0":
            return None
        else:
            letters.append(char)
    return "".join(letters), tone


def _horn(letters: list[str]) -> bool:
    """Put a horn or breve on the last vowel that takes one (both of ``uo``); tell whether there was one."""
    for place in range(len(letters) - 1, -1, -1):
        if letters[place] in _HORN:
            if letters[place] == "o" and place and letters[place - 1] == "u":
                letters[place - 1] = "ư"
            letters[place] = _HORN[letters[place]]
            return True
    return False
