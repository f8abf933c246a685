"""The pages, by what a person comes for. Each module ends with ``ROUTES``; ``portal.app`` puts them together.

``visit`` is what every page knows about the request; the other modules are pages.
"""
