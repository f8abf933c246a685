"""Which prefix belongs to which service. Paths pass unchanged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from kernel.web import Upstream


@dataclass(frozen=True, slots=True)
class Route:
    """One prefix. ``label`` names it in metrics; ``api`` = errors are problem+json and it has an OpenAPI document.

    ``same_for_all`` = what lies there never depends on who asks, so cookies are not even passed on.
    """

    prefix: str
    upstream: str
    label: str
    api: bool = False
    same_for_all: bool = False


TABLE: tuple[Route, ...] = (
    Route("/api/search/v1", "search", "search", api=True),
    Route("/api/catalog/v1", "catalog", "catalog", api=True),
    Route("/api/dossiers/v1", "dossiers", "dossiers", api=True),
    Route("/api/me/v1", "citizen", "me", api=True),
    Route("/api/exchange/v1", "exchange", "exchange", api=True),
    Route("/office", "offices", "offices"),
    Route("/id", "identity", "identity"),
    Route("/dev", "dev", "dev"),
    Route("/pay", "payments", "payments"),
    Route("/static", "portal", "static", same_for_all=True),
    Route("", "portal", "portal"),
)

LOOKUPS = (
    *("/api/dossiers/v1/lookup/", "/lookup/", "/tra-cuu/"),
    *("/api/dossiers/v1/verify/", "/verify/", "/xac-minh/"),
    *("/api/dossiers/v1/claims", "/claim/"),
)
LOOKUP_PAGES = ("/lookup", "/tra-cuu", "/verify", "/xac-minh", "/claim", "/nhan-ho-so")


class Routes:
    """The table with the services that this installation has."""

    def __init__(self, upstreams: Mapping[str, Upstream], table: Sequence[Route] = TABLE) -> None:
        self.upstreams = upstreams
        self.table = tuple(route for route in table if route.upstream in upstreams)
        self._deep = {route.prefix: route for route in self.table if route.prefix.count("/") > 1}
        self._flat = {route.prefix: route for route in self.table if route.prefix.count("/") <= 1}

    def find(self, path: str) -> Route | None:
        """Return the route of the raw ``path``: the longest prefix that ends at a slash."""
        if path.startswith("/api/"):
            parts = path.split("/", 4)
            return self._deep.get("/".join(parts[:4]))
        second = path.find("/", 1)
        found = self._flat.get(path if second < 0 else path[:second])
        return found or self._flat.get("")

    @property
    def apis(self) -> list[Route]:
        """The routes that have an OpenAPI document."""
        return [route for route in self.table if route.api]


def is_lookup(path: str) -> bool:
    """Tell whether the raw ``path`` answers by a dossier's code alone, which could be guessed.

    Services read escaped letters as letters, so ``/%6cookup/`` is a look-up too.
    """
    plain = unquote(path) if "%" in path else path
    return plain.startswith(LOOKUPS) or plain in LOOKUP_PAGES
