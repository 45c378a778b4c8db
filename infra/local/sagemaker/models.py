"""Models: a name for a container, and what that container really is."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

from infra.local.sagemaker.errors import invalid, lacking
from infra.local.sagemaker.listing import listed
from infra.local.sagemaker.model_checks import described
from infra.local.sagemaker.registry import ModelPackages
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop

KIND = "model"


@dataclass(frozen=True)
class ServedContainer:
    """What an endpoint or a transform job starts: an image, where its model lies, its variables, its role."""

    image: str
    model_data_url: str | None
    environment: dict[str, str]
    role: str = ""


class Models:
    """CreateModel and its siblings; resolves a model's container."""

    def __init__(self, workshop: Workshop, packages: ModelPackages) -> None:
        self._workshop = workshop
        self._packages = packages

    def create(self, parameters: Record) -> Record:
        """Remember a model whose container can be started here."""
        name = parameters["ModelName"]
        arn = self._workshop.settings.arn(f"model/{name}")
        role = parameters.get("ExecutionRoleArn", "")
        served = self._resolve(parameters, role)
        self._workshop.launcher.check(served.image)
        may_pull = self._workshop.settings.may_pull
        if may_pull and role and not may_pull(role, served.image):
            raise invalid(f'The role "{role}" does not have BatchGetImage permission for the image: "{served.image}".')
        record = {
            "EnableNetworkIsolation": False,
            **{member: value for member, value in parameters.items() if member != "Tags"},
            "ModelArn": arn,
            "CreationTime": time.time(),
            "_Served": asdict(served),
        }
        if not self._workshop.store.add(KIND, name, record):
            raise invalid(f'Cannot create already existing model "{arn}".')
        self._workshop.store.tag(arn, parameters.get("Tags"))
        return {"ModelArn": arn}

    def describe(self, parameters: Record) -> Record:
        """One model."""
        return described("DescribeModel", self.find(parameters["ModelName"]))

    def list_all(self, parameters: Record) -> Record:
        """The models, filtered and in pages."""
        return listed("ListModels", parameters, self._workshop.store.every(KIND), "Model")

    def delete(self, parameters: Record) -> Record:
        """Forget a model; endpoints that run it go on."""
        record = self.find(parameters["ModelName"])
        self._workshop.store.remove(KIND, parameters["ModelName"])
        self._workshop.store.untag(record["ModelArn"])
        return {}

    def container(self, name: str) -> ServedContainer:
        """What the model ``name`` starts."""
        return ServedContainer(**self.find(name)["_Served"])

    def find(self, name: str) -> Record:
        """A model's record, or AWS's error for an unknown one."""
        record = self._workshop.store.read(KIND, name)
        if record is None:
            raise invalid(f'Could not find model "{self._workshop.settings.arn(f"model/{name}")}".')
        return record

    def _resolve(self, record: Record, role: str) -> ServedContainer:
        containers = [record["PrimaryContainer"]] if "PrimaryContainer" in record else record.get("Containers", [])
        if len(containers) != 1:
            raise lacking("models of any number of containers but one")
        definition = containers[0]
        environment = dict(definition.get("Environment", {}))
        if "ModelPackageName" in definition:
            package = self._packages.find(definition["ModelPackageName"])
            if package["ModelApprovalStatus"] != "Approved":
                raise invalid(
                    f"The model package {package['ModelPackageArn']} is {package['ModelApprovalStatus']}: "
                    "only an Approved one can be deployed."
                )
            definition = package["InferenceSpecification"]["Containers"][0]
            environment = {**definition.get("Environment", {}), **environment}
        if "Image" not in definition:
            raise invalid("The container has neither an Image nor a ModelPackageName.")
        return ServedContainer(definition["Image"], self._model_data(definition, role), environment, role)

    def _model_data(self, definition: Record, role: str) -> str | None:
        """Where the archive lies. As on AWS the role has to be able to read it, and an ETag to be that object's."""
        if "ModelDataUrl" in definition:
            return str(definition["ModelDataUrl"])
        if "ModelDataSource" not in definition:
            return None
        source = definition["ModelDataSource"].get("S3DataSource")
        if source is None:
            raise invalid("A ModelDataSource must have an S3DataSource.")
        uri = str(source["S3Uri"])
        found = self._workshop.storage.of_role(role).etag(uri)
        if found is None:
            raise invalid(
                f'Could not access model data at {uri}. Please ensure that the role "{role}" exists and that its trust '
                f'relationship policy allows the action "sts:AssumeRole" for the service principal '
                f'"sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and that the '
                f"object is located in {self._workshop.settings.region}."
            )
        if source.get("ETag", found) != found:
            raise invalid(f"The model data at {uri} has the ETag {found} and not {source['ETag']}.")
        return uri
