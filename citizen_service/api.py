"""REST door of a person's own space: everything here is about the caller."""

from datetime import date, datetime, time
from typing import Annotated, Literal

from fastapi import FastAPI, Path, Response
from pydantic import BaseModel, Field, StringConstraints

from citizen_service import usecases
from citizen_service.model import Access, Channel, Contact, Preferences, Profile
from citizen_service.model.preferences import CHOSEN
from citizen_service.usecases import Shown
from kernel.auth import Principal, SignedIn, Verifier, require_role
from kernel.clock import Clock
from kernel.db import Database
from kernel.errors import Forbidden, Text
from kernel.web import Body, Page, PageCursor, PageSize, decode_cursor, encode_cursor, make_app

PREFIX = "/api/me/v1"
LARGEST_ID = 2**53
HelpedOwner = Annotated[str, Path(pattern=r"^a[0-9a-f]{32}$")]


class Words(BaseModel):
    """The same words in both languages."""

    vi: str
    en: str


class ProfileOut(BaseModel):
    """What the State holds about you, from ``source``, as it stood on ``as_of``. Null = not known here."""

    sub: str
    name: str | None = None
    birth_date: date | None = None
    gender: str | None = None
    id_number: str | None = None
    nationality: str | None = None
    ward: str | None = None
    address: str | None = None
    phone: str | None = None
    email: str | None = None
    org: str | None = None
    org_name: str | None = None
    language: str = "vi"
    source: Words | None = None
    as_of: date | None = None


class ColleagueOut(BaseModel):
    """Somebody of the same organisation."""

    sub: str
    name: str


class NoticeOut(BaseModel):
    """One thing you were told: about which dossier, what happened (``kind``), and the words."""

    id: str
    dossier: str
    event_no: int
    channel: str
    kind: str
    title: Words
    text: Words
    at: datetime
    due_at: datetime | None
    read_at: datetime | None


class AccessOut(BaseModel):
    """Who opened a dossier of yours, for which office, why and when."""

    dossier: str
    role: str
    office: str
    why: str
    at: datetime


OwnChoice = Literal[Channel.MAIL, Channel.SMS, Channel.ZALO]
Hour = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class PreferencesIn(Body):
    """How you want to be told. ``channels`` in order, the first that reaches you is used; empty = only the inbox.

    ``phone`` (E.164) is for text messages and Zalo alone. Quiet hours are Viet Nam's time (``HH:MM``), may go over
    midnight, and never hold back what you have just started yourself.
    """

    language: Literal["vi", "en"] = "vi"
    channels: list[OwnChoice] = Field(default=[Channel.MAIL], max_length=3)
    phone: str | None = Field(default=None, pattern=r"^\+\d{8,15}$")
    quiet_from: Hour = "22:00"
    quiet_until: Hour = "06:00"
    big_print: bool = False


class PreferencesOut(PreferencesIn):
    """What counts for you now; ``offered`` are the channels that this installation has."""

    offered: list[Channel]


class ContactIn(Body):
    """How a person without an account is told of what you filed for them.

    ``phone`` (E.164) is theirs or a relative's, never yours; null = somebody was named to tell them, whom the office
    knows. ``way``: a text message, or a recorded voice that calls.
    """

    phone: str | None = Field(default=None, pattern=r"^\+\d{8,15}$")
    way: Literal[Channel.SMS, Channel.VOICE] = Channel.SMS


def make_api(
    *, database: Database, clock: Clock, verifier: Verifier, ways: tuple[Channel, ...] = tuple(Channel)
) -> FastAPI:
    """Return the app; ``ways`` are the channels by which messages can leave."""
    app = make_app(title="citizen_service", prefix=PREFIX)
    app.state.verifier = verifier

    _add_profile(app, database)
    _add_preferences(app, database, clock, ways)
    _add_contact(app, database, clock)

    @app.get("/notices", summary="Your notices, newest first")
    async def get_notices(
        principal: SignedIn, response: Response, cursor: PageCursor = None, page_size: PageSize = 20
    ) -> Page[NoticeOut]:
        _private(response)
        shown, following = await usecases.list_notices(
            database=database, owner=principal.sub, before=_before(cursor), limit=page_size
        )
        return Page(results=[_notice(one) for one in shown], next_cursor=_cursor(following))

    @app.post("/notices/{notice}/read", summary="Mark a notice as read")
    async def post_read(principal: SignedIn, response: Response, notice: int = Path(ge=1, le=LARGEST_ID)) -> NoticeOut:
        _private(response)
        shown = await usecases.read_notice(database=database, clock=clock, owner=principal.sub, notice=notice)
        return _notice(shown)

    @app.get("/accesses", summary="Who opened your dossiers, newest first")
    async def get_accesses(
        principal: SignedIn, response: Response, cursor: PageCursor = None, page_size: PageSize = 20
    ) -> Page[AccessOut]:
        _private(response)
        found, following = await usecases.list_accesses(
            database=database, owner=principal.sub, before=_before(cursor), limit=page_size
        )
        return Page(results=[_access(one) for one in found], next_cursor=_cursor(following))

    return app


def _add_profile(app: FastAPI, database: Database) -> None:
    @app.get("/profile", summary="What is known about you")
    async def get_profile(principal: SignedIn, response: Response) -> ProfileOut:
        _private(response)
        if principal.for_organisation and principal.actor:
            found = await usecases.show_profile(database=database, owner=principal.actor)
            return _profile_at_work(principal, found)
        found = await usecases.show_profile(database=database, owner=principal.sub)
        return _profile(principal.sub, found)

    @app.get("/colleagues", summary="Who works for the organisation that you act for")
    async def get_colleagues(principal: SignedIn, response: Response) -> list[ColleagueOut]:
        """Return names by the opaque subject that dossiers of the organisation carry. 403 when you act for yourself."""
        _private(response)
        if not principal.for_organisation or principal.org is None:
            raise Forbidden("no_organisation", Text("Bạn đang làm việc cho bản thân.", "You act for yourself."))
        found = await usecases.list_colleagues(database=database, org=principal.org)
        return [ColleagueOut(sub=one.owner, name=one.name) for one in found]


def _add_contact(app: FastAPI, database: Database, clock: Clock) -> None:
    @app.put("/contacts/{owner}", summary="How somebody you help is told", status_code=204)
    async def put_contact(principal: SignedIn, body: ContactIn, owner: HelpedOwner) -> None:
        """Keep how the person is told; ``owner`` is what starting to help them gave. 403 ``not_your_helping``.

        It counts for what you file for that person, until they end it or take the dossier over. Repeating it with
        another number mends it.
        """
        require_role(principal, "helper")
        contact = Contact(owner, principal.sub, body.phone, body.way)
        await usecases.keep_contact(database=database, clock=clock, contact=contact)


def _add_preferences(app: FastAPI, database: Database, clock: Clock, ways: tuple[Channel, ...]) -> None:
    @app.get("/preferences", summary="How you want to be told")
    async def get_preferences(principal: SignedIn, response: Response) -> PreferencesOut:
        _private(response)
        return _preferences(await usecases.show_preferences(database=database, owner=principal.sub), ways)

    @app.put("/preferences", summary="Choose how you want to be told")
    async def put_preferences(principal: SignedIn, response: Response, body: PreferencesIn) -> PreferencesOut:
        _private(response)
        chosen = Preferences(
            owner=principal.sub,
            language=body.language,
            channels=tuple(dict.fromkeys(body.channels)),
            phone=body.phone,
            quiet_from=time.fromisoformat(body.quiet_from),
            quiet_until=time.fromisoformat(body.quiet_until),
            big_print=body.big_print,
        )
        return _preferences(await usecases.choose_preferences(database=database, clock=clock, chosen=chosen), ways)


def _preferences(found: Preferences, ways: tuple[Channel, ...]) -> PreferencesOut:
    return PreferencesOut(
        language="en" if found.language == "en" else "vi",
        channels=[channel for channel in found.channels if channel in CHOSEN],
        phone=found.phone,
        quiet_from=found.quiet_from.isoformat("minutes"),
        quiet_until=found.quiet_until.isoformat("minutes"),
        big_print=found.big_print,
        offered=[channel for channel in CHOSEN if channel in ways],
    )


def _private(response: Response) -> None:
    response.headers["cache-control"] = "private, no-store"


def _before(cursor: str | None) -> int | None:
    return None if cursor is None else int(decode_cursor(cursor, int)[0])


def _cursor(following: int | None) -> str | None:
    return None if following is None else encode_cursor([following])


def _profile_at_work(principal: Principal, found: Profile | None) -> ProfileOut:
    """Return what a dossier of the organisation may be filled from: who acts and for whom, nothing private."""
    if found is None:
        return ProfileOut(sub=principal.sub, org=principal.org)
    return ProfileOut(
        sub=principal.sub,
        name=found.name,
        org=found.org,
        org_name=found.org_name,
        language=found.language,
        source=_words(found.source),
        as_of=found.as_of,
    )


def _profile(sub: str, found: Profile | None) -> ProfileOut:
    if found is None:
        return ProfileOut(sub=sub)
    return ProfileOut(
        sub=sub,
        name=found.name,
        birth_date=found.birth_date,
        gender=found.gender,
        id_number=found.id_number,
        nationality=found.nationality,
        ward=found.ward,
        address=found.address,
        phone=found.phone,
        email=found.email,
        org=found.org,
        org_name=found.org_name,
        language=found.language,
        source=_words(found.source),
        as_of=found.as_of,
    )


def _notice(shown: Shown) -> NoticeOut:
    notice = shown.notice
    return NoticeOut(
        id=str(shown.id),
        dossier=notice.dossier,
        event_no=notice.event_no,
        channel=notice.channel,
        kind=notice.kind,
        title=Words(vi=shown.vi.first, en=shown.en.first),
        text=Words(vi=" ".join(shown.vi.rest), en=" ".join(shown.en.rest)),
        at=notice.at,
        due_at=notice.due_at,
        read_at=shown.read_at,
    )


def _access(found: Access) -> AccessOut:
    return AccessOut(dossier=found.dossier, role=found.role, office=found.office, why=found.why, at=found.at)


def _words(text: Text) -> Words:
    return Words(vi=text.vi, en=text.en)
