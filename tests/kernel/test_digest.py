"""One way to make a digest: RFC 8785 text, NFC, whole seconds."""

import hashlib
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from kernel.digest import canonical, digest_bytes, digest_of, instant

keys = st.text(st.characters(max_codepoint=0xD7FF, exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(keys, inner),
    max_leaves=10,
)


def test_the_text_is_rfc_8785() -> None:
    assert canonical({"b": [1, True, None], "a": "Ánh"}) == '{"a":"Ánh","b":[1,true,null]}'.encode()
    assert digest_of({"b": 1, "a": 2}) == hashlib.sha256(b'{"a":2,"b":1}').hexdigest()
    assert digest_bytes(b"") == hashlib.sha256(b"").hexdigest()


def test_times_are_utc_with_whole_seconds() -> None:
    at = datetime(2026, 11, 21, 21, 3, 5, 999999, timezone(timedelta(hours=7)))
    assert instant(at) == "2026-11-21T14:03:05Z"
    assert canonical([at]) == b'["2026-11-21T14:03:05Z"]'
    assert instant(at.astimezone(UTC)) == instant(at)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_is_the_same_text_alone_and_inside_a_value(at: datetime) -> None:
    assert instant(at) == at.isoformat(timespec="seconds").removesuffix("+00:00") + "Z"
    assert canonical({"at": at}) == f'{{"at":"{instant(at)}"}}'.encode()


@given(st.text())
def test_composed_and_decomposed_text_have_one_digest(text: str) -> None:
    assert digest_of(unicodedata.normalize("NFD", text)) == digest_of(unicodedata.normalize("NFC", text))


@given(values)
def test_any_value_has_the_text_that_the_reference_gives(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(composed(value))  # type: ignore[arg-type]


def composed(value: object) -> object:
    match value:
        case str():
            return unicodedata.normalize("NFC", value)
        case list():
            return [composed(item) for item in value]
        case dict():
            return {unicodedata.normalize("NFC", key): composed(item) for key, item in value.items()}
    return value


@given(st.dictionaries(keys.map(str.upper), values))
def test_the_order_of_members_does_not_matter(value: dict[str, object]) -> None:
    assert digest_of(value) == digest_of(dict(reversed(value.items())))


@pytest.mark.parametrize("value", [1.5, datetime(2026, 1, 1), object(), b"x", 2**53, {"a": {1, 2}}])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"canonical|zone|53-bit|JSON"):
        digest_of(value)
