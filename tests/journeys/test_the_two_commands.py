"""What a person meets at the terminal: one clear sentence for each thing that can be wrong, and commands that work."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ports import free_ports
from tests.running import ROOT, Portal


def motcua(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "motcua", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **env},
    )


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The command failed with one line and no stack trace."""
    assert done.returncode == 1
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.mark.parametrize("offset", [0, 1, 2])
def test_a_port_in_use_is_named(tmp_path: Path, offset: int) -> None:
    with socket.socket() as taken:
        port = free_ports() + offset
        taken.bind(("127.0.0.1", port))
        taken.listen()
        said = one_sentence(motcua("run", "--port", str(port - offset), "--data", str(tmp_path / "data")))
    assert str(port) in said
    assert "in use" in said
    assert "PORT=" in said


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    assert "is a file" in one_sentence(motcua("run", "--data", str(tmp_path / "data")))


def test_an_unwritable_folder_is_named() -> None:
    said = one_sentence(motcua("run", "--data", "/proc/motcua"))
    assert "DATA=" in said


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    said = one_sentence(motcua("run", "--data", str(full / "data")))
    assert "DATA=" in said


@pytest.mark.parametrize("words", [("--pace", "soon"), ("--pace", "-1"), ("--offices", "H99"), ("--port", "70000")])
def test_a_wrong_setting_is_named(tmp_path: Path, words: tuple[str, str]) -> None:
    assert words[1] in one_sentence(motcua("run", "--data", str(tmp_path / "data"), *words))


def test_an_old_python_is_told_so(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\ncase "$*" in *version_info*) exit 1;; *-V*) echo Python 3.9.2;; esac\nexit 0\n')
    old.chmod(0o755)
    done = subprocess.run(
        ["make", "python", f"PYTHON={old}"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode != 0
    assert "Python 3.11 or newer" in done.stderr


def test_a_second_portal_over_the_same_folder_is_refused(new_portal: Callable[..., Portal]) -> None:
    first = new_portal(offices="H26").start()
    second = Portal(first.data, offices="H26").launch()
    assert second.process is not None
    assert second.process.wait(60) == 1
    assert "Another Một Cửa is running" in second.tail()
    assert first.stop() == 0


def test_an_import_reports_what_it_did_and_repeats_without_change(new_portal: Callable[..., Portal]) -> None:
    portal = new_portal()
    file = portal.data.parent / "one.csv"
    file.write_text(
        "code,name,issuer,executors,field,levels,applicants,decision\n"
        "1.999001,Thủ tục thử nghiệm,Bộ Tư pháp,,Hộ tịch,commune,citizen,1/QĐ\n"
        "9.1,Mã sai,Bộ Tư pháp,,Hộ tịch,commune,citizen,1/QĐ\n",
        encoding="utf-8",
    )
    done = portal.command("catalog", "import", str(file))
    assert done.returncode == 2, done.stdout + done.stderr
    assert "1.999001" in done.stdout
    assert "9.1" in done.stdout
    again = portal.command("catalog", "import", str(file))
    assert "1 unchanged" in again.stdout or "0 added" in again.stdout, again.stdout


def test_an_unknown_person_gets_no_token(tmp_path: Path) -> None:
    assert "nobody-1" in one_sentence(motcua("token", "--as", "nobody-1", "--data", str(tmp_path)))


def test_the_development_pages_and_figures_are_where_they_belong(one_process: Portal) -> None:
    portal = one_process
    with portal.client() as client:
        assert client.get("/metrics").status_code == 404
        assert set(client.get("/readyz").json()) == {"status"}
        assert client.get("/healthz").status_code == 200
        admin = client.get(f"http://127.0.0.1:{portal.port + 1}/metrics")
        assert admin.status_code == 200
        assert "motcua_outbox_depth" in admin.text
        named = client.get(f"http://127.0.0.1:{portal.port + 1}/readyz").json()
        assert len(named["parts"]) > 60
