"""The model registry: groups, numbered versions, their approval."""

from __future__ import annotations

import time

from infra.local.sagemaker.callers import user_context
from infra.local.sagemaker.errors import conflict, invalid, lacking
from infra.local.sagemaker.listing import listed
from infra.local.sagemaker.model_cards import updated
from infra.local.sagemaker.model_checks import described
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop

GROUP = "model-package-group"
PACKAGE = "model-package"

_REPLACED = ("ModelApprovalStatus", "ApprovalDescription", "ModelLifeCycle", "SourceUri")
"""What an update of a version replaces."""


class ModelPackageGroups:
    """CreateModelPackageGroup and its siblings."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def create(self, parameters: Record) -> Record:
        """Remember a group without versions."""
        name = parameters["ModelPackageGroupName"]
        arn = self._workshop.settings.arn(f"{GROUP}/{name}")
        record = {
            **{member: value for member, value in parameters.items() if member != "Tags"},
            "ModelPackageGroupArn": arn,
            "ModelPackageGroupStatus": "Completed",
            "CreationTime": time.time(),
            "CreatedBy": {},
            "_LastVersion": 0,
        }
        if not self._workshop.store.add(GROUP, name, record):
            raise invalid(f"Model Package Group already exists: {arn}")
        self._workshop.store.tag(arn, parameters.get("Tags"))
        return {"ModelPackageGroupArn": arn}

    def describe(self, parameters: Record) -> Record:
        """One group, by name or ARN."""
        return described("DescribeModelPackageGroup", self.find(parameters["ModelPackageGroupName"]))

    def list_all(self, parameters: Record) -> Record:
        """The groups, filtered and in pages."""
        groups = self._workshop.store.every(GROUP)
        return listed("ListModelPackageGroups", parameters, groups, "ModelPackageGroup")

    def delete(self, parameters: Record) -> Record:
        """Forget a group that holds no version."""
        with self._workshop.store.lock:
            record = self.find(parameters["ModelPackageGroupName"])
            name = record["ModelPackageGroupName"]
            if any(package["ModelPackageGroupName"] == name for package in self._workshop.store.every(PACKAGE)):
                raise conflict(f"Model Package Group {record['ModelPackageGroupArn']} cannot be deleted: not empty.")
            self._workshop.store.remove(GROUP, name)
            self._workshop.store.untag(record["ModelPackageGroupArn"])
        return {}

    def find(self, name_or_arn: str) -> Record:
        """A group's record, or AWS's error for an unknown one."""
        name = name_or_arn.rsplit("/", 1)[-1]
        record = self._workshop.store.read(GROUP, name)
        if record is None:
            raise invalid(f"ModelPackageGroup {self._workshop.settings.arn(f'{GROUP}/{name}')} does not exist.")
        return record


class ModelPackages:
    """CreateModelPackage and its siblings, for the numbered versions of a group."""

    def __init__(self, workshop: Workshop, groups: ModelPackageGroups) -> None:
        self._workshop = workshop
        self._groups = groups

    def create(self, parameters: Record) -> Record:
        """Register the next version; the same ``ClientToken`` gives the same version again."""
        if "ModelPackageGroupName" not in parameters:
            raise lacking("model packages outside a group")
        if "InferenceSpecification" not in parameters:
            raise lacking("model packages without an InferenceSpecification")
        if "ModelCard" in parameters:
            updated({}, parameters["ModelCard"])
        store, token = self._workshop.store, parameters.get("ClientToken")
        containers = [self._with_etag(item) for item in parameters["InferenceSpecification"]["Containers"]]
        with store.lock:
            if token is not None:
                for package in store.every(PACKAGE):
                    if package.get("_ClientToken") == token:
                        return {"ModelPackageArn": package["ModelPackageArn"]}
            group = self._groups.find(parameters["ModelPackageGroupName"])
            name, version = group["ModelPackageGroupName"], group["_LastVersion"] + 1
            arn = self._workshop.settings.arn(f"{PACKAGE}/{name}/{version}")
            store.change(GROUP, name, _LastVersion=version)
            store.add(
                PACKAGE,
                arn,
                {
                    "ModelApprovalStatus": "PendingManualApproval",
                    **{key: value for key, value in parameters.items() if key not in ("Tags", "ClientToken")},
                    "InferenceSpecification": {**parameters["InferenceSpecification"], "Containers": containers},
                    "ModelPackageGroupName": name,
                    "ModelPackageVersion": version,
                    "ModelPackageArn": arn,
                    "ModelPackageStatus": "Completed",
                    "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
                    "CreationTime": time.time(),
                    "CreatedBy": user_context(),
                    "_ClientToken": token,
                },
            )
            store.tag(arn, parameters.get("Tags"))
        self._workshop.announcements.package_changed(self.find(arn))
        return {"ModelPackageArn": arn}

    def describe(self, parameters: Record) -> Record:
        """One version, by its ARN."""
        record = self.find(parameters["ModelPackageName"])
        # AWS names a version after its group.
        return described("DescribeModelPackage", {**record, "ModelPackageName": record["ModelPackageGroupName"]})

    def list_all(self, parameters: Record) -> Record:
        """The versions of a group, filtered and in pages."""
        packages = self._workshop.store.every(PACKAGE)
        if parameters.get("ModelPackageType", "Versioned") == "Unversioned":
            packages = []
        if "ModelPackageGroupName" in parameters:
            name = self._groups.find(parameters["ModelPackageGroupName"])["ModelPackageGroupName"]
            packages = [package for package in packages if package["ModelPackageGroupName"] == name]
        for package in packages:
            package["ModelPackageName"] = package["ModelPackageGroupName"]
        return listed("ListModelPackages", parameters, packages, "ModelPackage")

    def update(self, parameters: Record) -> Record:
        """Approve, reject, or annotate a version; who listens is told what was changed."""
        with self._workshop.store.lock:
            record = self.find(parameters["ModelPackageArn"])
            properties = {**record.get("CustomerMetadataProperties", {})}
            properties |= parameters.get("CustomerMetadataProperties", {})
            for key in parameters.get("CustomerMetadataPropertiesToRemove", []):
                properties.pop(key, None)
            members = {key: parameters[key] for key in _REPLACED if key in parameters}
            if "ModelCard" in parameters:
                members["ModelCard"] = updated(record.get("ModelCard", {}), parameters["ModelCard"])
            self._workshop.store.change(
                PACKAGE,
                record["ModelPackageArn"],
                **members,
                CustomerMetadataProperties=properties or None,
                LastModifiedTime=time.time(),
                LastModifiedBy=user_context(),
            )
        changed = sorted({key.removesuffix("ToRemove") for key in parameters} - {"ModelPackageArn", "ClientToken"})
        self._workshop.announcements.package_changed(self.find(record["ModelPackageArn"]), changed)
        return {"ModelPackageArn": record["ModelPackageArn"]}

    def delete(self, parameters: Record) -> Record:
        """Forget a version; its number is never given again."""
        arn = self.find(parameters["ModelPackageName"])["ModelPackageArn"]
        self._workshop.store.remove(PACKAGE, arn)
        self._workshop.store.untag(arn)
        return {}

    def find(self, arn: str) -> Record:
        """A version's record, or AWS's error for an unknown one."""
        record = self._workshop.store.read(PACKAGE, arn)
        if record is None:
            raise invalid(f"ModelPackage {arn} does not exist.")
        return record

    def _with_etag(self, container: Record) -> Record:
        """As on AWS, a version is only registered when its model archive is there, and remembers which one it was."""
        url = container.get("ModelDataUrl")
        if url is None:
            return container
        etag = self._workshop.storage.etag(url)
        if etag is None:
            raise invalid(f"Could not find model data at {url}.")
        if container.get("ModelDataETag", etag) != etag:
            raise invalid(f"The model data at {url} has not the ETag {container['ModelDataETag']}.")
        return {**container, "ModelDataETag": etag}
