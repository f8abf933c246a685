"""Tables, mapping and queries of the dossier service."""
