"""Which office decides a procedure at a place, and why: procedure -> level -> lane -> office.

The level is written by us for the full procedures. The catalogue's ``levels`` column never routes: parts of it are
wrong.
"""

from dataclasses import dataclass

from kernel.errors import Conflict, Text
from services_catalog.model.places import Place

COMMUNE, PROVINCE, MINISTRY = "commune", "province", "ministry"


@dataclass(frozen=True, slots=True)
class Route:
    """Where a dossier goes: the lane, the office shown, and the explanation for the page."""

    lane: str
    office: str
    office_name: str
    why: Text


def resolve(*, competent_level: str, place: Place) -> Route:
    """Return the route of a procedure decided at ``competent_level`` for ``place``.

    Raises ``Conflict``: ``level_not_published`` when the level is not known, ``decided_centrally`` for a ministry.
    """
    if competent_level == COMMUNE:
        return Route(place.lane, place.office, place.office_name, _why_commune(place))
    if competent_level == PROVINCE:
        return Route(place.lane, place.lane, place.centre_name, _why_province(place))
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


def _why_commune(place: Place) -> Text:
    vi = f"Thủ tục này do cấp xã giải quyết. Bạn chọn {place.name}, nên hồ sơ đến {place.office_name}."
    en = f"The commune level decides this procedure. You chose {place.name}, so it goes to {place.office_name}."
    return _with_lane(vi, en, place)


def _why_province(place: Place) -> Text:
    vi = (
        f"Thủ tục này do cấp tỉnh giải quyết. {place.name} thuộc {place.province_name}, "
        f"nên hồ sơ đến {place.centre_name}."
    )
    en = (
        f"The province level decides this procedure. {place.name} is in {place.province_name}, "
        f"so it goes to {place.centre_name}."
    )
    return _with_lane(vi, en, place)


def _with_lane(vi: str, en: str, place: Place) -> Text:
    if place.former_province == place.province_name:
        return Text(vi, en)
    return Text(
        f"{vi} Trước 1/7/2025 nơi này thuộc {place.former_province}, nên hồ sơ đi theo đường {place.lane}.",
        f"{en} Before 1 July 2025 this was {place.former_province}, so it travels on lane {place.lane}.",
    )
