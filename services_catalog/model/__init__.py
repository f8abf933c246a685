"""The catalogue's rules, pure: procedures, forms, places, the resolver."""
