"""The six sections as pages, in Vietnamese and English: documents that are complete without scripts.

Owns: nothing. No table, no credential, no state beyond HttpOnly cookies (``lang``, one token per draft
that was begun without signing in, for whom one works, the code of a second screen). Publishes: nothing.
Listens to: nothing.

Every page is built from the public API through ``public_api``, with the ``Authorization`` header that the gateway
hands over: whatever a page can do, a program can do.
"""
