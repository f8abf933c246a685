"""Turns leave nothing out for ever: two turns together are everything, and what never waits is in both."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOME = ("tests/dossier_service/test_tasks.py", "tests/faults/test_rebuild.py", "tests/faults/test_failpoints.py")


def chosen(turn: str) -> set[str]:
    """Return the names of the slow tests that are taken at ``turn``; empty = all."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "slow", "-n0", "-p", "no:cacheprovider", *SOME],
        cwd=ROOT,
        env={**os.environ, "MOTCUA_TURN": turn},
        capture_output=True,
        text=True,
        check=True,
    )
    return {line for line in done.stdout.splitlines() if "::" in line}


def test_two_turns_are_everything_and_faults_on_real_engines_are_in_both() -> None:
    every, one, other = chosen(""), chosen("0/2"), chosen("1/2")
    assert one | other == every
    assert one < every and other < every
    assert one & other == {name for name in every if "faults" in name and "[embedded" not in name} != set()
