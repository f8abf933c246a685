"""Wards, their former names and the lane they file on; the participants; how typed text finds a ward.

A lane is the back office of a province as it was before 1 July 2025. A ward's lane is the former province of the old
wards it was made of (National Statistics Office conversion); the few wards the file does not place are placed here.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kernel.digest import digest_of

# exact.md 6: wards without a row in the conversion file, and the one whose rows name two provinces.
PLACED = {
    "06978": "H49",
    "11948": "H24",
    "19742": "H50",
    "20333": "H17",
    "21548": "H48",
    "26732": "H06",
    "27694": "H39",
}
SAME_PLACE = {"06970": "06978"}  # the conversion file's code of Ba Chẽ is not the one in force
WHOLE = {"whole", "Giữ nguyên", "Đổi loại hình", "Đổi tên"}
DESK = "Trung tâm Phục vụ hành chính công"


@dataclass(frozen=True, slots=True)
class Province:
    """A province before 1 July 2025: GSO code, H code, and the one of the 34 that succeeded it."""

    code: str
    name: str
    lane: str
    successor: str
    successor_name: str


@dataclass(frozen=True, slots=True)
class Ward:
    """A commune, ward or special zone of today."""

    code: str
    name: str
    province: str


@dataclass(frozen=True, slots=True)
class OldWard:
    """One row of the conversion: all or a part of an old ward went into ``ward``. ``row`` is its line in the file."""

    row: int
    code: str
    name: str
    district: str
    province: str
    province_name: str
    ward: str
    share: str

    @property
    def whole(self) -> bool:
        """Whether the old ward went there undivided."""
        return self.share in WHOLE

    @property
    def full_name(self) -> str:
        """The name as on old papers, without the province."""
        return f"{self.name}, {self.district}"


@dataclass(frozen=True, slots=True)
class Place:
    """A ward with everything the resolver and the pages need. ``split_names``: old wards of which it got a part."""

    ward: str
    name: str
    province: str
    province_name: str
    lane: str
    former_province: str
    office: str
    office_name: str
    centre_name: str
    former_names: tuple[str, ...]
    version: int = 1

    def digest(self) -> str:
        """Return the digest of everything but the version."""
        names = list(self.former_names)
        parts = [self.ward, self.name, self.province, self.province_name, self.lane, self.former_province]
        return digest_of([*parts, self.office, self.office_name, self.centre_name, names])


@dataclass(frozen=True, slots=True)
class Participant:
    """A back office on the exchange. ``lanes`` = the lanes it holds."""

    id: str
    name: str
    kind: str
    successor_province: str
    successor_name: str
    lanes: tuple[str, ...]
    version: int = 1

    def digest(self) -> str:
        """Return the digest of everything but the version."""
        parts = [self.id, self.name, self.kind, self.successor_province, self.successor_name]
        return digest_of([*parts, list(self.lanes)])


@dataclass(frozen=True, slots=True)
class PlacePublished:
    """A ward as it is now."""

    place: Place


@dataclass(frozen=True, slots=True)
class ParticipantPublished:
    """A participant as it is now."""

    participant: Participant


@dataclass(slots=True)
class PlacesReport:
    """What seeding found. ``unknown_wards``: (line, code) of rows naming no ward; ``unplaced``: wards without lane."""

    places: int = 0
    changed: int = 0
    participants: int = 0
    split: int = 0
    unknown_wards: list[tuple[int, str]] = field(default_factory=list)
    placed_by_us: list[str] = field(default_factory=list)
    unplaced: list[str] = field(default_factory=list)


def participants_of(provinces: Iterable[Province]) -> list[Participant]:
    """Return one participant a former province; each holds its own lane."""
    return [Participant(p.lane, p.name, "province", p.successor, p.successor_name, (p.lane,)) for p in provinces]


def places_of(
    provinces: Iterable[Province], wards: Iterable[Ward], old: Iterable[OldWard]
) -> tuple[list[Place], dict[str, list[OldWard]], PlacesReport]:
    """Return the places, the old wards of each by ward code, and what was odd about the sources.

    A row that names a ward which does not exist is reported, not used, unless the same place is known by another code.
    A ward without a lane is reported and left out.
    """
    former = {p.code: p for p in provinces}
    by_lane = {p.lane: p for p in former.values()}
    current = {ward.code: ward for ward in wards}
    report = PlacesReport()
    made_of: defaultdict[str, list[OldWard]] = defaultdict(list)
    for row in old:
        if row.ward not in current:
            report.unknown_wards.append((row.row, row.ward))
        code = row.ward if row.ward in current else SAME_PLACE.get(row.ward)
        if code is not None:
            made_of[code].append(row)
    report.split = sum(1 for count in Counter(r.code for rows in made_of.values() for r in rows).values() if count > 1)
    places = []
    for ward in current.values():
        lane = _lane(ward.code, made_of[ward.code], former)
        if ward.code in PLACED:
            report.placed_by_us.append(ward.code)
        if lane is None or lane not in by_lane:
            report.unplaced.append(ward.code)
            continue
        places.append(_place(ward, by_lane[lane], made_of[ward.code]))
    report.places = len(places)
    return places, dict(made_of), report


def _lane(code: str, rows: Iterable[OldWard], former: Mapping[str, Province]) -> str | None:
    if code in PLACED:
        return PLACED[code]
    votes = Counter(former[row.province].lane for row in rows if row.province in former)
    return votes.most_common(1)[0][0] if votes else None


def _place(ward: Ward, province: Province, rows: Iterable[OldWard]) -> Place:
    return Place(
        ward=ward.code,
        name=ward.name,
        province=province.successor,
        province_name=province.successor_name,
        lane=province.lane,
        former_province=province.name,
        office=f"{province.lane}.{ward.code}",
        office_name=f"{DESK} {ward.name}",
        centre_name=f"{DESK} {province.successor_name}",
        former_names=tuple(dict.fromkeys(row.full_name for row in rows)),
    )


SHORT = {"p": "phuong", "q": "quan", "x": "xa", "tt": "thi tran", "tx": "thi xa", "tp": "thanh pho", "t": "tinh"}
KINDS = ("phuong", "quan", "xa", "thi tran", "thi xa", "thanh pho", "tinh", "huyen", "dac khu")


def fold(text: str) -> str:
    """Return ``text`` for matching: lower case, without diacritics, đ as d, single spaces, short forms written out."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))
    words = re.sub(r"[^a-z0-9]+", " ", bare.replace("đ", "d")).split()
    long: list[str] = []
    for word in words:
        digits = re.fullmatch(r"([pq])(\d+)", word)
        long += [SHORT[digits[1]], digits[2]] if digits else [SHORT.get(word, word)]
    return " ".join(long)


def bare_name(folded: str) -> str:
    """Return a folded name without the kind of unit in front of it."""
    for kind in KINDS:
        if folded.startswith(kind + " "):
            return folded[len(kind) + 1 :]
    return folded


def nearness(query: str, name: str) -> int:
    """Return how near a folded query is to a name as shown (with its district, if old): 0 = the very name, 6 = far."""
    first, _, rest = (fold(part) for part in name.partition(","))
    asked, own, district = bare_name(query), bare_name(first), bare_name(rest)
    words, own_words = set(asked.split()), first.split()
    tests = (
        own == asked,
        bool(district) and asked.startswith(own + " ") and set(district.split()) <= words,
        asked.startswith(own + " "),
        own.startswith(asked),
        words <= set(own_words),
        district == asked,
    )
    return next((rank for rank, passed in enumerate(tests) if passed), len(tests))
