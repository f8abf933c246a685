"""How each room is built from engines and settings: the same for one process and for one process a service."""

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from kernel.web import AsgiUpstream, Running, Upstream
from motcua.assembly import Engines
from motcua.pki import Authority, Certified

Shared = Mapping[str, Any]
Builder = Callable[[Engines, Shared], Awaitable[Running]]


async def catalog(engines: Engines, shared: Shared) -> Running:
    """Build services_catalog."""
    from services_catalog import main
    from services_catalog.settings import CatalogSettings

    settings = CatalogSettings(**shared)
    return await main.build(settings, log=engines.log, clock=engines.clock, verifier=engines.verifier)


async def search(engines: Engines, shared: Shared) -> Running:
    """Build search_service."""
    from search_service import main
    from search_service.settings import SearchSettings

    settings = SearchSettings(**shared)
    return await main.build(settings, log=engines.log, clock=engines.clock, verifier=engines.verifier)


async def dossiers(engines: Engines, shared: Shared, *, platform: Upstream | None = None) -> Running:
    """Build dossier_service; ``platform`` is the demo's payment platform in this process, as are its sample lists."""
    from dossier_service import main
    from dossier_service.settings import DossierSettings
    from motcua.identity.lists import sample_lists

    settings = DossierSettings(**shared)
    return await main.build(
        settings,
        log=engines.log,
        clock=engines.clock,
        verifier=engines.verifier,
        files=engines.files,
        calendar=engines.calendar,
        platform=platform,
        lists=AsgiUpstream(sample_lists()) if settings.demo else None,
    )


async def citizen(engines: Engines, shared: Shared) -> Running:
    """Build citizen_service; in the demo with the demo people's records."""
    from citizen_service import main
    from citizen_service.settings import CitizenSettings
    from motcua.identity.profiles import profiles

    settings = CitizenSettings(**shared)
    return await main.build(
        settings,
        profiles=profiles() if settings.demo else (),
        log=engines.log,
        clock=engines.clock,
        verifier=engines.verifier,
    )


async def exchange(engines: Engines, shared: Shared, *, port: int, host: str, certified: Certified) -> Running:
    """Build the exchange; it listens for participants at ``host:port`` with mutual TLS."""
    from exchange import main
    from exchange.settings import ExchangeSettings

    folder = shared["data"] / "pki"
    return await main.build(
        ExchangeSettings(**shared, exchange_port=port, exchange_host=host),
        log=engines.log,
        clock=engines.clock,
        verifier=engines.verifier,
        files=engines.files,
        calendar_version=engines.calendar.version,
        credentials=certified.server_credentials(),
        sign=Authority.open(folder).sign if (folder / "ca.key").exists() else None,
    )


async def provinces(
    engines: Engines,
    shared: Shared,
    *,
    connected: list[tuple[str, str]],
    pace: float | None,
    target: str,
    authority: Authority,
) -> list[Running]:
    """Build the demo's back offices and the adapter of each; the offices' pages come first."""
    from motcua.identity.people import PEOPLE
    from province_adapter import main as adapter
    from province_adapter.connectors.reference import ReferenceConnector
    from province_adapter.settings import AdapterSettings
    from province_backend import main as backend
    from province_backend.settings import OfficeSettings

    staff = {person.subject: person.name for person in PEOPLE if person.participant}
    offices = await backend.build(
        OfficeSettings(**shared, staff=staff),
        participants=connected,
        clock=engines.clock,
        calendar=engines.calendar,
        verifier=engines.verifier,
        pace=pace,
    )
    built = [offices.running]
    for participant, office in offices.by_id.items():
        built.append(
            await adapter.build(
                AdapterSettings(**shared, participant=participant),
                connector=ReferenceConnector(office),
                credentials=authority.participant_certificate(participant).channel_credentials(),
                target=target,
            )
        )
    return built


async def portal(engines: Engines, shared: Shared, *, upstreams: Mapping[str, Upstream]) -> Running:
    """Build the pages over ``upstreams``."""
    from portal import main
    from portal.settings import PortalSettings

    return await main.build(PortalSettings(**shared), upstreams=upstreams, clock=engines.clock)


async def gateway(
    engines: Engines,
    shared: Shared,
    *,
    upstreams: Mapping[str, Upstream],
    ready: Callable[[], Awaitable[bool]] | None = None,
) -> Running:
    """Build the edge in front of ``upstreams``; it notes each request only where information is logged."""
    from gateway import main
    from gateway.settings import GatewaySettings

    noted = os.environ.get("MOTCUA_LOG") == "info"
    return await main.build(
        GatewaySettings(**shared, gateway_access_log=noted),
        upstreams=upstreams,
        verifier=engines.verifier,
        ready=ready,
    )
