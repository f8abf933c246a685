"""An exchange in a process of its own, to be killed: ``python -m tests.exchange.process FOLDER PORT``."""

import asyncio
import sys
from pathlib import Path

from exchange import main as exchange_main
from exchange.settings import ExchangeSettings
from kernel.auth import Verifier
from kernel.clock import Clock
from kernel.files import Files
from kernel.log import SqliteLog
from motcua.pki import Authority
from motcua.topics import TOPICS
from tests.exchange.country import FAST, loops, no_keys


async def main(folder: Path, port: int) -> None:
    settings = ExchangeSettings.model_validate({"data": folder, "exchange_port": port, "instance": "one"} | FAST)
    running = await exchange_main.build(
        settings,
        log=await SqliteLog.open(f"sqlite+aiosqlite:///{folder / 'log.db'}", TOPICS),
        clock=Clock(),
        verifier=Verifier(issuer="i", keys=no_keys),
        files=Files.in_folder(str(folder / "files")),
        calendar_version="test",
        credentials=Authority.open(folder / "pki").server_certificate().server_credentials(),
    )
    async with loops(running):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
