"""A page of another site in a real browser, against everything the stand-in has: it changes and learns nothing."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Request, Response

from tests.infra.local import hostile
from tests.infra.local.machines import Machines, zipped
from tests.stand_in import StandIn

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        hostile.CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)"
    ),
]
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# Keeps every call of it, and shows a form that posts to itself and a frame of itself, as the approval page does.
WITNESS = """
import boto3, uuid
PAGE = '''<!doctype html><title>own</title><form method="post"><button>Approve</button></form>
<iframe sandbox src="frame" title="report"></iframe>'''
def handler(event, context):
    how = event["requestContext"]["http"]["method"]
    boto3.client("s3").put_object(Bucket="witness", Key=f"{how}/{uuid.uuid4()}", Body=b"")
    headers = {"Content-Type": "text/html", "Referrer-Policy": "no-referrer"}
    return {"statusCode": 200, "headers": headers, "body": "approved" if how == "POST" else PAGE}
"""
# Everything a page can send to another site; gives the names of what it got hold of.
ATTACK = """async ({target, page, machine, code}) => {
  const aws = (service, operation, given) => fetch(target, {method: 'POST', body: JSON.stringify(given),
    headers: {'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': `${service}.${operation}`}});
  const blind = (path, body, type = 'text/plain') =>
    fetch(target + path, {method: 'POST', mode: 'no-cors', body: new Blob([body], {type})});
  const part = (tag, fields) => new Promise(done => {
    const element = Object.assign(document.createElement(tag), fields);
    element.onload = () => done(true);
    element.onerror = () => done(false);
    document.body.append(element);
  });
  const form = (action, enctype, fields) => new Promise(done => {
    const name = `frame${document.forms.length}`;
    const frame = Object.assign(document.createElement('iframe'), {name});
    const element = Object.assign(document.createElement('form'), {action, enctype, method: 'post', target: name});
    for (const [key, value] of Object.entries(fields))
      element.append(Object.assign(document.createElement('input'), {name: key, value}));
    document.body.append(frame, element);
    frame.onload = () => done(false);
    element.submit();
  });
  const socket = address => new Promise(done => {
    const opened = new WebSocket(address);
    opened.onopen = () => done(true);
    opened.onerror = () => done(false);
  });
  const lambda = '/2015-03-31/functions';
  const attacks = {
    'a beacon': () => navigator.sendBeacon(`${target}/?Action=CreateQueue&QueueName=beacon`, 'x') && null,
    'the mail': () => fetch(`${target}/_local/mail`),
    'an object': () => fetch(`${target}/loot/secret.txt`),
    'a list of objects': () => fetch(`${target}/loot`),
    'the page': () => fetch(page),
    'a new object': () => fetch(`${target}/loot/new.txt`, {method: 'PUT', body: 'x'}),
    'an object gone': () => fetch(`${target}/loot/secret.txt`, {method: 'DELETE'}),
    'a run': () => aws('AWSStepFunctions', 'StartExecution', {stateMachineArn: machine}),
    'a queue': () => aws('AmazonSQS', 'CreateQueue', {QueueName: 'cors'}),
    'a message': () => aws('AmazonSQS', 'SendMessage', {QueueUrl: `${target}/000000000000/loot`, MessageBody: 'x'}),
    'a function': () => fetch(target + lambda, {method: 'POST', body: code, headers: {'X-Amz-Date': 'now'}}),
    'a decision': () => fetch(page, {method: 'POST', body: new URLSearchParams({decision: 'approve'})}),
    'a blind function': () => blind(lambda, code),
    'a blind call': () => blind(`${lambda}/witness/invocations`, '{"requestContext": {"http": {"method": "BLIND"}}}'),
    'a blind queue': () => blind('/', 'Action=CreateQueue&QueueName=blind', 'application/x-www-form-urlencoded'),
    'a blind message': () => blind('/000000000000/loot', 'Action=SendMessage&MessageBody=x',
      'application/x-www-form-urlencoded'),
    'a blind run': () => blind('/?X-Amz-Target=AWSStepFunctions.StartExecution', `{"stateMachineArn": "${machine}"}`),
    'a blind decision': () => fetch(page, {method: 'POST', mode: 'no-cors', body: 'decision=approve'}),
    'a blind look': () => fetch(`${target}/?Action=CreateQueue&QueueName=look`, {mode: 'no-cors'}),
    'a picture': () => part('img', {src: `${target}/loot/picture.gif`}),
    'a picture that is a call': () => part('img', {src: `${target}/?Action=CreateQueue&QueueName=image`}),
    'a script': () => part('script', {src: `${target}/loot/script.js`}),
    'a style': () => part('link', {rel: 'stylesheet', href: `${target}/loot/style.css`}),
    'a frame of the mail': () => part('iframe', {src: `${target}/_local/mail`}).then(() => null),
    'a frame of the page': () => part('iframe', {src: page}).then(() => null),
    'a form': () => form(target, 'application/x-www-form-urlencoded', {Action: 'CreateQueue', QueueName: 'form'}),
    'a form as text': () => form(target + lambda, 'text/plain', {[code.slice(0, -1) + ',"x":"']: '"}'}),
    'an upload': () => form(`${target}/loot`, 'multipart/form-data', {key: 'uploaded.txt', file: 'x'}),
    'a form for a decision': () => form(page, 'application/x-www-form-urlencoded', {decision: 'approve'}),
    'a socket': () => socket(`${target.replace('http', 'ws')}/_aws/execute-api/0123abcd/prod`),
    'a blind reset': () => blind('/_ministack/reset', ''),
  };
  const got = [];
  for (const [name, attack] of Object.entries(attacks)) {
    const late = new Promise(done => setTimeout(done, 5000));  // such as an upload's frame, which stays as it was
    const answer = await Promise.race([attack(), late]).catch(() => null);
    if (answer === true || (answer && answer.type !== 'opaque')) got.push(name);
  }
  if (window.loot) got.push('what a script holds');
  return got;
}"""
ATTACKS = ATTACK.count(": () => ")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this file."""
    with hostile.browser() as running:
        yield running


@pytest.fixture(scope="module")
def site() -> Iterator[int]:
    """The port of a site that is not ours."""
    with hostile.site() as port:
        yield port


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser without a past."""
    fresh = browser.new_context()
    yield fresh
    fresh.close()


@pytest.fixture(scope="module")
def page_url(machines: Machines) -> str:
    """A page of the stand-in's own, and all around it that is worth something."""
    s3 = machines.s3
    for bucket in ("loot", "witness"):
        s3.create_bucket(Bucket=bucket)
    for key, body, kind in (
        ("secret.txt", b"secret", "text/plain"),
        ("picture.gif", PICTURE, "image/gif"),
        ("script.js", b"window.loot = 1", "text/javascript"),
        ("style.css", b"body {color: red}", "text/css"),
        ("page.html", b"<script>fetch('/?Action=CreateQueue&QueueName=stored')</script>", "text/html"),
    ):
        s3.put_object(Bucket="loot", Key=key, Body=body, ContentType=kind)
    machines.stand_in.client("sqs").create_queue(QueueName="loot")
    name = machines.function(WITNESS, FunctionName="witness")
    functions = machines.stand_in.client("lambda")
    return str(functions.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"])


@pytest.fixture(scope="module")
def machine(machines: Machines) -> str:
    """A state machine to start."""
    return machines.create({"Say": {"Type": "Pass", "End": True}})


def standing(machines: Machines, machine: str) -> dict[str, Any]:
    """All that an attack might have changed."""
    sqs, functions = machines.stand_in.client("sqs"), machines.stand_in.client("lambda")
    queues = sqs.list_queues().get("QueueUrls", [])
    return {
        "objects": [item["Key"] for item in machines.s3.list_objects_v2(Bucket="loot")["Contents"]],
        "calls": [item["Key"] for item in machines.s3.list_objects_v2(Bucket="witness").get("Contents", [])],
        "queues": queues,
        "messages": [
            sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["ApproximateNumberOfMessages"]
            for url in queues
        ],
        "functions": sorted(item["FunctionName"] for item in functions.list_functions()["Functions"]),
        "runs": len(machines.sfn.list_executions(stateMachineArn=machine)["executions"]),
    }


@pytest.mark.parametrize(("there", "here"), list(itertools.product(["127.0.0.1", "localhost"], repeat=2)))
def test_a_page_of_another_port_changes_and_reads_nothing(
    context: BrowserContext, site: int, machines: Machines, machine: str, page_url: str, there: str, here: str
) -> None:
    """Of the same site to the browser or of another: whatever a page can send, by script, form, frame or socket."""
    before = standing(machines, machine)
    target = f"http://{here}:{machines.stand_in.port}"
    sent: list[Request] = []
    context.on("request", lambda request: sent.append(request) if request.url.startswith(target) else None)
    code = base64.b64encode(zipped({"index.py": "def handler(event, context): pass"})).decode()
    function = {"FunctionName": "planted", "Runtime": "python3.12", "Handler": "index.handler", "Role": "arn:x"}
    tab = context.new_page()
    tab.goto(f"http://{there}:{site}/")
    given = {
        "target": target,
        "page": page_url.replace("127.0.0.1", here),
        "machine": machine,
        "code": json.dumps({**function, "Code": {"ZipFile": code}}),
    }
    got = tab.evaluate(ATTACK, given)
    assert got == []
    answered = [response.status for request in sent if (response := request.response())]
    assert len(sent) == ATTACKS - 1, "all but the socket were sent"
    assert set(answered) <= {403}, "where the browser tells the status"
    assert standing(machines, machine) == before


def test_no_address_that_is_opened_is_a_call(
    context: BrowserContext, site: int, machines: Machines, machine: str, page_url: str
) -> None:
    """By a window, a form, a link, or a redirect of what a person typed; and a stored page runs nothing."""
    before = standing(machines, machine)
    target = machines.stand_in.url
    call = f"{target}/?Action=CreateQueue&QueueName=opened"
    tab = context.new_page()
    assert refused(tab.goto(f"http://127.0.0.1:{site}/to?address={quote(call, safe='')}"))
    assert refused(tab.goto(call))
    for opened in (
        "address => window.open(address)",
        "address => { location = address }",
        """address => { const form = document.createElement('form');
        Object.assign(form, {method: 'post', action: address}); document.body.append(form); form.submit() }""",
    ):
        tab = context.new_page()
        tab.goto(f"http://127.0.0.1:{site}/")
        with context.expect_event("response", lambda response: response.url == call) as found:
            tab.evaluate(opened, call)
        assert refused(found.value)
    stored = tab.goto(f"{target}/loot/page.html", wait_until="networkidle")
    assert stored is not None
    assert stored.ok
    assert standing(machines, machine) == before


def refused(response: Response | None) -> bool:
    """Whether the stand-in said no, and why."""
    return response is not None and response.status == 403 and response.text().startswith("refused: ")


def test_a_name_that_was_made_to_mean_this_machine_gets_nothing(context: BrowserContext, stand_in: StandIn) -> None:
    """To the browser all of it is one site then, so that it sends what the page likes and shows it the answer."""
    tab = context.new_page()
    response = tab.goto(f"http://{hostile.REBOUND}:{stand_in.port}/_local/mail")
    assert refused(response)
    assert tab.evaluate("fetch('/_local/mail').then(answer => answer.status)") == 403


def test_an_own_page_works_and_is_opened_from_anywhere(
    context: BrowserContext, site: int, machines: Machines, machine: str, page_url: str
) -> None:
    """Its form, its frame and a link to it from another site, where a mail is read."""
    tab = context.new_page()
    tab.goto(f"http://127.0.0.1:{site}/")
    tab.evaluate("address => { location = address }", page_url)
    tab.wait_for_url(page_url)
    assert tab.title() == "own"
    assert tab.frames[1].locator("button").inner_text() == "Approve", "its own frame"
    tab.click("button")
    tab.wait_for_load_state("load")
    assert tab.inner_text("body") == "approved"
    methods = [key.partition("/")[0] for key in standing(machines, machine)["calls"]]
    assert methods.count("POST") == 1
