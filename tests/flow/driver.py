"""Drives whole executions on the stand-in as a user would: upload, start, answer the mail, look at the outcome."""

from __future__ import annotations

import json
import re
import time
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass
from typing import Any

from tests.stand_in import StandIn
from workflow.clients import AwsCloud
from workflow.runs.adoption import adopt
from workflow.runs.stages import is_stage, named
from workflow.stack.outputs import Stack

LIMIT_SECONDS = 90


@dataclass(frozen=True)
class Ended:
    """An execution that is over: DescribeExecution's answer, and the names of the states it entered."""

    arn: str
    status: str
    error: str
    cause: str
    output: dict[str, Any]
    states: list[str]


class Flow:
    """One deployed stack on a stand-in."""

    def __init__(self, stand_in: StandIn, stack: Stack) -> None:
        self.stand_in = stand_in
        self.stack = stack
        self.machines = stand_in.client("stepfunctions")
        self.sagemaker = stand_in.client("sagemaker")
        self.storage = stand_in.client("s3")

    def upload(self, *, behave: str = "well", map50: float = 0.9, **files: str) -> str:
        """Put a small data set of its own in S3 and give its address; ``files`` adds or replaces labels by name.

        ``behave`` and ``map50`` tell the images how the model trained on it shall turn out.
        """
        prefix = f"datasets/{uuid.uuid4().hex[:8]}/"
        content = {f"images/{n}.jpg": f"picture {prefix} {n}" for n in range(3)}
        content |= {"data.yaml": "names: [thing]\n", "behave.json": json.dumps({"behave": behave, "map50": map50})}
        content |= {f"labels/{name}.txt": text for name, text in files.items()}
        for key, text in content.items():
            self.storage.put_object(Bucket=self.stack.bucket, Key=prefix + key, Body=text.encode())
        return f"s3://{self.stack.bucket}/{prefix}"

    def hurry(self, execution: str) -> None:
        """Tell a run's training, wherever the run has put the images, that it shall do well from its next start."""
        prefix = f"copies/{execution.rsplit(':', 1)[-1]}/"
        pages = self.storage.get_paginator("list_objects_v2").paginate(Bucket=self.stack.bucket, Prefix=prefix)
        told = [item["Key"] for page in pages for item in page["Contents"] if item["Key"].endswith("behave.json")]
        assert told
        for key in told:
            self.storage.put_object(Bucket=self.stack.bucket, Key=key, Body=b'{"behave": "well", "map50": 0.9}')

    def start(self, given: dict[str, Any] | list[Any], machine: str = "build") -> str:
        """Start an execution and give its ARN."""
        arn = self.stack.build_machine_arn if machine == "build" else self.stack.release_machine_arn
        started = self.machines.start_execution(stateMachineArn=arn, input=json.dumps(given))
        return str(started["executionArn"])

    def begin(self, dataset: str, **given: Any) -> str:
        """Start Build and give the execution's ARN."""
        return self.start({"dataset": dataset, **given})

    def build(self, dataset: str, *, decision: str = "approve", **given: Any) -> Ended:
        """Run Build to its end, begun as above; answer the mailed request, should there be one, with ``decision``."""
        execution = self.begin(dataset, **given)
        self.answer(execution, decision)
        return self.end(execution)

    def describe(self, execution: str) -> dict[str, Any]:
        """DescribeExecution."""
        described: dict[str, Any] = self.machines.describe_execution(executionArn=execution)
        return described

    def end(self, execution: str) -> Ended:
        """Wait for the end of an execution."""
        self.wait_until(lambda: self.describe(execution)["status"] != "RUNNING", f"{execution} still runs")
        said = self.describe(execution)
        return Ended(
            arn=execution,
            status=said["status"],
            error=said.get("error", ""),
            cause=said.get("cause", ""),
            output=json.loads(said.get("output") or "{}"),
            states=self.states(execution),
        )

    def states(self, execution: str) -> list[str]:
        """The names of the states entered so far, in their order; those of a release with the states of its stages."""
        pages = self.machines.get_paginator("get_execution_history").paginate(executionArn=execution)
        names: list[str] = []
        for event in (event for page in pages for event in page["events"]):
            if "stateEnteredEventDetails" in event:
                names.append(event["stateEnteredEventDetails"]["name"])
            started = json.loads(event.get("taskSubmittedEventDetails", {}).get("output") or "{}")
            if is_stage(started.get("ExecutionArn", "")):
                stage = json.loads(self.describe(started["ExecutionArn"])["input"])["stage"]
                names += [named(name, stage) for name in self.states(started["ExecutionArn"])]
        return names

    def mails(self, about: str = "") -> list[dict[str, Any]]:
        """The mails that mention ``about``, newest first."""
        return [mail for mail in self.stand_in.mail() if about in mail["subject"] + mail["body"]]

    def request_mail(self, execution: str) -> dict[str, Any] | None:
        """The mail that asks to decide on this run, once it has come."""
        run = execution.rsplit(":", 1)[-1]
        asking = [mail for mail in self.mails(run) if any("/a/" in link for link in mail["links"])]
        return asking[0] if asking else None

    def answer(self, execution: str, decision: str, comment: str = "seen") -> None:
        """Go through both pages behind the mailed link as a person would; nothing where the run ends before it asks."""
        self.wait_until(
            lambda: self.request_mail(execution) is not None or self.describe(execution)["status"] != "RUNNING",
            f"{execution} neither asks nor ends",
        )
        mail = self.request_mail(execution)
        if mail is None or decision == "nothing":
            return
        (link,) = (link for link in mail["links"] if "/a/" in link)
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        form = {"decision": decision, "comment": comment, "name": "Ada"}
        looks: list[dict[str, str] | None] = [None, form, {**form, "version": self.version_asked_about(mail)}]
        nonce: dict[str, str] = {}
        for look in looks:
            data = None if look is None else urllib.parse.urlencode({**look, **nonce}).encode()
            with browser.open(link, data=data, timeout=20) as page:
                assert page.status == 200
                nonce = dict(re.findall(r'name="(nonce)"\s+value="([^"]+)"', page.read().decode()))

    @staticmethod
    def version_asked_about(mail: dict[str, Any]) -> str:
        """The version that a mail asks to decide on, from its subject."""
        found = re.search(r" v(\d+)\b", mail["subject"])
        assert found is not None
        return found[1]

    def packages(self) -> dict[str, str]:
        """Approval status of every registered version, by ARN."""
        pages = self.sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self.stack.package_group
        )
        return {
            item["ModelPackageArn"]: item["ModelApprovalStatus"]
            for page in pages
            for item in page["ModelPackageSummaryList"]
        }

    def register_with_its_run(self, ended: Ended) -> str:
        """Register a build's version again as earlier builds did, with the archive beside its run, and adopt it."""
        described = self.sagemaker.describe_model_package(ModelPackageName=ended.output["package"]["arn"])
        specification = described["InferenceSpecification"]
        (container,) = specification["Containers"]
        container["ModelDataUrl"] = ended.output["training"]["model_data_url"]
        del container["ModelDataETag"]
        properties = described["CustomerMetadataProperties"]
        del properties["evaluation_digest"]
        created = self.sagemaker.create_model_package(
            ModelPackageGroupName=self.stack.package_group,
            ModelApprovalStatus="Approved",
            InferenceSpecification=specification,
            CustomerMetadataProperties=properties,
        )
        package = str(created["ModelPackageArn"])
        adopt(AwsCloud(), self.stack.decide_url, int(package.rpartition("/")[2]), "registered by an earlier build")
        return package

    def trainings(self, execution: str, **listing: Any) -> list[str]:
        """The names of a run's training jobs; ``listing`` are further parameters of ListTrainingJobs."""
        run = execution.rsplit(":", 1)[-1]
        listed = self.sagemaker.list_training_jobs(NameContains=run[:40].rstrip("-"), **listing)
        return [item["TrainingJobName"] for item in listed["TrainingJobSummaries"]]

    def training(self, execution: str) -> str:
        """The name of the one training job that a run is in, once it is."""
        self.wait_until(lambda: self.trainings(execution, StatusEquals="InProgress"), "no training has started")
        (job,) = self.trainings(execution, StatusEquals="InProgress")
        return job

    def ask_production(self) -> dict[str, Any]:
        """What production answers to a picture."""
        answer = self.stand_in.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=self.stack.production_endpoint, ContentType="image/jpeg", Body=b"picture"
        )
        said: dict[str, Any] = json.loads(answer["Body"].read())
        return said

    def serving(self) -> str:
        """Digest of the model in production; releases a first one where there is none, so that tests stand alone."""
        endpoints = self.sagemaker.list_endpoints(NameContains=self.stack.production_endpoint)["Endpoints"]
        if not endpoints:
            assert self.build(self.upload()).status == "SUCCEEDED"
        return str(self.ask_production()["model_digest"])

    @staticmethod
    def wait_until(condition: Any, otherwise: str) -> None:
        """Wait for a condition; fail with ``otherwise`` when it does not come true in time."""
        until = time.monotonic() + LIMIT_SECONDS
        while not condition():
            assert time.monotonic() < until, otherwise
            time.sleep(0.25)
