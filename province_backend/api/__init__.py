"""Officers' pages under ``/office/{participant}``: work by due time, a case, one form per step."""

from province_backend.api.pages import make_pages

__all__ = ["make_pages"]
