"""The demo's payment platform, and the way of the dossier service to it."""
