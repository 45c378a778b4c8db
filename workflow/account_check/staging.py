"""Claims about ways to serve that staging can show: a release goes there, asks before production, and is rejected.

Production serves on as it did. What only an account knows is whether SageMaker takes such an endpoint, and answers.
"""

from __future__ import annotations

from typing import Any

from workflow.account_check.building import NAME, SECOND, waiting
from workflow.account_check.proofs import Evidence
from workflow.account_check.site import Site, require
from workflow.contract.asynchronous import ASYNC
from workflow.contract.failures import Failure
from workflow.contract.names import NOT_THERE
from workflow.contract.serverless import SERVERLESS
from workflow.errors import ServiceError
from workflow.runs.approvals import decide
from workflow.runs.start import start_run
from workflow.stack.quotas import check_quotas

GONE_SECONDS = 600


def serve_without_instances(site: Site) -> Evidence:
    """Staging comes up without instances, and answers as the evaluation did."""
    endpoint, shown = try_on_staging(site, SERVERLESS)
    (variant,) = endpoint["ProductionVariants"]
    require("CurrentServerlessConfig" in variant, "it has instances")
    return {**shown, "memory": f"{variant['CurrentServerlessConfig']['MemorySizeInMB']} MB"}


def serve_out_of_a_queue(site: Site) -> Evidence:
    """Staging comes up with a queue, and answers by way of S3 as the evaluation did."""
    endpoint, shown = try_on_staging(site, ASYNC)
    require("AsyncInferenceConfig" in endpoint, "it has no queue")
    return {**shown, "answers": str(endpoint["AsyncInferenceConfig"]["OutputConfig"]["S3OutputPath"])}


def try_on_staging(site: Site, kind: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Release to staging in this way until somebody is asked, who says no; the endpoint as it stood then, and evidence.

    It is asked only once staging was smoke-tested. SageMaker makes no endpoint of one kind another: it goes first.
    """
    check_quotas(site.cloud, site.stack.project, {"staging_serve": kind})
    remove_staging(site)
    given = {
        "model_package_arn": site.packages[SECOND],
        "staging_serve": kind,
        "ask_before_production": True,
        "started_by": NAME,
    }
    release = start_run(site.cloud, site.stack.release_machine_arn, given, f"check-{kind}")
    view = site.follow(release, lambda view: view.approval is not None)
    require(view.outcome is None, f"the release {view.outcome and view.outcome.text()}")
    endpoint = site.cloud.call("sagemaker", "describe_endpoint", EndpointName=site.stack.staging_endpoint)
    decide(site.cloud, site.stack.decide_url, waiting(site, release), "reject", NAME)
    outcome = site.ended(release)
    require(outcome.error == Failure.APPROVAL_REJECTED, f"the release {outcome.text()}")
    return endpoint, {"endpoint": str(endpoint["EndpointArn"]), **site.show(release)}


def remove_staging(site: Site) -> None:
    """Delete staging's endpoint, and wait until it is gone."""
    name = site.stack.staging_endpoint

    def is_gone() -> bool:
        try:
            site.cloud.call("sagemaker", "describe_endpoint", EndpointName=name)
        except ServiceError as error:
            if error.code in NOT_THERE:
                return True
            raise
        return False

    if not is_gone():
        site.cloud.call("sagemaker", "delete_endpoint", EndpointName=name)
    site.wait(is_gone, f"{name} is still there", GONE_SECONDS)
