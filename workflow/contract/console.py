"""Addresses in the AWS console, in each of AWS's partitions: what a mail or a page leads a person to.

The one place that knows them. Every name in an address is written so that none of it can be markup, a blank or a second
address. The stand-in has no console: who runs on it asks for none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote

from workflow.contract.names import split_s3_uri
from workflow.contract.stand_in import is_on_stand_in

HOSTS: Mapping[str, str] = {
    "aws": "console.aws.amazon.com",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-cn": "console.amazonaws.cn",
}
"""Where the console of a partition is. One that is not here gets no link: no link is better than a wrong one."""

TRAINING_LOGS = "/aws/sagemaker/TrainingJobs"
PROCESSING_LOGS = "/aws/sagemaker/ProcessingJobs"
TRANSFORM_LOGS = "/aws/sagemaker/TransformJobs"
ENDPOINT_LOGS = "/aws/sagemaker/Endpoints"
"""The log groups that SageMaker makes; an endpoint's has the endpoint's name below it."""


@dataclass(frozen=True)
class Console:
    """The console of one region; ``host`` is that of its partition."""

    host: str
    region: str

    @classmethod
    def of(cls, arn: object, environ: Mapping[str, str]) -> Self | None:
        """The console in which the resource of this ARN is shown; None where there is none.

        ``environ`` is that of the function.
        """
        if is_on_stand_in(environ) or not isinstance(arn, str):
            return None
        found = re.fullmatch(r"arn:([a-z-]+):[a-z0-9-]+:([a-z0-9-]+):[0-9]{12}:.+", arn, re.DOTALL)
        if found is None or found[1] not in HOSTS:
            return None
        return cls(HOSTS[found[1]], found[2])

    def execution(self, arn: str) -> str:
        """An execution of a state machine, with its graph."""
        return self._address("states", f"/v2/executions/details/{_plain(arn)}")

    def training_job(self, name: str) -> str:
        """A training job, with its curves."""
        return self._address("sagemaker", f"/jobs/{_plain(name)}")

    def processing_job(self, name: str) -> str:
        """A processing job."""
        return self._address("sagemaker", f"/processing-jobs/{_plain(name)}")

    def transform_job(self, name: str) -> str:
        """A batch transform job."""
        return self._address("sagemaker", f"/transform-jobs/{_plain(name)}")

    def search(self, name: str) -> str:
        """A search for hyperparameters, with its trainings."""
        return self._address("sagemaker", f"/hyper-tuning-jobs/{_plain(name)}")

    def endpoint(self, name: str) -> str:
        """An endpoint, with its figures."""
        return self._address("sagemaker", f"/endpoints/{_plain(name)}")

    def log(self, group: str, stream: str = "") -> str:
        """A log group; the streams that begin with ``stream`` where that is given, as a job's do with its name."""
        # CloudWatch's own pages write a name twice encoded, with a dollar for the outer percent sign.
        chosen = f"$3FlogStreamNameFilter$3D{_dollars(stream)}" if stream else ""
        return self._address("cloudwatch", f"logsV2:log-groups/log-group/{_dollars(group)}{chosen}")

    def dashboard(self, name: str) -> str:
        """A dashboard of CloudWatch."""
        return self._address("cloudwatch", f"dashboards:name={_plain(name)}")

    def quota(self, service: str, code: str) -> str:
        """A quota of a service, where more of it is asked for."""
        return f"https://{self.region}.{self.host}/servicequotas/home/services/{service}/quotas/{code}"

    def stored(self, uri: str) -> str:
        """An object in S3, which is opened there. Raises ContractError where ``uri`` is no S3 address."""
        bucket, key = split_s3_uri(uri)
        return f"https://{self.host}/s3/object/{bucket}?region={self.region}&prefix={quote(key, safe='')}"

    def _address(self, service: str, place: str) -> str:
        return f"https://{self.host}/{service}/home?region={self.region}#{place}"


def _plain(name: str) -> str:
    return quote(name, safe=":", errors="replace")


def _dollars(name: str) -> str:
    return quote(quote(name, safe="", errors="replace"), safe="").replace("%", "$")
