"""Every component with its states on one page; tests photograph it, officers' pages are built from it."""

from starlette.responses import Response

from portal.forms.questions import Question
from portal.pages.problem import route
from portal.pages.standing import KINDS
from portal.pages.visit import Visit

OPTIONS = [("a", "Nhận tại phường"), ("b", "Nhận qua bưu điện"), ("c", "Chỉ bản điện tử")]
WIDGETS = ("text", "textarea", "date", "radios", "checkboxes", "select", "yesno", "ward", "files", "money")


async def components(visit: Visit) -> Response:
    """Show them."""
    shown = [_sample(visit, widget) for widget in WIDGETS]
    wrong = [_sample(visit, widget, visit.t("components.error")) for widget in ("text", "date", "radios")]
    return visit.page("components.html", questions=shown, wrong=wrong, kinds=KINDS)


def _sample(visit: Visit, widget: str, error: str = "") -> Question:
    options = [("yes", visit.t("frame.yes")), ("no", visit.t("frame.no"))] if widget == "yesno" else OPTIONS
    return Question(
        name=f"{'wrong' if error else 'sample'}-{widget}",
        widget=widget,
        label=visit.t("components.label", widget=widget),
        hint=visit.t("components.hint"),
        optional=widget == "textarea",
        options=options,
        autocomplete="",
        accept="image/jpeg,application/pdf",
        error=error,
    )


ROUTES = route("/components", components)
