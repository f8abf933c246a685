"""SAMPLE lists of those who pay no fee, beside the demo people's records: no real list of the State is in here.

The app stands in for a registry outside the project: it is asked about one person and one ground, and says yes or no,
with its name and the day of its data. An unknown ground is nobody's.
"""

from collections.abc import Mapping

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from kernel.errors import Text
from motcua.identity.people import BY_KEY
from motcua.identity.profiles import AS_OF

SOURCES: Mapping[str, Text] = {
    "ethnic_area": Text(
        "Danh sách xã đặc biệt khó khăn và dữ liệu dân cư (BẢN MẪU)", "Communes of special difficulty (SAMPLE)"
    ),
    "poor_household": Text("Danh sách hộ nghèo của xã (BẢN MẪU)", "The commune's list of poor households (SAMPLE)"),
    "border_island": Text("Dữ liệu cư trú (BẢN MẪU)", "Residence data (SAMPLE)"),
    "merit": Text("Danh sách người có công (BẢN MẪU)", "List of people with merit (SAMPLE)"),
    "disability": Text("Dữ liệu người khuyết tật (BẢN MẪU)", "List of people with disabilities (SAMPLE)"),
    "elderly": Text("Dữ liệu dân cư (BẢN MẪU)", "Population data (SAMPLE)"),
    "child": Text("Dữ liệu dân cư (BẢN MẪU)", "Population data (SAMPLE)"),
}
LISTED: Mapping[str, tuple[str, ...]] = {
    "ethnic_area": ("citizen-2",),
    "poor_household": ("citizen-2",),
    "disability": ("accountant-1",),
}


def sample_lists() -> Starlette:
    """Return the registry's app: ``POST /lookups {"ground", "subject" | "id_number"}``."""
    return Starlette(routes=[Route("/lookups", _look_up, methods=["POST"])])


async def _look_up(request: Request) -> JSONResponse:
    asked = orjson.loads(await request.body())
    ground = str(asked.get("ground"))
    source = SOURCES.get(ground, Text("Không có danh sách này (BẢN MẪU)", "No such list (SAMPLE)"))
    people = [BY_KEY[key] for key in LISTED.get(ground, ())]
    wanted = asked.get("id_number") or asked.get("subject")
    listed = any(wanted in (person.id_number, person.subject) for person in people)
    shape = {"listed": listed, "source": {"vi": source.vi, "en": source.en}, "as_of": AS_OF.isoformat()}
    return JSONResponse(shape)
