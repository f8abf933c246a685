"""What sets near-alike procedures apart, one line each: ``apart.toml``."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def apart() -> Mapping[str, tuple[str, str]]:
    """Return the line of each code, in Vietnamese and English."""
    text = files("search_service.model").joinpath("apart.toml").read_text(encoding="utf-8")
    return {code: (vi, en) for code, (vi, en) in tomllib.loads(text).items()}
