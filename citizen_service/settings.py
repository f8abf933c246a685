"""Settings of the citizen service (``MOTCUA_CITIZEN_…``)."""

from pathlib import Path
from typing import Literal

from pydantic import SecretStr

from kernel.settings import Settings


class CitizenSettings(Settings):
    """How messages leave: as ``.eml`` files in ``DATA/outbox`` (the demo), or by SMTP.

    ``citizen_reports`` is the folder in which the mail server drops what it could not deliver (RFC 3464).
    """

    citizen_mail: Literal["eml", "smtp"] = "eml"
    citizen_mail_from: str = "Một Cửa <khong-tra-loi@motcua.example.invalid>"
    citizen_smtp_host: str = "127.0.0.1"
    citizen_smtp_port: int = 587
    citizen_smtp_starttls: bool = True
    citizen_smtp_user: str = ""
    citizen_smtp_password: SecretStr = SecretStr("")
    citizen_reports: Path | None = None

    @property
    def outbox(self) -> Path:
        """The folder of messages sent in the demo."""
        return self.data / "outbox"

    @property
    def reports(self) -> Path:
        """The folder of delivery reports."""
        return self.citizen_reports or self.outbox / "reports"
