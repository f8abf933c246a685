"""Measure what the README claims, each figure beside its baseline in the same run.

    python -m benchmarks [--quick] [--write] [NAME…]
    python -m benchmarks --cluster [--quick] [--write]

Without names everything is measured (about four minutes on two idle cores). ``--quick`` only shows that it works.
The gateway needs nginx for its baseline and uses wrk where it is there (apt install nginx-light wrk).
``--write`` puts the tables into docs/figures.md and the README. A missed goal is said, and is no error.
``--cluster`` measures the distributed form on its real engines instead and writes docs/performance.md.
"""

import argparse
import sys
import time
from collections.abc import Callable

from benchmarks import applying, cluster, elasticsearch, filing, gateway, search, startup
from benchmarks.cluster import document
from benchmarks.figures import Figure, as_text, machine, write
from benchmarks.seeded import forget
from kernel.clock import real_now

MEASURE: dict[str, Callable[..., list[Figure]]] = {
    "startup": startup.figures,
    "filing": filing.figures,
    "search": search.figures,
    "applying": applying.figures,
    "gateway": gateway.figures,
}


def main() -> None:
    """Measure, print, write if asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(MEASURE)}; none = all")
    parser.add_argument("--quick", action="store_true", help="one short round each: proves nothing but that it works")
    parser.add_argument("--cluster", action="store_true", help="the distributed form, on real engines")
    parser.add_argument("--write", action="store_true", help="write docs/figures.md and the README's table")
    options = parser.parse_args()
    if options.cluster and options.names:
        parser.error("--cluster measures all of it: no names")
    unknown = [name for name in options.names if name not in MEASURE]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(MEASURE)}")
    if options.write and (options.quick or options.names):
        parser.error("--write takes a whole run: neither --quick nor names")
    heading = machine(real_now())
    if options.cluster:
        found = of_cluster(heading, quick=options.quick, write=options.write)
    else:
        found = measured(options.names or list(MEASURE), quick=options.quick)
        if options.write:
            write(found, heading)
    print("\n" + as_text(found, heading))
    missed = [figure.name for figure in found if figure.met is False]
    print(f"\nGoals missed: {', '.join(missed)}" if missed else "\nEvery goal is met.")


def of_cluster(heading: str, *, quick: bool, write: bool) -> list[Figure]:
    """Measure the distributed form; ``write`` puts the tables into docs/performance.md."""
    seen = cluster.measured(quick=quick)
    found = [*seen.figures, *elasticsearch.figures(quick=quick)]
    cluster.tell(seen)
    if write:
        document.write(seen, found, heading)
    return found


def measured(names: list[str], *, quick: bool) -> list[Figure]:
    """Return the figures of ``names``; tells on stderr what is being measured."""
    found = []
    try:
        for name in names:
            began = time.monotonic()
            print(f"{name} …", end=" ", file=sys.stderr, flush=True)
            found += MEASURE[name](quick=quick)
            print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    finally:
        forget()
    return found


if __name__ == "__main__":
    main()
