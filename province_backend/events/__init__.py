"""The door to the participant's adapter: deliveries in, change rows out (see ``events.office``)."""
