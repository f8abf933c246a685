"""What is known of people when a message is written or sent: registry, wishes, and how helped ones are told."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from citizen_service import store
from citizen_service.model import Channel, Contact, Fact, Preferences, Profile
from citizen_service.model.preferences import OFFICE, first_channel
from kernel.db import Tx

NO_MAILBOX = "example.invalid"


@dataclass(frozen=True, slots=True)
class Known:
    """People by owner; ``ways`` are the channels that this installation has."""

    people: dict[str, Profile]
    chosen: dict[str, Preferences]
    contacts: dict[str, Contact]
    ways: Collection[Channel]

    @classmethod
    async def of(cls, tx: Tx, owners: Sequence[str], ways: Collection[Channel]) -> "Known":
        """Read what is known of ``owners``."""
        return cls(
            await store.profiles_of(tx, owners),
            await store.preferences_of(tx, owners),
            await store.contacts_of(tx, owners),
            ways,
        )

    def wish(self, owner: str) -> Preferences:
        """Return how the person is told: as they chose, as they said to a helper, or what counts for everybody."""
        contact = self.contacts.get(owner)
        if contact is not None:
            return Preferences(owner, "vi", (contact.way,) if contact.phone else (), contact.phone)
        return self.chosen.get(owner) or default_preferences(owner, self.people.get(owner))

    def channel_of(self, fact: Fact) -> str | None:
        """Return by what the person is told of ``fact`` besides the inbox; None = nothing more."""
        contact = self.contacts.get(fact.owner)
        if contact is not None:
            if contact.helper != fact.helper:
                return None
            return first_channel((contact.way,), self.ways) or OFFICE if contact.phone else OFFICE
        return first_channel(self.wish(fact.owner).channels, self._reached(fact.owner))

    def after(self, owner: str, channel: str) -> str | None:
        """Return by what the person is told once ``channel`` failed; None = they want the inbox alone, or no more."""
        wish, somebody = self.wish(owner), self.people.keys() | self.chosen.keys() | self.contacts.keys()
        if channel == OFFICE or owner not in somebody or not wish.channels:
            return None
        return first_channel(wish.channels, self._reached(owner), after=Channel(channel)) or OFFICE

    def helped(self, owner: str) -> bool:
        """Tell whether the person is told as they said to a helper."""
        return owner in self.contacts

    def by_teller(self, owner: str) -> bool:
        """Tell whether somebody was named to tell the person, who has no telephone."""
        contact = self.contacts.get(owner)
        return contact is not None and contact.phone is None

    def address(self, owner: str, channel: str) -> str | None:
        """Return where a message on ``channel`` goes, or None when no address is known any more."""
        person = self.people.get(owner)
        if channel == Channel.MAIL:
            return person.email if person is not None else None
        phone = self.wish(owner).phone or (person.phone if person is not None else None)
        return f"{phone}@{channel}.{NO_MAILBOX}" if phone else None

    def _reached(self, owner: str) -> set[Channel]:
        return {channel for channel in self.ways if self.address(owner, channel) is not None}


def default_preferences(owner: str, person: Profile | None) -> Preferences:
    """Return what counts for a person who never chose: mail, the language the State knows, quiet from 22 to 6."""
    return Preferences(owner, person.language if person is not None else "vi")
