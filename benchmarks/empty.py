"""An empty FastAPI application under granian: what a start and a process cost before there is any portal.

python -m benchmarks.empty PORT
"""

import asyncio
import sys

from fastapi import FastAPI
from granian.constants import Interfaces
from granian.server.embed import Server


def application() -> FastAPI:
    """Return an application with one route."""
    app = FastAPI()

    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    return app


if __name__ == "__main__":
    asyncio.run(Server(application(), port=int(sys.argv[1]), interface=Interfaces.ASGI, log_enabled=False).serve())
