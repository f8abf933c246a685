"""A payment platform for the demo, clearly marked as one: no bank, no money. It is a system outside the portal.

One process mounts it at ``/pay``; the distributed form has it as a process of its own (``motcua payments``).

book.py    what was debited and given back, kept durably, and how it misbehaves when told to
app.py     the HTTP addresses: for the portal's services, and for people
pages.py   plain pages without script
"""

from motcua.payments.app import PREFIX, build

__all__ = ["PREFIX", "build"]
