"""Claims about runs of the Build machine: the whole way to a request, stopped, redriven, decided, forged, on a GPU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflow.account_check import page
from workflow.account_check.proofs import Evidence
from workflow.account_check.site import Site, require
from workflow.contract.approval import item_id
from workflow.contract.approval_link import opaque_id_in
from workflow.contract.cost import tell_cost
from workflow.contract.failures import Failure
from workflow.contract.run_input import BESIDE
from workflow.errors import GreenlightError
from workflow.runs.approvals import SIGN_IN, Approval, Approvals, decide, read_page
from workflow.runs.cost import find_bills
from workflow.runs.releases import start_release
from workflow.runs.start import start_run
from workflow.runs.watch import Job, View
from workflow.stack.quotas import check_quotas

FIRST, SECOND, GPU = "check-1", "check-2", "check-gpu"
"""Names of the runs."""
NAME = "account check"
NOTICE_SECONDS = 180
"""How long a notice may take."""


def start(site: Site, name: str, given: Mapping[str, Any] | None = None) -> None:
    """Start a run of the sample, as the schedule would, or with something else over it."""
    asked = dict(given or {})
    check_quotas(site.cloud, site.stack.project, asked)
    # Builds are asked about while others wait for their answers: none of them may wait for another.
    given = {**asked, "when_busy": BESIDE, "started_by": NAME}
    site.runs[name] = start_run(site.cloud, site.stack.build_machine_arn, given, name)


def start_all(site: Site) -> Evidence:
    """Two runs start at one time."""
    start(site, FIRST)
    start(site, SECOND, {"seed": 1})
    return dict(site.runs)


def start_on_a_gpu(site: Site) -> Evidence:
    """One more starts: the account has a quota of the GPU."""
    start(site, GPU, {"seed": 2, "training_instance": site.options.gpu, "spot": True})
    return {"execution": site.runs[GPU]}


def stop_in_training(site: Site) -> Evidence:
    """The second is stopped while it trains, its job is stopped with it, and that is told."""
    view = site.follow(site.runs[SECOND], lambda view: any(_trains(site, job) for job in view.jobs))
    require(view.outcome is None, f"{SECOND} ended before it trained: {view.outcome and view.outcome.text()}")
    job = next(job.name for job in view.jobs if job.kind == "training")
    site.cloud.call("stepfunctions", "stop_execution", executionArn=site.runs[SECOND], cause="the account check")
    site.wait(lambda: _training(site, job)["TrainingJobStatus"] == "Stopped", f"{job} was not stopped", 600)
    site.wait(lambda: bool(site.inbox.about(SECOND, "aborted")), "nobody was told of the stop", NOTICE_SECONDS)
    return {"job": str(_training(site, job)["TrainingJobArn"]), **site.show(site.runs[SECOND])}


def _trains(site: Site, job: Job) -> bool:
    """Whether a job is a training whose program runs."""
    return job.kind == "training" and _training(site, job.name).get("SecondaryStatus") == "Training"


def _training(site: Site, job: str) -> dict[str, Any]:
    return site.cloud.call("sagemaker", "describe_training_job", TrainingJobName=job)


def ask(site: Site) -> Evidence:
    """The first run prepares, trains, evaluates, passes the gate, registers, and asks for approval."""
    view = _until_it_asks(site, FIRST)
    require(bool(view.epochs), "no epoch could be read in the training's log")
    return {"epochs": f"{len(view.epochs)} read in the training's log", **site.show(site.runs[FIRST])}


def _until_it_asks(site: Site, name: str) -> View:
    view = site.follow(site.runs[name], lambda view: view.approval is not None)
    require(view.outcome is None, f"{name} {view.outcome and view.outcome.text()}")
    return view


def redrive(site: Site) -> Evidence:
    """The run that was stopped is redriven, and goes on at its training, under another name."""
    execution = site.runs[SECOND]
    before = {job.name for job in site.follow(execution, lambda _: True).jobs}
    site.cloud.call("stepfunctions", "redrive_execution", executionArn=execution)
    view = site.follow(
        execution, lambda view: any(job.name not in before and job.kind == "training" for job in view.jobs)
    )
    require(view.outcome is None, f"it {view.outcome and view.outcome.text()}")
    new = next(job.name for job in view.jobs if job.name not in before)
    return {"job": str(_training(site, new)["TrainingJobArn"])}


def refuse_forgery(site: Site) -> Evidence:
    """A version that somebody registers as Approved is released by nobody, is put back, and is told of."""
    asked_about = _package(site, waiting(site, site.runs[FIRST]).version)
    genuine = site.cloud.call("sagemaker", "describe_model_package", ModelPackageName=asked_about)
    forged = site.cloud.call(
        "sagemaker",
        "create_model_package",
        ModelPackageGroupName=site.stack.package_group,
        InferenceSpecification=genuine["InferenceSpecification"],
        CustomerMetadataProperties=genuine["CustomerMetadataProperties"],
        ModelApprovalStatus="Approved",
    )["ModelPackageArn"]
    release = start_release(site.cloud, site.stack.release_machine_arn, forged, started_by=NAME, why="forged")
    outcome = site.ended(release)
    require(outcome.error == Failure.RELEASE_REFUSED, f"the forged version {outcome.text()}")

    def put_back() -> bool:
        found = site.cloud.call("sagemaker", "describe_model_package", ModelPackageName=forged)
        return str(found["ModelApprovalStatus"]) != "Approved"

    site.wait(put_back, "the forged version is still Approved: the registry's event did not arrive", NOTICE_SECONDS)
    return {"forged": forged, "release": release, "refused": outcome.cause}


def approve_by_mail(site: Site) -> Evidence:
    """The request's notice has a link; its page takes the decision, and an unknown link leads nowhere."""
    approval = waiting(site, site.runs[FIRST])
    link = _mailed_link(site, approval)
    unknown = link[:-4] + ("aaaa" if link[-4:] != "aaaa" else "bbbb")
    require(page.status_of(unknown) == 404, "an unknown link is not answered with 404")
    if read_page(link).get("status") == SIGN_IN:
        decide(site.cloud, site.stack.decide_url, approval, "approve", NAME)
        return {"approved": "at the command line, because the page asks to sign in"}
    page.approve(link, approval.version, NAME, "approved by the account check")
    return {"page": site.stack.approval_url}


def waiting(site: Site, execution: str) -> Approval:
    """What an execution waits for. Raises GreenlightError where it asks nobody."""
    found = Approvals(site.cloud, site.stack.table).of_execution(execution)
    if found is None:
        raise GreenlightError(f"{execution.rpartition(':')[2]} does not ask")
    return found


def _mailed_link(site: Site, approval: Approval) -> str:
    found: list[str] = []

    def came() -> bool:
        links = [word for mail in site.inbox.about(approval.run) for word in mail.text.split()]
        found[:] = [link for link in links if item_id(opaque_id_in(link)) == approval.key]
        return bool(found)

    site.wait(came, "no notice with the link came", NOTICE_SECONDS)
    return found[0]


def refuse_the_overtaken(site: Site) -> Evidence:
    """The second run, approved at the command line, is not released by itself: production serves another by now."""
    _until_it_asks(site, SECOND)
    approval = waiting(site, site.runs[SECOND])
    told = decide(site.cloud, site.stack.decide_url, approval, "approve", NAME)
    outcome = site.ended(site.runs[SECOND])
    require(outcome.error == Failure.RELEASE_FAILED, f"the second run {outcome.text()}")
    require("judged against" in outcome.cause, f"it was refused for another reason: {outcome.cause}")
    site.packages[SECOND] = _package(site, approval.version)
    return {"approved by": str(told.get("by")), "refused": outcome.text()}


def _package(site: Site, version: int) -> str:
    group = site.stack.package_group
    packages = site.cloud.pages(
        "sagemaker", "list_model_packages", "ModelPackageSummaryList", ModelPackageGroupName=group
    )
    return next(str(one["ModelPackageArn"]) for one in packages if one["ModelPackageVersion"] == version)


def train_on_a_gpu(site: Site) -> Evidence:
    """A training found its GPU usable, on spot capacity where there was some; its model is rejected."""
    view = _until_it_asks(site, GPU)
    job = [job.name for job in view.jobs if job.kind == "training"][-1]
    told = _training(site, job)
    decide(site.cloud, site.stack.decide_url, waiting(site, site.runs[GPU]), "reject", NAME)
    outcome = site.ended(site.runs[GPU])
    require(outcome.error == Failure.APPROVAL_REJECTED, f"the run on a GPU {outcome.text()}")
    return {
        "job": str(told["TrainingJobArn"]),
        "on": str(told["ResourceConfig"]["InstanceType"]),
        "spot": str(bool(told.get("EnableManagedSpotTraining"))),
        "billed": f"{told.get('BillableTimeInSeconds', 0)} s",
    }


def be_billed(site: Site) -> Evidence:
    """What SageMaker bills for the jobs is found, and has prices."""
    found = find_bills(site.cloud, site.stack.project, list(site.runs))
    jobs = [job for bill in found for job in bill]
    require(bool(jobs), "no billed job was found")
    return {"jobs": f"{len(jobs)}, {tell_cost(jobs)}"}
