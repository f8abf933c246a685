"""The words of a notice: the first line says what to do and by when; nothing says who, or which procedure.

``{code}`` is the dossier's code, ``{due}`` a moment in words: the person's own where something is asked, else the
appointment.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from citizen_service.model.notices import TO_DO, Kind
from kernel.errors import Text


@dataclass(frozen=True, slots=True)
class Said:
    """A notice in one language."""

    subject: str
    first: str
    rest: tuple[str, ...]


SUBJECT_TO_DO = Text("Một Cửa: bạn có việc cần làm", "Một Cửa: there is something to do")
SUBJECT_RATING = Text("Một Cửa: mời bạn đánh giá", "Một Cửa: how did it go?")
SUBJECT_NEWS = Text("Một Cửa: hồ sơ của bạn có tin mới", "Một Cửa: there is news about your dossier")

FIRST: Mapping[Kind, Text] = {
    Kind.SUBMITTED: Text(
        "Bạn chưa phải làm gì. Hồ sơ {code} đã nộp xong.",
        "Nothing to do now. Dossier {code} is filed.",
    ),
    Kind.ACCEPTED: Text(
        "Bạn chưa phải làm gì. Hồ sơ {code} đã được tiếp nhận.",
        "Nothing to do now. Dossier {code} is accepted.",
    ),
    Kind.PAPERS_ASKED: Text(
        "Bạn cần bổ sung giấy tờ cho hồ sơ {code}. Hạn ghi ở trang hồ sơ.",
        "Add papers to dossier {code}. The last day is on its page.",
    ),
    Kind.MONEY_ASKED: Text(
        "Bạn cần nộp tiền cho hồ sơ {code}. Số tiền và hạn ghi ở trang hồ sơ.",
        "Pay for dossier {code}. The amount and the last day are on its page.",
    ),
    Kind.DRAFT_SENT: Text(
        "Bạn cần xem bản nháp kết quả của hồ sơ {code} và trả lời. Hạn ghi ở trang hồ sơ.",
        "Check the draft result of dossier {code} and answer. The last day is on its page.",
    ),
    Kind.DRAFT_STANDS: Text(
        "Bạn chưa trả lời trong hạn, nên cơ quan làm tiếp hồ sơ {code} theo bản nháp.",
        "You did not answer in time, so the office goes on with dossier {code} as the draft says.",
    ),
    Kind.DECIDED: Text(
        "Bạn chưa phải làm gì. Hồ sơ {code} đã giải quyết xong, kết quả sắp được trả.",
        "Nothing to do now. Dossier {code} is decided; the result comes soon.",
    ),
    Kind.RETURNED: Text(
        "Bạn có thể nhận kết quả của hồ sơ {code} ngay bây giờ.",
        "The result of dossier {code} is ready for you now.",
    ),
    Kind.REFUSED: Text(
        "Bạn cần xem lý do: hồ sơ {code} không được tiếp nhận.",
        "Read the reason: dossier {code} was not accepted.",
    ),
    Kind.STOPPED: Text(
        "Hồ sơ {code} đã dừng giải quyết. Lý do ghi ở trang hồ sơ.",
        "Dossier {code} was stopped. The reason is on its page.",
    ),
    Kind.WITHDRAWN: Text(
        "Bạn không phải làm gì thêm. Hồ sơ {code} đã được rút.",
        "Nothing more to do. Dossier {code} is withdrawn.",
    ),
    Kind.DUE_CHANGED: Text(
        "Bạn chưa phải làm gì. Ngày hẹn trả kết quả của hồ sơ {code} đã đổi.",
        "Nothing to do now. The appointment of dossier {code} has changed.",
    ),
    Kind.OWNER_CHANGED: Text(
        "Bạn không phải nộp lại. Hồ sơ {code} đã chuyển sang cơ quan khác để giải quyết tiếp.",
        "You need not file again. Another office goes on with dossier {code}.",
    ),
    Kind.SUPPLEMENT_FILED: Text(
        "Bạn chưa phải làm gì. Phần bổ sung của hồ sơ {code} đã gửi đi và đang chờ kiểm tra.",
        "Nothing to do now. What you added to dossier {code} is sent and will be checked.",
    ),
    Kind.PAYMENT_FILED: Text(
        "Bạn chưa phải làm gì. Khoản nộp của hồ sơ {code} đang chờ xác nhận.",
        "Nothing to do now. The payment for dossier {code} waits to be confirmed.",
    ),
    Kind.CONFIRMATION_FILED: Text(
        "Bạn chưa phải làm gì. Câu trả lời của bạn cho hồ sơ {code} đã gửi đi.",
        "Nothing to do now. Your answer for dossier {code} is sent.",
    ),
    Kind.WITHDRAWAL_FILED: Text(
        "Bạn chưa phải làm gì. Yêu cầu rút hồ sơ {code} đã gửi đi.",
        "Nothing to do now. The request to withdraw dossier {code} is sent.",
    ),
    Kind.REQUEST_ACCEPTED: Text(
        "Bạn chưa phải làm gì. Cơ quan đã chấp nhận nội dung bạn gửi cho hồ sơ {code}.",
        "Nothing to do now. The office accepted what you sent for dossier {code}.",
    ),
    Kind.REQUEST_DECLINED: Text(
        "Bạn cần xem lý do: nội dung bạn gửi cho hồ sơ {code} chưa được chấp nhận.",
        "Read the reason: what you sent for dossier {code} was not accepted.",
    ),
    Kind.REQUEST_CLOSED: Text(
        "Bạn không phải làm gì thêm. Hồ sơ {code} đã kết thúc nên nội dung bạn gửi không còn cần xét.",
        "Nothing more to do. Dossier {code} has ended, so what you sent needs no answer.",
    ),
    Kind.EXEMPTION_GRANTED: Text(
        "Bạn không phải làm gì. Hồ sơ {code} được miễn lệ phí.",
        "Nothing to do. Dossier {code} is exempt from the fee.",
    ),
    Kind.EXEMPTION_REFUSED: Text(
        "Bạn cần xem lý do: hồ sơ {code} không được miễn lệ phí.",
        "Read the reason: dossier {code} is not exempt from the fee.",
    ),
    Kind.EXEMPTION_TO_PROVE: Text(
        "Bạn có thể gửi một ảnh giấy tờ để hồ sơ {code} được xét miễn lệ phí.",
        "You can send one photo for the exemption from the fee of dossier {code}.",
    ),
    Kind.PAYMENT_REFUNDED: Text(
        "Bạn không phải làm gì. Tiền bạn nộp cho hồ sơ {code} đã được hoàn lại.",
        "Nothing to do. What you paid for dossier {code} was given back.",
    ),
    Kind.ASK_REMINDED: Text(
        "Bạn sắp hết hạn trả lời cơ quan về hồ sơ {code}. Hạn ghi ở trang hồ sơ.",
        "Your time to answer the office about dossier {code} ends soon. The last day is on its page.",
    ),
    Kind.APOLOGISED: Text(
        "Bạn chưa phải làm gì. Cơ quan xin lỗi vì hồ sơ {code} sẽ trễ hẹn.",
        "Nothing to do now. The office is sorry that dossier {code} will be late.",
    ),
    Kind.RATING_ASKED: Text(
        "Mời bạn đánh giá việc giải quyết hồ sơ {code}. Không bắt buộc. Đã đánh giá rồi thì bạn bỏ qua tin này.",
        "You may rate how dossier {code} was handled. You need not. If you have, there is nothing to do.",
    ),
}

BY_WHEN: Mapping[Kind, Text] = {
    Kind.ASK_REMINDED: Text(
        "Nhắc bạn: cơ quan chờ bạn trả lời về hồ sơ {code} đến {due}.",
        "A reminder: the office waits for your answer about dossier {code} until {due}.",
    ),
    Kind.PAPERS_ASKED: Text(
        "Bạn cần bổ sung giấy tờ cho hồ sơ {code} trước {due}.",
        "Add papers to dossier {code} before {due}.",
    ),
    Kind.MONEY_ASKED: Text(
        "Bạn cần nộp tiền cho hồ sơ {code} trước {due}.",
        "Pay for dossier {code} before {due}.",
    ),
    Kind.DRAFT_SENT: Text(
        "Bạn cần xem bản nháp của hồ sơ {code} và trả lời trước {due}.",
        "Check the draft of dossier {code} and answer before {due}.",
    ),
}

APPOINTED = Text("Hẹn trả kết quả: {due}.", "Result due: {due}.")
EXPECTED = Text("Dự kiến trả kết quả: {due}.", "Result expected: {due}.")
SHOWS_DUE = frozenset(
    (
        *(Kind.SUBMITTED, Kind.ACCEPTED, Kind.DUE_CHANGED, Kind.APOLOGISED),
        *(Kind.OWNER_CHANGED, Kind.REQUEST_ACCEPTED),
    )
)

NEVER_ASKS = Text(
    "Một Cửa không bao giờ hỏi mật khẩu hay mã OTP, không đòi chuyển tiền qua tin nhắn.",
    "Một Cửa never asks for a password or a one-time code, and never for money by message.",
)


def say(kind: Kind, *, code: str, due: str | None, expected: bool, language: str) -> Said:
    """Return the words about one fact; ``due`` is the notice's date already written out in ``language``."""
    news = SUBJECT_RATING if kind is Kind.RATING_ASKED else SUBJECT_NEWS
    subject = SUBJECT_TO_DO if kind in TO_DO else news
    rest: tuple[str, ...] = ()
    if due is not None and kind in SHOWS_DUE:
        line = EXPECTED if expected else APPOINTED
        rest = (line.in_language(language).format(due=due),)
    first = FIRST[kind] if due is None else BY_WHEN.get(kind, FIRST[kind])
    return Said(subject.in_language(language), first.in_language(language).format(code=code, due=due), rest)
