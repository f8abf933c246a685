"""The roles that compose and the one-node overlay make, on a real PostgreSQL."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from motcua.cluster.engines import Postgres
from motcua.cluster.packages import postgres_bin
from tests.deploy.building import ROOT
from tests.engines.shared import start
from tests.ports import free_port

ROLES = ("motcua_owner", "keycloak", "services_catalog", "search", "dossiers", "citizen_service", "exchange", "gateway")


def test_tables_are_made_by_their_owner_and_used_by_their_service_alone(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "engine", free_port())
    start(server)
    try:
        admin = make_url(server.url())
        for role in ROLES:
            (tmp_path / f"pg_{role}").write_text(f"password-of-{role}")
        near = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port)}
        told = os.environ | near | {"POSTGRES_USER": "postgres", "POSTGRES_SECRETS": str(tmp_path)}
        told |= {"PGPASSWORD": str(admin.password), "PATH": f"{postgres_bin()}:{os.environ['PATH']}"}
        subprocess.run([ROOT / "deploy" / "postgres" / "roles.sh"], env=told, check=True, timeout=60)

        owner = f"postgresql+psycopg://motcua_owner@127.0.0.1:{server.port}/motcua"
        told = os.environ | {"MOTCUA_DATABASE": owner, "PGPASSWORD": "password-of-motcua_owner"}
        subprocess.run([sys.executable, "-m", "motcua", "migrate"], cwd=ROOT, env=told, check=True, timeout=100)

        def as_role(role: str) -> psycopg.Connection:
            where = {"host": "127.0.0.1", "port": server.port, "dbname": "motcua"}
            return psycopg.connect(**where, user=role, password=f"password-of-{role}")  # type: ignore[arg-type]

        with as_role("dossiers") as ours:
            assert ours.execute("SELECT count(*) FROM dossiers.dossier").fetchone() == (0,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                ours.execute("CREATE TABLE dossiers.more (n int)")
        with as_role("search") as other, pytest.raises(psycopg.errors.InsufficientPrivilege):
            other.execute("SELECT count(*) FROM dossiers.dossier")
        with pytest.raises(psycopg.OperationalError):
            as_role("keycloak")
    finally:
        server.stop()
        server.remove()
