"""What an officer can do with a case. Every step is one report; ``seen`` is the version the officer looked at."""

from kernel.digest import digest_bytes
from kernel.errors import FieldProblem, Invalid, Text
from kernel.files import check_structure
from province_backend import store
from province_backend.model import requests, steps
from province_backend.model.case import Case, FileRef, Item
from province_backend.model.steps import Actor
from province_backend.usecases.books import Books, get_case, take_step

PDF = "application/pdf"
LONGEST_DELAY = 60


async def accept_case(*, books: Books, code: str, seen: int | None, actor: Actor) -> Case:
    """Take the dossier in and appoint the day of its result."""
    return await take_step(
        books=books,
        code=code,
        seen_version=seen,
        step=lambda case: steps.accept(case, actor=actor, now=books.clock.now(), appoint=books.appoint),
    )


async def start_processing(*, books: Books, code: str, seen: int | None, actor: Actor) -> Case:
    """Begin processing an accepted dossier."""
    return await take_step(
        books=books,
        code=code,
        seen_version=seen,
        step=lambda case: steps.start(case, actor=actor, now=books.clock.now()),
    )


async def ask_for_papers(
    *, books: Books, code: str, seen: int | None, actor: Actor, items: tuple[Item, ...], again: str = ""
) -> Case:
    """Ask the citizen for everything that is missing; a second time only with the head's reason, ``again``."""
    due = books.working_days(books.settings.papers_days)
    return await take_step(
        books=books,
        code=code,
        seen_version=seen,
        step=lambda case: steps.ask_for_papers(
            case, actor=actor, now=books.clock.now(), items=items, due=due, again=again
        ),
    )


async def ask_for_money(*, books: Books, code: str, seen: int | None, actor: Actor, amount_vnd: int, rule: str) -> Case:
    """Ask the citizen for a fee of ``amount_vnd`` đồng."""
    due = books.working_days(books.settings.money_days)
    now = books.clock.now()
    return await take_step(
        books=books,
        code=code,
        seen_version=seen,
        step=lambda case: steps.ask_for_money(case, actor=actor, now=now, amount_vnd=amount_vnd, rule=rule, due=due),
    )


async def send_draft_result(
    *, books: Books, code: str, seen: int | None, actor: Actor, upload: tuple[str, bytes] | None = None
) -> Case:
    """Show the citizen the result before it is signed: an uploaded PDF, or the demo's own draft."""
    case = await look_at(books=books, code=code)
    draft = await _paper(books, case, upload, draft=True)
    due = books.working_days(books.settings.confirm_days)
    return await take_step(
        books=books,
        code=code,
        seen_version=seen,
        step=lambda case: steps.send_draft(case, actor=actor, now=books.clock.now(), draft=draft, due=due),
    )


async def decide_case(*, books: Books, code: str, seen: int | None, actor: Actor) -> Case:
    """Decide the case; the citizen's waiting requests must have been answered."""
    return await take_step(
        books=books,
        code=code,
        seen_version=seen,
        step=lambda case: steps.decide(case, actor=actor, now=books.clock.now()),
    )


async def attach_result(
    *, books: Books, code: str, seen: int | None, actor: Actor, upload: tuple[str, bytes] | None = None
) -> Case:
    """Attach a result to a decided case, sealed by the office: an uploaded PDF, or the demo's own."""
    case = await look_at(books=books, code=code)
    result = await _paper(books, case, upload, draft=False)
    return await take_step(
        books=books,
        code=code,
        seen_version=seen,
        step=lambda case: steps.attach_result(case, actor=actor, now=books.clock.now(), result=result),
    )


async def return_result(*, books: Books, code: str, seen: int | None, actor: Actor) -> Case:
    """Give the attached result to the citizen."""
    return await take_step(
        books=books,
        code=code,
        seen_version=seen,
        step=lambda case: steps.return_result(case, actor=actor, now=books.clock.now()),
    )


async def refuse_case(*, books: Books, code: str, seen: int | None, actor: Actor, reason: str, rule: str) -> Case:
    """Refuse to take the dossier in, with a reason and its legal rule."""
    return await take_step(
        books=books,
        code=code,
        seen_version=seen,
        step=lambda case: steps.refuse(case, actor=actor, now=books.clock.now(), reason=reason, rule=rule),
    )


async def stop_case(*, books: Books, code: str, seen: int | None, actor: Actor, reason: str, rule: str) -> Case:
    """Stop an accepted case, with a reason and its legal rule."""
    return await take_step(
        books=books,
        code=code,
        seen_version=seen,
        step=lambda case: steps.stop(case, actor=actor, now=books.clock.now(), reason=reason, rule=rule),
    )


async def apologise(
    *, books: Books, code: str, seen: int | None, actor: Actor, more: int, reason: str, head: str
) -> Case:
    """Say sorry before the appointment is missed, and give it ``more`` of its unit (1 to 60); once."""
    if not 1 <= more <= LONGEST_DELAY:
        text = Text("Ghi từ 1 đến 60.", "Write 1 to 60.")
        raise Invalid("invalid_form", text, [FieldProblem("more", "invalid", text)])
    now = books.clock.now()
    return await take_step(
        books=books,
        code=code,
        seen_version=seen,
        step=lambda case: steps.apologise(
            case, actor=actor, now=now, reason=reason, head=head, due=books.later(case, more)
        ),
    )


async def answer_request(
    *, books: Books, code: str, seen: int | None, actor: Actor, request_no: int, accept: bool, text: str = ""
) -> Case:
    """Give a request its one answer: accept it and do what it asks, or decline it with a reason."""
    now = books.clock.now()
    if accept:
        return await take_step(
            books=books,
            code=code,
            seen_version=seen,
            step=lambda case: requests.accept_request(case, request_no, actor=actor, now=now, appoint=books.appoint),
        )
    return await take_step(
        books=books,
        code=code,
        seen_version=seen,
        step=lambda case: requests.decline_request(case, request_no, actor=actor, now=now, text=text),
    )


async def look_at(*, books: Books, code: str) -> Case:
    """Return a case without noting an access (for machines and checks)."""
    async with books.database.read() as tx:
        return await get_case(tx, code)


async def list_work(*, books: Books, place: str, skip: int = 0, limit: int = 50) -> tuple[list[Case], dict[str, int]]:
    """Return one tab of the office's work, first due first, and how many cases every tab has."""
    async with books.database.read() as tx:
        if place == store.CALLS:
            cases = await store.list_called(tx, skip=skip, limit=limit)
        else:
            cases = await store.list_cases(tx, place=place, skip=skip, limit=limit)
        return cases, await store.count_cases(tx)


async def keep_file(*, books: Books, code: str, data: bytes, name: str) -> FileRef:
    """Store a PDF of a case and return its reference."""
    sha256 = digest_bytes(data)
    await books.files.put(books.key(code, sha256), data)
    return FileRef(sha256, len(data), PDF, name)


async def make_paper(*, books: Books, case: Case, draft: bool) -> FileRef:
    """Make and store the demo's result (signed) or its draft (not signed)."""
    now = books.clock.now()
    data = await books.printer.make(case, participant=books.participant, office_name=books.name, draft=draft, at=now)
    kind = "ban-nhap" if draft else "ket-qua"
    return await keep_file(books=books, code=case.code, data=data, name=f"{kind}-{case.code}.pdf")


def _wrong_file(text: Text) -> Invalid:
    return Invalid("file_type_not_taken", text, [FieldProblem("file", "file_type_not_taken", text)])


async def _paper(books: Books, case: Case, upload: tuple[str, bytes] | None, *, draft: bool) -> FileRef:
    if upload is None:
        return await make_paper(books=books, case=case, draft=draft)
    name, data = upload
    if not data.startswith(b"%PDF-"):
        raise _wrong_file(Text("Chỉ nhận tệp PDF. Bạn in ra PDF rồi tải lên.", "Only PDF files are taken here."))
    check_structure(data, PDF)
    if not draft:
        data = await books.printer.seal(
            case, data, participant=books.participant, office_name=books.name, at=books.clock.now()
        )
    return await keep_file(books=books, code=case.code, data=data, name=name)
