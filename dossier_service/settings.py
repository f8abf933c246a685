"""Settings of the dossier service."""

from pathlib import Path

from kernel.settings import Settings


class DossierSettings(Settings):
    """Sizes are bytes; with ``demo`` a draft may carry the marker of an example case.

    ``seal_authorities`` is a PEM file of the authorities whose seals on papers are known; empty = the demo's own.
    """

    max_dossier_bytes: int = 512 * 1024
    max_files: int = 40
    draft_days: int = 30
    upload_hours: int = 48
    seal_authorities: str = ""

    @property
    def authorities(self) -> Path:
        """The file of ``seal_authorities``; in the demo the authority that all offices' seals come from."""
        return Path(self.seal_authorities) if self.seal_authorities else self.data / "provinces" / "demo-ca.pem"
