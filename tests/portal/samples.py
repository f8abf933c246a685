"""What the contract services answer: three procedures, a form with every widget, dossiers in every state."""

from typing import Any


def two(vi: str, en: str) -> dict[str, str]:
    """Return a text in both languages."""
    return {"vi": vi, "en": en}


def _procedure(code: str, title: str, plain: str | None, **more: Any) -> dict[str, Any]:
    return {
        "code": code,
        "revision": 1,
        "in_force": 1,
        "title": title,
        "plain_title": plain,
        "plain_title_en": None,
        "issuer": "Bộ Tư pháp",
        "agency": "Bộ Tư pháp",
        "executors": ["Ủy ban nhân dân cấp xã"],
        "field": "Hộ tịch",
        "levels": ["commune"],
        "applicants": ["citizen"],
        "decision": "1872/QĐ-BTP",
        "fileable": False,
        "withdrawn": False,
        "successor": None,
        "valid_from": "2026-07-01T00:00:00+07:00",
        "term": None,
        "guide": None,
        **more,
    }


GUIDE: dict[str, Any] = {
    "checked_on": "2026-11-21",
    "who": two("Cha hoặc mẹ đăng ký cho con.", "The father or mother registers the child."),
    "needs": [
        {
            "text": two("Số trên giấy chứng sinh.", "The number of the birth paper."),
            "note": two("Điều 16", "Article 16"),
        }
    ],
    "state_has": [
        {"text": two("Nơi cư trú của cha mẹ", "The parents' residence"), "source": two("CSDL dân cư", "Population")}
    ],
    "steps": [{"text": two("Điền và nộp trên cổng này", "File here"), "who": two("Bạn", "You"), "time": None}],
    "fee": {
        "amount_vnd": None,
        "text": two("Đúng hạn thì được miễn. Muộn: chưa công bố.", "Exempt in time. Late: not published."),
    },
    "term": {"value": {"amount": 1, "unit": "working_days"}, "text": two("Trong ngày.", "The same day.")},
    "offices": [{"text": two("Ủy ban nhân dân xã nơi cư trú.", "The commune where you live.")}],
    "legal": [
        {"title": two("Luật Hộ tịch 60/2014/QH13", "Civil Status Law"), "articles": two("Điều 13", "Article 13")}
    ],
    "result": two("Giấy khai sinh.", "Birth certificate."),
}
PROCEDURES = {
    "1.001193": _procedure(
        "1.001193",
        "THỦ TỤC ĐĂNG KÝ KHAI SINH",
        "Đăng ký khai sinh",
        plain_title_en="Register a birth",
        fileable=True,
        term={"amount": 1, "unit": "working_days"},
        guide=GUIDE,
    ),
    "1.000014": _procedure("1.000014", "Cấp giấy phép hoạt động", None),
    "2.000986": _procedure("2.000986", "Liên thông khai sinh", None, withdrawn=True, successor="1.001193"),
}


def _place(ward: str, name: str, matched: str | None) -> dict[str, Any]:
    return {
        "ward": ward,
        "name": name,
        "province": "01",
        "province_name": "Thành phố Hà Nội",
        "lane": "H26",
        "office": f"H26.{ward}",
        "office_name": f"Bộ phận một cửa {name}",
        "matched": matched,
        "whole": True,
    }


PLACES = {
    "00004": _place("00004", "Phường Ba Đình", "Phường Trúc Bạch, Quận Ba Đình"),
    "00008": _place("00008", "Phường Ngọc Hà", None),
}


def _field(widget: str, vi: str, en: str, **more: Any) -> dict[str, Any]:
    return {"widget": widget, "label": two(vi, en), "hint": None, "options": [], "errors": {}, "when": None, **more}


FIELDS = {
    "child_name": _field(
        "name",
        "Họ, chữ đệm, tên của trẻ",
        "The child's full name",
        errors={"required": two("Nhập họ, chữ đệm, tên của trẻ.", "Enter the child's full name.")},
    ),
    "birth_date": _field(
        "date", "Con sinh ngày nào?", "When was the child born?", hint=two("Ví dụ: 27 3 2026", "27 3 2026")
    ),
    "gender": _field(
        "radios",
        "Giới tính",
        "Sex",
        options=[{"value": "female", "label": two("Nữ", "Female")}, {"value": "male", "label": two("Nam", "Male")}],
    ),
    "has_paper": _field("yesno", "Bạn có giấy chứng sinh không?", "Do you have the birth paper?"),
    "paper_number": _field("text", "Số giấy chứng sinh", "Number", when={"field": "has_paper", "equals": True}),
    "witness": _field("textarea", "Lời người làm chứng", "Witness", when={"field": "has_paper", "equals": False}),
    "ward": _field("ward", "Xã, phường nơi sinh", "Commune of birth"),
    "ward_before": _field("former", "Tên cũ ghi trên giấy tờ", "Old name on the papers"),
    "requester": _field("name", "Tên người đi đăng ký", "Your name", source="profile.name", autocomplete="name"),
    "phone": _field("phone", "Số điện thoại", "Telephone", autocomplete="tel"),
    "email": _field("email", "Thư điện tử", "E-mail", autocomplete="email"),
    "mother_birth": _field("date", "Ngày sinh của mẹ", "Mother's birth date", partial=True),
    "income": _field("money", "Thu nhập một tháng", "Income a month"),
    "copies": _field("number", "Số bản sao", "Copies"),
    "photo": _field("files", "Ảnh giấy chứng sinh", "Photo of the paper", accept=["image/jpeg"], max_files=3),
    "deliver": _field("checkboxes", "Nhận ở đâu", "Where", options=[{"value": "desk", "label": two("Tại xã", "Desk")}]),
    "ethnicity": _field(
        "select",
        "Dân tộc",
        "Ethnicity",
        options=[
            {"value": "01", "label": two("Kinh", "Kinh")},
            {"value": "02", "label": two("Tày", "Tày"), "also": "Thổ, Pa Dí"},
            {"value": "24", "label": two("Thổ", "Thổ")},
        ],
    ),
    "id_number": _field("id_number", "Số định danh", "Identity number"),
    "members": _field(
        "group",
        "Người cùng nhà",
        "People of the household",
        min=1,
        max=3,
        item=two("Người", "Person"),
        when={"field": "ethnicity", "equals": "02"},
        errors={"required": two("Thêm ít nhất 1 người.", "Add at least 1 person.")},
        order=["member_name", "member_birth", "is_head", "member_ward", "member_id", "head_paper"],
        fields={
            "member_name": _field("name", "Họ tên người này", "Name of the person"),
            "member_birth": _field("date", "Ngày sinh", "Date of birth", partial=True),
            "is_head": _field("yesno", "Là chủ hộ?", "The head of the household?"),
            "member_ward": _field("ward", "Nơi ở cũ", "Former commune"),
            "member_id": _field("id_number", "Số căn cước", "Identity number"),
            "head_paper": _field("text", "Số giấy", "Number", when={"field": "is_head", "equals": True}),
        },
    ),
}
ITEMS: dict[str, Any] = {
    "type": "object",
    "properties": {"member_id": {"type": "string"}},
    "required": ["member_name", "is_head"],
    "allOf": [
        {
            "if": {"properties": {"is_head": {"const": True}}, "required": ["is_head"]},
            "then": {"required": ["head_paper"]},
        }
    ],
}


def _page(page_id: str, vi: str, en: str, *fields: str, when: Any = None) -> dict[str, Any]:
    return {"id": page_id, "title": two(vi, en), "hint": None, "when": when, "fields": list(fields)}


FORM: dict[str, Any] = {
    "procedure": "1.001193",
    "revision": 1,
    "schema": {
        "type": "object",
        "additionalProperties": False,
        "properties": {**{name: {} for name in FIELDS}, "copies": {"type": "integer"}, "members": {"items": ITEMS}},
        "required": ["child_name", "birth_date", "gender", "has_paper", "ward", "requester"],
        "allOf": [
            {
                "if": {"properties": {"has_paper": {"const": False}}, "required": ["has_paper"]},
                "then": {"required": ["witness"]},
            },
            {
                "if": {"properties": {"ethnicity": {"const": "02"}}, "required": ["ethnicity"]},
                "then": {"required": ["members"]},
            },
        ],
    },
    "pages": [
        _page("name", "Tên của trẻ", "The child's name", "child_name"),
        _page("birth", "Con sinh ngày nào?", "When was the child born?", "birth_date"),
        _page("about", "Giới tính và giấy chứng sinh", "Sex and birth paper", "gender", "has_paper", "paper_number"),
        _page("witness", "Người làm chứng", "Witness", "witness", when={"field": "has_paper", "equals": False}),
        _page("place", "Nơi sinh", "Place of birth", "ward", "ward_before"),
        _page("more", "Về bạn", "About you", "requester", "phone", "email", "mother_birth", "income", "copies"),
        _page("photo", "Ảnh giấy chứng sinh", "Photo of the paper", "photo", "deliver", "ethnicity", "id_number"),
        _page("household", "Người cùng nhà", "Household", "members", when={"field": "ethnicity", "equals": "02"}),
    ],
    "fields": FIELDS,
    "declaration": two("Tôi cam đoan lời khai đúng sự thật.", "I declare that this is true."),
}

DUE = {
    "at": "2026-11-30T17:00:00+07:00",
    "expected": False,
    "start": "2026-11-21T15:20:00+07:00",
    "amount": 5,
    "counted_from": "2026-11-23T07:30:00+07:00",
    "unit": "working_days",
    "calendar": "2026-11-21",
    "skipped": ["2026-11-24"],
    "national_at": "2026-11-30T17:00:00+07:00",
    "differs": False,
}


def _ask(kind: str, **more: Any) -> dict[str, Any]:
    items = [{"field": "photo", "text": "Chụp lại giấy chứng sinh.", "reason": "Ảnh bị mờ.", "rule": "Điều 16"}]
    return {"ask_no": 1, "kind": kind, "state": "open", "items": items, "due": DUE["at"], "amount_vnd": None, **more}


def _money(state: str = "open") -> dict[str, Any]:
    rule = "Nghị quyết số 06/2020 của Hội đồng nhân dân thành phố"
    return _ask("money", state=state, amount_vnd=200_000, items=[{"field": "", "text": "Lệ phí", "rule": rule}])


def dossier(number: int, status: int, state: str, **more: Any) -> dict[str, Any]:
    """Return a dossier as its owner sees it."""
    return {
        "code": f"H26-261121-{number:04}",
        "procedure": "1.001193",
        "revision": 1,
        "place": "00004",
        "lane": "H26",
        "title": "THỦ TỤC ĐĂNG KÝ KHAI SINH",
        "plain_title": "Đăng ký khai sinh",
        "acted_by": None,
        "office": {"id": "H26.00004", "name": "Ủy ban nhân dân Phường Ba Đình"},
        "received_by": "portal",
        "status": status,
        "state": state,
        "version": 2,
        "epoch": 1,
        "event_no": 3,
        "held_by": "authority",
        "submitted_at": "2026-11-21T10:51:00+07:00",
        "delivered_at": "2026-11-21T10:51:05+07:00",
        "due": DUE,
        "asks": [],
        "requests": [],
        "results": [],
        "draft_result": None,
        "refusal": None,
        "files": [],
        "answers": {"child_name": "H' Linh Niê", "id_number": "036119000012"},
        "can": ["withdraw"],
        "root": {"date": "2026-11-20", "root": "ab" * 32},
        "authority_seconds": 60,
        **more,
    }


def payment(id: str, state: str, **more: Any) -> dict[str, Any]:
    """Return a payment of 200.000 đ."""
    paid = {"charged_vnd": 200_000, "receipt_no": "MAU-261121-0001-A1B2", "paid_at": "2026-11-21T11:02:00+07:00"}
    return {
        "id": id,
        "ask_no": 1,
        "amount_vnd": 200_000,
        "state": state,
        "reason": None,
        "started_at": "2026-11-21T11:00:00+07:00",
        "pay_url": None,
        "expires_at": "2026-11-21T11:30:00+07:00",
        **(paid if state == "paid" else dict.fromkeys(paid)),
        "request_no": 1 if state == "paid" else None,
        "refund": None,
        "by_helper": False,
        **more,
    }


def refund(state: str, why: str = "ended") -> dict[str, Any]:
    """Return the refund of a payment."""
    done = {"refund_no": "HOAN-MAU-261121-0001", "at": "2026-11-21T11:09:00+07:00"}
    return {"state": state, "why": why, "amount_vnd": 200_000, **(done if state == "done" else dict.fromkeys(done))}


PAYMENTS = {
    "started": payment("started", "started", pay_url="http://pay.test/pay/1"),
    "away": payment("away", "started"),
    "unknown": payment("unknown", "unknown"),
    "paid": payment("paid", "paid"),
    "declined": payment("declined", "not_paid", reason="declined"),
    "due": payment("due", "paid", refund=refund("due")),
    "done": payment("done", "paid", refund=refund("done")),
}
RESULT = {
    "sha256": "cd" * 32,
    "size": 120_000,
    "type": "application/pdf",
    "name": "giay-khai-sinh.pdf",
    "scan": "not_scanned",
}
REFUSAL = {"reason": "Sai nơi nộp.", "rule": "Luật Hộ tịch, Điều 13"}
ALL = [
    dossier(1, 4, "processing"),
    dossier(2, 5, "processing", asks=[_ask("papers")], held_by="citizen", can=["supplement", "withdraw"]),
    dossier(3, 4, "processing", asks=[_ask("confirm")], draft_result=RESULT, can=["confirm", "withdraw"]),
    dossier(4, 10, "returned", results=[RESULT], can=[]),
    dossier(5, 3, "refused", refusal=REFUSAL, can=[]),
    dossier(6, 1, "submitted", delivered_at=None, due={**DUE, "expected": True}),
    dossier(7, 7, "withdrawn", can=[], held_by="none"),
    dossier(8, 8, "stopped", refusal=REFUSAL, can=[], held_by="none"),
    dossier(9, 9, "decided", can=[]),
    dossier(10, 6, "accepted", asks=[_ask("money", amount_vnd=200_000)], held_by="citizen"),
    dossier(11, 2, "accepted", due=None),
    dossier(12, 6, "accepted", asks=[_money()], held_by="citizen", can=["pay", "withdraw"], payments=[]),
    dossier(13, 6, "accepted", asks=[_money()], held_by="citizen", payments=[PAYMENTS["unknown"]]),
    dossier(14, 4, "processing", asks=[_money("met")], payments=[PAYMENTS[one] for one in ("paid", "due", "done")]),
]
DOSSIERS = {one["code"]: one for one in ALL}


def _row(n: int, kind: str, at: str, **more: Any) -> dict[str, Any]:
    return {
        "n": n,
        "type": kind,
        "at": f"2026-11-21T{at}:00+07:00",
        "received_at": f"2026-11-21T{at}:00+07:00",
        "version": n,
        "request_no": 0,
        "role": "officer",
        "office": "H26.00004",
        "handler": None,
        "note": None,
        "recovered": False,
        "hash": "ef" * 32,
        **more,
    }


TIMELINE = [
    _row(1, "submitted", "10:51"),
    _row(2, "accepted", "10:58", handler="Trần Demo", note="Bộ phận một cửa phường Ba Đình."),
    _row(3, "processing", "11:05", handler="Lê Demo"),
]
