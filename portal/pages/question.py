"""One page of questions: shown, read, saved, and gone on from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response

from portal.forms import conditions
from portal.forms.questions import Question, problem_text, questions, read_page, required_text, source_of
from portal.forms.values import Posted, Read, one
from portal.pages.doubting import noted, to_note
from portal.pages.draft import Draft
from portal.pages.finding import find, name_places
from portal.pages.reaching import reach_for
from portal.pages.reusing import offer_wallet, said_by_helper, take_from_wallet
from portal.pages.visit import Visit
from portal.public_api import ApiProblem

Files = Mapping[str, list[UploadFile]]
Page = Mapping[str, Any]
Names = Mapping[str, Mapping[str, Any] | bool]
Changes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page as it is filled in: what it asks, what was answered, where its answers are kept."""

    draft: Draft
    page: Page

    @property
    def form(self) -> conditions.Form:
        """The form that the questions and their conditions belong to."""
        return self.draft.form

    @property
    def answers(self) -> Mapping[str, Any]:
        """What was answered so far."""
        return self.draft.answers

    @property
    def names(self) -> Names:
        """The fields to show."""
        return conditions.shown(self.form, self.page, self.answers)

    async def save(self, visit: Visit, changes: Changes, *, complete: bool) -> dict[str, str]:
        """Save what changed, also of an unfinished page; return the errors by field."""
        return await send(visit, self.draft, changes)

    def following(self, visit: Visit, answers: Mapping[str, Any]) -> str:
        """Return where to go on."""
        return next_address(self.draft, self.page, answers, visit.query("from", 10))

    def notes(self, visit: Visit, answers: Mapping[str, Any], texts: Posted) -> list[str]:
        """Return the paths of answers that the next page says something about."""
        return to_note(visit, self.form["fields"], self.answers, answers, texts)

    @property
    def back(self) -> str:
        """Where the link back leads."""
        return before(self.draft, self.page)


async def show_page(visit: Visit, sheet: Sheet) -> Response:
    """Show a page with the saved answers; what the State already has is filled in, with its source."""
    asked = questions(sheet.form, sheet.names, sheet.answers, visit.t)
    if visit.signed_in:
        await _prefill(visit, sheet, asked)
        await offer_wallet(visit, sheet.draft, asked)
    await name_places(visit, asked)
    return await _render(visit, sheet, asked)


async def take_page(visit: Visit, sheet: Sheet, texts: Posted, files: Files) -> Response:
    """Save what can be read; go on, or show the page again with every error at once."""
    names = sheet.names
    action = one(texts, "action")
    if one(texts, "switch"):
        asked = questions(sheet.form, names, sheet.answers, visit.t, posted=texts)
        await name_places(visit, asked)
        return await _render(visit, sheet, asked)
    texts, errors = await _uploads(visit, sheet, names, texts, files)
    texts, errors = await take_from_wallet(visit, sheet.draft, texts, errors, action)
    if action.startswith("remove:"):
        texts = {**texts, **{name: [v for v in texts.get(name, []) if v != action[7:]] for name in names}}
    if action == "upload" and not files:
        empty = [name for name in names if sheet.form["fields"][name]["widget"] == "files"]
        errors |= {name: visit.t("uploads.none_chosen") for name in empty[:1] if name not in errors}
    texts, found = await find(visit, sheet.form, list(names), sheet.answers, texts)
    staying = bool(action) and action != "continue"
    if not staying:
        errors |= {name: text for name, text in found.said.items() if name not in errors}
    answers, more = await _save(visit, sheet, names, texts, quiet=staying, sure=not errors)
    errors = {**more, **errors}
    if errors or staying:
        if staying and not files:
            errors = {name: text for name, text in errors.items() if name not in more}
        asked = questions(sheet.form, names, answers, visit.t, posted=texts)
        boxes = {name: read.problem.boxes for name, read in _reads(visit, sheet, names, texts).items() if read.problem}
        for question in asked:
            question.found_places = found.places.get(question.name, [])
            question.found_said = found.said.get(question.name, "")
            question.wrong_boxes = boxes.get(question.name, ())
        await offer_wallet(visit, sheet.draft, asked)
        await name_places(visit, asked)
        return await _render(visit, sheet, asked, errors)
    return visit.go(with_notes(sheet.following(visit, answers), sheet.notes(visit, answers, texts)))


def _reads(visit: Visit, sheet: Sheet, names: Names, texts: Posted) -> dict[str, Read]:
    return read_page(sheet.form, names, texts, visit.today)


async def _save(
    visit: Visit, sheet: Sheet, names: Names, texts: Posted, *, quiet: bool, sure: bool
) -> tuple[Mapping[str, Any], dict[str, str]]:
    """Save what could be read; return all answers and the errors by field."""
    reads = _reads(visit, sheet, names, texts)
    errors = {n: problem_text(r.problem, sheet.form["fields"][n], visit.t) for n, r in reads.items() if r.problem}
    changes = {name: read.value for name, read in reads.items() if read.problem is None}
    answers = {**sheet.answers, **changes}
    for name in conditions.left_over(sheet.form, {k: v for k, v in answers.items() if v is not None}):
        changes[name] = answers[name] = None
        errors.pop(name, None)
    answers = {name: value for name, value in answers.items() if value is not None}
    changed = {name: value for name, value in changes.items() if sheet.answers.get(name) != value}
    if not quiet:
        wanted = conditions.required(sheet.form["schema"], answers)
        for name in names:
            unanswered = name in wanted and name not in answers and name not in errors
            if unanswered and conditions.applies(sheet.form, name, answers):
                errors[name] = required_text(sheet.form["fields"][name], visit.t)
    refused = await sheet.save(visit, changed, complete=sure and not quiet and not errors)
    return answers, {**errors, **refused}


async def send(visit: Visit, draft: Draft, changes: Changes) -> dict[str, str]:
    """Save ``changes``; when some are refused, save the others, so that nothing good has to be typed again."""
    if not changes:
        return {}
    try:
        await visit.api.call("save_draft", {"id": draft.id}, json={"answers": dict(changes)}, draft_token=draft.token)
    except ApiProblem as refused:
        errors = {field["path"].rpartition(".")[2]: str(field["detail"]) for field in refused.fields}
        named = {name: text for name, text in errors.items() if name in changes}
        if refused.status != 422 or not named:
            raise
        await send(visit, draft, {name: value for name, value in changes.items() if name not in named})
        return named
    return {}


async def _uploads(
    visit: Visit, sheet: Sheet, names: Names, texts: Posted, files: Files
) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Upload what was chosen; return the texts with the new digests, and errors by field."""
    out, errors = dict(texts), {}
    for name in (n for n in names if sheet.form["fields"][n]["widget"] == "files"):
        draft, chosen = sheet.draft, files.get(f"{name}-new", [])
        out[name], refused = await store(
            visit, "draft_file", {"id": draft.id}, chosen, out.get(name, []), draft_token=draft.token
        )
        if refused:
            errors[name] = refused
    return out, errors


async def store(
    visit: Visit,
    endpoint: str,
    parts: Mapping[str, str],
    files: Sequence[UploadFile],
    kept: Sequence[str],
    *,
    draft_token: str | None = None,
) -> tuple[list[str], str]:
    """Upload ``files``; return the digests, those ``kept`` first and each once, and why the last refused one was."""
    digests, refusal = list(kept), ""
    for file in files:
        try:
            stored = await visit.api.upload(
                endpoint,
                parts,
                filename=file.filename or "",
                content_type=file.content_type or "",
                data=await file.read(),
                draft_token=draft_token,
            )
        except ApiProblem as refused:
            if refused.status not in (413, 422):
                raise
            refusal = refused.detail or visit.t("filing.bad_file")
            if refused.status == 413:
                refusal = _too_large(visit, file)
            continue
        digests.append(stored["sha256"])
    return list(dict.fromkeys(digests)), refusal


def _too_large(visit: Visit, file: UploadFile) -> str:
    had, most = visit.t.size(file.size or 0), visit.t.size(visit.settings.max_file_bytes)
    return visit.t("uploads.file_too_large", name=file.filename or "", had=had, size=most)


async def _name_files(visit: Visit, draft: Draft, asked: list[Question]) -> None:
    """Tell name and size of each uploaded file; those just uploaded are asked for."""
    digests = {digest for question in asked for digest in question.digests}
    files = draft.raw.get("files") or ()
    if digests - {str(file["sha256"]) for file in files}:
        fresh = await visit.api.call("draft", {"id": draft.id}, draft_token=draft.token)
        files = fresh.get("files") or ()
    for question in asked:
        question.uploaded = {str(file["sha256"]): file for file in files}


async def _prefill(visit: Visit, sheet: Sheet, asked: list[Question]) -> None:
    """Fill empty boxes from the person's own record and say where each value comes from."""
    sources = {q.name: source_of(sheet.form["fields"][q.name], sheet.answers) for q in asked}
    wanted = [q for q in asked if sources[q.name] and q.name not in sheet.answers]
    if not wanted:
        return
    helped = sheet.draft.helping is not None
    profile = said_by_helper(sheet.draft, visit) if helped else await visit.api.get_or(None, "profile")
    if not profile:
        return
    filled = {q.name: profile.get(sources[q.name]) for q in wanted}
    ready = questions(sheet.form, {q.name: True for q in wanted}, filled, visit.t)
    for question, full in zip(wanted, ready, strict=True):
        if filled[question.name] is None:
            continue
        question.raw, question.chosen, question.boxes = full.raw, full.chosen, full.boxes
        source = visit.t.pick(profile.get("source"))
        as_of = visit.t.short_day(profile.get("as_of"))
        question.source = source if helped else visit.t("filing.source", source=source, day=as_of)


async def _render(
    visit: Visit, sheet: Sheet, asked: list[Question], errors: Mapping[str, str] | None = None
) -> Response:
    await _name_files(visit, sheet.draft, asked)
    for question in asked:
        question.error = (errors or {}).get(question.name, "")
    step, steps = step_of(sheet.draft, sheet.page)
    title = visit.t.pick(sheet.page["title"])
    alone = len(asked) == 1 and asked[0].label.strip(" ?:") == title.strip(" ?:")
    return visit.page(
        "question.html",
        422 if errors else 200,
        private=True,
        draft=sheet.draft,
        page=sheet.page,
        questions=asked,
        step=step,
        steps=steps,
        back=sheet.back,
        notices=noted(visit, sheet.draft),
        title_is_label=alone,
        person=await reach_for(visit, sheet.draft.raw["procedure"], sheet.draft.raw.get("place")),
    )


def with_notes(address: str, notes: list[str]) -> str:
    """Return the address of a page that also speaks about answers just given."""
    return f"{address}{'&' if '?' in address else '?'}noted={','.join(notes)}" if notes else address


def step_of(draft: Draft, page: Page) -> tuple[int, int]:
    """Return which step a page is, and how many there are with the summary."""
    ids = [str(each["id"]) for each in conditions.pages(draft.form, draft.answers)]
    return (ids.index(str(page["id"])) if page["id"] in ids else 0) + 1, len(ids) + 1


def before(draft: Draft, page: Page) -> str:
    """Return the address of the page before, or of the procedure."""
    pages = [str(each["id"]) for each in conditions.pages(draft.form, draft.answers)]
    at = pages.index(str(page["id"])) if page["id"] in pages else 0
    return draft.address(pages[at - 1]) if at else f"/procedures/{draft.procedure['code']}"


def next_address(draft: Draft, page: Page, answers: Mapping[str, Any], came_from: str) -> str:
    """Return where to go on: the next page that applies; from the summary back to it, unless new questions opened."""
    pages = [str(each["id"]) for each in conditions.pages(draft.form, answers)]
    if came_from == "check":
        missing = conditions.missing(draft.form, answers)
        return draft.address(missing[0][0]) + "?from=check" if missing else draft.address("check")
    after = pages.index(str(page["id"])) + 1 if page["id"] in pages else 0
    return draft.address(pages[after] if after < len(pages) else "check")
