"""How many consumers of one name live, and which partitions are this one's part."""

from collections.abc import Iterable

from kernel.lease import Leases
from kernel.log import Partition


class Shares:
    """Leases at most its share of the partitions: all of them alone, a half of them beside one other.

    Every member keeps a lease of its own, so the members are counted by the database. A newcomer's share is released
    by the others at their next look; until then it has what is free.
    """

    def __init__(self, consumer: str, leases: Leases) -> None:
        self._consumer = consumer
        self._leases = leases
        self._held: set[str] = set()
        self.short = False

    async def hold(self, places: Iterable[Partition]) -> set[Partition]:
        """Renew, release or take; return the partitions that are ours until a lease's time has passed."""
        names = {f"{self._consumer}/{place.topic}/{place.number}": place for place in sorted(places)}
        members = f"{self._consumer}/member/"
        me = f"{members}{self._leases.holder}"
        living = await self._leases.holders(f"{self._consumer}/")
        count = len({name for name in living if name.startswith(members)} | {me})
        share = -(-len(names) // count)
        free = [name for name in names if living.get(name, self._leases.holder) == self._leases.holder]
        wanted = sorted(free, key=lambda name: name not in self._held)[:share]
        surplus = self._held - set(wanted)
        if surplus:
            await self._leases.release(surplus)
        held = await self._leases.acquire([me, *wanted])
        self._held = held - {me}
        self.short = len(self._held) < share
        return {names[name] for name in self._held}

    async def release(self) -> None:
        """Give everything back, so that the others need not wait."""
        await self._leases.release([*self._held, f"{self._consumer}/member/{self._leases.holder}"])
