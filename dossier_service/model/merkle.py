"""The daily root: an RFC 6962 tree over the head of every dossier's history, sorted by code (exact.md 9)."""

import hashlib
from collections.abc import Iterable

from kernel.digest import canonical


def leaf_of(code: str, n: int, head: str) -> bytes:
    """Return the leaf hash of one dossier: its code, the number of its last entry and that entry's hash."""
    return hashlib.sha256(b"\x00" + canonical([code, n, head])).digest()


def root_of(leaves: Iterable[bytes]) -> tuple[int, str]:
    """Return (number of leaves, hex root). The root of no leaves is SHA-256 of the empty string.

    Keeps one subtree per height, so a million leaves need twenty hashes of memory.
    """
    peaks: list[tuple[int, bytes]] = []
    count = 0
    for leaf in leaves:
        count += 1
        height, node = 0, leaf
        while peaks and peaks[-1][0] == height:
            node = hashlib.sha256(b"\x01" + peaks.pop()[1] + node).digest()
            height += 1
        peaks.append((height, node))
    if not peaks:
        return 0, hashlib.sha256(b"").hexdigest()
    node = peaks.pop()[1]
    while peaks:
        node = hashlib.sha256(b"\x01" + peaks.pop()[1] + node).digest()
    return count, node.hex()
