"""Idempotency-Key: the first answer is given again, another body is refused."""

from datetime import timedelta

import pytest

from kernel.clock import real_now
from kernel.db import Database
from kernel.errors import Conflict, Invalid
from kernel.idempotency import Remembered, forget, recall, remember

BODY = {"procedure": "1.001193", "answers": {"tên": "Ánh", "weight": 3.2}}


async def store(database: Database, key: str = "k-1", body: object = BODY) -> None:
    async with database.begin() as tx:
        await remember(tx, subject="citizen", key=key, body=body, status=201, response={"code": "H26-261121-0001"})


async def test_the_first_answer_is_given_again(database: Database) -> None:
    await store(database)
    async with database.begin() as tx:
        again = dict(reversed(BODY.items()))
        found = await recall(tx, subject="citizen", key="k-1", body=again)
    assert found == Remembered(201, {"code": "H26-261121-0001"})


async def test_an_unused_key_and_another_person_know_nothing(database: Database) -> None:
    await store(database)
    async with database.begin() as tx:
        assert await recall(tx, subject="citizen", key="k-2", body=BODY) is None
        assert await recall(tx, subject="other", key="k-1", body=BODY) is None


async def test_the_same_key_with_another_body_is_refused(database: Database) -> None:
    await store(database)
    with pytest.raises(Invalid) as refused:
        async with database.begin() as tx:
            await recall(tx, subject="citizen", key="k-1", body={})
    assert refused.value.code == "idempotency_key_reused"


async def test_the_race_of_two_is_settled_by_the_key(database: Database) -> None:
    await store(database)
    with pytest.raises(Conflict) as lost:
        await store(database)
    assert lost.value.code == "request_in_progress"


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "khoá", "a\n", "\0"])
async def test_a_key_that_cannot_be_one_is_refused(database: Database, key: str) -> None:
    with pytest.raises(Invalid) as refused:
        async with database.begin() as tx:
            await recall(tx, subject="citizen", key=key, body=BODY)
    assert refused.value.code == "bad_idempotency_key"


async def test_old_answers_are_forgotten(database: Database) -> None:
    await store(database)
    async with database.begin() as tx:
        assert await forget(tx, real_now() - timedelta(days=1)) == 0
        assert await forget(tx, real_now() + timedelta(seconds=1)) == 1
        assert await recall(tx, subject="citizen", key="k-1", body=BODY) is None
