"""Settings of the exchange (``MOTCUA_EXCHANGE_…``, durations in seconds of real time)."""

from kernel.settings import Settings


class ExchangeSettings(Settings):
    """Where the participants connect and how patient the link is."""

    exchange_host: str = "127.0.0.1"
    exchange_port: int = 8002

    # Unacked items and bytes that may be under way on one link, in each direction.
    exchange_window_items: int = 256
    exchange_window_bytes: int = 4 * 1024 * 1024

    # Another journal is refused while a link with the known one was alive this recently.
    exchange_journal_grace: float = 60.0
    # How often a link is checked against its lane's row, and idle lanes for new items.
    exchange_watch_every: float = 1.0
    exchange_seen_every: float = 10.0
    exchange_keep_acked_days: int = 7

    # Comparing: rows younger than this are left out; how often each connected lane is compared.
    exchange_compare_settle: int = 300
    exchange_compare_every: float = 6 * 3600.0
    exchange_compare_timeout: float = 60.0
    # A resync: how long the nation's own events may settle first, and how often it compares until all is equal.
    exchange_resync_settle: float = 2.0
    exchange_resync_every: float = 2.0
    # A snapshot that was asked for is asked for again after this long.
    exchange_redelivery_repeat: float = 30.0

    exchange_max_file: int = 50 * 1024 * 1024
