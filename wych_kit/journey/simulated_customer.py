"""Simulates a customer of the mock, who goes through its consent pages and agrees.

For demonstrations and for notebooks that run unattended. The mock's pages are invented, so it works
with no other server and sends nothing to one.
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
# The answer to each page's form, by the last part of the form's URL.
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
    """Reads a page: its forms with their hidden values, the link in the simulated mail, the heading."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[_Form] = []
        self.mail = ""
        self.heading = ""
        self._in_heading = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms, hidden values and the mail's link."""
        attributes = {name: value or "" for name, value in attrs}
        self._in_heading = tag == "h1"
        if tag == "form":
            self.forms.append(_Form(attributes.get("action", "")))
        elif tag == "input" and attributes.get("type") == "hidden" and self.forms:
            self.forms[-1].values[attributes["name"]] = attributes.get("value", "")
        elif tag == "a" and attributes.get("id") == "mail-link":
            self.mail = attributes["href"]

    def handle_data(self, data: str) -> None:
        """Note the heading."""
        if self._in_heading:
            self.heading += data


def give_consent(
    consent_link: str, email: str, *, bank: str = "kereru", days: str = "90", answer: str = "agree"
) -> str:
    """Go through the consent pages and return the URL to which they redirect the browser.

    Raises `SettingInvalid` if the link does not lead to this machine, `Unexpected` if a page is not
    the mock's or leads to another server, and `Unreachable` if nothing answers.
    """
    if not is_loopback(httpx.URL(consent_link).host):
        raise SettingInvalid(
            "WYCH_CONNECT_URL",
            "is not on this machine. The kit can only simulate customers of the mock",
            stage="call",
        )
    answers = {"mail_email": email, "bank": bank, "days": days, "answer": answer}
    try:
        with httpx.Client(trust_env=False, timeout=ANSWER_SECONDS) as browser:
            return _walk(browser, consent_link, answers)
    except httpx.HTTPError as error:
        problem = type(error).__name__
    raise Unreachable(
        f"the mock's consent pages did not answer ({problem})",
        stage="call",
        reference="connection-refused",
    )


def _walk(browser: httpx.Client, link: str, answers: Mapping[str, str]) -> str:
    home = _origin(httpx.URL(link))

    def resolve(address: str) -> httpx.URL:
        target = response.url.join(address)
        # The customer's answers go to the mock only, whatever its pages say.
        if _origin(target) != home:
            raise Unexpected(
                f"the mock's consent pages lead to another server, {target.host}",
                stage="call",
                status=response.status_code,
            )
        return target

    response = browser.get(link)
    for _ in range(_MOST_PAGES):
        if response.is_redirect:
            target = response.url.join(response.headers["Location"])
            # The redirect to the callback URL: it is not followed, the caller reads it.
            if {"connection", "state"} <= target.params.keys():
                return str(target)
            response = browser.get(resolve(str(target)))
            continue
        page = _Page(response.text)
        if page.mail:
            response = browser.get(resolve(page.mail))
        elif response.is_success and (form := _next(page)):
            name = _ANSWERS[_end(form.action)]
            response = browser.post(
                resolve(form.action), data=form.values | ({name: answers[name]} if name else {})
            )
        else:
            break
    else:
        raise Unexpected(
            f"the mock's consent has more than {_MOST_PAGES} pages",
            stage="call",
            status=response.status_code,
        )
    heading = " ".join(page.heading.split()) or "no heading"
    raise Unexpected(
        f"the mock's consent pages end at one with the heading “{heading}”",
        stage="call",
        status=response.status_code,
    )


def _origin(address: httpx.URL) -> tuple[str, str, int | None]:
    return address.scheme, address.host, address.port


def _next(page: _Page) -> _Form | None:
    return next((form for form in page.forms if _end(form.action) in _ANSWERS), None)


def _end(action: str) -> str:
    return action.rpartition("/")[2]
