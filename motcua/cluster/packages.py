"""Where the engines come from: packages of Maven, Debian and Go, no container and no root. Each is fetched once.

The cache folder is ``MOTCUA_ENGINES``, else ``~/.cache/motcua/engines``. Raises ``Missing`` with what to install.
"""

import fcntl
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

POMS = Path(__file__).resolve().parents[2] / "deploy" / "engines"
KEYCLOAK = "26.3.0"
ELASTICSEARCH = "8.15.0"
MINIO = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c"
KUSTOMIZE = "sigs.k8s.io/kustomize/kustomize/v5@v5.7.1"
MODULES = "org.elasticsearch.server,org.elasticsearch.preallocate,org.apache.logging.log4j,org.elasticsearch.logging"


class Missing(Exception):
    """An engine cannot be had on this machine; the text says what to install."""


def cache() -> Path:
    """Return the folder that keeps the fetched engines."""
    chosen = os.environ.get("MOTCUA_ENGINES")
    folder = Path(chosen) if chosen else Path.home() / ".cache" / "motcua" / "engines"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def postgres_bin() -> Path:
    """Return the folder of PostgreSQL's programs, newest version first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("postgres")
    if on_path:
        return Path(on_path).resolve().parent
    raise Missing("PostgreSQL is not installed: apt install postgresql")


def kafka() -> Path:
    """Return the folder of Kafka's jars."""
    return _once("kafka", lambda part: _copy("kafka", part))


def keycloak() -> Path:
    """Return Keycloak's home, unpacked."""
    return _once("keycloak", _unpack_keycloak) / f"keycloak-{KEYCLOAK}"


def elasticsearch() -> Path:
    """Return a folder with ``libs``, ``classes`` (the class that starts a node) and ``modules``."""
    return _once("elasticsearch", _lay_out_elasticsearch)


def minio() -> Path:
    """Return the S3 server, built from source: some minutes the first time, 1.5 GB while it builds, 160 MB after."""
    return _once("minio", lambda part: _build(MINIO, part, needs=(1, 24))) / "minio"


def kustomize() -> Path:
    """Return Kustomize, built from source."""
    return _once("kustomize", lambda part: _build(KUSTOMIZE, part, needs=(1, 22))) / "kustomize"


def java() -> str:
    """Return the Java program."""
    found = shutil.which("java")
    if found is None:
        raise Missing("Java is not installed: apt install default-jdk-headless maven")
    return found


def _once(name: str, make: Callable[[Path], None]) -> Path:
    """Make ``cache()/name`` once, whoever asks at the same time; a half-made one is made again."""
    place = cache() / name
    with (cache() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if place.exists():
            return place
        part = cache() / f"{name}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        make(part)
        part.rename(place)
    return place


def _copy(name: str, into: Path) -> None:
    """Let Maven copy what the pom of ``name`` names and what that needs."""
    maven = shutil.which("mvn")
    if maven is None:
        raise Missing("Maven is not installed: apt install maven")
    java()
    command = [maven, "-q", "-B", "-f", str(POMS / name / "pom.xml"), "dependency:copy-dependencies"]
    done = subprocess.run(
        [*command, f"-DoutputDirectory={into}"], check=False, capture_output=True, text=True, timeout=900
    )
    if done.returncode:
        raise Missing(f"Maven could not fetch {name}: {(done.stdout + done.stderr).strip()[-400:]}")


def _build(module: str, into: Path, *, needs: tuple[int, int]) -> None:
    """Let Go build the program of ``module`` into the folder, at low priority; the sources go when it is done."""
    program = shutil.which("go")
    wanted = f"Go {needs[0]}.{needs[1]} or newer"
    if program is None:
        raise Missing(f"{wanted} is not installed; {module} is built with it")
    told = subprocess.run([program, "env", "GOVERSION"], check=False, capture_output=True, text=True).stdout.strip()
    version = re.match(r"go(\d+)\.(\d+)", told)
    if version is None or (int(version[1]), int(version[2])) < needs:
        raise Missing(f"{wanted} is needed to build {module}, this machine has {told or 'one that does not run'}")
    sources = into / "go"
    flags = f"{os.environ.get('GOFLAGS', '')} -modcacherw -trimpath".strip()
    done = subprocess.run(
        ["nice", "-n", "10", program, "install", module],
        env=os.environ | {"GOMODCACHE": str(sources), "GOBIN": str(into), "GOFLAGS": flags},
        check=False,
        capture_output=True,
        text=True,
        timeout=1800,
        cwd=into,
    )
    if done.returncode:
        raise Missing(f"Go could not build {module}: {done.stderr.strip()[-400:]}")
    shutil.rmtree(sources)


def _unpack_keycloak(into: Path) -> None:
    _copy("keycloak", into)
    for archive in into.glob("*.zip"):
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(into)
        archive.unlink()
    (into / f"keycloak-{KEYCLOAK}" / "bin" / "kc.sh").chmod(0o755)


def _lay_out_elasticsearch(into: Path) -> None:
    libs, module, classes = into / "libs", into / "modules" / "transport-netty4", into / "classes"
    for folder in (libs, module, classes):
        folder.mkdir(parents=True)
    _copy("elasticsearch", libs)
    for pattern in ("netty-*.jar", "transport-netty4-*.jar", "elasticsearch-ssl-config-*.jar"):
        for jar in libs.glob(pattern):
            jar.rename(module / jar.name)
    (module / "plugin-descriptor.properties").write_text(
        "description=the HTTP and transport layer\n"
        "name=transport-netty4\n"
        f"version={ELASTICSEARCH}\n"
        f"elasticsearch.version={ELASTICSEARCH}\n"
        "java.version=17\n"
        "classname=org.elasticsearch.transport.netty4.Netty4Plugin\n"
        "extended.plugins=\n"
        "has.native.controller=false\n"
        "licensed=false\n"
        "modulename=org.elasticsearch.transport.netty4\n"
    )
    compiler = shutil.which("javac")
    if compiler is None:
        raise Missing("The Java compiler is not installed: apt install default-jdk-headless")
    source = POMS / "elasticsearch" / "Start.java"
    command = [compiler, "--module-path", str(libs), "--add-modules", MODULES, "-d", str(classes), str(source)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise Missing(f"Elasticsearch's starter could not be compiled: {done.stderr[-400:]}")
