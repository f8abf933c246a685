"""The built-in OpenID provider of the demo, mounted at ``/id`` (issuer ``{public_url}/id``).

It exists only in the one-process form: whoever opens the sign-in page chooses one of the demo people, without a
password. Everything around the choice is the real protocol: discovery, authorization code with PKCE (S256 only),
ID token with nonce, refresh token, published keys, end of session.

    people.py   who the demo people are
    keys.py     the ES256 key in ``DATA/identity``
    tokens.py   claims of access, refresh and ID tokens; ``issue_token`` for ``motcua token``
    grants.py   Authlib's grants with our people, codes and tokens
    pages.py    the sign-in page
    app.py      the HTTP addresses
    profiles.py the people's records for citizen_service
    lists.py    sample lists of those who pay no fee, for dossier_service
"""

from motcua.identity.app import Identity, build
from motcua.identity.people import PEOPLE, Person, subject_of
from motcua.identity.tokens import issue_token

__all__ = ["PEOPLE", "Identity", "Person", "build", "issue_token", "subject_of"]
