"""The documents that flow between the states, and the rules for what may be written in them.

Imports the standard library only, because every Lambda and every container carries this package.
It knows no AWS client and no file system: it turns plain JSON into frozen dataclasses and back.
Every document names its ``version``; a reader refuses a version it does not know.
"""

from __future__ import annotations

from workflow.contract.cause import reason_in, text_of
from workflow.contract.dataset_report import (
    ACTIONS,
    FINDINGS,
    POLICIES,
    ClassCount,
    DatasetReport,
    Finding,
    FindingKind,
    SplitCount,
)
from workflow.contract.hyperparameters import ALLOWED, OWN, SETTINGS, HyperparameterError, read_argument
from workflow.contract.names import (
    JOB_NAME_LENGTH,
    PACKAGE_ARN,
    SUBJECT_LENGTH,
    TUNING_NAME_LENGTH,
    job_name,
    split_s3_uri,
    subject_line,
)
from workflow.contract.reading import VERSION, ContractError, finite
from workflow.contract.run_input import FORMATS, MODELS, PRECISIONS, RULES, InputError, Rule, RunInput, as_text
from workflow.contract.scores import (
    FIGURE_NAMES,
    QUALITY,
    TASKS,
    ClassScore,
    Comparison,
    Interval,
    Lead,
    Metrics,
    ModelScore,
    figures_of,
)

__all__ = [
    "ACTIONS",
    "ALLOWED",
    "FIGURE_NAMES",
    "FINDINGS",
    "FORMATS",
    "JOB_NAME_LENGTH",
    "MODELS",
    "OWN",
    "PACKAGE_ARN",
    "POLICIES",
    "PRECISIONS",
    "QUALITY",
    "RULES",
    "SETTINGS",
    "SUBJECT_LENGTH",
    "TASKS",
    "TUNING_NAME_LENGTH",
    "VERSION",
    "ClassCount",
    "ClassScore",
    "Comparison",
    "ContractError",
    "DatasetReport",
    "Finding",
    "FindingKind",
    "HyperparameterError",
    "InputError",
    "Interval",
    "Lead",
    "Metrics",
    "ModelScore",
    "Rule",
    "RunInput",
    "SplitCount",
    "as_text",
    "figures_of",
    "finite",
    "job_name",
    "read_argument",
    "reason_in",
    "split_s3_uri",
    "subject_line",
    "text_of",
]
