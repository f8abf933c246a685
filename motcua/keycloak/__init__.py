"""The realm that Keycloak keeps for us, brought to what it must be as often as one likes.

wanted.py    what there must be: realms, clients, claims, people, the broker to VNeID (BẢN DEMO)
converge.py  compares it with what there is and repairs the difference
bootstrap.py the order of the steps
rotation.py  a new signing key; the old one goes on checking what it signed
secrets.py   files of mode 600 for what was made up here
texts.json   the sign-in page in Vietnamese, which Keycloak lacks
commands.py  ``motcua identity …``

The commands are in ``motcua.realm``.
"""

from motcua.keycloak.bootstrap import Plan, bootstrap
from motcua.keycloak.rotation import retire, rotate
from motcua.keycloak.secrets import keycloak_token

__all__ = ["Plan", "bootstrap", "keycloak_token", "retire", "rotate"]
