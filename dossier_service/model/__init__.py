"""The dossier's rules: pure, time is an argument."""
