"""What an editor asks a second person to approve: a revision to publish, or a procedure to withdraw."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kernel.errors import Conflict, FieldProblem, Forbidden, Invalid, Text
from services_catalog.model.procedures import Head


class Kind(StrEnum):
    """What is asked for."""

    PUBLISH = "publish"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Motion:
    """One a code. ``version`` = of the working copy to publish; ``restores`` = it brings a withdrawn code back."""

    id: str
    code: str
    kind: Kind
    version: int
    reason: str
    successor: str
    restores: bool
    by: str
    at: datetime

    def same_as(self, other: "Motion") -> bool:
        """Tell whether both ask for the same, by the same person."""
        mine = (self.kind, self.version, self.reason, self.successor, self.restores, self.by)
        return mine == (other.kind, other.version, other.reason, other.successor, other.restores, other.by)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Why and when a procedure was withdrawn; public."""

    reason: str
    at: datetime


def check_second_person(by: str, hands: Collection[str]) -> None:
    """Raise ``Forbidden`` when ``by`` is one of those who wrote or asked."""
    if by in hands:
        raise Forbidden(
            "second_person_needed",
            Text(
                "Bạn là người soạn hoặc đề nghị việc này. Một người khác phải xem và đồng ý.",
                "You wrote or asked for this. Another person has to look at it and approve.",
            ),
        )


def check_nobody_waits(there: Motion | None, asked: Motion) -> None:
    """Raise ``Conflict`` when something else was asked for this code, or somebody else asked."""
    if there is not None and (there.kind, there.by) != (asked.kind, asked.by):
        raise Conflict(
            "motion_waits",
            Text(
                "Thủ tục này đang có một đề nghị chờ duyệt. Rút hoặc duyệt đề nghị đó trước.",
                "Something is already waiting for approval here. Approve it or take it back first.",
            ),
        )


def check_restores(head: Head, motion: Motion) -> None:
    """Raise ``Invalid`` when publishing would bring a withdrawn procedure back without saying so."""
    if head.withdrawn and not motion.restores:
        text = Text(
            "Thủ tục này đã bãi bỏ. Đánh dấu rằng bản mới đưa thủ tục có hiệu lực trở lại.",
            "This procedure is withdrawn. Tick that the new revision brings it back into force.",
        )
        raise Invalid("restores_unsaid", text, [FieldProblem("restores", "restores_unsaid", text)])


def check_successor(code: str, successor: str, head: Head | None) -> None:
    """Raise ``Invalid`` unless ``successor`` is another procedure in force; ``head`` is its own, None = unknown."""
    if successor == code:
        _refuse("successor_itself", "Thủ tục không thay thế cho chính nó.", "A procedure does not replace itself.")
    if head is None:
        _refuse(
            "successor_unknown",
            f"Danh mục không có mã {successor}. Kiểm tra lại mã.",
            f"The catalogue has no code {successor}. Check it.",
        )
    elif head.withdrawn:
        _refuse(
            "successor_withdrawn",
            f"Thủ tục {successor} cũng đã bãi bỏ. Chọn thủ tục đang có hiệu lực.",
            f"Procedure {successor} is withdrawn too. Choose one in force.",
        )


def successor_unsaid() -> Invalid:
    """Return the error for a withdrawal that names no successor and does not say that there is none."""
    text = Text(
        "Ghi mã thủ tục thay thế, hoặc chọn “Không có thủ tục thay thế”.",
        "Name the procedure to use instead, or choose “Nothing replaces it”.",
    )
    return Invalid("successor_unsaid", text, [FieldProblem("successor", "successor_unsaid", text)])


def already_withdrawn() -> Conflict:
    """Return the error for a procedure that is withdrawn already."""
    return Conflict(
        "already_withdrawn", Text("Thủ tục này đã bãi bỏ từ trước.", "This procedure is already withdrawn.")
    )


def _refuse(code: str, vi: str, en: str) -> None:
    raise Invalid(code, Text(vi, en), [FieldProblem("successor", code, Text(vi, en))])
