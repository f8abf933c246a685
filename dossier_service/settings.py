"""Settings of the dossier service."""

from kernel.settings import Settings


class DossierSettings(Settings):
    """Sizes are bytes; with ``demo`` a draft may carry the marker of an example case."""

    max_dossier_bytes: int = 512 * 1024
    max_file_bytes: int = 20 * 1024 * 1024
    max_files: int = 40
    draft_days: int = 30
    upload_hours: int = 48
