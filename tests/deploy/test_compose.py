"""Compose cannot run here (no container engine); its file is read and held to what it promises."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from motcua.serve import SERVICES
from tests.deploy.building import ROOT

FOLDER = ROOT / "deploy" / "compose"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
ENGINES = {"postgres", "kafka", "elasticsearch", "keycloak", "minio"}
ONCE = {"migrate", "topics", "identity", "bucket", "certificates"}
OURS = set(SERVICES) | (ONCE - {"bucket"})


def faults(compose: dict[str, Any]) -> list[str]:
    """Return what is wrong: who is not confined, not asked, waits for nobody, or names a secret in the open."""
    wrong = []
    for name, each in compose["services"].items():
        if name in OURS and not (each.get("read_only") and each.get("cap_drop") == ["ALL"]):
            wrong.append(f"{name}: not confined")
        if "mem_limit" not in each:
            wrong.append(f"{name}: no limit of memory")
        if name not in ONCE and "healthcheck" not in each:
            wrong.append(f"{name}: nobody asks how it is")
        for other, how in each.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other in ONCE else "service_healthy"
            if how["condition"] != wanted:
                wrong.append(f"{name}: waits for {other} in the wrong way")
        for key, value in each.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET", key) and not key.endswith("_FILE"):
                wrong.append(f"{name}: {key} in the open")
            if re.search(r"://[^/{}\s]*:[^/{}\s@]+@", str(value)):
                wrong.append(f"{name}: a password in {key}")
        for port in each.get("ports", ()):
            if not port.startswith("127.0.0.1:"):
                wrong.append(f"{name}: open to the network at {port}")
    return wrong


def test_it_starts_every_process_there_is_and_no_other() -> None:
    assert set(COMPOSE["services"]) == set(SERVICES) | ENGINES | ONCE
    for name in SERVICES:
        assert COMPOSE["services"][name]["command"][:2] == ["serve", name]


def test_it_keeps_what_it_promises() -> None:
    assert faults(COMPOSE) == []


def test_a_broken_file_is_seen() -> None:
    broken = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    del broken["services"]["search"]["read_only"]
    del broken["services"]["gateway"]["healthcheck"]
    broken["services"]["citizen"]["environment"]["PGPASSWORD"] = "x"
    assert len(faults(broken)) == 3


def test_every_address_is_a_service_of_the_file() -> None:
    known = set(COMPOSE["services"]) | {"id.localhost", "127.0.0.1", "0.0.0.0", "localhost"}
    for name, each in COMPOSE["services"].items():
        told = " ".join(str(value) for value in each.get("environment", {}).values())
        hosts = set(re.findall(r"(?:://(?:\{schema\}@|\w+@)?)([a-z][a-z0-9.]*)", told))
        hosts |= set(re.findall(r"(?:^|\s)([a-z][\w.]*):\d+(?:\s|$)", told))
        assert hosts <= known, name


def test_every_secret_is_a_file_that_the_script_makes(tmp_path: Path) -> None:
    named = set(COMPOSE["secrets"])
    used = {
        secret if isinstance(secret, str) else secret["source"]
        for each in COMPOSE["services"].values()
        for secret in each.get("secrets", ())
    }
    assert used == named
    subprocess.run([FOLDER / "make-secrets", tmp_path / "secrets"], check=True, timeout=20)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert made.keys() == named
    assert all(len(value) == 48 for name, value in made.items() if name != "s3_user")
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    subprocess.run([FOLDER / "make-secrets", tmp_path / "secrets"], check=True, timeout=20)
    assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == made


def test_secrets_are_kept_out_of_the_tree() -> None:
    assert "secrets/" in (FOLDER / ".gitignore").read_text().split()


def test_each_service_gets_the_password_of_its_own_role_alone() -> None:
    roles = {}
    for name, each in COMPOSE["services"].items():
        sources = {s["source"] for s in each.get("secrets", ()) if isinstance(s, dict) and s["target"] == "PGPASSWORD"}
        if sources:
            (roles[name],) = sources
    assert len(set(roles.values())) == len(roles) == 7
    assert roles["migrate"] == "pg_motcua_owner"


def test_the_entry_reads_secrets_from_files(tmp_path: Path) -> None:
    (tmp_path / "MOTCUA_TRIED").write_text("a secret $HOME `x`\n")
    (tmp_path / "ca.crt").write_text("no variable")
    (tmp_path / "python").write_text('#!/bin/sh\nprintf "%s|%s|%s" "$MOTCUA_TRIED" "$*" "$$"\n')
    (tmp_path / "python").chmod(0o755)
    started = subprocess.Popen(
        [ROOT / "deploy" / "motcua", "serve", "portal"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "MOTCUA_SECRETS": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    said, _ = started.communicate(timeout=20)
    assert said == f"a secret $HOME `x`|-m motcua serve portal|{started.pid}", "the program is the entry's own process"


def test_the_image_is_made_as_it_must_be() -> None:
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    froms = [line.split()[1] for line in lines if line.startswith("FROM")]
    assert set(froms) == {"python:3.11-slim"}
    assert "--require-hashes -r /tmp/requirements.lock" in text
    last = [line for line in lines if line][-6:]
    assert "USER 10001:10001" in last and 'ENTRYPOINT ["motcua"]' in last
    assert not re.search(r"apt-get install|gcc|build-essential|ARG .*(PASSWORD|TOKEN)", text)
    copied = [line.split()[-2] for line in lines if line.startswith("COPY") and "--from" not in line]
    assert [source for source in copied if not (ROOT / source).exists()] == []
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert rooms <= set(copied), "every room is in the image"
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert kept == set(copied), "and nothing else is sent to be built"


def test_roles_script_takes_passwords_from_files_only() -> None:
    text = (ROOT / "deploy" / "postgres" / "roles.sh").read_text()
    assert subprocess.run(["sh", "-n"], input=text, text=True, check=False).returncode == 0
    assert not re.search(r"PASSWORD '[^']+'", text)
