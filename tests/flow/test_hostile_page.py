"""The approval page against another site in the approver's browser: it decides nothing, whatever it has learnt."""

from __future__ import annotations

import pytest

from tests.flow.driver import Flow
from tests.infra.local import hostile

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        hostile.CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)"
    ),
]
# By a script, and by a form in a frame; both are over when this is.
DECIDE = """async ({link, fields}) => {
  const said = new URLSearchParams(fields);
  const seen = await fetch(link, {method: 'POST', body: said}).then(() => 'an answer', () => 'nothing');
  await fetch(link, {method: 'POST', body: said, mode: 'no-cors'}).catch(() => null);
  const frame = Object.assign(document.createElement('iframe'), {name: 'frame'});
  const form = Object.assign(document.createElement('form'), {action: link, method: 'post', target: 'frame'});
  for (const [name, value] of Object.entries(fields))
    form.append(Object.assign(document.createElement('input'), {name, value}));
  document.body.append(frame, form);
  await new Promise(done => { frame.onload = done; form.submit(); });
  return seen;
}"""


@pytest.mark.parametrize("there", ["127.0.0.1", "localhost"])
def test_a_page_that_knows_link_and_nonce_decides_nothing_and_the_approver_still_does(flow: Flow, there: str) -> None:
    """Of the same site to the browser or of another; a link to the page works from there."""
    execution = flow.begin(flow.upload())
    flow.wait_until(lambda: flow.request_mail(execution), "nobody was asked")
    mail = flow.request_mail(execution)
    assert mail is not None
    link, version = next(link for link in mail["links"] if "/a/" in link), flow.version_asked_about(mail)
    with hostile.site() as port, hostile.browser() as browser:
        tab = browser.new_page()
        # The nonces of this very browser, of both forms, so that nothing but who asks is in the way.
        tab.goto(link)
        tab.fill("[name=name]", "Ada")
        tab.click("button[value=approve]")
        tab.wait_for_load_state("load")
        nonce = tab.get_attribute("input[name=nonce]", "value")
        assert nonce is not None
        tab.goto(f"http://{there}:{port}/")
        fields = {"nonce": nonce, "name": "Mallory", "comment": "", "decision": "approve", "version": version}
        assert tab.evaluate(DECIDE, {"link": link, "fields": fields}) == "nothing"
        assert flow.describe(execution)["status"] == "RUNNING"
        tab.evaluate("link => { location = link }", link)
        tab.wait_for_url(link)
        assert "Waits for a decision" in tab.inner_text("body")
        tab.fill("[name=name]", "Ada")
        tab.click("button[value=reject]")
        tab.wait_for_load_state("load")
        tab.fill("[name=version]", version)
        tab.click("text=Reject it")
        tab.wait_for_load_state("load")
        assert "Rejected by Ada" in tab.inner_text("body")
    assert flow.end(execution).error == "Approval.Rejected"
