"""The chain, the canonical text and the daily root."""

import hashlib
from collections.abc import Sequence

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from dossier_service.model.merkle import root_of
from kernel.digest import canonical

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text('abcđ "\\\n\t\x00\x1f\x7f/é€😀', max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abAB_é", max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_canonical_text_is_that_of_rfc_8785(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


def _by_the_book(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 section 2.1, word by word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + _by_the_book(leaves[:split]) + _by_the_book(leaves[split:])).digest()


@given(st.integers(0, 70))
def test_the_daily_root_is_that_of_rfc_6962(count: int) -> None:
    leaves = [hashlib.sha256(bytes([n])).digest() for n in range(count)]
    assert root_of(leaves) == (count, _by_the_book(leaves).hex())
