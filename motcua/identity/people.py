"""The demo people. All of it is invented: names, addresses under example.invalid, identity numbers.

Identity numbers begin with 099: no province of Viet Nam has that part (they end at 096), so none is a real person's.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date

from kernel.errors import Text

ORGANISATION = "org-gom-song-lam"


@dataclass(frozen=True, slots=True)
class Person:
    """One demo person. ``key`` is the name for ``motcua token --as``; ``task`` says what to try as this person."""

    key: str
    name: str
    task: Text
    roles: tuple[str, ...]
    birth_date: date
    gender: str
    id_number: str
    ward: str
    address: str
    participant: str | None = None
    office: str | None = None
    org: str | None = None
    org_name: str | None = None
    language: str = "vi"
    email: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "email", f"{self.key}@motcua.example.invalid")

    @property
    def subject(self) -> str:
        """The opaque subject of this person's tokens."""
        return subject_of(self.key)


def subject_of(key: str) -> str:
    """Return the opaque, stable subject of the demo person ``key``: the same in every data folder."""
    return "d" + hashlib.sha256(f"motcua demo person {key}".encode()).hexdigest()[:31]


PEOPLE: tuple[Person, ...] = (
    Person(
        key="citizen-1",
        name="Nguyễn Thị Ánh",
        task=Text("Người dân. Nộp và theo dõi hồ sơ.", "A citizen. File a dossier and follow it."),
        roles=("citizen",),
        birth_date=date(1994, 3, 8),
        gender="female",
        id_number="099194000017",
        ward="00004",
        address="Số 5, ngõ 18, phố Ví Dụ",
    ),
    Person(
        key="citizen-2",
        name="H' Linh Niê",
        task=Text(
            "Người dân thứ hai. Không thấy hồ sơ của người khác.", "A second citizen. Sees no one else's dossiers."
        ),
        roles=("citizen",),
        birth_date=date(1988, 11, 24),
        gender="female",
        id_number="099188000025",
        ward="00004",
        address="Buôn Ví Dụ",
        language="en",
    ),
    Person(
        key="director-1",
        name="Trần Văn Khải",
        task=Text("Giám đốc một công ty. Nộp hồ sơ cho công ty.", "Director of a company. Files for the company."),
        roles=("citizen",),
        birth_date=date(1975, 6, 2),
        gender="male",
        id_number="099075000033",
        ward="00004",
        address="Số 12, đường Minh Họa",
        org=ORGANISATION,
        org_name="Công ty TNHH Gốm Sông Lam (bản demo)",
    ),
    Person(
        key="accountant-1",
        name="Lê Thị Hòa",
        task=Text("Kế toán của công ty ấy.", "Accountant of the same company."),
        roles=("citizen",),
        birth_date=date(1990, 9, 15),
        gender="female",
        id_number="099190000041",
        ward="00004",
        address="Số 14, đường Minh Họa",
        org=ORGANISATION,
        org_name="Công ty TNHH Gốm Sông Lam (bản demo)",
    ),
    Person(
        key="helper-1",
        name="Phạm Quốc Bảo",
        task=Text("Tổ công nghệ số cộng đồng. Làm giúp, không làm thay.", "Community team. Helps others to file."),
        roles=("citizen", "helper"),
        birth_date=date(1999, 1, 30),
        gender="male",
        id_number="099099000058",
        ward="00004",
        address="Số 3, phố Ví Dụ",
    ),
    Person(
        key="officer-1",
        name="Vũ Thị Mai",
        task=Text("Cán bộ một cửa (H26). Tiếp nhận và giải quyết hồ sơ.", "One-stop officer (H26). Handles dossiers."),
        roles=("officer",),
        birth_date=date(1985, 4, 12),
        gender="female",
        id_number="099185000066",
        ward="00004",
        address="Phố Ví Dụ",
        participant="H26",
        office="H26.00004",
    ),
    Person(
        key="province-admin-1",
        name="Đỗ Hữu Thành",
        task=Text("Quản trị của tỉnh (H26).", "Administrator of the province (H26)."),
        roles=("province_admin",),
        birth_date=date(1980, 8, 19),
        gender="male",
        id_number="099080000074",
        ward="00004",
        address="Phố Ví Dụ",
        participant="H26",
        office="H26",
    ),
    Person(
        key="editor-1",
        name="Hoàng Thu Trang",
        task=Text("Biên tập danh mục thủ tục.", "Edits the catalogue of procedures."),
        roles=("catalogue_editor",),
        birth_date=date(1992, 12, 5),
        gender="female",
        id_number="099192000082",
        ward="00004",
        address="Phố Ví Dụ",
    ),
    Person(
        key="publisher-1",
        name="Bùi Đức Anh",
        task=Text("Duyệt việc công bố và bãi bỏ thủ tục.", "Approves what is published and withdrawn."),
        roles=("publisher",),
        birth_date=date(1978, 2, 27),
        gender="male",
        id_number="099078000091",
        ward="00004",
        address="Phố Ví Dụ",
    ),
    Person(
        key="auditor-1",
        name="Ngô Thị Lý",
        task=Text("Kiểm tra ai đã xem dữ liệu, và vì sao.", "Checks who opened which data, and why."),
        roles=("auditor",),
        birth_date=date(1983, 7, 7),
        gender="female",
        id_number="099183000105",
        ward="00004",
        address="Phố Ví Dụ",
    ),
    Person(
        key="operator-1",
        name="Đặng Minh Quân",
        task=Text("Vận hành hệ thống.", "Operates the system."),
        roles=("operator",),
        birth_date=date(1991, 10, 10),
        gender="male",
        id_number="099091000113",
        ward="00004",
        address="Phố Ví Dụ",
    ),
)

BY_KEY = {person.key: person for person in PEOPLE}
BY_SUBJECT = {person.subject: person for person in PEOPLE}
