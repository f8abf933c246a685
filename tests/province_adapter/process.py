"""An adapter with its office in a process of its own, to be killed: ``python -m tests.province_adapter.process``."""

import asyncio
import sys
from pathlib import Path

from motcua.pki import Authority
from province_adapter import main as adapter_main
from province_adapter.connectors.reference import ReferenceConnector
from province_adapter.settings import AdapterSettings
from tests.exchange.country import QUICK, loops
from tests.exchange.office import Office


async def main(folder: Path, lane: str, target: str) -> None:
    home = folder / "provinces" / lane
    home.mkdir(parents=True, exist_ok=True)
    certificate = Authority.open(folder / "pki").participant_certificate(lane)
    running = await adapter_main.build(
        AdapterSettings.model_validate({"data": folder, "participant": lane} | QUICK),
        connector=ReferenceConnector(Office(home / "office.db")),
        credentials=certificate.channel_credentials(),
        target=target,
    )
    async with loops(running):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
