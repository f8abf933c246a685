"""What operators see of payments: how they end, how many are not known, what goes back."""

from prometheus_client import Counter, Gauge

ENDS = Counter("motcua_payments_total", "Payments by what became of them", ("end",))
REFUNDS = Counter("motcua_payment_refunds_total", "Payments that are given back, by why", ("why",))
SILENT = Counter("motcua_payment_silent_total", "Calls to the payment platform without an answer that can be read")
UNKNOWN = Gauge("motcua_payments_unknown", "Payments of which it is not known whether they were made")
OLDEST = Gauge("motcua_payments_unknown_oldest_seconds", "Age of the oldest payment that is not known")
REFUNDS_DUE = Gauge("motcua_payment_refunds_due", "Payments that are still to be given back")


def say_nothing() -> None:
    """Leave the figures of what stands to the process that looks after payments now."""
    for gauge in (UNKNOWN, OLDEST, REFUNDS_DUE):
        gauge.set(0)
