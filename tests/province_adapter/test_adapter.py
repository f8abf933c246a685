"""The adapter's manners towards the office: order per dossier, and one that fails holds up no other."""

import hashlib
from pathlib import Path

from proto.exchange.v1 import exchange_pb2
from tests.exchange.country import country, until
from tests.exchange.test_lanes import codes


async def test_a_dossier_that_the_office_cannot_take_holds_up_no_other(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        office = land.office("H26")
        stuck, *others = codes("H26", 30)
        office.failing.add(stuck)
        async with land.adapter("H26", office):
            await land.nation.file("H26", [stuck, *others])
            request = exchange_pb2.Request(request_no=1, kind=exchange_pb2.WITHDRAWAL)
            await land.log.append([land.nation.delivery(stuck, request_filed=request)])
            await until(lambda: len(office.delivered()) == 29)
            assert stuck not in {subject for subject, _ in office.delivered()}
            office.failing.clear()
            await until(lambda: len(office.delivered()) == 31)
            assert [k for s, k in office.delivered() if s == stuck] == ["handover", "request_filed"]
        office.close()


async def test_a_refused_report_reaches_the_officer(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        office = land.office("H26")
        code = codes("H26", 1)[0]
        async with land.adapter("H26", office):
            await land.nation.file("H26", [code])
            refused = exchange_pb2.ReportRefused(version=2, code="ILLEGAL", text="Không đúng bước.")
            await land.log.append([land.nation.delivery(code, report_refused=refused)])
            await until(lambda: (code, "report_refused") in office.delivered())
            assert office.bodies()[-1].report_refused.text == "Không đúng bước."
        office.close()


async def test_what_the_office_does_while_the_nation_is_away_is_reported_later_in_order(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        office = land.office("H26")
        code = codes("H26", 1)[0]
        async with land.adapter("H26", office):
            await land.nation.file("H26", [code])
            await until(lambda: len(land.nation.reports) == 1)
        async with land.adapter("H26", office, target="127.0.0.1:9"):
            for _ in range(20):
                office.work(code)
        async with land.adapter("H26", office):
            await until(lambda: len(land.nation.reports) == 21)
        assert [upward.report.version for upward in land.nation.reports] == list(range(2, 23))
        office.close()


async def test_big_bodies_pass_within_the_window(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        office = land.office("H26")
        big = "x" * 700_000
        handovers = []
        for code in codes("H26", 12):
            land.nation.lanes[code] = "H26"
            handover = exchange_pb2.Handover(procedure="1.004873", answers_json=big)
            handovers.append(land.nation.delivery(code, handover=handover))
        await land.log.append(handovers)
        async with land.adapter("H26", office):
            await until(lambda: len(land.nation.reports) == 12)
        digests = {hashlib.sha256(body.handover.answers_json.encode()).hexdigest() for body in office.bodies()}
        assert digests == {hashlib.sha256(big.encode()).hexdigest()}
        office.close()
