"""A person is told in their language, by the first channel that reaches them, and not in their quiet hours."""

from dataclasses import replace
from datetime import UTC, datetime, time
from email import policy
from email.parser import BytesParser
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from citizen_service import store, usecases
from citizen_service.model import Channel, Kind, Preferences, say, send_after
from citizen_service.model.notices import STARTED_BY_PERSON
from citizen_service.model.preferences import SMS_MARKED, SMS_PLAIN, short_text, without_marks
from tests.citizen_service.conftest import CODE, Failing, Room, record

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
WISH = Preferences("d1", "vi")


async def choose(room: Room, **wish: object) -> None:
    chosen = replace(WISH, **wish)  # type: ignore[arg-type]
    await usecases.choose_preferences(database=room.database, clock=room.clock, chosen=chosen)


async def told(room: Room, n: int = 1) -> tuple[list[str], list[str]]:
    """Tell of one more fact; return to whom messages left and their texts."""
    before = set(room.mails())
    await room.apply(record("state_reported", n, step="accepted", state="accepted", status=2, version=n + 1))
    await room.send()
    found = [BytesParser(policy=policy.default).parsebytes(p.read_bytes()) for p in room.mails() if p not in before]
    return [str(one["To"]) for one in found], [one.get_content().strip() for one in found]


async def test_who_never_chose_gets_mail_and_may_read_what_counts(room: Room) -> None:
    assert (await told(room))[0] == ["d1@motcua.example.invalid"]
    shown = await usecases.show_preferences(database=room.database, owner="d2")
    assert (shown.language, shown.channels) == ("en", (Channel.MAIL,))


async def test_the_first_channel_that_reaches_the_person_is_used_and_only_that(room: Room) -> None:
    await choose(room, channels=(Channel.ZALO, Channel.MAIL))
    assert (await told(room, 1))[0] == ["d1@motcua.example.invalid"], "no telephone is known"
    await choose(room, channels=(Channel.ZALO, Channel.MAIL), phone="+84912345678")
    assert (await told(room, 2))[0] == ["+84912345678@zalo.example.invalid"]
    await choose(room, channels=())
    assert (await told(room, 3))[0] == []
    assert len(await room.inbox()) == 3, "the inbox always has it"


async def test_messages_are_in_the_language_that_was_chosen(room: Room) -> None:
    await choose(room, language="en")
    assert (await told(room))[1][0].startswith("Nothing to do now. Dossier")


async def test_detail_19_a_text_message_fits_any_telephone(room: Room) -> None:
    await choose(room, channels=(Channel.SMS,), phone="+84912345678")
    text = (await told(room))[1][0]
    assert text == (
        "Ban chua phai lam gi. Ho so H26-261121-0001 da duoc tiep nhan. https://motcua.example/dossiers/H26-261121-0001"
    )
    for kind in Kind:
        for due in (None, "12:00 Thứ Hai, 30/11/2026"):
            line = say(kind, code=CODE, due=due, expected=False, language="vi").first
            sent = short_text(line, f"https://motcua.example/dossiers/{CODE}")
            assert len(sent) <= SMS_PLAIN and sent.isascii()
    assert len("Hồ sơ H26-261121-0001 có tin mới: motcua.example/tra-cuu") <= SMS_MARKED
    assert without_marks("Đặng Thị Hường, Ộ, ữ") == "Dang Thi Huong, O, u"


async def test_detail_20_quiet_hours_hold_back_all_but_what_the_person_started() -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=VIETNAM).astimezone(UTC)
    for kind in Kind:
        at = send_after(kind, late).astimezone(VIETNAM)
        assert at == (late if kind in STARTED_BY_PERSON else datetime(2026, 11, 21, 6, 0, tzinfo=VIETNAM))


@pytest.mark.parametrize(
    ("now", "quiet_from", "quiet_until", "leaves"),
    [
        ((20, 20, 30), time(20), time(7), (21, 7, 0)),
        ((20, 6, 30), time(20), time(7), (20, 7, 0)),
        ((20, 12, 30), time(12), time(13), (20, 13, 0)),
        ((20, 23, 0), time(0), time(0), (20, 23, 0)),
    ],
)
async def test_detail_20_quiet_hours_are_the_persons_own(
    now: tuple[int, int, int], quiet_from: time, quiet_until: time, leaves: tuple[int, int, int]
) -> None:
    def at(day: int, hour: int, minute: int) -> datetime:
        return datetime(2026, 11, day, hour, minute, tzinfo=VIETNAM)

    found = send_after(Kind.ACCEPTED, at(*now).astimezone(UTC), quiet_from=quiet_from, quiet_until=quiet_until)
    assert found == at(*leaves)


async def test_detail_20_what_cannot_be_sent_three_times_falls_to_the_next_channel(room: Room) -> None:
    await choose(room, channels=(Channel.MAIL, Channel.SMS), phone="+84912345678")
    room.transport = Failing("d1@motcua.example.invalid")
    await room.apply(record("state_reported", 1, step="accepted", state="accepted", status=2, version=2))
    for _ in range(3):
        assert await room.send() == 0
        async with room.database.begin() as tx:  # the pause before the next try is over
            await tx.execute(update(store.NOTICE).values(next_try=None))
    assert await room.send() == 1
    assert [mail.to for mail in room.transport.sent] == ["+84912345678@sms.example.invalid"]
    assert await room.send() == 0
