"""What is said of information on the log, so that search finds it beside procedures: title, text and page of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kernel.errors import Text
from services_catalog.model.information import Guide, Information, LifeEvent, Question


@dataclass(frozen=True, slots=True)
class Announced:
    """One life event, guide or question as others see it. ``address`` is the page that shows it."""

    kind: str
    id: str
    title: Text
    text: Text
    address: str
    procedures: tuple[str, ...] = ()
    everyday: tuple[str, ...] = ()
    version: int = 0
    withdrawn: bool = False

    @property
    def subject(self) -> str:
        """The key on the log."""
        return f"information/{self.kind}/{self.id}"


@dataclass(frozen=True, slots=True)
class InformationPublished:
    """A life event, guide or question is there, is different, or is no longer shown."""

    one: Announced


def announced(information: Information) -> Iterator[Announced]:
    """Yield everything of ``information`` that can be looked for."""
    yield from map(_event, information.events)
    yield from map(_guide, information.guides)
    yield from map(_question, information.questions)


def changed(before: Sequence[Announced], now: Sequence[Announced]) -> list[Announced]:
    """Return what differs, each with its next version; what is gone is said once as withdrawn."""
    held = {one.subject: one for one in before}
    wanted = {one.subject: one for one in now}
    gone = {subject: replace(one, withdrawn=True) for subject, one in held.items() if subject not in wanted}
    return [
        replace(one, version=(held[subject].version if subject in held else 0) + 1)
        for subject, one in {**wanted, **gone}.items()
        if subject not in held or replace(held[subject], version=0) != replace(one, version=0)
    ]


def _event(one: LifeEvent) -> Announced:
    return Announced("life_event", one.id, one.title, one.lead, f"/life-events/{one.id}", one.leads, one.everyday)


def _guide(one: Guide) -> Announced:
    return Announced("guide", one.id, one.title, one.lead, f"/guides/{one.id}", (), one.everyday)


def _question(one: Question) -> Announced:
    page = f"/questions?topic={one.topic}#{one.id}"
    named = (one.procedure,) if one.procedure else ()
    return Announced("question", one.id, one.question, one.answer, page, named, one.everyday)
