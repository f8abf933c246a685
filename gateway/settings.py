"""Settings of the gateway (``MOTCUA_GATEWAY_…``)."""

from datetime import timedelta

from pydantic import SecretStr

from kernel.settings import Settings

MIB = 1024 * 1024


class GatewaySettings(Settings):
    """How long sessions last, how much one caller may ask, how much is cached, when a service counts as away.

    Limits are in the notation of the ``limits`` library. A program's own token is limited apart from a person's
    session, because one program may speak for an office. Anonymous limits are per address (IPv6: per /64) and wide:
    thousands of phones share one address.
    """

    gateway_client_id: str = "motcua-gateway"
    gateway_client_secret: SecretStr = SecretStr("")
    gateway_idle: timedelta = timedelta(minutes=30)
    gateway_absolute: timedelta = timedelta(hours=12)

    gateway_limit_anonymous: str = "3000/minute"
    gateway_limit_person: str = "1200/minute"
    gateway_limit_program: str = "60000/minute"
    gateway_limit_lookup: str = "60/minute"
    gateway_limit_sign_in: str = "300/minute"
    gateway_trusted_proxies: tuple[str, ...] = ()

    gateway_cache_bytes: int = 64 * MIB
    gateway_cache_entry_bytes: int = MIB
    gateway_stale_seconds: int = 600

    gateway_body_bytes: int = MIB
    gateway_upload_bytes: int = 21 * MIB  # never narrower than what services take (20 MiB a file)
    gateway_body_seconds: float = 60.0
    gateway_answer_seconds: float = 30.0
    gateway_breaker_failures: int = 5
    gateway_breaker_seconds: float = 5.0

    gateway_access_log: bool = True
