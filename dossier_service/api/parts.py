"""What handlers share: the desk, the draft token, Idempotency-Key and If-Match."""

from typing import Annotated

from fastapi import Depends, Header, Path, Request

from dossier_service.usecases.desk import Desk
from kernel.auth import Principal
from kernel.digest import digest_bytes
from kernel.errors import Invalid, Text
from kernel.idempotency import recall, remember


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


async def bind_key(
    *, desk: Desk, act: str, principal: Principal | None, token: str | None, key: str | None, body: object
) -> None:
    """Bind the caller's key to ``body`` before an effect that is one by its nature, so that it may be repeated.

    Raises ``Invalid`` (``idempotency_key_reused``, ``bad_idempotency_key``). Without a caller to bind it to, the key
    says nothing.
    """
    caller = principal.sub if principal else digest_bytes(token.encode()) if token else None
    if key is None or caller is None:
        return
    subject = f"{act}/{caller}"
    async with desk.database.begin() as tx:
        if await recall(tx, subject=subject, key=key, body=body) is None:
            await remember(tx, subject=subject, key=key, body=body, status=201, response=None)


DeskOf = Annotated[Desk, Depends(desk_of)]
DraftToken = Annotated[str | None, Header(alias="draft-token", max_length=100)]
IfMatch = Annotated[int | None, Depends(if_match)]
IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]
DraftId = Annotated[str, Path(min_length=1, max_length=64)]
Code = Annotated[str, Path(min_length=1, max_length=40)]
Sha256 = Annotated[str, Path(min_length=64, max_length=64, pattern="^[0-9a-f]{64}$")]
