"""Facts become notices: one in the inbox, and one message a change at most."""

from collections.abc import Collection, Sequence
from datetime import datetime

from citizen_service import store
from citizen_service.model import (
    Access,
    Channel,
    Fact,
    Kind,
    Notice,
    NoticeSettled,
    Preferences,
    kind_of,
    send_after,
)
from citizen_service.model.notices import ASKS, is_old_news, mailed_alone
from citizen_service.usecases.known import Known
from kernel.db import Tx

CONTACT_OVER = frozenset(("contact_ended", "dossier_claimed"))


async def note_facts(
    tx: Tx, *, facts: Sequence[Fact], now: datetime, ways: Collection[Channel] = tuple(Channel)
) -> int:
    """Write the notices of a batch of facts, each once per channel; return how many are new.

    ``now`` is business time. One message leaves besides the inbox: by the first channel the person chose that this
    installation has (``ways``) and that has an address; for a helped person as they told the helper.
    """
    told = [(fact, kind) for fact in facts if fact.owner and (kind := kind_of(fact)) is not None]
    if not told:
        return 0
    known = await Known.of(tx, sorted({fact.owner for fact, _ in told}), ways)
    mailed = await store.mailed_versions(tx, sorted({fact.dossier for fact, _ in told}))
    notices, settled = [], []
    for fact, kind in told:
        version, wish = (fact.dossier, fact.version), known.wish(fact.owner)
        notices.append(_notice(fact, kind, "inbox", now, wish))
        channel = known.channel_of(fact)
        if channel is not None and (mailed_alone(kind) or version not in mailed):
            notices.append(_notice(fact, kind, channel, now, wish))
            mailed.add(version)
            if is_old_news(fact, now):
                settled.append(NoticeSettled(fact.dossier, fact.event_no, channel, fact.occurred_at))
    await store.settle(tx, settled)
    return await store.add_notices(tx, notices)


def _notice(fact: Fact, kind: Kind, channel: str, now: datetime, wish: Preferences) -> Notice:
    return Notice(
        owner=fact.owner,
        dossier=fact.dossier,
        event_no=fact.event_no,
        version=fact.version,
        channel=channel,
        kind=kind,
        due_at=fact.ask_due_at if kind in ASKS else fact.due_at,
        due_expected=fact.due_expected,
        at=fact.occurred_at,
        send_after=send_after(kind, now, quiet_from=wish.quiet_from, quiet_until=wish.quiet_until),
    )


async def end_contacts(tx: Tx, *, dossiers: Collection[str]) -> None:
    """Forget the telephones of helped people who ended them, or whose dossier has an owner of its own by now."""
    await store.drop_contacts(tx, sorted(dossiers))


async def note_settled(tx: Tx, *, settled: Sequence[NoticeSettled]) -> None:
    """Take in again what was sent and read before this database was lost; what is known stays as it is."""
    await store.settle(tx, settled)


async def note_accesses(tx: Tx, *, accesses: Sequence[Access]) -> int:
    """Write who opened whose dossier; return how many are new."""
    return await store.add_accesses(tx, accesses) if accesses else 0
