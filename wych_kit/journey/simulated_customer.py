"""Plays a customer of the mock: goes through its consent pages as a browser would, by their forms, and agrees.

For demonstrations and notebooks that run alone. The mock's pages are invented, so it works nowhere else, and is sent nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import httpx

from wych_kit.client.http_request import ANSWER_SECONDS, is_loopback
from wych_kit.errors import SettingInvalid, Unexpected, Unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_PAGES = 20
# What each page's form is answered with, by the end of its address.
_ANSWERS = {
    "link": "mail_email",
    "connection": "bank",
    "data": "",
    "time": "days",
    "answer": "answer",
}


@dataclass
class _Form:
    action: str
    values: dict[str, str] = field(default_factory=dict)


class _Page(HTMLParser):
    """The forms of a page with what they carry along, the link in the pretend mail, and the heading."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[_Form] = []
        self.mail = ""
        self.heading = ""
        self._in_heading = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Takes what matters of a tag."""
        found = {name: value or "" for name, value in attrs}
        self._in_heading = tag == "h1"
        if tag == "form":
            self.forms.append(_Form(found.get("action", "")))
        elif tag == "input" and found.get("type") == "hidden" and self.forms:
            self.forms[-1].values[found["name"]] = found.get("value", "")
        elif tag == "a" and found.get("id") == "mail-link":
            self.mail = found["href"]

    def handle_data(self, data: str) -> None:
        """Takes the heading's words."""
        if self._in_heading:
            self.heading += data


def give_consent(
    consent_link: str, email: str, *, bank: str = "kereru", days: str = "90", answer: str = "agree"
) -> str:
    """Goes through the pages; the address at which the browser would come back.

    Raises `SettingInvalid` when the link does not lead to this machine, `Unexpected` when a page is not as the mock's, with its heading,
    or leads away from it, `Unreachable` when nothing answers.
    """
    if not is_loopback(httpx.URL(consent_link).host):
        raise SettingInvalid(
            "WYCH_CONNECT_URL",
            "is not on this machine: only the mock's customers can be played",
            stage="call",
        )
    given = {"mail_email": email, "bank": bank, "days": days, "answer": answer}
    try:
        with httpx.Client(trust_env=False, timeout=ANSWER_SECONDS) as browser:
            return _walk(browser, consent_link, given)
    except httpx.HTTPError as error:
        problem = type(error).__name__
    raise Unreachable(
        f"the mock's consent pages did not answer ({problem})",
        stage="call",
        reference="connection-refused",
    )


def _walk(browser: httpx.Client, link: str, given: Mapping[str, str]) -> str:
    home = _origin(httpx.URL(link))

    def there(address: str) -> httpx.URL:
        target = response.url.join(address)
        if _origin(target) != home:
            raise Unexpected(
                f"the mock's consent leads to another server, {target.host}",
                stage="call",
                status=response.status_code,
            )
        return target

    response = browser.get(link)
    for _ in range(_MOST_PAGES):
        if response.is_redirect:
            target = response.url.join(response.headers["Location"])
            if {"connection", "state"} <= target.params.keys():
                return str(target)
            response = browser.get(there(str(target)))
            continue
        page = _Page(response.text)
        if page.mail:
            response = browser.get(there(page.mail))
        elif response.is_success and (form := _next(page)):
            name = _ANSWERS[_end(form.action)]
            response = browser.post(
                there(form.action), data=form.values | ({name: given[name]} if name else {})
            )
        else:
            break
    else:
        raise Unexpected(
            f"the mock's consent goes on after {_MOST_PAGES} pages",
            stage="call",
            status=response.status_code,
        )
    heading = " ".join(page.heading.split()) or "no heading"
    raise Unexpected(
        f"the mock's consent ends at a page that says “{heading}”",
        stage="call",
        status=response.status_code,
    )


def _origin(address: httpx.URL) -> tuple[str, str, int | None]:
    return address.scheme, address.host, address.port


def _next(page: _Page) -> _Form | None:
    return next((form for form in page.forms if _end(form.action) in _ANSWERS), None)


def _end(action: str) -> str:
    return action.rpartition("/")[2]
