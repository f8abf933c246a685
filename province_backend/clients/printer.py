"""Result papers: one worker process, started when the first paper is needed."""

import asyncio
import multiprocessing
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from pathlib import Path

from kernel.errors import FieldProblem, Invalid, Text, Unavailable
from kernel.locale import long_date
from province_backend.clients import worker
from province_backend.clients.wording import printed_facts, result_title
from province_backend.model.case import Case

MODULE = "province_backend.clients.papers"


class Printer:
    """Makes demo results and drafts. ``folder`` keeps the demo authority and one seal per office.

    ``portal`` is the address of the portal where anyone can check a paper.
    """

    def __init__(self, folder: Path, portal: str = "http://127.0.0.1:8000") -> None:
        self._folder = folder
        self._portal = portal.rstrip("/")
        self._pool: Executor | None = None

    async def make(self, case: Case, *, participant: str, office_name: str, draft: bool, at: datetime) -> bytes:
        """Return the PDF of a case's result (signed) or of its draft (not signed). ``at`` is business time.

        Raises ``Unavailable`` ``no_printer`` when the worker process dies twice in a row.
        """
        content = paper(case, office_name=office_name, draft=draft, at=at, portal=self._portal)
        return await self._work(
            "make_paper", participant=participant, signer=office_name, draft=draft, at=at, content=content
        )

    async def seal(self, case: Case, data: bytes, *, participant: str, office_name: str, at: datetime) -> bytes:
        """Return an officer's own PDF sealed by the office, with a last page that says where it is checked.

        Raises ``Invalid`` ``file_broken`` for a file that cannot be written again, ``Unavailable`` as ``make`` does.
        """
        content = paper(case, office_name=office_name, draft=False, at=at, portal=self._portal)
        content |= {"facts": [], "title": f"Trang xác minh: {content['title']}"}
        try:
            return await self._work(
                "seal_upload",
                participant=participant,
                signer=office_name,
                draft=False,
                at=at,
                content=content,
                data=data,
            )
        except ValueError as error:
            text = Text(
                "Tệp PDF này không ký số được. Bạn in lại ra PDF rồi tải lên.",
                "This PDF cannot be signed. Print it to a new PDF and upload that.",
            )
            raise Invalid("file_broken", text, [FieldProblem("file", "file_broken", text)]) from error

    async def _work(self, function: str, *, at: datetime, **told: object) -> bytes:
        request: dict[str, object] = {"folder": str(self._folder), "at": at.isoformat(), **told}
        for _ in range(2):
            try:
                return await asyncio.get_running_loop().run_in_executor(
                    self._workers(), worker.call, MODULE, function, request
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
            self._pool = ProcessPoolExecutor(max_workers=1, mp_context=context, initializer=worker.prepare)
        return self._pool


def paper(case: Case, *, office_name: str, draft: bool, at: datetime, portal: str) -> dict[str, object]:
    """Return what the paper says, in Vietnamese. A result with a code says where anyone can check it."""
    code = "" if draft else case.filing.paper_code
    return {
        "check_code": "-".join(code[at : at + 4] for at in range(0, len(code), 4)),
        "check_at": f"{portal}/verify" if code else "",
        "title": result_title(case.filing),
        "procedure": case.filing.title,
        "code": case.code,
        "office": office_name,
        "office_id": case.filing.office,
        "date": long_date(at, "vi"),
        "draft": draft,
        "facts": [[label, value] for label, value in printed_facts(case.filing)],
    }
