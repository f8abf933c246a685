"""Settings of the catalogue (environment: MOTCUA_...)."""

from pathlib import Path

from kernel.settings import Settings

HERE = Path(__file__).parent


class CatalogSettings(Settings):
    """Where the catalogue keeps its tables and finds the data it ships with."""

    seed: Path = HERE / "seed"
    procedures: Path = HERE / "procedures"
    information: Path = HERE / "information"
    seed_when_empty: bool = True
