"""What handlers share: the desk, the draft token, Idempotency-Key and If-Match."""

from typing import Annotated

from fastapi import Depends, Header, Path, Request

from dossier_service.usecases.desk import Desk
from kernel.errors import Invalid, Text


def desk_of(request: Request) -> Desk:
    """Return the desk of this app."""
    desk: Desk = request.app.state.desk
    return desk


def if_match(value: Annotated[str | None, Header(alias="if-match")] = None) -> int | None:
    """Return the version in ``If-Match``, or None. Raises ``Invalid`` (``bad_if_match``)."""
    if value is None or value == "*":
        return None
    number = value.strip().removeprefix("W/").strip('"')
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise Invalid("bad_if_match", Text("Số phiên bản không đúng.", "If-Match is not a version of a draft."))
    return int(number)


def idempotency_key(value: Annotated[str | None, Header(alias="idempotency-key")] = None) -> str | None:
    """Return the key of this attempt, or None. Raises ``Invalid`` (``bad_idempotency_key``)."""
    if value is not None and not (1 <= len(value) <= 200 and value.isascii() and value.isprintable()):
        raise Invalid(
            "bad_idempotency_key", Text("Mã chống gửi trùng không đúng.", "The Idempotency-Key is not printable ASCII.")
        )
    return value


DeskOf = Annotated[Desk, Depends(desk_of)]
DraftToken = Annotated[str | None, Header(alias="draft-token", max_length=100)]
IfMatch = Annotated[int | None, Depends(if_match)]
IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]
DraftId = Annotated[str, Path(min_length=1, max_length=64)]
Code = Annotated[str, Path(min_length=1, max_length=40)]
Sha256 = Annotated[str, Path(min_length=64, max_length=64, pattern="^[0-9a-f]{64}$")]
