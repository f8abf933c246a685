"""Generate the protobuf code beside its .proto files; ``--check`` tells whether the committed code is current.

Run as ``python -m motcua.protogen [--check]``.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py")


def generate(into: Path) -> None:
    """Run protoc over every contract, writing below ``into``."""
    protos = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "proto").rglob("*.proto"))
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT}", f"--python_out={into}", f"--pyi_out={into}"]
    services = [path for path in protos if "service " in (ROOT / path).read_text()]
    subprocess.run([*command, *protos], cwd=ROOT, check=True)
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT}", f"--grpc_python_out={into}", *services],
        cwd=ROOT,
        check=True,
    )


def stale() -> list[str]:
    """Return the generated files that differ from what the contracts give now."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        fresh = {path.relative_to(folder): path.read_bytes() for path in Path(folder).rglob("*_pb2*")}
    kept = {path.relative_to(ROOT): path.read_bytes() for kind in KEPT for path in (ROOT / "proto").rglob(kind)}
    return sorted(str(path) for path in fresh.keys() | kept.keys() if fresh.get(path) != kept.get(path))


def main() -> int:
    """Write the code, or with ``--check`` say what is stale and exit 1."""
    if "--check" not in sys.argv:
        generate(ROOT)
        return 0
    wrong = stale()
    for path in wrong:
        print(f"stale: {path}; run make proto")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
