"""The forms of a page, as a browser would send them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

Pairs = list[tuple[str, str]]


@dataclass
class Form:
    action: str
    method: str
    pairs: Pairs = field(default_factory=list)


class Forms(HTMLParser):
    """found: every form of a page, filled in as it stands there; of its buttons the first."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._form: Form | None = None
        self._select, self._options = "", []  # type: ignore[var-annotated]
        self._textarea: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        said = dict(pairs)
        name, value = said.get("name") or "", said.get("value") or ""
        if tag == "form":
            self._form = Form(said.get("action") or "", (said.get("method") or "get").lower())
            self.found.append(self._form)
        elif self._form is None:
            return
        elif tag == "input" and name:
            ticked = said.get("type") not in ("checkbox", "radio") or "checked" in said
            if ticked:
                self._form.pairs.append((name, value))
        elif tag == "button" and name and name not in dict(self._form.pairs):
            self._form.pairs.append((name, value))
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "option" and self._select:
            self._options.append((value, "selected" in said))
        elif tag == "textarea" and name:
            self._textarea = name
            self._form.pairs.append((name, ""))

    def handle_data(self, data: str) -> None:
        if self._textarea and self._form:
            self._form.pairs[-1] = (self._textarea, self._form.pairs[-1][1] + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            if self._textarea and self._form:  # browsers leave out the line break that stands first
                self._form.pairs[-1] = (self._textarea, self._form.pairs[-1][1].removeprefix("\n"))
            self._textarea = None
        elif tag == "select" and self._select and self._form:
            chosen = [value for value, selected in self._options if selected] or [v for v, _ in self._options[:1]]
            self._form.pairs += [(self._select, value) for value in chosen]
            self._select = ""
