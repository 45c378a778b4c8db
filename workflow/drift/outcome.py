"""What a watch that has ended found, and where its page is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflow.clients import Cloud
from workflow.contract.drift import FEWEST, PAGE, PICTURES, REPORT
from workflow.contract.names import split_s3_uri
from workflow.contract.reading import object_or_empty, read_object


@dataclass(frozen=True)
class Outcome:
    """``plan`` is the watch's, ``found`` the folder of its page, and ``report`` ``drift.json``; empty without a job."""

    plan: dict[str, Any]
    found: str
    report: dict[str, Any]

    @property
    def line(self) -> str:
        """All of it in a sentence."""
        captured = self.plan.get("captured", 0)
        few = f"not judged: {captured} requests were kept in the window, {FEWEST} are needed"
        return str(self.report.get("line") or few)

    def document(self) -> dict[str, Any]:
        """The outcome as JSON."""
        places = {"page": f"{self.found}{PAGE}", "pictures_table": f"{self.found}{PICTURES}"} if self.report else {}
        return {"judged": False, "drifted": False, **self.report, "line": self.line, **places}

    def text(self) -> str:
        """The outcome for a person."""
        window = f"  window     {self.plan.get('since', '')} to {self.plan.get('until', '')}"
        figures = [one for one in self.report.get("figures", []) if one["drifted"]]
        lines = [self.line, window, f"  version    {self.plan.get('package_version', '')}"]
        lines += [f"  drifted    {one['name']}: {one['became']}" for one in figures]
        if self.report:
            lines += [f"  page       {self.found}{PAGE}", f"  pictures   {self.found}{PICTURES}"]
        return "\n".join(lines)


def read_outcome(cloud: Cloud, execution: str) -> Outcome:
    """The outcome of a watch that succeeded."""
    output = read_object(cloud.call("stepfunctions", "describe_execution", executionArn=execution).get("output"))
    plan = object_or_empty(output.get("plan"))
    found = str(object_or_empty(plan.get("uris")).get("found", ""))
    if "found" not in output:
        return Outcome(plan, found, {})
    bucket, prefix = split_s3_uri(found)
    body = cloud.call("s3", "get_object", Bucket=bucket, Key=f"{prefix}{REPORT}")["Body"].read()
    return Outcome(plan, found, read_object(body.decode()))
