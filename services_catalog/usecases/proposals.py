"""What an editor does: begin a working copy, save it, try it, drop it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from kernel.clock import VIETNAM
from kernel.db import Database, Tx
from kernel.errors import Invalid, NotFound, Text
from services_catalog.model import faults as saying
from services_catalog.model import proposals as model
from services_catalog.model.burden import Difference, differences
from services_catalog.model.forms import Options
from services_catalog.model.lint import SOURCES, Finding, lint
from services_catalog.model.motions import Kind
from services_catalog.model.procedures import Editorial
from services_catalog.model.proposals import Fault, Proposal, Tried
from services_catalog.model.written import editorial_of
from services_catalog.store import motions as motions_store
from services_catalog.store import places as places_store
from services_catalog.store import procedures as procedures_store
from services_catalog.store import proposals as store
from services_catalog.store import seed as seed_files
from services_catalog.usecases import get_procedure, no_such_procedure

MOST_FAULTS = 50


@dataclass(frozen=True, slots=True)
class Offers:
    """What a written form may use: kinds of question, facts to fill one from, shared lists of choices."""

    kinds: Sequence[str]
    sources: Sequence[str]
    lists: Options


@dataclass(frozen=True, slots=True)
class Bench:
    """A working copy as its editor sees it; ``faults`` forbid publishing, ``warnings`` do not.

    ``made`` is None if it cannot be compiled.
    """

    proposal: Proposal
    stored: procedures_store.Stored
    made: Editorial | None
    faults: Sequence[Fault]
    warnings: Sequence[Fault]
    unclear: Sequence[Finding]
    tried: Sequence[Tried]
    burden: Sequence[Difference]
    offers: Offers

    @property
    def ready(self) -> bool:
        """Tell whether it can be published: nothing wrong or unclear, every case accepted, not what is in force.

        The same again is something new where the procedure is withdrawn: it comes back.
        """
        if self.made is None or self.faults or self.unclear or any(one.faults for one in self.tried):
            return False
        if self.stored.head.withdrawn:
            return True
        return replace(self.stored.content, editorial=self.made).digest() != self.stored.digest


@cache
def offers(procedures: Path) -> Offers:
    """Return what a written form may use."""
    shape = json.loads((procedures / "written.schema.json").read_text(encoding="utf-8"))
    kinds = shape["$defs"]["field"]["properties"]["widget"]["enum"]
    return Offers(tuple(kinds), tuple(sorted(SOURCES)), seed_files.read_options(procedures))


def no_such_proposal() -> NotFound:
    """Return the error for a code that nobody works on."""
    return NotFound("proposal_not_found", Text("Chưa có bản soạn nào cho mã này.", "Nobody works on this code."))


async def list_proposals(*, database: Database) -> list[Proposal]:
    """Return every working copy, the last saved first."""
    async with database.read() as tx:
        return await store.list_all(tx)


async def list_revisions(*, database: Database, code: str) -> tuple[list[procedures_store.Stored], dict[int, str]]:
    """Return the revisions of a code, oldest first, and the reasons that editors gave. Raises ``NotFound``."""
    async with database.read() as tx:
        listed = await procedures_store.revisions_of(tx, code)
        told = {one.revision: one.reason for one in await store.publications(tx, code)}
    if not listed:
        raise no_such_procedure()
    return listed, told


async def begin_proposal(*, database: Database, procedures: Path, code: str, by: str, at: datetime) -> Proposal:
    """Return the working copy of ``code``, made from the revision in force where there is none. Raises ``NotFound``."""
    stored = await get_procedure(database=database, code=code)
    async with database.begin() as tx:
        there = await store.find(tx, code)
        if there is not None:
            return there
        written = await _source(tx, stored, procedures)
        made = Proposal(code, stored.head.revision, 1, written, by, at)
        await store.put(tx, made)
        return made


async def _source(tx: Tx, stored: procedures_store.Stored, procedures: Path) -> Mapping[str, Any]:
    """Return what the revision in force was compiled from; its names alone where that is not known."""
    for one in reversed(await store.publications(tx, stored.content.code)):
        if one.revision == stored.head.revision:
            return one.written
    shipped = seed_files.read_written(procedures, stored.content.code)
    published = stored.content.editorial
    if shipped:
        made = editorial_of(shipped, seed_files.read_options(procedures))
        if replace(stored.content, editorial=made).digest() == stored.digest:
            return shipped
    names = [published.plain_title or stored.content.title, published.plain_title_en or stored.content.title]
    return {"plain": names, "everyday": list(published.everyday), "competent_level": published.competent_level}


async def open_proposal(*, database: Database, procedures: Path, code: str, at: datetime) -> Bench:
    """Return a working copy with everything that is known of it. Raises ``NotFound``."""
    stored = await get_procedure(database=database, code=code)
    async with database.read() as tx:
        proposal = await store.find(tx, code)
        if proposal is None:
            raise no_such_proposal()
        return await bench_in(tx, proposal, stored, procedures, at)


async def bench_in(
    tx: Tx, proposal: Proposal, stored: procedures_store.Stored, procedures: Path, now: datetime
) -> Bench:
    """Return what is known of a working copy, within a transaction that does more."""
    made, faults = compiled(proposal.written, procedures, now.astimezone(VIETNAM).date())
    tried = [await _tried(tx, at, made, proposal.written) for at in range(len(made.examples))] if made else []
    burden = differences(stored.content.editorial, made) if made else []
    unclear = lint(proposal.written, seed_files.read_options(procedures)) if made else []
    others = await procedures_store.everyday_in_force(tx, but=proposal.code) if made else {}
    warnings = saying.borrowed_names(made.everyday, others) if made else []
    return Bench(proposal, stored, made, faults, warnings, unclear, tried, burden, offers(procedures))


def compiled(written: Mapping[str, Any], procedures: Path, today: date) -> tuple[Editorial | None, list[Fault]]:
    """Return what ``written`` publishes (None where it cannot be compiled) and what is wrong with it."""
    schema = _shape(procedures)
    faults = [
        saying.shape_fault(error.instance_path, error.kind, written)
        for error in _few(schema.iter_errors(dict(written)))
    ]
    if faults:
        return None, faults
    try:
        made = editorial_of(written, seed_files.read_options(procedures))
    except (KeyError, ValueError) as error:
        text = Text(
            "Biểu mẫu tự mâu thuẫn: có điều kiện chờ một câu không được hỏi hoặc chờ chính nó, hay có câu hỏi hai lần.",
            f"The form contradicts itself: {error.args[0] if error.args else ''}",
        )
        return None, [Fault("form", text, saying.PARTS["form"])]
    return made, saying.text_faults(written, today)


@cache
def _shape(procedures: Path) -> Any:
    text = (procedures / "written.schema.json").read_text(encoding="utf-8")
    return jsonschema_rs.validator_for(text, validate_formats=True)


def _few(errors: Iterator[Any]) -> Iterator[Any]:
    for error, _ in zip(errors, range(MOST_FAULTS), strict=False):
        yield error


async def _tried(tx: Tx, at: int, made: Editorial, written: Mapping[str, Any]) -> Tried:
    assert made.form is not None
    example = made.examples[at]
    labels = {name: _label(field) for name, field in made.form["fields"].items()}
    schema = jsonschema_rs.validator_for(dict(made.form["schema"]), validate_formats=True)
    faults = [
        saying.shape_fault(("examples", at, "answers", *error.instance_path), error.kind, written, labels)
        for error in _few(schema.iter_errors(example["answers"]))
    ]
    if await places_store.find_place(tx, example["place"]) is None:
        text = Text("Không có xã, phường hay đặc khu với mã này.", "No ward has this code.")
        path = ("examples", at, "place")
        faults.append(Fault(".".join(map(str, path)), text, saying.place_of(written, path)))
    return Tried(example["id"], Text(example["title"]["vi"], example["title"]["en"]), tuple(faults))


def _label(field: Mapping[str, Any]) -> Text:
    label = field.get("label") or {}
    return Text(f"“{label.get('vi', '')}”", f"“{label.get('en', '')}”")


async def save_proposal(
    *, database: Database, code: str, written: Mapping[str, Any], seen: int, by: str, at: datetime
) -> Proposal:
    """Save ``written`` over version ``seen``, wrong or not: nothing typed is lost; what was asked to publish ends.

    Raises ``NotFound`` and ``PreconditionFailed``.
    """
    async with database.begin() as tx:
        proposal = await store.find(tx, code)
        if proposal is None:
            raise no_such_proposal()
        saved = model.save(proposal, written=written, seen=seen, by=by, at=at)
        await store.put(tx, saved)
        await motions_store.drop(tx, code, Kind.PUBLISH)
        return saved


async def drop_proposal(*, database: Database, code: str) -> None:
    """Forget a working copy; dropping it again changes nothing."""
    async with database.begin() as tx:
        await store.drop(tx, code)
        await motions_store.drop(tx, code, Kind.PUBLISH)


def not_ready(bench: Bench) -> Invalid:
    """Return the error for a working copy that cannot be published, with everything that stands in the way."""
    faults = [*bench.faults, *(fault for one in bench.tried for fault in one.faults)]
    named = [
        {
            "path": fault.path,
            "vi": f"{fault.place.vi}: {fault.text.vi}",
            "en": f"{fault.place.en}: {fault.text.en}",
        }
        for fault in faults
    ]
    named += [{"path": f"{one.file}: {one.field}", "vi": one.wrong, "en": one.wrong} for one in bench.unclear]
    return Invalid(
        "not_ready",
        Text(
            "Bản soạn chưa công bố được. Bạn sửa các chỗ dưới đây.", "It cannot be published yet. Mend what is listed."
        )
        if named
        else Text("Bản soạn giống hệt bản đang có hiệu lực.", "It is the same as the revision in force."),
        extra={"faults": named},
    )
