import random
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import func, select

from kernel.db import Database
from kernel.errors import Invalid, NotFound
from proto.events.v1 import catalog_pb2 as pb
from services_catalog import usecases
from services_catalog.model.procedures import Editorial, ImportReport
from services_catalog.store import OUTBOX
from services_catalog.store.seed import read_own
from tests.services_catalog.conftest import AT, PROCEDURES, SEED, write_csv, write_xlsx

A = "1.000001,Cấp giấy A,Bộ A,Sở A|Sở B,Lĩnh vực A,province|commune,citizen,1/QĐ-A"
B = "1.000002,Cấp giấy B,Bộ A,,Lĩnh vực A,,,"


async def put(database: Database, path: Path, *, withdraw_missing: bool = False) -> ImportReport:
    return await usecases.import_catalogue(
        database=database, path=path, editorial={}, at=AT, withdraw_missing=withdraw_missing
    )


async def waiting(database: Database) -> int:
    async with database.read() as tx:
        row = await tx.first(select(func.count()).select_from(OUTBOX))
    assert row is not None
    return int(row[0])


async def test_the_whole_seed_is_taken_and_three_bad_codes_are_reported(
    database: Database, editorial: Mapping[str, Editorial]
) -> None:
    path = SEED / "procedures.csv"
    report = await usecases.import_catalogue(database=database, path=path, editorial=editorial, at=AT)
    assert (report.rows, len(report.added)) == (5608, 5605)
    assert [(fault.row, fault.code, fault.reason) for fault in report.rejected] == [
        (2516, "1.0133611", "bad_code"),
        (3688, "1.014955-Xoa", "bad_code"),
        (5073, "2.009182739", "bad_code"),
    ]
    assert await waiting(database) == 2 * 5605
    again = await usecases.import_catalogue(database=database, path=path, editorial=editorial, at=AT)
    assert (again.changes, again.unchanged) == (0, 5605)
    assert await waiting(database) == 2 * 5605


async def test_every_rejected_row_has_its_number_and_reason(database: Database, tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "c.csv",
        A,
        "7.000001,Mã sai,Bộ A,,L,,,",
        "1.000003,,Bộ A,,L,,,",
        ",Không mã,Bộ A,,L,,,",
        A,
        "1.000001,Tên khác,Bộ A,,L,,,",
        "1.000004,Cấp lạ,Bộ A,,L,huyen,,",
    )
    report = await put(database, path)
    assert report.added == ["1.000001"]
    assert [(fault.row, fault.reason) for fault in report.rejected] == [
        (3, "bad_code"),
        (4, "empty_name"),
        (5, "empty_code"),
        (7, "duplicate_code"),
        (8, "bad_level"),
    ]
    assert all(fault.text.vi and fault.text.en for fault in report.rejected)


async def test_an_xlsx_export_is_taken_as_it_is_and_blanks_nothing(database: Database, tmp_path: Path) -> None:
    await put(database, write_csv(tmp_path / "c.csv", A, B))
    decomposed = unicodedata.normalize("NFD", "Cấp giấy A")
    path = write_xlsx(
        tmp_path / "x.xlsx",
        ["1.000001", f"  {decomposed} ", "Bộ A", "Sở A\nSở B", "Lĩnh vực A"],
        ["1.000002", "Cấp giấy B mới", "Bộ A", "Sở C \r\n\r\n Sở D", "Lĩnh vực A"],
        ["2.000009", "Cấp giấy C", "Bộ A", "", "Lĩnh vực A"],
        ["x", "Cấp giấy D", "Bộ A", "", "Lĩnh vực A"],
    )
    report = await put(database, path)
    assert (report.unchanged, report.changed, report.added) == (1, ["1.000002"], ["2.000009"])
    assert [(fault.row, fault.reason) for fault in report.rejected] == [(8, "bad_code")]
    kept = await usecases.get_procedure(database=database, code="1.000001")
    assert kept.content.levels == ("province", "commune")
    assert kept.content.decision == "1/QĐ-A"
    changed = await usecases.get_procedure(database=database, code="1.000002")
    assert (changed.revision, changed.content.executors) == (2, ("Sở C", "Sở D"))
    assert (await put(database, path)).changes == 0


async def test_a_revision_once_published_never_changes(database: Database, tmp_path: Path) -> None:
    await put(database, write_csv(tmp_path / "c.csv", A))
    first = await usecases.get_procedure(database=database, code="1.000001", revision=1)
    await put(database, write_csv(tmp_path / "c.csv", A.replace("giấy A", "giấy A mới")))
    old = await usecases.get_procedure(database=database, code="1.000001", revision=1)
    new = await usecases.get_procedure(database=database, code="1.000001")
    assert (old.content, old.digest) == (first.content, first.digest)
    assert (new.revision, new.head.version, new.content.title) == (2, 2, "Cấp giấy A mới")


async def test_a_code_is_withdrawn_only_when_asked_and_keeps_answering(database: Database, tmp_path: Path) -> None:
    both, one = write_csv(tmp_path / "both.csv", A, B), write_csv(tmp_path / "one.csv", A)
    await put(database, both)
    assert (await put(database, one)).withdrawn == []
    assert (await put(database, one, withdraw_missing=True)).withdrawn == ["1.000002"]
    assert (await put(database, one, withdraw_missing=True)).changes == 0
    gone = await usecases.get_procedure(database=database, code="1.000002")
    assert (gone.head.withdrawn, gone.head.successor) == (True, "")
    head = await usecases.withdraw_procedure(database=database, code="1.000002", successor="1.000001")
    assert (head.successor, head.version) == ("1.000001", 3)
    with pytest.raises(NotFound):
        await usecases.withdraw_procedure(database=database, code="1.000002", successor="1.999999")
    back = await put(database, both)
    assert (back.restored, back.changes) == (["1.000002"], 1)
    assert not (await usecases.get_procedure(database=database, code="1.000002")).head.withdrawn


async def test_a_file_that_is_no_catalogue_changes_nothing(database: Database, tmp_path: Path) -> None:
    noise = random.Random(7).randbytes(5000)
    (tmp_path / "noise.csv").write_bytes(noise)
    (tmp_path / "noise.xlsx").write_bytes(noise)
    write_csv(tmp_path / "other.csv", "a,b", header="x,y")
    write_xlsx(tmp_path / "empty.xlsx")
    for name in ("noise.csv", "noise.xlsx", "other.csv", "empty.xlsx", "absent.csv"):
        with pytest.raises(Invalid):
            await put(database, tmp_path / name)
    assert await waiting(database) == 0


async def test_republishing_emits_every_revision_and_head_again(database: Database, tmp_path: Path) -> None:
    await put(database, write_csv(tmp_path / "c.csv", A, B))
    await put(database, write_csv(tmp_path / "c.csv", A.replace("giấy A", "giấy A mới"), B))
    before = await waiting(database)
    assert await usecases.republish(database=database) == 5
    async with database.read() as tx:
        rows = await tx.all(select(OUTBOX).order_by(OUTBOX.c.id))
    first, again = rows[:before], rows[before:]
    assert {(r.key, r.body) for r in again if "@" in r.key} == {(r.key, r.body) for r in first if "@" in r.key}
    heads = {r.key: pb.ProcedureHeadMoved.FromString(r.body) for r in again if "@" not in r.key}
    assert (heads["1.000001"].revision, heads["1.000001"].version) == (2, 2)


async def test_what_was_repeated_late_is_followed_by_what_is_in_force(database: Database, tmp_path: Path) -> None:
    await put(database, write_csv(tmp_path / "c.csv", A, B))
    await put(database, write_csv(tmp_path / "c.csv", A.replace("giấy A", "giấy A mới"), B))
    before = await waiting(database)
    said = ["1.000001", "1.000001@1", "9.999999"]
    assert await usecases.repeat_current(database=database, subjects=said) == 1
    async with database.read() as tx:
        [row] = (await tx.all(select(OUTBOX).order_by(OUTBOX.c.id)))[before:]
    assert (row.key, pb.ProcedureHeadMoved.FromString(row.body).revision) == ("1.000001", 2)


async def test_everything_we_wrote_is_about_a_code_of_the_catalogue(
    database: Database, editorial: Mapping[str, Editorial]
) -> None:
    path = SEED / "procedures.csv"
    own = read_own(PROCEDURES)
    await usecases.import_catalogue(database=database, path=path, editorial=editorial, at=AT, own=own)
    assert len(editorial) >= 30
    for code, written in editorial.items():
        stored = await usecases.get_procedure(database=database, code=code)
        assert stored.content.editorial == written
        assert bool(written.plain_title) == bool(written.plain_title_en) and written.everyday
