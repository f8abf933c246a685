"""What the service knows: people, what happened to their dossiers, what they are told and when."""

from citizen_service.model.notices import Fact, Kind, Notice, NoticeSettled, PersonUnreached, kind_of, send_after
from citizen_service.model.people import Access, Profile
from citizen_service.model.preferences import Channel, Contact, Preferences
from citizen_service.model.wording import Said, say

__all__ = [
    "Access",
    "Channel",
    "Contact",
    "Fact",
    "Kind",
    "Notice",
    "NoticeSettled",
    "PersonUnreached",
    "Preferences",
    "Profile",
    "Said",
    "kind_of",
    "say",
    "send_after",
]
