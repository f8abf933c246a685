"""Two windows into the demo, mounted at ``/dev`` in the one-process form only.

outbox.py   /dev/outbox: every message that was sent, newest first
clock.py    /dev/clock: business time, and moving it forwards
pages.py    plain pages without script
app.py      the HTTP addresses
"""

from motcua.dev.app import build

__all__ = ["build"]
