"""Plain words: both languages there, sentences short, abbreviations written out where they are first used.

Our measure: the grade is 0.4 times the average number of words a sentence, so that 20 words are grade 8. A sentence
ends at a full stop, colon, semicolon, question mark or exclamation mark before a space, or with its text. Syllables are
not counted: Vietnamese writes each syllable as a word, and short sentences are what people ask for.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from services_catalog.model.lint.finding import Finding, Placed, pairs

GRADE = 8.0
AVERAGE_WORDS = 20
MOST_WORDS = 30
LANGUAGES = ("vi", "en")
END = re.compile(r"[.:;?!](?:\s|$)")
WORD = re.compile(r"[\w'’/.-]*\w[\w'’/.-]*")
QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”")
VIETNAMESE = re.compile("[ăâđêôơưàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ]", re.IGNORECASE)
NUMBER_OF_A_LAW = re.compile(r"\b\d+/\S*")
ABBREVIATION = re.compile(r"\b[A-ZĐ]{2,}\b")
# Read by everyone as they are.
WORDS_OF_THEIR_OWN = frozenset({"PDF", "QR", "SMS"})


def sentences(text: str) -> list[str]:
    """Return the sentences of ``text``."""
    return [part.strip() for part in END.split(text) if WORD.search(part)]


def average(texts: Iterable[str]) -> float:
    """Return how many words a sentence of ``texts`` has on average; 0 for no sentences."""
    lengths = [len(WORD.findall(sentence)) for text in texts for sentence in sentences(text)]
    return sum(lengths) / len(lengths) if lengths else 0.0


def grade(texts: Iterable[str]) -> float:
    """Return the school grade of ``texts`` by our measure: 0.4 times the words a sentence."""
    return average(texts) * GRADE / AVERAGE_WORDS


def lint_words(file: str, value: Any) -> Iterator[Finding]:
    """Yield what is not translated, too long or not written out in one file."""
    placed = list(pairs(value))
    yield from _translations(file, placed)
    for index, language in enumerate(LANGUAGES):
        yield from _lengths(file, language, [(where, pair[index]) for where, pair in placed])
        yield from _abbreviations(file, language, [(where, pair[index]) for where, pair in placed])


def _translations(file: str, placed: list[Placed]) -> Iterator[Finding]:
    for where, (vi, en) in placed:
        missing = [name for name, text in (("Vietnamese", vi), ("English", en)) if not text.strip()]
        for name in missing:
            yield Finding("translation", file, where, f"The {name} text is missing.", "Write [Vietnamese, English].")
        if not missing and _untranslated(vi, en):
            yield Finding("translation", file, where, "The English text is Vietnamese.", "Translate it.")


def _untranslated(vi: str, en: str) -> bool:
    said = WORD.findall(QUOTED.sub("", en))
    marked = [word for word in said if VIETNAMESE.search(word)]
    return len(said) >= 3 and (vi == en or len(marked) * 2 > len(said))


def _lengths(file: str, language: str, texts: list[tuple[str, str]]) -> Iterator[Finding]:
    for where, text in texts:
        for sentence in sentences(text):
            count = len(WORD.findall(sentence))
            if count > MOST_WORDS:
                wrong = f"A sentence ({language}) has {count} words: “{sentence[:60]}…”."
                yield Finding("sentence", file, where, wrong, f"Cut it into sentences below {AVERAGE_WORDS} words.")
    mean = average(text for _, text in texts)
    if mean > AVERAGE_WORDS:
        reached = f"{mean:.1f} words a sentence ({language}), grade {mean * GRADE / AVERAGE_WORDS:.1f} of at most 8."
        yield Finding("grade", file, "all texts", reached, "Cut the long sentences.")


def _abbreviations(file: str, language: str, texts: list[tuple[str, str]]) -> Iterator[Finding]:
    seen = set(WORDS_OF_THEIR_OWN)
    for where, text in texts:
        bare = NUMBER_OF_A_LAW.sub(" ", text)
        for short in ABBREVIATION.findall(bare):
            if short in seen:
                continue
            seen.add(short)
            if f"({short})" not in bare and not re.search(rf"\b{short} \([^)]{{{len(short) + 1},}}\)", bare):
                wrong = f"{short} is not written out at its first use ({language})."
                yield Finding("abbreviation", file, where, wrong, f"Write it out, then “({short})”, or leave it out.")
