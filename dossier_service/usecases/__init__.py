"""One keyword-only function per thing that a person, an owner or the clock can do with a dossier."""
