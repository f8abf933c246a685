"""What a browser would send if nothing was touched: the boxes of the forms of a page, in order."""

from html.parser import HTMLParser

Boxes = dict[str, list[str]]
TICKED = ("checkbox", "radio")


class Forms(HTMLParser):
    """Reads forms: ``forms`` are pairs of address and boxes; buttons are left out, since one of them is pressed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, Boxes]] = []
        self._open: tuple[str, Boxes] | None = None
        self._text: tuple[str, list[str]] | None = None
        self._select: tuple[str, list[tuple[str, bool]]] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form or a box."""
        held = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = (held.get("action", ""), {})
        elif tag == "textarea":
            self._text = (held.get("name", ""), [])
        elif tag == "select":
            self._select = (held.get("name", ""), [])
        elif tag == "option" and self._select:
            self._select[1].append((held.get("value", ""), "selected" in held))
        elif tag == "input" and held.get("type") != "file" and ("checked" in held or held.get("type") not in TICKED):
            self._put(held["name"], held.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        """End a form or a box."""
        if tag == "form" and self._open:
            self.forms.append(self._open)
            self._open = None
        elif tag == "textarea" and self._text:
            self._put(self._text[0], "".join(self._text[1]).removeprefix("\n").replace("\n", "\r\n"))
            self._text = None
        elif tag == "select" and self._select:
            name, options = self._select
            self._put(name, next((value for value, chosen in options if chosen), options[0][0]))
            self._select = None

    def handle_data(self, data: str) -> None:
        """Gather what a textarea holds."""
        if self._text:
            self._text[1].append(data)

    def _put(self, name: str, value: str) -> None:
        if self._open is not None:
            self._open[1].setdefault(name, []).append(value)


def boxes_at(page: str, address: str) -> Boxes:
    """Return the boxes of the form that is sent to ``address``."""
    return next(boxes for action, boxes in Forms(page).forms if action == address)
