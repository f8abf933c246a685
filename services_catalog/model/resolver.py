"""Which office decides a procedure at a place, and why: procedure -> level -> lane -> office.

The level is written by us for the full procedures. The catalogue's ``levels`` column never routes: parts of it are
wrong. A guide also says who decides at that level (``decided_by``): the People's Committee unless it says otherwise.
The office is where the dossier is received, the ward's desk or the province's centre; who decides sits behind it.
"""

from dataclasses import dataclass

from kernel.errors import Conflict, Text
from services_catalog.model.places import Place

COMMUNE, PROVINCE, MINISTRY = "commune", "province", "ministry"
POLICE, INSURANCE = "police", "insurance"


@dataclass(frozen=True, slots=True)
class Route:
    """Where a dossier goes: the lane, the office shown, who decides, and the explanation for the page."""

    lane: str
    office: str
    office_name: str
    decided_by: Text
    why: Text


def resolve(*, competent_level: str, place: Place, decided_by: str = "") -> Route:
    """Return the route of a procedure decided at ``competent_level`` for ``place``, by ``decided_by`` there.

    Raises ``Conflict``: ``level_not_published`` when the level is not known, ``decided_centrally`` for a ministry.
    """
    if competent_level == COMMUNE:
        return _route(place, place.office, place.office_name, _body(decided_by, place.name), place.name)
    if competent_level == PROVINCE:
        return _route(place, place.lane, place.centre_name, _body(decided_by, place.province_name), place.province_name)
    if competent_level == MINISTRY:
        raise Conflict(
            "decided_centrally",
            Text(
                "Thủ tục này do cơ quan trung ương giải quyết. Bạn chưa nộp được tại đây.",
                "A central agency decides this procedure. It cannot be filed here yet.",
            ),
        )
    raise Conflict(
        "level_not_published",
        Text(
            "Chưa công bố cấp nào giải quyết thủ tục này, nên chưa chỉ được nơi nộp.",
            "It is not published which level decides this procedure, so no office can be named.",
        ),
    )


def _body(decided_by: str, area: str) -> Text:
    if decided_by == POLICE:
        return Text(f"Công an {area}", f"the police of {area}")
    if decided_by == INSURANCE:
        return Text(f"Cơ quan bảo hiểm xã hội tại {area}", f"the social insurance agency in {area}")
    return Text(f"Ủy ban nhân dân {area}", f"the People's Committee of {area}")


def _route(place: Place, office: str, office_name: str, body: Text, area: str) -> Route:
    chosen = place.name if area == place.name else f"{place.name}, {area}"
    vi = f"Bạn chọn {chosen}. Hồ sơ đến {office_name}. {body.vi} giải quyết."
    en = f"You chose {chosen}. It goes to {office_name}. It is decided by {body.en}."
    return Route(place.lane, office, office_name, body, _with_lane(vi, en, place))


def _with_lane(vi: str, en: str, place: Place) -> Text:
    if place.former_province == place.province_name:
        return Text(vi, en)
    return Text(
        f"{vi} Trước 1/7/2025 nơi này thuộc {place.former_province}, nên hồ sơ đi theo đường {place.lane}.",
        f"{en} Before 1 July 2025 this was {place.former_province}, so it travels on lane {place.lane}.",
    )
