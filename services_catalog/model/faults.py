"""What is wrong with what an editor wrote, in sentences that name the page and the question, not a path."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from kernel.errors import Text
from services_catalog.model.proposals import Fault

Path = Sequence[str | int]
LONGEST_TITLE, LONGEST_WORD = 300, 60
FORBIDDEN = re.compile(r"[<>]")
PARTS = {
    "plain": Text("Tên thường gọi", "Everyday title"),
    "everyday": Text("Từ người dân hay dùng", "Words people use"),
    "competent_level": Text("Cấp giải quyết", "Deciding level"),
    "guide": Text("Hướng dẫn", "Guide"),
    "form": Text("Biểu mẫu", "Form"),
    "examples": Text("Các ca thử", "Test cases"),
    "checked_on": Text("ngày kiểm tra căn cứ pháp lý", "legal basis checked on"),
    "who": Text("ai được làm", "who may use it"),
    "needs": Text("cần có gì", "what is needed"),
    "state_has": Text("giấy tờ nhà nước đã có", "what the State has"),
    "steps": Text("các bước", "steps"),
    "fee": Text("phí, lệ phí", "fee"),
    "amount_vnd": Text("số tiền", "amount"),
    "exempt": Text("diện được miễn", "who is exempt"),
    "eligibility": Text("câu hỏi điều kiện", "eligibility questions"),
    "term": Text("thời hạn", "time limit"),
    "amount": Text("số lượng", "amount"),
    "unit": Text("đơn vị", "unit"),
    "offices": Text("nơi giải quyết", "offices"),
    "legal": Text("căn cứ pháp lý", "legal basis"),
    "result": Text("kết quả", "result"),
    "text": Text("nội dung", "text"),
    "note": Text("ghi chú", "note"),
    "time": Text("bao lâu", "how long"),
    "source": Text("nguồn dữ liệu", "source"),
    "articles": Text("điều, khoản", "articles"),
    "declaration": Text("lời cam đoan", "declaration"),
    "pages": Text("các trang", "pages"),
    "fields": Text("các câu hỏi", "questions"),
    "title": Text("tên", "title"),
    "label": Text("lời hỏi", "wording"),
    "hint": Text("chỉ dẫn", "hint"),
    "rule": Text("quy định cho phép hỏi", "rule that lets us ask"),
    "when": Text("điều kiện", "condition"),
    "options": Text("các lựa chọn", "choices"),
    "errors": Text("câu báo lỗi", "error sentences"),
    "widget": Text("kiểu câu hỏi", "kind of question"),
    "min": Text("số nhỏ nhất", "smallest"),
    "max": Text("số lớn nhất", "largest"),
    "max_files": Text("số tệp nhiều nhất", "most files"),
    "repeat": Text("phần lặp lại", "repeated part"),
    "place": Text("nơi nộp", "place"),
    "answers": Text("câu trả lời", "answers"),
    "papers": Text("giấy tờ yêu cầu", "papers asked for"),
}
LISTED = {
    "pages": Text("trang", "page"),
    "fields": Text("câu hỏi", "question"),
    "examples": Text("ca thử", "test case"),
    "options": Text("lựa chọn", "choice"),
    "steps": Text("bước", "step"),
}
ROW = Text("dòng", "row")
KINDS = {
    "minLength": Text("Còn trống.", "It is empty."),
    "pattern": Text("Còn trống hoặc viết chưa đúng dạng.", "It is empty or not in the right shape."),
    "enum": Text("Giá trị này không có trong danh sách được dùng.", "This value is not in the list."),
    "type": Text("Chưa đúng loại: cần chữ, số hay danh sách.", "It is not the text, number or list it should be."),
    "additionalProperties": Text("Có phần thừa mà danh mục không dùng.", "It has a part that is not used."),
    "uniqueItems": Text("Có mục viết hai lần.", "Something is there twice."),
}
OTHER = Text("Chưa đúng dạng.", "It is not in the right shape.")


def shape_fault(path: Path, kind: Any, written: Mapping[str, Any], labels: Mapping[str, Text] | None = None) -> Fault:
    """Return what a check of shape says at ``path``; ``labels`` are the questions of the form, by name."""
    return Fault(".".join(map(str, path)), _said(kind, labels or {}), place_of(written, path, labels))


def _said(kind: Any, labels: Mapping[str, Text]) -> Text:
    match kind.name:
        case "required":
            named = labels.get(kind.property) or PARTS.get(kind.property) or Text(kind.property, kind.property)
            return Text(f"Thiếu: {named.vi}.", f"Missing: {named.en}.")
        case "minItems":
            few = kind.limit
            return Text(f"Cần ít nhất {few} mục.", f"It needs at least {few}.")
        case "maxItems":
            return Text(f"Nhiều nhất {kind.limit} mục.", f"It takes at most {kind.limit}.")
        case "maxLength":
            return Text(f"Dài quá {kind.limit} ký tự.", f"It is longer than {kind.limit} characters.")
        case "minimum" | "maximum":
            least = kind.name == "minimum"
            return Text(
                f"Số phải {'từ' if least else 'tối đa'} {kind.limit}.",
                f"The number must be at {'least' if least else 'most'} {kind.limit}.",
            )
        case "format":
            return Text("Viết ngày theo dạng năm-tháng-ngày, ví dụ 2026-11-22.", "Write the day as 2026-11-22.")
        case name:
            return KINDS.get(name, OTHER)


def place_of(written: Any, path: Path, labels: Mapping[str, Text] | None = None) -> Text:
    """Return where ``path`` leads, in words: the page and question by number and title."""
    vi: list[str] = []
    en: list[str] = []
    part, last = written, ""
    for step in path:
        part = _inside(part, step)
        if isinstance(step, int):
            named = _item(last, step, part)
            if vi and last in PARTS and not vi[-1].endswith("”"):
                vi[-1:], en[-1:] = ([], []) if last in LISTED else ([vi[-1]], [en[-1]])
        else:
            named = (labels or {}).get(step) or PARTS.get(step) or Text(step, step)
        vi, en, last = [*vi, named.vi], [*en, named.en], str(step) if isinstance(step, str) else ""
    return _joined(vi, en)


def _joined(vi: Sequence[str], en: Sequence[str]) -> Text:
    if not vi:
        return Text("Cả bản soạn", "The whole working copy")
    whole_vi, whole_en = ", ".join(vi), ", ".join(en)
    return Text(whole_vi[0].upper() + whole_vi[1:], whole_en[0].upper() + whole_en[1:])


def _inside(part: Any, step: str | int) -> Any:
    try:
        return part[step]
    except (KeyError, IndexError, TypeError):
        return None


def _item(listed: str, at: int, item: Any) -> Text:
    kind = LISTED.get(listed, ROW)
    if isinstance(item, str) and at < 2 and listed not in ("everyday",):
        return (Text("tiếng Việt", "Vietnamese"), Text("tiếng Anh", "English"))[at]
    pair = (item.get("title") or item.get("label")) if isinstance(item, Mapping) else None
    if isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair):
        return Text(f"{kind.vi} {at + 1} “{pair[0][:60]}”", f"{kind.en} {at + 1} “{pair[1][:60]}”")
    return Text(f"{kind.vi} {at + 1}", f"{kind.en} {at + 1}")


def text_faults(written: Mapping[str, Any], today: date) -> list[Fault]:
    """Return what is wrong with the texts themselves: signs nobody can read, titles and words without end."""
    return list(_text_faults(written, today))


def _text_faults(written: Mapping[str, Any], today: date) -> Iterator[Fault]:
    for path, text in _texts(written, ()):
        title = path[0] in ("plain", "everyday") or (len(path) > 1 and path[-2] == "title")
        if any(unicodedata.category(letter) in ("Cc", "Cf", "Co", "Cs") and letter not in "\n\t" for letter in text):
            yield _fault(
                written, path, "Có ký tự điều khiển không nhìn thấy được.", "It holds a sign that nobody sees."
            )
        if title and FORBIDDEN.search(text):
            yield _fault(written, path, "Tên không có dấu < hoặc >.", "A name has no < or >.")
        if title and len(text) > LONGEST_TITLE:
            yield _fault(
                written,
                path,
                f"Tên dài nhất {LONGEST_TITLE} ký tự; tên này có {len(text)}.",
                f"A title has at most {LONGEST_TITLE} characters; this one has {len(text)}.",
            )
        if any(len(word) > LONGEST_WORD and "://" not in word for word in text.split()):
            yield _fault(
                written, path, f"Có từ dài hơn {LONGEST_WORD} ký tự.", f"A word is longer than {LONGEST_WORD} letters."
            )
    checked = (written.get("guide") or {}).get("checked_on", "")
    if checked and date.fromisoformat(checked) > today:
        yield _fault(
            written,
            ("guide", "checked_on"),
            "Ngày kiểm tra chưa tới. Ghi ngày bạn đã kiểm tra.",
            "The day lies ahead. Write the day on which you checked.",
        )


def _fault(written: Mapping[str, Any], path: Path, vi: str, en: str) -> Fault:
    return Fault(".".join(map(str, path)), Text(vi, en), place_of(written, path))


def _texts(part: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every text that people read, with its path; answers, conditions and patterns are none."""
    if isinstance(part, str):
        yield path, part
    elif isinstance(part, list):
        for at, item in enumerate(part):
            yield from _texts(item, (*path, at))
    elif isinstance(part, Mapping):
        for key, item in part.items():
            if key not in ("answers", "when", "pattern", "sources", "accept", "checked_on"):
                yield from _texts(item, (*path, key))


def borrowed_names(everyday: Sequence[str], others: Mapping[str, Sequence[str]]) -> list[Fault]:
    """Return the everyday words that procedures in force have already; ``others`` are theirs, by code."""
    held = {word.casefold(): code for code, words in others.items() for word in words}
    found = []
    for at, word in enumerate(everyday):
        if code := held.get(word.casefold()):
            text = Text(
                f"“{word}” đang là từ của thủ tục {code}. Người tìm sẽ thấy cả hai.",
                f"“{word}” is already a word of procedure {code}. Who searches will see both.",
            )
            found.append(Fault(f"everyday.{at}", text, PARTS["everyday"]))
    return found
