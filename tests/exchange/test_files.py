"""Files go both ways by digest, resumable, and only for dossiers on the caller's lane."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import grpc
import pytest

from exchange.rpc.files import FileDoor
from proto.exchange.v1 import exchange_pb2
from tests.exchange.country import country, until
from tests.exchange.office import file_ref, pdf
from tests.exchange.raw import raw

pytestmark = pytest.mark.usefixtures("database_engine")

CODE = "H26-261121-0001"


async def requests(
    ref: exchange_pb2.FileRef, offset: int, *data: bytes, subject: str = CODE
) -> AsyncIterator[exchange_pb2.PutFileRequest]:
    header = exchange_pb2.PutFileHeader(subject=subject, file=ref, offset=offset)
    yield exchange_pb2.PutFileRequest(header=header)
    for chunk in data:
        yield exchange_pb2.PutFileRequest(data=chunk)


async def test_files_travel_with_the_dossier_both_ways(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        office = land.office("H26")
        paper, result = pdf(700_000), pdf(900_000)
        ref = file_ref(paper, "paper.pdf")
        await land.files.put(f"dossier/{CODE}/{ref.sha256}", paper)
        office.results[CODE] = result
        async with land.adapter("H26", office):
            await land.nation.file("H26", [CODE], files=[ref])
            await until(lambda: len(land.nation.reports) == 1)
            assert office.kept(CODE, ref.sha256) == paper
            key = f"dossier/{CODE}/{land.nation.reports[0].report.results[0].sha256}"
            assert await land.files.read(key) == result
            await until(lambda: len(land.nation.kinds("file_stored")) == 1)
        office.close()


async def test_a_file_that_is_missing_holds_up_its_dossier_alone(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        office = land.office("H26")
        paper = pdf(1000)
        ref = file_ref(paper)
        async with land.adapter("H26", office):
            await land.nation.file("H26", [CODE], files=[ref])
            await land.nation.file("H26", ["H26-261121-0002"])
            await until(lambda: len(land.nation.reports) == 1)
            assert land.nation.reports[0].subject == "H26-261121-0002"
            await land.files.put(f"dossier/{CODE}/{ref.sha256}", paper)
            await until(lambda: len(land.nation.reports) == 2)
        office.close()


async def test_an_upload_goes_on_where_it_was_cut(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        await land.nation.file("H26", [CODE])
        data = pdf(500_000)
        ref = file_ref(data)
        async with raw(land) as link:
            await link.hello()
            await link.frame()
            half = await link.stub.PutFile(requests(ref, 0, data[:200_000]))
            assert (half.stored, half.complete) == (200_000, False)
            asked = await link.stub.PutFile(requests(ref, -1))
            assert asked.stored == 200_000
            whole = await link.stub.PutFile(requests(ref, 200_000, data[200_000:]))
            assert whole.complete
            again = await link.stub.PutFile(requests(ref, 0, data))
            assert again.complete
            chunks = link.stub.FetchFile(exchange_pb2.FetchFileRequest(subject=CODE, sha256=ref.sha256, offset=300_000))
            assert b"".join([chunk.data async for chunk in chunks]) == data[300_000:]
        await until(lambda: land.nation.kinds("file_stored"))
        assert len(land.nation.kinds("file_stored")) == 1


async def test_an_upload_that_goes_on_at_another_instance_starts_over_there(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        await land.nation.file("H26", [CODE])
        data = pdf(500_000)
        ref = file_ref(data)
        async with raw(land) as link:
            await link.hello()
            await link.frame()
            assert (await link.stub.PutFile(requests(ref, 0, data[:200_000]))).stored == 200_000
            database = land.exchange.database
            elsewhere = FileDoor(database=database, files=land.files, parts=tmp_path / "elsewhere", limit=10**6)
            assert await elsewhere.put("H26", requests(ref, 200_000, data[200_000:])) == (0, False)
            assert await elsewhere.put("H26", requests(ref, -1)) == (0, False)
            assert await elsewhere.put("H26", requests(ref, 0, data)) == (len(data), True)
            assert (await link.stub.PutFile(requests(ref, 200_000, data[200_000:]))).complete
        assert await land.files.read(f"dossier/{CODE}/{ref.sha256}") == data


async def test_an_abandoned_upload_is_swept_away(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        await land.nation.file("H26", [CODE])
        data = pdf(500_000)
        async with raw(land) as link:
            await link.hello()
            await link.frame()
            await link.stub.PutFile(requests(file_ref(data), 0, data[:1000]))
            assert await land.exchange.files.sweep(timedelta(hours=1)) == 0
            assert await land.exchange.files.sweep(timedelta(0)) == 1
            assert (await link.stub.PutFile(requests(file_ref(data), -1))).stored == 0


async def test_a_wrong_file_or_a_foreign_dossier_is_refused(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        await land.nation.file("H26", [CODE])
        data = pdf(1000)
        ref, other = file_ref(data), file_ref(b"other")
        async with raw(land) as link, raw(land, "H27") as foreign:
            await link.hello()
            await link.frame()
            other.size = len(data)
            short = file_ref(data)
            short.size = 5
            refused = [
                (link, requests(other, 0, data), grpc.StatusCode.INVALID_ARGUMENT),
                (link, requests(ref, 0, data, data), grpc.StatusCode.INVALID_ARGUMENT),
                (link, requests(short, 0, data), grpc.StatusCode.INVALID_ARGUMENT),
                (foreign, requests(ref, 0, data), grpc.StatusCode.NOT_FOUND),
                (link, requests(ref, 0, data, subject="../x"), grpc.StatusCode.INVALID_ARGUMENT),
                (link, requests(file_ref(b""), 0), grpc.StatusCode.OUT_OF_RANGE),
            ]
            for sender, parts, status in refused:  # one after the other: two at once is another refusal
                with pytest.raises(grpc.aio.AioRpcError) as error:
                    await sender.stub.PutFile(parts)
                assert error.value.code() == status
            await link.stub.PutFile(requests(ref, 0, data))
            for stub, sha256, status in (
                (foreign.stub, ref.sha256, grpc.StatusCode.NOT_FOUND),
                (link.stub, "0" * 64, grpc.StatusCode.NOT_FOUND),
                (link.stub, "../../x", grpc.StatusCode.INVALID_ARGUMENT),
            ):
                with pytest.raises(grpc.aio.AioRpcError) as error:
                    async for _ in stub.FetchFile(exchange_pb2.FetchFileRequest(subject=CODE, sha256=sha256)):
                        pass
                assert error.value.code() == status
