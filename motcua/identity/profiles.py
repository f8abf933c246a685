"""The demo people's records as citizen_service keeps them: what the State is said to hold about each."""

from datetime import date

from citizen_service.model import Profile
from kernel.errors import Text
from motcua.identity.people import PEOPLE

SOURCE = Text("Dữ liệu dân cư (BẢN DEMO)", "Population data (DEMO)")
AS_OF = date(2026, 11, 1)


def profiles() -> list[Profile]:
    """Return one profile for each demo person."""
    return [
        Profile(
            owner=person.subject,
            name=person.name,
            birth_date=person.birth_date,
            gender=person.gender,
            id_number=person.id_number,
            nationality="VN",
            ward=person.ward,
            address=person.address,
            phone=None,
            email=person.email,
            org=person.org,
            org_name=person.org_name,
            language=person.language,
            source=SOURCE,
            as_of=AS_OF,
        )
        for person in PEOPLE
    ]
