"""A column of many rows as one binary array of PostgreSQL, made a whole column at a time.

The driver looks at each value by itself; most columns of a batch are of one kind, and many hold one value throughout.
"""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from itertools import chain, repeat
from typing import Any

from psycopg import DataError
from psycopg.abc import AdaptContext, PyFormat
from psycopg.adapt import AdaptersMap, Dumper
from psycopg.pq import Format
from sqlalchemy import BigInteger, Boolean, Date, DateTime, Integer, LargeBinary, String, TypeDecorator
from sqlalchemy.types import TypeEngine

NULL = b"\xff\xff\xff\xff"
EPOCH, FIRST_DAY = datetime(2000, 1, 1, tzinfo=UTC), date(2000, 1, 1)
DAY, SECOND = 86_400, 1_000_000

_size = struct.Struct("!i").pack
_head = struct.Struct("!iiIii").pack


class Packed:
    """One column's values, as the server wants them."""

    __slots__ = ("data", "oid")

    def __init__(self, oid: int, data: bytes) -> None:
        self.oid = oid
        self.data = data


class PackedDumper(Dumper):
    """Hands ``Packed`` over as it is."""

    format = Format.BINARY

    def get_key(self, obj: Packed, format: PyFormat) -> Any:
        """Return one key an array type."""
        return (self.cls, obj.oid)

    def upgrade(self, obj: Packed, format: PyFormat) -> Dumper:
        """Return a dumper of this array type."""
        made = type(self)(self.cls)
        made.oid = obj.oid
        return made

    def dump(self, obj: Packed) -> bytes:
        """Return the bytes."""
        return obj.data


def teach(context: AdaptContext | AdaptersMap) -> None:
    """Let connections of ``context`` take ``Packed`` parameters."""
    adapters = context if isinstance(context, AdaptersMap) else context.adapters
    adapters.register_dumper(Packed, PackedDumper)


def _texts(values: Sequence[str | None]) -> list[bytes]:
    return _bytes([None if value is None else value.encode() for value in values])


def _bytes(values: Sequence[bytes | None]) -> list[bytes]:
    return [NULL if value is None else _size(len(value)) + value for value in values]


def _numbers(code: str) -> Callable[[Sequence[int | None]], list[bytes]]:
    one, size = struct.Struct(f"!i{code}"), struct.calcsize(f"!{code}")

    def made(values: Sequence[int | None]) -> list[bytes]:
        if None in values:
            return [NULL if value is None else one.pack(size, value) for value in values]
        pairs = chain.from_iterable(zip(repeat(size), values))  # one of them has no end
        return [struct.pack("!" + f"i{code}" * len(values), *pairs)]

    return made


_longs, _ints = _numbers("q"), _numbers("i")


def _instants(values: Sequence[datetime | None]) -> list[bytes]:
    try:
        since = [None if value is None else value - EPOCH for value in values]
    except TypeError:
        raise ValueError("a time without zone cannot be stored") from None
    return _longs([s if s is None else (s.days * DAY + s.seconds) * SECOND + s.microseconds for s in since])


def _days(values: Sequence[date | None]) -> list[bytes]:
    return _ints([None if value is None else (value - FIRST_DAY).days for value in values])


Make = Callable[[Sequence[Any]], list[bytes]]

# By the type of the column: the element's and the array's number at the server, and what makes the elements.
_KINDS: list[tuple[type[TypeEngine[Any]], int, int, Make]] = [
    (String, 1043, 1015, _texts),
    (LargeBinary, 17, 1001, _bytes),
    (Boolean, 16, 1000, _numbers("?")),
    (BigInteger, 20, 1016, _longs),
    (Integer, 23, 1007, _ints),
    (DateTime, 1184, 1185, _instants),
    (Date, 1082, 1182, _days),
]


def packer(kind: TypeEngine[Any]) -> Callable[[Sequence[Any]], Packed]:
    """Return what packs the values of a column of type ``kind``."""
    kind = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    for known, element, array, make in _KINDS:
        if isinstance(kind, known):
            return _packer(element, array, make)
    raise TypeError(f"no array of {kind!r}")


def _packer(element: int, array: int, make: Make) -> Callable[[Sequence[Any]], Packed]:
    def pack(values: Sequence[Any]) -> Packed:
        count = len(values)
        if not count:
            return Packed(array, struct.pack("!iiI", 0, 0, element))
        try:
            first = values[0]
            alike = values.count(first) == count
            parts = make([first]) * count if alike else make(values)
        except (struct.error, OverflowError) as error:
            raise DataError(f"a number is out of range: {error}") from None
        return Packed(array, b"".join([_head(1, None in values, element, count, 1), *parts]))

    return pack
