"""The service: a table of operations, one way in, one way out.

`configure` opens it once; `call` runs an operation for anyone in this process, in the account that asks. Requests are
checked before an operation sees them and answers before a caller does, both against botocore's own model. What a
request asks for that nothing here does is refused, and so is a role that SageMaker may not assume.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from infra.local.sagemaker.endpoints.components import Components
from infra.local.sagemaker.endpoints.endpoint_configs import EndpointConfigs
from infra.local.sagemaker.endpoints.endpoints import Endpoints
from infra.local.sagemaker.errors import ServiceError, lacking
from infra.local.sagemaker.jobs.processing import ProcessingJobs
from infra.local.sagemaker.jobs.training import TrainingJobs
from infra.local.sagemaker.jobs.transform import TransformJobs
from infra.local.sagemaker.jobs.tuning import TuningJobs
from infra.local.sagemaker.lineage.artifacts import Artifacts
from infra.local.sagemaker.lineage.associations import Associations
from infra.local.sagemaker.lineage.entities import Entities
from infra.local.sagemaker.members import refuse_others
from infra.local.sagemaker.model_checks import answer, check_request, operation
from infra.local.sagemaker.models import Models
from infra.local.sagemaker.registry import ModelPackageGroups, ModelPackages
from infra.local.sagemaker.roles import Roles
from infra.local.sagemaker.scaling.following import Following, step_is_taken
from infra.local.sagemaker.scaling.targets import Targets
from infra.local.sagemaker.settings import Settings
from infra.local.sagemaker.storage import client
from infra.local.sagemaker.tags import Tags
from infra.local.sagemaker.taken import TAKEN
from infra.local.sagemaker.workshop import Workshop

__all__ = ["Accounts", "SageMaker", "ServiceError", "accounts", "call", "configure", "running"]

Operation = Callable[[dict[str, Any]], dict[str, Any]]


class SageMaker:
    """One account's SageMaker in one region."""

    def __init__(self, settings: Settings) -> None:
        self.workshop = Workshop.open(settings)
        groups = ModelPackageGroups(self.workshop)
        packages = ModelPackages(self.workshop, groups)
        models = Models(self.workshop, packages)
        configs = EndpointConfigs(self.workshop, models)
        training = TrainingJobs(self.workshop)
        tuning = TuningJobs(self.workshop, training)
        tags = Tags(self.workshop)
        entities = Entities(self.workshop)
        associations = Associations(self.workshop, entities)
        self._roles = Roles(settings)
        self.endpoints = Endpoints(self.workshop, configs)
        targets = Targets(self.workshop, self.endpoints)
        self.endpoints.is_followed, self.endpoints.let_go = targets.is_followed, targets.forget
        self.following = Following(self.workshop, self.endpoints, targets, self._takes_a_step)
        self.scaling: dict[str, Operation] = {
            "RegisterScalableTarget": lambda given: self._followed(targets.register(given)),
            "DeregisterScalableTarget": targets.deregister,
            "DescribeScalableTargets": targets.describe_targets,
            "PutScalingPolicy": targets.put_policy,
            "DeleteScalingPolicy": targets.delete_policy,
            "DescribeScalingPolicies": targets.describe_policies,
        }
        self.components = Components(self.workshop, configs, models)
        self._jobs = (ProcessingJobs(self.workshop), training, tuning, TransformJobs(self.workshop, models))
        self.operations: dict[str, Operation] = {
            **_four(groups, "ModelPackageGroup"),
            **_four(packages, "ModelPackage"),
            **_four(models, "Model"),
            **_four(configs, "EndpointConfig"),
            **_four(self.endpoints, "Endpoint"),
            **_four(self.components, "InferenceComponent"),
            "UpdateInferenceComponent": self.components.update,
            "UpdateInferenceComponentRuntimeConfig": self.components.update_runtime,
            **_four(Artifacts(self.workshop), "Artifact"),
            "AddAssociation": associations.add,
            "ListAssociations": associations.list_all,
            "DeleteAssociation": associations.delete,
            "QueryLineage": associations.query,
            "ListTrialComponents": entities.list_components,
            "ListContexts": entities.list_contexts,
            "UpdateModelPackage": packages.update,
            "UpdateEndpoint": self.endpoints.update,
            "UpdateEndpointWeightsAndCapacities": self.endpoints.update_weights,
            "ListTrainingJobsForHyperParameterTuningJob": tuning.list_training_jobs,
            "AddTags": tags.add,
            "ListTags": tags.list_all,
            "DeleteTags": tags.delete,
        }
        for jobs in self._jobs:
            self.operations |= {
                f"Create{jobs.noun}": jobs.create,
                f"Describe{jobs.noun}": jobs.describe,
                f"List{jobs.noun}s": jobs.list_all,
                f"Stop{jobs.noun}": jobs.stop,
            }

    def call(self, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Run one operation; every refusal is a :class:`ServiceError`."""
        operation(name)
        if name not in self.operations:
            raise lacking(f"the operation {name}; it has {', '.join(sorted(self.operations))}")
        check_request(name, parameters)
        refuse_others(name, TAKEN[name], parameters)
        self._roles.check(parameters)
        self.workshop.named_elsewhere.check(parameters)
        return answer(name, self.operations[name](parameters))

    def _followed(self, answered: dict[str, Any]) -> dict[str, Any]:
        self.following.begin()
        return answered

    def _takes_a_step(self, policy_arn: str) -> bool:
        return step_is_taken(client(self.workshop.settings, "cloudwatch").describe_alarms, policy_arn)

    def load(self, document: dict[str, Any]) -> None:
        """Take up what an earlier stand-in remembered: endpoints serve again, unfinished jobs have failed."""
        self.workshop.store.load(document)
        for jobs in self._jobs:
            jobs.after_load()
        self.endpoints.after_load()
        self.components.after_load()
        self.following.begin()

    def stop(self) -> None:
        """End every process; what is remembered stays."""
        self.following.close()
        self.workshop.shipper.close()
        self.endpoints.close()
        self.components.close()
        self.workshop.processes.close()


def _four(resources: Any, noun: str) -> dict[str, Operation]:
    return {
        f"Create{noun}": resources.create,
        f"Describe{noun}": resources.describe,
        f"List{noun}s": resources.list_all,
        f"Delete{noun}": resources.delete,
    }


class Accounts:
    """SageMaker in each account: opened when somebody first asks there, and seen from no other."""

    def __init__(self, settings: Settings, whose: Callable[[], str], opened: Callable[[SageMaker], None]) -> None:
        """``whose`` gives the account that asks now; ``opened`` is told of each that is opened."""
        self._settings = settings
        self._whose = whose
        self._opened = opened
        self._lock = threading.Lock()
        self._of: dict[str, SageMaker] = {}

    def here(self) -> SageMaker:
        """That of the account that asks."""
        return self.of(self._whose())

    def of(self, account_id: str) -> SageMaker:
        """That of an account."""
        with self._lock:
            found = self._of.get(account_id)
            if found is None:
                found = self._of[account_id] = SageMaker(self._settings.of_account(account_id))
                self._opened(found)
            return found

    def dump(self) -> dict[str, Any]:
        """What each remembers, as JSON: the stand-in's own account's, and beside it the others'."""
        with self._lock:
            dumps = {account_id: found.workshop.store.dump() for account_id, found in self._of.items()}
        own = dumps.pop(self._settings.account_id, None) or self.of(self._settings.account_id).workshop.store.dump()
        return {**own, "accounts": dumps}

    def load(self, document: dict[str, Any]) -> None:
        """Take up what was remembered."""
        self.of(self._settings.account_id).load(document)
        for account_id, dumped in document.get("accounts", {}).items():
            self.of(account_id).load(dumped)

    def clear(self) -> None:
        """Forget everything."""
        for found in self._opened_ones():
            found.workshop.store.clear()

    def stop(self) -> None:
        """End every process; what is remembered stays."""
        for found in self._opened_ones():
            found.stop()

    def _opened_ones(self) -> list[SageMaker]:
        with self._lock:
            return list(self._of.values())


_accounts: Accounts | None = None


def configure(settings: Settings, whose: Callable[[], str], opened: Callable[[SageMaker], None]) -> Accounts:
    """Open the service of this process."""
    global _accounts
    _accounts = Accounts(settings, whose, opened)
    return _accounts


def accounts() -> Accounts:
    """The service of this process; an error before :func:`configure`."""
    if _accounts is None:
        raise RuntimeError("infra.local.sagemaker.service.configure has not been called")
    return _accounts


def running() -> SageMaker:
    """The service of the account that asks."""
    return accounts().here()


def call(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Run one operation in the account that asks."""
    return running().call(name, parameters)
