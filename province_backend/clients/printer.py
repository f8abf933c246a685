"""Result papers: one worker process, started when the first paper is needed."""

import asyncio
import json
import multiprocessing
from collections.abc import Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from pathlib import Path

from kernel.errors import Text, Unavailable
from kernel.locale import long_date, short_date
from province_backend.clients import worker
from province_backend.model.case import Case

WORDS = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
MODULE = "province_backend.clients.papers"


class Printer:
    """Makes demo results and drafts. ``folder`` keeps the demo authority and one seal per office."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pool: Executor | None = None

    async def make(self, case: Case, *, participant: str, office_name: str, draft: bool, at: datetime) -> bytes:
        """Return the PDF of a case's result (signed) or of its draft (not signed). ``at`` is business time.

        Raises ``Unavailable`` ``no_printer`` when the worker process dies twice in a row.
        """
        request: dict[str, object] = {
            "folder": str(self._folder),
            "participant": participant,
            "signer": office_name,
            "draft": draft,
            "at": at.isoformat(),
            "content": paper(case, office_name=office_name, draft=draft, at=at),
        }
        for _ in range(2):
            try:
                return await asyncio.get_running_loop().run_in_executor(
                    self._workers(), worker.call, MODULE, "make_paper", request
                )
            except BrokenProcessPool:
                self._pool = None
        raise Unavailable("no_printer", Text("Chưa tạo được tệp PDF. Thử lại sau.", "The PDF could not be made now."))

    def close(self) -> None:
        """End the worker process."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _workers(self) -> Executor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(max_workers=1, mp_context=context)
        return self._pool


def paper(case: Case, *, office_name: str, draft: bool, at: datetime) -> dict[str, object]:
    """Return what the paper says, in Vietnamese."""
    titles: Mapping[str, str] = WORDS["results"]
    return {
        "title": titles.get(case.filing.procedure, f"Kết quả: {case.filing.title or case.filing.procedure}"),
        "procedure": case.filing.title,
        "code": case.code,
        "office": office_name,
        "office_id": case.filing.office,
        "date": long_date(at, "vi"),
        "draft": draft,
        "facts": [[label, value] for label, value in facts(case.filing.answers, "vi")],
    }


def facts(answers: Mapping[str, object], lang: str) -> list[tuple[str, str]]:
    """Return every answered question with its answer in words; files are listed elsewhere."""
    shown = []
    for name, value in answers.items():
        text = _in_words(name, value, lang)
        if text:
            shown.append((label(name, lang), text))
    return shown


def label(name: str, lang: str) -> str:
    """Return the words of a form's field; a field we have no words for keeps its name, spaced."""
    known = WORDS["fields"].get(name)
    return str(known[lang]) if known else name.replace("_", " ").capitalize()


def _in_words(name: str, value: object, lang: str) -> str:
    if isinstance(value, bool):
        yes, no = ("Yes", "No") if lang == "en" else ("Có", "Không")
        return yes if value else no
    if isinstance(value, list):
        parts = [_in_words(name, item, lang) for item in value if not _is_digest(item)]
        return ", ".join(part for part in parts if part)
    if value is None or isinstance(value, dict):
        return ""
    text = str(value)
    known = WORDS["values"].get(name, {}).get(text)
    if known:
        return str(known[lang])
    try:
        return short_date(datetime.strptime(text, "%Y-%m-%d").date(), lang)
    except ValueError:
        return text


def _is_digest(item: object) -> bool:
    return isinstance(item, str) and len(item) == 64 and set(item) <= set("0123456789abcdef")
