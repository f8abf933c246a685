"""Settings of the pages."""

from kernel.settings import Settings


class PortalSettings(Settings):
    """What the pages need to know.

    ``sign_in_origin`` is the origin of an identity provider outside this site (scheme and host), which the
    content security policy must let forms be redirected to; empty = that of ``identity``. ``demo`` shows the line
    that says data are invented.
    """

    sign_in_origin: str = ""
