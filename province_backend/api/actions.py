"""Form posts to use cases: one function per button."""

import re
from collections.abc import Awaitable, Callable, Mapping

from starlette.datastructures import FormData, UploadFile

from kernel.errors import FieldProblem, Invalid, NotFound, Text
from province_backend.model.case import Case, Item
from province_backend.model.steps import Actor
from province_backend.usecases import deciding
from province_backend.usecases.books import Books

LONGEST = 2000
MOST_ITEMS = 20
GROUPED = re.compile(r"[0-9]{1,3}(?:([., \u00a0])[0-9]{3})(?:\1[0-9]{3})*")

Act = Callable[[Books, str, int, Actor, FormData], Awaitable[Case]]


def field(form: FormData, name: str) -> str:
    """Return a text field of a form, trimmed. Raises ``Invalid`` over 2,000 characters or with NUL."""
    value = form.get(name, "")
    text = value.strip() if isinstance(value, str) else ""
    if len(text) > LONGEST or "\0" in text:
        raise _wrong(name, Text("Viết ngắn hơn 2.000 ký tự.", "Write at most 2,000 characters."))
    return text


def number(form: FormData, name: str) -> int:
    """Return a whole number of a form: ``150000``, ``150.000``, ``150,000`` or ``150 000``. Raises ``Invalid``."""
    text = field(form, name)
    if GROUPED.fullmatch(text):
        text = re.sub(r"\D", "", text)
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise _wrong(name, Text("Ghi một số, ví dụ 150.000.", "Write a number, for example 150000."))
    return int(text)


async def upload(form: FormData, name: str) -> tuple[str, bytes] | None:
    """Return (file name, bytes) of an uploaded file, or None when no file was chosen."""
    value = form.get(name)
    if not isinstance(value, UploadFile) or not value.filename:
        return None
    return value.filename.replace("/", "_")[:120], await value.read()


async def accept(books: Books, code: str, seen: int, actor: Actor, form: FormData) -> Case:
    """Take the dossier in."""
    return await deciding.accept_case(books=books, code=code, seen=seen, actor=actor)


async def start(books: Books, code: str, seen: int, actor: Actor, form: FormData) -> Case:
    """Begin processing."""
    return await deciding.start_processing(books=books, code=code, seen=seen, actor=actor)


async def ask_for_papers(books: Books, code: str, seen: int, actor: Actor, form: FormData) -> Case:
    """Ask for papers: one item a line, one reason and rule for all."""
    reason, rule = field(form, "reason"), field(form, "rule")
    lines = [line.strip() for line in field(form, "items").splitlines() if line.strip()]
    why = Text("Điền mục này để người dân hiểu.", "Fill this in so that the citizen understands.")
    missing = [name for name, value in (("items", lines), ("reason", reason), ("rule", rule)) if not value]
    if missing:
        raise Invalid("invalid_form", why, [FieldProblem(name, "required", why) for name in missing])
    if len(lines) > MOST_ITEMS:
        text = Text(
            f"Bạn ghi {len(lines)} dòng. Mỗi lần hỏi được {MOST_ITEMS} giấy tờ, bạn gộp bớt dòng.",
            f"You wrote {len(lines)} lines. One request holds {MOST_ITEMS} papers, so put some together.",
        )
        raise _wrong("items", text)
    items, again = tuple(Item(line, reason, rule) for line in lines), field(form, "again")
    return await deciding.ask_for_papers(books=books, code=code, seen=seen, actor=actor, items=items, again=again)


async def ask_for_money(books: Books, code: str, seen: int, actor: Actor, form: FormData) -> Case:
    """Ask for a fee."""
    amount, rule = number(form, "amount_vnd"), field(form, "rule")
    return await deciding.ask_for_money(books=books, code=code, seen=seen, actor=actor, amount_vnd=amount, rule=rule)


async def send_draft(books: Books, code: str, seen: int, actor: Actor, form: FormData) -> Case:
    """Send a draft: the uploaded PDF, or the demo's own."""
    paper = await upload(form, "file")
    return await deciding.send_draft_result(books=books, code=code, seen=seen, actor=actor, upload=paper)


async def decide(books: Books, code: str, seen: int, actor: Actor, form: FormData) -> Case:
    """Decide."""
    return await deciding.decide_case(books=books, code=code, seen=seen, actor=actor)


async def attach(books: Books, code: str, seen: int, actor: Actor, form: FormData) -> Case:
    """Attach a result: the uploaded PDF, or a signed demo PDF."""
    paper = await upload(form, "file")
    return await deciding.attach_result(books=books, code=code, seen=seen, actor=actor, upload=paper)


async def give_back(books: Books, code: str, seen: int, actor: Actor, form: FormData) -> Case:
    """Return the result to the citizen."""
    return await deciding.return_result(books=books, code=code, seen=seen, actor=actor)


async def refuse(books: Books, code: str, seen: int, actor: Actor, form: FormData) -> Case:
    """Refuse with reason and rule."""
    reason, rule = field(form, "reason"), field(form, "rule")
    return await deciding.refuse_case(books=books, code=code, seen=seen, actor=actor, reason=reason, rule=rule)


async def stop(books: Books, code: str, seen: int, actor: Actor, form: FormData) -> Case:
    """Stop with reason and rule."""
    reason, rule = field(form, "reason"), field(form, "rule")
    return await deciding.stop_case(books=books, code=code, seen=seen, actor=actor, reason=reason, rule=rule)


async def apologise(books: Books, code: str, seen: int, actor: Actor, form: FormData) -> Case:
    """Apologise before the appointment is missed."""
    more, reason, head = number(form, "more"), field(form, "reason"), field(form, "head")
    return await deciding.apologise(books=books, code=code, seen=seen, actor=actor, more=more, reason=reason, head=head)


async def answer(books: Books, code: str, seen: int, actor: Actor, form: FormData) -> Case:
    """Answer a request: the button says accept or decline."""
    verdict = field(form, "verdict")
    if verdict not in ("accept", "decline"):
        raise _wrong("verdict", Text("Chọn đồng ý hoặc không đồng ý.", "Choose accept or decline."))
    return await deciding.answer_request(
        books=books,
        code=code,
        seen=seen,
        actor=actor,
        request_no=number(form, "request_no"),
        accept=verdict == "accept",
        text=field(form, "text"),
    )


ACTIONS: Mapping[str, Act] = {
    "accept": accept,
    "start": start,
    "ask_for_papers": ask_for_papers,
    "ask_for_money": ask_for_money,
    "send_draft": send_draft,
    "decide": decide,
    "attach": attach,
    "return": give_back,
    "refuse": refuse,
    "stop": stop,
    "apologise": apologise,
    "answer": answer,
}


def action(name: str) -> Act:
    """Return the function of a button. Raises ``NotFound``."""
    found = ACTIONS.get(name)
    if found is None:
        raise NotFound("no_such_step", Text("Không có bước này.", "There is no such step."))
    return found


def _wrong(path: str, text: Text) -> Invalid:
    return Invalid("invalid_form", text, [FieldProblem(path, "invalid", text)])
