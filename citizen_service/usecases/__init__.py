"""What this service does: takes facts in, tells people, shows them what is theirs."""

from citizen_service.usecases.sending import compose, said, send_due_mail, take_reports
from citizen_service.usecases.space import (
    Shown,
    choose_preferences,
    keep_contact,
    list_accesses,
    list_colleagues,
    list_notices,
    read_notice,
    seed_profiles,
    show_preferences,
    show_profile,
)
from citizen_service.usecases.telling import CONTACT_OVER, end_contacts, note_accesses, note_facts, note_settled

__all__ = [
    "CONTACT_OVER",
    "Shown",
    "choose_preferences",
    "compose",
    "end_contacts",
    "keep_contact",
    "list_accesses",
    "list_colleagues",
    "list_notices",
    "note_accesses",
    "note_facts",
    "note_settled",
    "read_notice",
    "said",
    "seed_profiles",
    "send_due_mail",
    "show_preferences",
    "show_profile",
    "take_reports",
]
