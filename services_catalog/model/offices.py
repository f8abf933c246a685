"""Offices as people look for them: who they are, where, how they are reached. What nobody published stays empty."""

import re
from dataclasses import dataclass
from datetime import date

from kernel.errors import FieldProblem, Invalid, Text

TELEPHONE = re.compile(r"[0-9+][0-9 .()-]{2,30}")
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[a-z]{2,20}")


@dataclass(frozen=True, slots=True)
class Contact:
    """How an office is reached; empty = not published. ``demo`` = entered in a demonstration, not a real number."""

    address: str
    telephone: str
    email: str
    hours: str
    source: str
    verified_on: date
    demo: bool


@dataclass(frozen=True, slots=True)
class Office:
    """An office: a ward's desk (``ward`` is its code) or a former province's centre (``ward`` empty)."""

    id: str
    name: str
    ward: str
    ward_name: str
    province: str
    province_name: str
    lane: str
    former_province: str
    contact: Contact | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """A province with its offices: of today (two digits) or of before 1 July 2025 (its lane)."""

    code: str
    name: str
    wards: int
    lanes: tuple[str, ...]
    without_contact: int


def check(contact: Contact, *, today: date) -> None:
    """Raise ``Invalid`` (``bad_contact``) with every field that is wrong."""
    wrong = []
    if not (contact.address or contact.telephone or contact.email):
        text = Text("Ghi ít nhất địa chỉ, điện thoại hoặc thư điện tử.", "Give an address, a telephone or an e-mail.")
        wrong.append(FieldProblem("telephone", "nothing_given", text))
    if contact.telephone and not TELEPHONE.fullmatch(contact.telephone):
        text = Text("Ghi số điện thoại bằng chữ số, không có chữ.", "Write the number in digits.")
        wrong.append(FieldProblem("telephone", "bad_telephone", text))
    if contact.email and not EMAIL.fullmatch(contact.email):
        text = Text("Thư điện tử có dạng ten@coquan.gov.vn.", "An e-mail address looks like name@office.gov.vn.")
        wrong.append(FieldProblem("email", "bad_email", text))
    if not contact.source:
        text = Text("Ghi nơi đã công bố thông tin này.", "Say where this was published.")
        wrong.append(FieldProblem("source", "required", text))
    if contact.verified_on > today:
        text = Text("Ngày kiểm tra không thể ở sau hôm nay.", "It cannot be checked after today.")
        wrong.append(FieldProblem("verified_on", "in_the_future", text))
    if wrong:
        raise Invalid("bad_contact", Text("Thông tin chưa đúng. Bạn sửa các ô dưới đây.", "Correct these."), wrong)
