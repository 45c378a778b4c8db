"""Somebody in front of the page: keeps its cookie as a browser does, reads its forms, fills them in, presses one."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

from lambdas.decide import handler as function
from tests.lambdas.conftest import Context


@dataclass
class Form:
    """A form of a page: its fields with what they hold, those a person fills in, its buttons by their order."""

    method: str
    fields: dict[str, str] = field(default_factory=dict)
    blanks: list[str] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given["method"]))
        elif tag in ("input", "textarea"):
            self.forms[-1].fields[given["name"]] = given.get("value", "")
            if given.get("type") != "hidden":
                self.forms[-1].blanks.append(given["name"])
        elif tag == "button":
            self.forms[-1].buttons.append((given.get("name", ""), given.get("value", "")))


def read_forms(page: str) -> list[Form]:
    """The forms of a page in their order."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms


class Visitor:
    """One browser, on the page of one request."""

    def __init__(self, opaque_id: str) -> None:
        self.path = f"/a/{opaque_id}"
        self.cookies: dict[str, str] = {}

    def send(self, method: str = "GET", body: str = "", accept: str = "text/html", path: str = "") -> dict[str, Any]:
        """One request to the function URL; keeps the cookie of the answer."""
        event: dict[str, Any] = {
            "version": "2.0",
            "rawPath": path or self.path,
            "requestContext": {"http": {"method": method, "path": path or self.path}},
            "headers": {"accept": accept, "x-forwarded-proto": "https"},
            "isBase64Encoded": False,
        }
        if self.cookies:
            event["cookies"] = [f"{name}={value}" for name, value in self.cookies.items()]
        if body:
            event["body"] = body
        answer: dict[str, Any] = function.handler(event, Context())
        for cookie in answer.get("cookies", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def press(self, form: Form, button: int, filled: dict[str, str], accept: str = "text/html") -> dict[str, Any]:
        """Fill a form in and press one of its buttons."""
        name, value = form.buttons[button]
        fields = {**form.fields, **filled, **({name: value} if name else {})}
        return self.send("GET") if form.method == "get" else self.send("POST", urlencode(fields), accept)

    def choose(self, decision: str = "approve", name: str = "Ana", comment: str = "looks right") -> dict[str, Any]:
        """Open the page, fill its form in and press the button of ``decision``; the answer is the second page."""
        (form,) = read_forms(self.send()["body"])
        return self.press(form, form.buttons.index(("decision", decision)), {"name": name, "comment": comment})

    def confirm(self, page: str, version: str = "4", accept: str = "text/html") -> dict[str, Any]:
        """Type the version on the second page and press its button."""
        form = read_forms(page)[-1]
        return self.press(form, 0, {"version": version}, accept)

    def decide(self, decision: str = "approve", name: str = "Ana", accept: str = "text/html") -> dict[str, Any]:
        """Go through both pages."""
        return self.confirm(self.choose(decision, name)["body"], accept=accept)
