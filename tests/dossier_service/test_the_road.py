"""draft -> submit -> reports -> timeline, through the use cases and the log door."""

from pathlib import Path

import pytest

from dossier_service.model.states import State
from dossier_service.usecases.reading import look_up, read_dossier, read_timeline
from tests.dossier_service.world import CITIZEN, Owner, world

pytestmark = pytest.mark.usefixtures("database_engine")


async def test_a_dossier_is_filed_reported_and_shown(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        view = await read_dossier(desk=here.desk, principal=CITIZEN, code=code)
        assert (view.dossier.version, view.dossier.event_no, view.dossier.status) == (1, 1, 1)
        assert view.dossier.expected is not None
        owner = Owner(code, here.desk.clock.now())
        steps = [
            owner.step("accepted", state=State.ACCEPTED),
            owner.step("processing_started", state=State.PROCESSING),
            owner.step("decided", state=State.DECIDED),
            owner.step("result_returned", state=State.RETURNED),
        ]
        await here.feed("province.reports.v1", *[owner.message(step) for step in steps])
        view = await read_dossier(desk=here.desk, principal=CITIZEN, code=code)
        assert (view.dossier.version, view.dossier.status, view.dossier.held_by) == (5, 10, "none")
        rows = await read_timeline(desk=here.desk, principal=CITIZEN, code=code)
        assert [row.type for row in rows] == [
            "submitted",
            "delivered",
            "accepted",
            "processing_started",
            "decided",
            "result_returned",
        ]
        assert [row.n for row in rows] == [1, 2, 3, 4, 5, 6]
        assert await look_up(desk=here.desk, code=code.lower()) == (code, 100)
        kinds = [(row.topic, row.type, row.version) for row in await here.sent()]
        assert kinds[:2] == [
            ("dossier.events.v1", "dossier_submitted", 1),
            ("province.deliveries.v1", "handover", 1),
        ]
        assert [version for topic, _, version in kinds if topic == "dossier.events.v1"] == [1, 2, 3, 4, 5, 6]
