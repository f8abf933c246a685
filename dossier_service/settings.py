"""Settings of the dossier service."""

from pathlib import Path

from pydantic import Field, SecretStr

from kernel.settings import Settings


class DossierSettings(Settings):
    """Sizes are bytes; with ``demo`` a draft may carry the marker of an example case.

    ``seal_authorities`` is a PEM file of the authorities whose seals on papers are known; empty = the demo's own.

    ``payments`` is the payment platform's address (empty: nothing can be paid here), ``payments_secret`` what it knows
    us by, ``payments_seconds`` how long one call may take. ``exemption_lists`` is the address of the State's lists of
    those who pay no fee (empty: none is connected, so exemptions are provisional until one is).
    """

    max_dossier_bytes: int = 512 * 1024
    max_files: int = 40
    draft_days: int = 30
    upload_hours: int = 48
    seal_authorities: str = ""
    exemption_lists: str = ""
    payments: str = ""
    payments_secret: SecretStr = SecretStr("")
    payments_seconds: float = Field(default=5.0, gt=0)

    @property
    def authorities(self) -> Path:
        """The file of ``seal_authorities``; in the demo the authority that all offices' seals come from."""
        return Path(self.seal_authorities) if self.seal_authorities else self.data / "provinces" / "demo-ca.pem"
