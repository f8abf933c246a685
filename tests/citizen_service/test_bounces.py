"""Detail 20: a message that does not arrive falls to the next channel and at last to a task for the office, once."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from citizen_service import store, usecases
from citizen_service.clients import ReportFolder, drop_report, read_report
from citizen_service.model import Channel, Contact, Preferences
from kernel.errors import Forbidden
from proto.events.v1 import citizen_pb2
from tests.citizen_service.conftest import CODE, Failing, Room, profile, record

PHONE = "+84912345678"
SON = "+84987654321"
HELPED = "a" + "0" * 32
WISH = Preferences("d1", "vi", (Channel.MAIL, Channel.ZALO), PHONE)
DECIDED = {"step": "decided", "state": "decided", "status": 9}


def refuse(room: Room, *channels: str, addresses: tuple[str, ...] = ()) -> None:
    """Tell the demo's gateway what does not arrive."""
    room.outbox.mkdir(exist_ok=True)
    rules = {"channels": list(channels), "addresses": list(addresses)}
    (room.outbox / "bounces.json").write_text(json.dumps(rules))


async def until_quiet(room: Room) -> None:
    while await room.send() or await room.returned():
        continue


async def tasks(room: Room) -> list[tuple[int, str, bool]]:
    async with room.database.read() as tx:
        rows = await tx.all(select(store.OUTBOX).where(store.OUTBOX.c.type == "person_unreached"))
    said = [citizen_pb2.PersonUnreached.FromString(row.body) for row in rows]
    assert all(one.dossier for one in said)
    return [(one.event_no, one.what, one.by_teller) for one in said]


def channels(room: Room) -> list[str]:
    """Return the channels by which messages left, in order of the files' names."""
    found = []
    for path in room.mails():
        to = next(line for line in path.read_text().splitlines() if line.startswith("To: "))
        domain = to.rpartition("@")[2].partition(".")[0]
        found.append(domain if domain in ("sms", "zalo", "voice") else "mail")
    return found


async def choose(room: Room, **wish: Any) -> None:
    await usecases.choose_preferences(database=room.database, clock=room.clock, chosen=replace(WISH, **wish))


async def test_detail_20_bounced_mail_falls_to_a_text_message_and_then_to_the_office(room: Room) -> None:
    await choose(room, channels=(Channel.MAIL,))
    refuse(room, "mail")
    await room.apply(record("state_reported", 1, **DECIDED))
    await until_quiet(room)
    assert sorted(channels(room)) == ["mail", "sms"], "a text message is the last resort, also of who chose mail alone"
    assert await tasks(room) == []
    refuse(room, "mail", "sms")
    await room.apply(record("state_reported", 2, version=2, **DECIDED))
    await until_quiet(room)
    assert await tasks(room) == [(2, "decided", False)]
    assert await room.inbox() == [(1, "decided"), (2, "decided")], "the inbox always has it"


async def test_a_report_that_comes_twice_late_or_about_nothing_changes_nothing(room: Room) -> None:
    await choose(room)
    await room.apply(record("state_reported", 1, **DECIDED))
    await room.send()
    (mail,) = room.mails()
    for _ in range(2):
        drop_report(room.outbox, mail.name, "d1@motcua.example.invalid")
        await until_quiet(room)
    assert sorted(channels(room)) == ["mail", "zalo"]
    (room.outbox / "reports" / "x.eml").write_bytes(b"\xff\x00 no report")
    (room.outbox / "reports" / "y.eml").write_bytes(b"Content-Type: multipart/report; boundary=a\n\n--a\n\n--a--")
    assert await room.returned() == 0
    assert list((room.outbox / "reports").iterdir()) == []
    assert await tasks(room) == []


async def test_a_delivered_report_is_no_bounce_and_a_servers_own_form_is_read(room: Room) -> None:
    await room.apply(record("state_reported", 1, **DECIDED))
    await room.send()
    (mail,) = room.mails()
    original = mail.read_bytes()
    token = original.partition(b"Message-ID: <")[2].partition(b"@")[0].decode()
    whole = (
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n'
        b"Content-Type: text/plain\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        b"Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; d1@example\r\nAction: %s\r\nStatus: 5.1.1\r\n"
        b"\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" + original + b"\r\n--b--\r\n"
    )
    assert read_report("a", whole.replace(b"%s", b"failed")) == replace(
        read_report("a", whole), token=token, failed=True
    )
    assert read_report("a", whole.replace(b"%s", b"delayed")).failed is False


async def test_who_wants_the_inbox_alone_is_no_task(room: Room) -> None:
    await choose(room, channels=())
    await room.apply(record("state_reported", 1, **DECIDED))
    await until_quiet(room)
    assert room.mails() == [] and await tasks(room) == []


async def test_a_gateway_that_is_away_for_most_of_a_day_becomes_a_task(room: Room) -> None:
    room.transport = Failing("d1@motcua.example.invalid")
    await room.apply(record("state_reported", 1, **DECIDED))
    tries = 0
    while not await tasks(room):
        tries += 1
        await room.send()
        async with room.database.begin() as tx:  # the pause before the next try is over
            await tx.execute(update(store.NOTICE).values(next_try=None))
    assert tries == 30


async def test_detail_20_a_text_message_after_a_bounce_waits_for_the_morning(room: Room) -> None:
    await choose(room)
    await room.apply(record("state_reported", 1, **DECIDED))
    await room.send()
    room.clock.at = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)  # 23:00 in Viet Nam
    drop_report(room.outbox, room.mails()[0].name, "d1@motcua.example.invalid")
    await until_quiet(room)
    assert channels(room) == ["mail"]
    room.clock.at = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)  # 6:00
    await until_quiet(room)
    assert sorted(channels(room)) == ["mail", "zalo"]


def helped(n: int, kind: str = "state_reported", **values: Any) -> Any:
    return record(kind, n, **{"owner": HELPED, "helper": "h1", "version": n, **DECIDED, **values})


async def keep(room: Room, phone: str | None = SON, way: Channel = Channel.SMS, helper: str = "h1") -> None:
    await usecases.keep_contact(database=room.database, clock=room.clock, contact=Contact(HELPED, helper, phone, way))


async def test_helped_people_are_told_as_they_said_and_never_by_the_helpers_telephone(room: Room) -> None:
    await usecases.seed_profiles(database=room.database, profiles=[replace(profile("h1"), phone=PHONE)])
    await keep(room)
    await room.apply(helped(1))
    await until_quiet(room)
    (sent,) = room.mails()
    assert f"To: {SON}@sms." in sent.read_text() and PHONE not in sent.read_text()
    assert f"/lookup/{CODE}" in sent.read_text().replace("=\n", "")
    await keep(room, way=Channel.VOICE)
    await room.apply(helped(2))
    await until_quiet(room)
    voice = next(path for path in room.mails() if "@voice." in path.read_text())
    assert "https://" not in voice.read_text(), "a voice reads no address out"


async def test_somebody_named_to_tell_them_is_the_offices_task(room: Room) -> None:
    await keep(room, phone=None)
    await room.apply(helped(1))
    await until_quiet(room)
    assert room.mails() == [] and await tasks(room) == [(1, "decided", True)]


async def test_a_contact_counts_only_for_what_that_helper_filed_and_nobody_else_may_change_it(room: Room) -> None:
    await keep(room, helper="h2")
    await room.apply(helped(1))
    await until_quiet(room)
    assert room.mails() == [] and await tasks(room) == []
    with pytest.raises(Forbidden):
        await keep(room)


@pytest.mark.parametrize("end", ["contact_ended", "dossier_claimed"])
async def test_the_person_ends_the_contact_and_it_is_forgotten(room: Room, end: str) -> None:
    await keep(room)
    await room.apply(helped(1))
    await room.apply(helped(2, end, owner="d2" if end == "dossier_claimed" else HELPED))
    await until_quiet(room)
    await room.apply(helped(3))
    await until_quiet(room)
    assert room.mails() == [] and await tasks(room) == [], "what had not left yet does not leave any more"
    async with room.database.read() as tx:
        assert await tx.all(select(store.CONTACT)) == []


ENDS = st.sampled_from(["arrives", "bounces", "bounces twice"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wanted=st.permutations([Channel.MAIL, Channel.SMS, Channel.ZALO]).flatmap(
        lambda order: st.integers(0, 3).map(lambda size: tuple(order[:size]))
    ),
    ends=st.fixed_dictionaries({"mail": ENDS, "sms": ENDS, "zalo": ENDS}),
    changes=st.integers(1, 3),
)
async def test_each_change_ends_told_once_or_as_one_task(
    room: Room, wanted: tuple[Channel, ...], ends: dict[str, str], changes: int
) -> None:
    async with room.database.begin() as tx:
        for table in (store.NOTICE, store.ATTEMPT, store.SETTLED, store.OUTBOX):
            await tx.execute(delete(table))
    for path in room.mails():
        path.unlink()
    await choose(room, channels=wanted)
    refuse(room, *(channel for channel, end in ends.items() if end != "arrives"))
    facts = [record("state_reported", n, version=n, **DECIDED) for n in range(1, changes + 1)]
    for _ in range(2):
        await room.apply(*facts)
        while await room.send():
            for path in list((room.outbox / "reports").glob("*.eml")):
                channel = path.read_text().partition("rfc822; ")[2].partition("\n")[0].rpartition("@")[2]
                if ends.get(channel.partition(".")[0]) == "bounces twice":
                    (path.parent / f"again-{path.name}").write_bytes(path.read_bytes())
            await room.returned()
    order = [*wanted, *([Channel.SMS] if wanted and Channel.SMS not in wanted else [])]
    tried = order[: next((n + 1 for n, one in enumerate(order) if ends[one] == "arrives"), len(order))]
    arrives = bool(tried) and ends[tried[-1]] == "arrives"
    assert sorted(channels(room)) == sorted([str(one) for one in tried] * changes), (
        "each channel once a change, in order"
    )
    assert len(await tasks(room)) == (0 if arrives or not wanted else changes)
    assert len(await room.inbox()) == changes
    assert not await ReportFolder(Path(room.outbox / "reports")).waiting()
