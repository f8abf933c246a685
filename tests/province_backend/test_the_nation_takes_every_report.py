"""Office and nation keep one table of states: whatever the office may do, the nation applies (exact.md 2)."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from dossier_service.events.decode import report_of
from dossier_service.model import dossier as national
from dossier_service.model.reports import Book, apply_report, judge
from dossier_service.model.states import RequestKind as NationalKind
from kernel.workdays import Calendar
from proto.exchange.v1 import exchange_pb2 as pb
from province_backend.events import wire
from province_backend.model import requests
from province_backend.model.case import Request, RequestKind
from province_backend.model.steps import Moved
from tests.province_backend.test_model import NOW, OFFICER, CaseMachine

CALENDAR = Calendar.load()


class BothSides(CaseMachine):
    """The office acts as in ``CaseMachine``; each report goes over the wire to the nation's own judge."""

    def __init__(self) -> None:
        super().__init__()
        code = self.case.code
        self.book = Book()
        self.nation = national.Dossier(
            code=code,
            owner="citizen-1",
            helper=None,
            procedure="1.001193",
            revision=1,
            form_digest="",
            place="00004",
            lane="H26",
            office="H26.00004",
            office_name="Một cửa",
            received_by="H26.00004",
            result_at="H26.00004",
            submitted_at=NOW,
            updated_at=NOW,
            occurred_at=NOW,
            held_since=NOW,
            state_digest=national.first_digest(code),
            head="0" * 64,
        )
        assert self.case.digest == self.nation.state_digest

    def took(self, moved: Moved) -> None:
        super().took(moved)
        report = report_of(pb.Upward.FromString(wire.encode(moved[1]).body).report)
        self.book.here = {ref.sha256 for ref in report.files}
        assert judge(self.nation, report, self.book) is None
        self.nation = apply_report(self.nation, report, self.book, received_at=self.now, calendar=CALENDAR).dossier
        assert self.nation.status == self.case.status
        assert self.nation.state_digest == self.case.digest

    @rule(kind=st.sampled_from(RequestKind), ask_no=st.integers(0, 3))
    def citizen_files(self, kind: RequestKind, ask_no: int) -> None:
        if self.case.open_request(kind) is not None:
            return
        self.requests += 1
        number = self.requests
        self.book.open_requests[number] = national.Request(
            number, NationalKind(kind.value), ask_no or None, self.now, "citizen-1"
        )
        request = Request(number, kind, self.now, ask_no)
        held, moved = requests.receive(self.case, request, actor=OFFICER, now=self.now)
        if moved:
            self.took(moved)
        self.case = held


BothSides.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestBothSides = BothSides.TestCase
