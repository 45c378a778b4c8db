"""Claims about production: the first release, what it answers, a canary sent back, one that stays, the way back."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from workflow.account_check.building import FIRST, NAME, SECOND
from workflow.account_check.options import USUAL_LATENCY
from workflow.account_check.proofs import Evidence
from workflow.account_check.site import Site, require
from workflow.account_check.standing import change
from workflow.contract.failures import Failure
from workflow.errors import GreenlightError, ServiceError
from workflow.predictions.ask import ask
from workflow.runs.releases import choose_earlier, list_releases, start_release

PICTURES_A_LOOK = 4
_SECONDS = 40


def release_first(site: Site) -> Evidence:
    """Staging and production come up, and answer as the evaluation did."""
    outcome = site.ended(site.runs[FIRST])
    require(outcome.succeeded, f"{FIRST} {outcome.text()}")
    output = json.loads(site.output(site.runs[FIRST])["output"])
    site.packages[FIRST] = str(output["package"]["arn"])
    site.digests[FIRST] = str(output["gate"]["model_digest"])
    name = site.stack.production_endpoint
    found = {"endpoint": str(_production(site)["EndpointArn"]), **site.link(lambda console: console.endpoint(name))}
    return {"release": str(output["release"]["execution"]), **found}


def _production(site: Site) -> dict[str, Any]:
    return site.cloud.call("sagemaker", "describe_endpoint", EndpointName=site.stack.production_endpoint)


def answer(site: Site) -> Evidence:
    """Production finds objects in pictures that no training saw, with the model that was judged."""
    found = [ask(site.cloud, site.stack.production_endpoint, picture) for picture in site.pictures]
    wrong = [one.file.name for one in found if one.model_digest != site.digests[FIRST]]
    require(not wrong, f"another model answered about {', '.join(wrong)}")
    seen = sum(len(one.detections) for one in found)
    require(seen > 0, "it found nothing")
    middle = sorted(one.milliseconds for one in found)[len(found) // 2]
    return {"answers": f"{seen} objects in {len(found)} pictures, {middle:.0f} ms each (median, from here)"}


def answer_by_api(site: Site) -> Evidence:
    """The API answers with the key, by the same model, and refuses without."""
    address = site.stack.prediction_url
    require(bool(address), "the stack has no API: PredictionApi was set to another value")
    key = site.cloud.call("apigateway", "get_api_key", apiKey=site.stack.prediction_key_id, includeValue=True)["value"]
    require(_post(site, "")[0] == 403, "it answers without a key")
    # A fresh key takes up to a minute to count.
    site.wait(lambda: _post(site, key)[0] == 200, "the API does not answer with its key", 120)
    told = json.loads(_post(site, key)[1])
    require(told.get("model_digest") == site.digests[FIRST], "another model answered")
    return {"api": address}


def _post(site: Site, key: str) -> tuple[int, bytes]:
    headers = {"Content-Type": "image/jpeg", **({"X-Api-Key": key} if key else {})}
    body = site.pictures[0].read_bytes()
    request = urllib.request.Request(site.stack.prediction_url, data=body, headers=headers)  # noqa: S310 - the stack's own
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as said:  # noqa: S310 - the stack's own
            return int(said.status), said.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError as error:
        raise GreenlightError(f"{site.stack.prediction_url} cannot be reached: {error}") from error


def send_canary_back(site: Site) -> Evidence:
    """The second version's canary is slow by the stack's limit: its own alarm rings, and SageMaker sends it back."""
    before = _production(site)["EndpointConfigName"]
    release = _release(site, SECOND)
    outcome = site.ended(release, lambda: keep_asking(site))
    require(outcome.error == Failure.PRODUCTION_FAILED, f"the release {outcome.text()}")
    require("-latency is in ALARM" in outcome.cause, f"another reason than its alarm: {outcome.cause}")
    require(_production(site)["EndpointConfigName"] == before, "production is not what it was")
    require(_answers_with(site) == site.digests[FIRST], "another model answers")
    return {**site.show(release), "alarm": outcome.text()}


def _release(site: Site, name: str) -> str:
    machine = site.stack.release_machine_arn
    return start_release(site.cloud, machine, site.packages[name], started_by=NAME, why="check")


def keep_asking(site: Site) -> None:
    """Ask a few times, so that alarms have figures; an answer that is lost while traffic moves is its smoke test's."""
    for picture in site.pictures[:PICTURES_A_LOOK]:
        try:
            ask(site.cloud, site.stack.production_endpoint, picture)
        except ServiceError as error:
            site.say(f"    lost: {error}")


def _answers_with(site: Site) -> str:
    return ask(site.cloud, site.stack.production_endpoint, site.pictures[0]).model_digest


def keep_canary(site: Site) -> Evidence:
    """With the usual limit, after a change of the stack, the same version's canary stays."""
    change(site, parameters={"LatencyThresholdMicroseconds": str(USUAL_LATENCY)})
    release = _release(site, SECOND)
    outcome = site.ended(release, lambda: keep_asking(site))
    require(outcome.succeeded, f"the release {outcome.text()}")
    site.digests[SECOND] = _answers_with(site)
    require(site.digests[SECOND] != site.digests[FIRST], "the first version still answers")
    routing = _production(site)["LastDeploymentConfig"]["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["Type"]
    return {**site.show(release), "traffic": str(routing)}


def go_back(site: Site) -> Evidence:
    """`greenlight rollback`: the first version serves again."""
    target = choose_earlier(list_releases(site.cloud, site.stack.table), None)
    release = start_release(site.cloud, site.stack.release_machine_arn, target.package, started_by=NAME, why="rollback")
    outcome = site.ended(release)
    require(outcome.succeeded, f"the way back {outcome.text()}")
    require(_answers_with(site) == site.digests[FIRST], "another model answers")
    return site.show(release)
