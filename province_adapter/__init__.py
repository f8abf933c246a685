"""What a participant installs beside its back office: one outbound link to the nation, and a journal.

Journal first, then act: what comes is on this disk before it is acked, what goes is on this disk before it is sent.
The back office is reached through a connector (``connector.Connector``); it may be away for days without losing a
delivery, and a kill at any moment loses and doubles nothing.
"""
