"""Goes through the approval page as a person with a browser does: looks, chooses, and types the version."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request

from workflow.errors import GreenlightError

_SECONDS = 40
_NONCE = re.compile(r'name="nonce"\s+value="([^"]+)"')


def approve(link: str, version: int, name: str, comment: str) -> None:
    """Approve a version by the link that was mailed for it. Raises GreenlightError where the page refuses."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    chosen = {"decision": "approve", "name": name, "comment": comment}
    nonce = _nonce(_open(browser, link))
    nonce = _nonce(_open(browser, link, {**chosen, "nonce": nonce}))
    said = _open(browser, link, {**chosen, "nonce": nonce, "version": str(version)})
    if "Approved by" not in said:
        raise GreenlightError("the page does not say that the version is approved")


def status_of(address: str) -> int:
    """The HTTP status that an address answers with. Raises GreenlightError where nothing does."""
    try:
        with urllib.request.urlopen(address, timeout=_SECONDS) as answer:  # noqa: S310 - the stack's own address
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        raise GreenlightError(f"{address} cannot be reached: {error}") from error


def _open(browser: urllib.request.OpenerDirector, link: str, form: dict[str, str] | None = None) -> str:
    data = None if form is None else urllib.parse.urlencode(form).encode()
    try:
        with browser.open(link, data=data, timeout=_SECONDS) as page:
            return str(page.read().decode())
    except urllib.error.HTTPError as error:
        raise GreenlightError(f"the approval page answers {error.code}") from error
    except OSError as error:
        raise GreenlightError(f"the approval page cannot be reached: {error}") from error


def _nonce(page: str) -> str:
    found = _NONCE.search(page)
    if found is None:
        raise GreenlightError("the approval page shows no form")
    return found[1]
