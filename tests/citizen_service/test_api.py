"""A person's own space over HTTP, and the whole way from the log to the file."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from citizen_service import usecases
from citizen_service.api import make_api
from citizen_service.clients import Mail, Smtp, as_message
from citizen_service.main import build
from citizen_service.settings import CitizenSettings
from kernel.auth import Verifier
from kernel.clock import Clock
from kernel.log import Message, SqliteLog, Topic
from motcua.assembly import end
from tests.citizen_service.conftest import CODE, NOON, Room, access, profile, record

KEY = ECKey.generate_key("P-256", {"kid": "k", "use": "sig"})


async def keys() -> dict[str, object]:
    return {"keys": [KEY.as_dict(private=False)]}


def bearer(sub: str) -> dict[str, str]:
    claims = {"iss": "i", "aud": "motcua", "sub": sub, "roles": ["citizen"], "exp": int(time.time()) + 600}
    return {"authorization": f"Bearer {jwt.encode({'alg': 'ES256', 'kid': 'k'}, claims, KEY)}"}


@pytest.fixture
async def client(room: Room) -> AsyncIterator[httpx.AsyncClient]:
    app = make_api(database=room.database, clock=room.clock, verifier=Verifier(issuer="i", keys=keys))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x/api/me/v1") as client:
        yield client


async def test_the_profile_says_where_each_value_is_from(client: httpx.AsyncClient) -> None:
    mine = await client.get("profile", headers=bearer("d1"))
    assert mine.json()["name"] == "Nguyễn Thị Ánh"
    assert mine.json()["source"]["vi"] == "Dữ liệu dân cư (BẢN DEMO)"
    assert mine.json()["as_of"] == "2026-11-01"
    assert mine.headers["cache-control"] == "private, no-store"
    unknown = (await client.get("profile", headers=bearer("nobody"))).json()
    assert (unknown["name"], unknown["source"]) == (None, None)


@pytest.mark.parametrize("path", ["profile", "notices", "accesses"])
async def test_everything_here_needs_sign_in_and_known_parameters(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 401
    assert (await client.get(f"{path}?who=d2", headers=bearer("d1"))).status_code == 422


async def test_notices_come_in_pages_newest_first_and_can_be_read_once(client: httpx.AsyncClient, room: Room) -> None:
    for n in range(1, 8):
        await room.apply(record("due_changed", n, state="accepted", status=2))
    first = (await client.get("notices?page_size=3", headers=bearer("d1"))).json()
    assert [notice["event_no"] for notice in first["results"]] == [7, 6, 5]
    assert {notice["channel"] for notice in first["results"]} == {"inbox"}
    rest = await client.get(f"notices?page_size=100&cursor={first['next_cursor']}", headers=bearer("d1"))
    assert [notice["event_no"] for notice in rest.json()["results"]] == [4, 3, 2, 1]
    assert rest.json()["next_cursor"] is None
    one = first["results"][0]
    assert CODE in one["title"]["vi"]
    assert one["read_at"] is None
    read = (await client.post(f"notices/{one['id']}/read", headers=bearer("d1"))).json()
    room.clock.at += timedelta(hours=1)
    again = (await client.post(f"notices/{one['id']}/read", headers=bearer("d1"))).json()
    assert read["read_at"] == again["read_at"] is not None


async def test_anothers_notice_does_not_exist(client: httpx.AsyncClient, room: Room) -> None:
    await room.apply(record("due_changed", 1, state="accepted", status=2))
    [mine] = (await client.get("notices", headers=bearer("d1"))).json()["results"]
    assert (await client.get("notices", headers=bearer("d2"))).json()["results"] == []
    for notice in (mine["id"], "999", "0", "x", str(2**60)):
        answer = await client.post(f"notices/{notice}/read", headers=bearer("d2"))
        assert answer.status_code in (404, 422)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_bad_cursors_are_refused(client: httpx.AsyncClient) -> None:
    for cursor in ("x", "bnVsbA", "W10", "WyJhIl0", "9" * 900):
        for path in ("notices", "accesses"):
            answer = await client.get(f"{path}?cursor={cursor}", headers=bearer("d1"))
            assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


async def test_a_person_sees_who_opened_their_dossier_each_time_once(client: httpx.AsyncClient, room: Room) -> None:
    await room.apply(access(1), access(2, why="Giải quyết"), access(1))
    await room.apply(access(2))
    rows = (await client.get("accesses", headers=bearer("d1"))).json()["results"]
    assert [(row["why"], row["role"], row["office"], row["dossier"]) for row in rows] == [
        ("Giải quyết", "officer", "H26.00004", CODE),
        ("Thẩm định", "officer", "H26.00004", CODE),
    ]
    assert (await client.get("accesses", headers=bearer("d2"))).json()["results"] == []


async def test_profiles_can_be_seeded_again(room: Room) -> None:
    await usecases.seed_profiles(database=room.database, profiles=[profile("d1", "en"), profile("d9")])
    again = await usecases.show_profile(database=room.database, owner="d1")
    assert again is not None and again.language == "en"
    assert await usecases.show_profile(database=room.database, owner="d9") is not None


async def test_an_event_on_the_log_becomes_a_file_in_the_outbox(tmp_path: Path) -> None:
    log = await SqliteLog.open(f"sqlite+aiosqlite:///{tmp_path / 'log.db'}", [Topic("dossier.events.v1")])
    running = await build(
        CitizenSettings(data=tmp_path),
        log=log,
        clock=Clock(tmp_path / "clock.json"),
        verifier=Verifier(issuer="i", keys=keys),
        profiles=[profile("d1")],
    )
    tasks = [asyncio.ensure_future(loop()) for loop in running.loops]
    try:
        event = record("dossier_submitted", 1, step="submitted", state="submitted", status=1)
        await log.append([Message("dossier.events.v1", event.key, event.headers, event.body)] * 2)
        for _ in range(1000):
            if list((tmp_path / "outbox").glob("*.eml")):
                break
            await asyncio.sleep(0.02)
        assert len(list((tmp_path / "outbox").glob("*.eml"))) == 1
        assert await running.ready() == {"database": True}
    finally:
        await end(tasks)
        await running.close()
        await log.close()


async def test_smtp_hands_the_same_message_to_a_server() -> None:
    received: list[bytes] = []

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 demo\r\n")
        data = False
        while line := await reader.readline():
            if data:
                received.append(line)
                if line == b".\r\n":
                    data = False
                    writer.write(b"250 ok\r\n")
            elif line.upper().startswith(b"DATA"):
                data = True
                writer.write(b"354 go\r\n")
            elif line.upper().startswith(b"QUIT"):
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 ok\r\n")
        writer.close()

    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    mail = Mail("k", "a@example.invalid", "Chủ đề", "Dòng đầu\n", "vi", NOON)
    out = Smtp(
        host="127.0.0.1", port=port, starttls=False, user="", password="", sender="Một Cửa <n@m.example>", timeout=5
    )
    async with listening:
        await out.send(mail)
    assert as_message(mail, "Một Cửa <n@m.example>")["Message-ID"].encode() in b"".join(received)
    with pytest.raises(OSError, match=r".+"):
        await out.send(mail)
