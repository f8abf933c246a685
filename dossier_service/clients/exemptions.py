"""The State's lists of those who pay no fee: outside the project, spoken to over HTTP, and sometimes away."""

import asyncio
from datetime import date

import orjson

from dossier_service.model.exemptions import Looked, Outcome
from kernel.errors import Text, Unavailable
from kernel.web import Upstream


class ExemptionLists:
    """The State's lists of those who pay no fee, kept outside the project behind ``way``; None = nobody connected it.

    A question names one person and one ground; the answer is yes or no, so nothing else of a household comes here.
    """

    def __init__(self, way: Upstream | None = None, *, seconds: float = 5.0) -> None:
        self._way = way
        self._seconds = seconds

    async def look(self, *, ground: str, subject: str, id_number: str | None) -> Looked:
        """Ask whether a person is on the list of ``ground``: by their identity number where it is known.

        A list that is away, slow or speaks nonsense is ``AWAY``: never a no.
        """
        if self._way is None:
            return Looked(Outcome.AWAY)
        body = orjson.dumps({"ground": ground, **({"id_number": id_number} if id_number else {"subject": subject})})
        headers = {"content-type": "application/json", "accept": "application/json"}
        try:
            async with asyncio.timeout(self._seconds):
                reply = await self._way.request("POST", "/lookups", headers, body)
            return _looked(reply.status, reply.body)
        except (TimeoutError, Unavailable, ValueError, TypeError, KeyError):
            return Looked(Outcome.AWAY)


def _looked(status: int, body: bytes) -> Looked:
    if status != 200:
        raise ValueError(status)
    said = orjson.loads(body)
    source = Text(str(said["source"]["vi"])[:200], str(said["source"]["en"])[:200])
    as_of = date.fromisoformat(said["as_of"]).isoformat()
    listed = said["listed"]
    if not isinstance(listed, bool):
        raise TypeError("listed")
    return Looked(Outcome.YES if listed else Outcome.NOT_FOUND, source, as_of)
