"""Reading a question: stray keystrokes, chat, abbreviations, slips and everyday words -> weighted terms."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from search_service.model.documents import speaks_of
from search_service.model.keyboards import decode
from search_service.model.legacy import modern
from search_service.model.lexicon import Lexicon, lexicon
from search_service.model.text import Syllable, pairs, syllable, words
from search_service.model.vocabulary import Vocabulary

LONGEST_TEXT = 200
MOST_SYLLABLES = 32
LONGEST_NAME = 8
COMPLETIONS = 12
MOST_COMPLETIONS = 100
AS_TYPED = 0.35
GUESS = 0.7
_QUOTED = re.compile(r"[\"“”«].*[\"“”»]", re.DOTALL)
_CODE = re.compile(r"(?<![\d.])([1-6]\.\d{6})(?!\d)|^\s*([1-6]\.\d{2,5})\s*$")


@dataclass(frozen=True, slots=True)
class Term:
    """One syllable or pair to look for. ``exact`` is "" when it was written without diacritics."""

    plain: str
    exact: str
    weight: float


@dataclass(frozen=True)
class Reading:
    """How a question was understood. ``said`` are its words, ``meant`` with what the law calls them in their place."""

    code: str
    singles: tuple[Term, ...]
    pairs: tuple[Term, ...]
    names: tuple[Term, ...]
    starts: tuple[str, ...]
    foreign: bool
    read_as: str
    said: tuple[Syllable, ...] = ()
    meant: tuple[Syllable, ...] = ()

    @cached_property
    def empty(self) -> bool:
        """Nothing to look for: everything answers."""
        return not (self.code or self.singles or self.starts)


def read(text: str, vocabulary: Vocabulary, *, unfinished: bool = False) -> Reading:
    """Understand ``text`` (any text). ``unfinished``: the last word may be only its beginning."""
    given = words(text[:LONGEST_TEXT])[:MOST_SYLLABLES]
    literal = as_typed(text)
    text = text[:LONGEST_TEXT] if literal else modern(text[:LONGEST_TEXT])
    code = _CODE.search(text)
    if code is not None:
        return Reading(code.group(1) or code.group(2), (), (), (), (), False, "")
    lists = lexicon()
    typed = words(text)[:MOST_SYLLABLES]
    beginning = typed.pop() if unfinished and typed and not text.endswith(" ") else ""
    decoded = typed if literal else [_keystrokes(word, vocabulary, lists) for word in typed]
    parts = _written_out(decoded, lists)
    slips = {} if literal else _slips(parts, vocabulary, lists)
    parts = [slips.get(part.exact, part) for part in parts]
    shown = [slips[word].plain if word in slips else word for word in decoded]
    spans = _meant(parts, lists)
    collected = _Collected(vocabulary)
    meant: list[Syllable] = []
    unsure: set[str] = set()
    for said, means in spans:
        if means is None:
            meant += said
            unsure.update(part.plain for part in said if part.bare)
        else:
            meant += means
            collected.phrase(_without_stop(list(said), vocabulary, lists), AS_TYPED)
    essence = _without_stop(meant, vocabulary, lists) or meant
    collected.phrase(essence, 1.0)
    collected.guesses(essence, unsure)
    starts = collected.starts(beginning, meant[-1] if meant else None) if beginning else ()
    return Reading(
        "",
        tuple(collected.singles.values()),
        tuple(collected.pairs.values()),
        _names(parts, vocabulary, lists),
        starts,
        speaks_of(lists.foreign_questions, parts),
        "" if shown == given else " ".join(shown),
        tuple(part for part in parts if part.exact not in lists.stop_everywhere),
        tuple(part for part in meant if part.exact not in lists.stop_everywhere),
    )


def as_typed(text: str) -> bool:
    """Tell whether ``text`` is in quotation marks: then its words are not to be read as others."""
    return len(text.strip()) > 2 and _QUOTED.fullmatch(text.strip()) is not None


class _Collected:
    """Terms by plain form; the greatest weight of each stays."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.singles: dict[str, Term] = {}
        self.pairs: dict[str, Term] = {}

    def phrase(self, parts: Sequence[Syllable], weight: float) -> None:
        for part in parts:
            _keep(self.singles, Term(part.plain, "" if part.bare else part.exact, weight))
        plain = pairs([part.plain for part in parts])
        exact = pairs([part.exact for part in parts])
        for one, other in zip(plain, exact, strict=True):
            _keep(self.pairs, Term(one, "" if one == other else other, weight))

    def guesses(self, parts: Sequence[Syllable], unsure: set[str]) -> None:
        plain = [part.plain for part in parts]
        for place, part in enumerate(parts):
            before = plain[place - 1] if place else None
            after = plain[place + 1] if place + 1 < len(plain) else None
            if part.plain not in unsure or len(part.plain) < 2 or not part.plain.isalpha():
                continue
            other = self._vocabulary.confusion(part.plain, before, after)
            if other is None:
                continue
            _keep(self.singles, Term(other, "", GUESS))
            if before:
                _keep(self.pairs, Term(f"{before}_{other}", "", GUESS))
            if after:
                _keep(self.pairs, Term(f"{other}_{after}", "", GUESS))

    def starts(self, beginning: str, before: Syllable | None) -> tuple[str, ...]:
        """Return what the last word may become; what follows ``before`` in a title comes first."""
        plain = syllable(beginning).plain
        found = self._vocabulary.completions(plain, MOST_COMPLETIONS)
        if before is not None:
            found.sort(key=lambda word: -self._vocabulary.together(before.plain, word))
            for word in found[:COMPLETIONS]:
                if self._vocabulary.together(before.plain, word):
                    _keep(self.pairs, Term(f"{before.plain}_{word}", "", 1.0))
        return tuple(found[:COMPLETIONS]) or (plain,)


def _keep(terms: dict[str, Term], term: Term) -> None:
    old = terms.get(term.plain)
    if old is None or old.weight < term.weight:
        terms[term.plain] = term


def _keystrokes(word: str, vocabulary: Vocabulary, lists: Lexicon) -> str:
    plain = syllable(word).plain
    if vocabulary.knows(plain) or plain in lists.own_words:
        return word
    found = decode(word)
    if found is None:
        return word
    meant = syllable(found).plain
    return found if vocabulary.knows(meant) or meant in lists.own_words else word


def _written_out(typed: Sequence[str], lists: Lexicon) -> list[Syllable]:
    parts: list[Syllable] = []
    for word in typed:
        chat = lists.chat.get(word)
        parts += (syllable(word),) if chat is None else chat
    return list(lists.expand(parts))


def _slips(parts: Sequence[Syllable], vocabulary: Vocabulary, lists: Lexicon) -> dict[str, Syllable]:
    """Return what is meant by those parts (by their exact form) that are no word of the index or of the lists."""
    meant: dict[str, Syllable] = {}
    for place, part in enumerate(parts):
        if vocabulary.knows(part.plain) or part.plain in lists.own_words or not part.plain.isalpha():
            continue
        before = parts[place - 1] if place else None
        after = parts[place + 1].plain if place + 1 < len(parts) else None
        near = meant.get(before.exact, before).plain if before else None
        found = vocabulary.correction(part.plain, near, after)
        if found is not None:
            meant[part.exact] = Syllable(found, found)
    return meant


def _meant(parts: Sequence[Syllable], lists: Lexicon) -> list[tuple[tuple[Syllable, ...], tuple[Syllable, ...] | None]]:
    """Cut ``parts`` into spans: what was said and, where a synonym is known, what is meant (longest first)."""
    spans: list[tuple[tuple[Syllable, ...], tuple[Syllable, ...] | None]] = []
    place = 0
    while place < len(parts):
        for length in range(min(lists.longest, len(parts) - place), 0, -1):
            said = tuple(parts[place : place + length])
            means = lists.synonym(said)
            if means is not None:
                spans.append((said, means))
                place += length
                break
        else:
            spans.append(((parts[place],), None))
            place += 1
    return spans


def _names(parts: Sequence[Syllable], vocabulary: Vocabulary, lists: Lexicon) -> tuple[Term, ...]:
    """Return the everyday names in the question: heavier the rarer they are and the more of the question they are."""
    plain = [part.plain for part in parts if part.exact not in lists.stop_everywhere]
    found = {}
    for start in range(len(plain)):
        for end in range(start + 1, min(start + LONGEST_NAME, len(plain)) + 1):
            name = "_".join(plain[start:end])
            if vocabulary.names(name):
                share = (end - start) / len(plain)
                found[name] = Term(name, "", share * share * sum(map(vocabulary.rarity, plain[start:end])))
    return tuple(found.values())


def _without_stop(parts: list[Syllable], vocabulary: Vocabulary, lists: Lexicon) -> list[Syllable]:
    kept: list[Syllable] = []
    for place, part in enumerate(parts):
        if part.exact in lists.stop_everywhere and not part.bare:
            continue
        if part.exact not in lists.stop_questions and not (part.bare and part.plain in lists.stop_bare):
            kept.append(part)
            continue
        before = parts[place - 1].plain if place else None
        after = parts[place + 1].plain if place + 1 < len(parts) else None
        if (before and vocabulary.together(before, part.plain) > 1) or (
            after and vocabulary.together(part.plain, after) > 1
        ):
            kept.append(part)
    return kept
