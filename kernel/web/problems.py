"""Errors on the wire: RFC 9457 ``application/problem+json``, in the reader's language."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from kernel import errors
from kernel.errors import FieldProblem, Problem, Text
from kernel.locale import Lang, negotiate
from kernel.telemetry import trace_id

STATUS: tuple[tuple[type[Problem], int], ...] = (
    (errors.Unauthenticated, 401),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.PreconditionFailed, 412),
    (errors.TooLarge, 413),
    (errors.TooMany, 429),
    (errors.Unavailable, 503),
    (errors.Invalid, 422),
)

TITLES = {
    400: Text("Yêu cầu không đọc được", "The request cannot be read"),
    401: Text("Bạn cần đăng nhập", "You need to sign in"),
    403: Text("Bạn không có quyền làm việc này", "You may not do this"),
    404: Text("Không tìm thấy", "Not found"),
    405: Text("Không dùng được cách gửi này", "Method not allowed"),
    409: Text("Chưa làm được lúc này", "Not possible in this state"),
    412: Text("Dữ liệu bạn đang xem đã cũ", "Your copy is out of date"),
    413: Text("Nội dung gửi lên quá lớn", "Too large"),
    422: Text("Có chỗ cần sửa", "Something needs correcting"),
    429: Text("Bạn gửi hơi nhanh", "Too many requests"),
    500: Text("Hệ thống gặp lỗi", "Something went wrong here"),
    503: Text("Tạm thời chưa phục vụ được", "Temporarily unavailable"),
}

DETAILS: dict[int, tuple[str, Text]] = {
    400: ("malformed_request", Text("Hệ thống không đọc được nội dung bạn gửi.", "The content sent cannot be read.")),
    404: ("not_found", Text("Không có gì ở địa chỉ này.", "There is nothing at this address.")),
    405: ("method_not_allowed", Text("Địa chỉ này không nhận cách gửi đó.", "This address does not take that method.")),
    413: ("body_too_large", Text("Nội dung gửi lên vượt mức cho phép.", "The content sent is over the limit.")),
    500: (
        "internal_error",
        Text("Lỗi ở phía hệ thống. Bạn hãy thử lại sau ít phút.", "The fault is ours. Try again in a few minutes."),
    ),
    503: (
        "storage_unavailable",
        Text("Hệ thống đang bận. Bạn hãy thử lại sau ít phút.", "The system is busy. Try again in a few minutes."),
    ),
}

INVALID = Text("Bạn xem lại các mục được nêu rồi gửi lại.", "Check the fields named and send again.")
MALFORMED = Text("Nội dung gửi lên không phải JSON đúng.", "The content sent is not valid JSON.")

FIELD_TEXTS: dict[str, Text] = {
    "required": Text("Bạn điền mục này.", "Fill in this field."),
    "unknown_field": Text("Mục này không có ở đây. Bạn bỏ nó đi.", "This field is not known here. Leave it out."),
    "wrong_type": Text("Mục này sai kiểu dữ liệu.", "This field has the wrong type."),
    "too_long": Text("Nội dung dài quá. Bạn viết ngắn lại.", "Too long. Shorten it."),
    "too_short": Text("Nội dung ngắn quá. Bạn viết thêm.", "Too short. Write more."),
    "out_of_range": Text("Số này ngoài mức cho phép.", "This number is out of range."),
    "not_allowed": Text("Bạn chọn một trong các giá trị cho sẵn.", "Choose one of the allowed values."),
    "pattern": Text("Mục này chưa đúng mẫu.", "This field does not match its pattern."),
    "bad_text": Text("Mục này có ký tự không dùng được.", "This field has characters that cannot be used."),
    "invalid": Text("Mục này chưa đúng.", "This field is not right."),
}

CODES = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "string_too_long": "too_long",
    "too_long": "too_long",
    "string_too_short": "too_short",
    "too_short": "too_short",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "number_too_large": "out_of_range",
    "finite_number": "out_of_range",
    "enum": "not_allowed",
    "literal_error": "not_allowed",
    "string_pattern_mismatch": "pattern",
    "bad_text": "bad_text",
    "string_unicode": "bad_text",
}


def reader_language(request: Request) -> Lang:
    """Return the language to answer ``request`` in."""
    return negotiate(request.headers.get("accept-language"))


Language = Annotated[Lang, Depends(reader_language)]


def status_of(problem: Problem) -> int:
    """Return the HTTP status that carries ``problem``; ``extra["status"]`` may name another (400, 410)."""
    wanted = problem.extra.get("status")
    if isinstance(wanted, int):
        return wanted
    return next((status for kind, status in STATUS if isinstance(problem, kind)), 422)


def problem_response(problem: Problem, language: str) -> Response:
    """Return ``problem`` as ``application/problem+json`` in ``language``, with the current trace id."""
    status = status_of(problem)
    content: dict[str, Any] = {
        "type": f"urn:motcua:problem:{problem.code}",
        "title": _title(status).in_language(language),
        "status": status,
        "code": problem.code,
        "detail": problem.text.in_language(language),
        "trace_id": trace_id.get(),
    }
    if problem.fields:
        content["errors"] = [
            {"path": item.path, "code": item.code, "detail": item.text.in_language(language)} for item in problem.fields
        ]
    content = {**{k: v for k, v in problem.extra.items() if k != "status"}, **content}
    headers = {"content-language": language, "vary": "Accept-Language", "cache-control": "no-store"}
    if problem.retry_after is not None:
        headers["retry-after"] = str(problem.retry_after)
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    return Response(orjson.dumps(content), status, headers, media_type="application/problem+json")


def plain_problem(status: int) -> Problem:
    """Return the problem for a bare HTTP status (routing, body limit, our own fault)."""
    code, text = DETAILS.get(status, (_code(status), _title(status)))
    return Problem(code, text, extra={"status": status})


async def on_problem(request: Request, error: Exception) -> Response:
    """Answer a ``Problem`` raised anywhere below."""
    assert isinstance(error, Problem)
    return problem_response(error, reader_language(request))


async def on_http(request: Request, error: Exception) -> Response:
    """Answer what routing and body reading raise (404, 405, 400, 413)."""
    assert isinstance(error, HTTPException)
    response = problem_response(plain_problem(error.status_code), reader_language(request))
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


async def on_validation(request: Request, error: Exception) -> Response:
    """Answer a request that FastAPI found wrong: 400 for JSON that cannot be read, else 422 with every field."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        problem = Problem("malformed_json", MALFORMED, extra={"status": 400})
    else:
        problem = errors.Invalid("invalid_request", INVALID, field_problems(found))
    return problem_response(problem, reader_language(request))


def field_problems(found: Sequence[Mapping[str, Any]]) -> list[FieldProblem]:
    """Turn pydantic's errors into ours: dotted path, stable code, a sentence that says what to do."""
    problems = []
    for item in found[:100]:
        kind = str(item["type"])
        code = CODES.get(kind) or ("wrong_type" if kind.endswith(("_type", "_parsing")) else "invalid")
        location = [str(part) for part in item["loc"]]
        if location and location[0] in ("body", "query", "path", "header", "cookie"):
            location = location[1:]
        path = ".".join(location).encode("utf-8", "replace").decode()[:200]
        problems.append(FieldProblem(path, code, FIELD_TEXTS[code]))
    return problems


def _title(status: int) -> Text:
    if text := TITLES.get(status):
        return text
    try:
        return Text(HTTPStatus(status).phrase, HTTPStatus(status).phrase)
    except ValueError:
        return TITLES[422]


def _code(status: int) -> str:
    try:
        return HTTPStatus(status).name.lower()
    except ValueError:
        return "http_error"
