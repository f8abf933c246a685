"""The fast checksum is the library's, for every length and every kind of buffer."""

import random

import pytest
from kafka.record import default_records
from kafka.record._crc32c import crc
from kafka.record.util import crc32c_c

from kernel.log_kafka import clients
from kernel.log_kafka.checksum import FOLDS, LAST, crc32c


def test_it_is_the_checksum_of_rfc_3720() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(4096)) == 0x98F94189


@pytest.mark.parametrize("around", [LAST * 2, *(distance // 8 for distance in list(FOLDS)[-9:])])
def test_it_is_the_librarys_around_each_length_where_the_folds_change(around: int) -> None:
    source = random.Random(around)
    for size in range(max(0, around - 9), around + 10):
        data = source.randbytes(size)
        assert crc32c(data) == crc(data)


def test_it_is_the_librarys_for_batches() -> None:
    source = random.Random(7)
    for size in (*range(100), 5_000, 70_001):
        data = source.randbytes(size)
        assert crc32c(memoryview(data)) == crc32c(bytearray(data)) == crc(data)
    assert crc32c(bytes(70_001)) == crc(bytes(70_001))


def test_one_other_bit_makes_another_checksum() -> None:
    data = bytearray(random.Random(1).randbytes(3_000))
    before = crc32c(data)
    data[1_700] ^= 4
    assert crc32c(data) != before


@pytest.mark.skipif(crc32c_c is not None, reason="the library's own in C is installed")
def test_the_library_uses_it() -> None:
    assert clients.COMMON
    assert default_records.calc_crc32c is crc32c
