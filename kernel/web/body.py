"""Request bodies: unknown members are refused, and so is what no database or digest can hold."""

import math
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

LARGEST = 2**53 - 1
DEPTH = 32


class Body(BaseModel):
    """Base of every request body. Refuses unknown members, NUL, broken Unicode, integers over 2^53 and NaN."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def storable(cls, value: Any) -> Any:
        """Refuse values that RFC 8785 (I-JSON) or a text column cannot hold."""
        check_storable(value)
        return value


def check_storable(value: object, depth: int = 0) -> None:
    """Raise a pydantic error for text with NUL or lone surrogates, numbers out of range, or nesting over 32."""
    if depth > DEPTH:
        raise PydanticCustomError("too_deep", "nested too deeply")
    match value:
        case str():
            _check_text(value)
        case bool() | None:
            return
        case int():
            if abs(value) > LARGEST:
                raise PydanticCustomError("number_too_large", "number over 2^53")
        case float():
            if not math.isfinite(value):
                raise PydanticCustomError("finite_number", "not a number")
        case dict():
            for key, item in value.items():
                _check_text(str(key))
                check_storable(item, depth + 1)
        case list():
            for item in value:
                check_storable(item, depth + 1)


def _check_text(value: str) -> None:
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value if letter > "\ud7ff"):
        raise PydanticCustomError("bad_text", "text with NUL or broken Unicode")
