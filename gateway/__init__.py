"""The edge: one ASGI app that every request passes on its way to a service.

Owns: sign-in sessions (SQLite table ``session``; tokens sealed with a key that only the cookie holds).
Publishes and listens to: nothing.

A request takes these steps, each in a file of its own:

    app.py        the order of the steps; health, documents and sign-in addresses
    request.py    what the edge needs to know of an ASGI request, read once
    cache.py      answers for everybody (GET without session or token), kept in memory, pre-compressed
    guard.py      same-origin check, session or bearer token, who is limited how
    limits.py     requests per address, person and program
    proxy.py      the call to the service: headers, body limit, streaming
    breaker.py    a service that is away is not asked again and again
    routes.py     which prefix belongs to which service
    sessions.py   server-side sessions
    oidc.py       the gateway as a client of OpenID Connect
    signin.py     /auth/login, /auth/callback, /auth/logout
    documents.py  the merged /openapi.json and /docs
    answers.py    what the gateway itself says: problems, plain pages, security headers
    access.py     metrics by route and the access log, without query strings
    settings.py   settings
    main.py       wiring
"""
