"""Gap: what the engine's CloudFormation leaves out of a template, though its services keep it.

A role's permissions boundary, which its IAM enforces; the encryption of a bucket, of a table and of a topic; a
function's network and the key of its variables. Each is put on what was created or updated, by the properties of the
template.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import dynamodb, iam, lambda_svc, s3, sns
from ministack.services.cloudformation import provisioners

from infra.local.gaps.patching import EngineChangedError, require

Properties = dict[str, Any]


def _bound(name: str, properties: Properties) -> None:
    """A boundary that does not exist fails the role, as on AWS."""
    boundary = properties.get("PermissionsBoundary")
    if boundary and boundary not in iam._policies:
        raise ValueError(f"Scope ARN: {boundary} does not exist or is not attachable.")
    iam._roles[name]["PermissionsBoundary"] = boundary or None


def _encrypt(name: str, properties: Properties) -> None:
    rules = properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
    if rules:
        s3._bucket_encryption[name] = encryption_xml(rules)


def encryption_xml(rules: list[Properties]) -> str:
    """A bucket's encryption as S3 keeps it."""
    told = ""
    for rule in rules:
        default = rule["ServerSideEncryptionByDefault"]
        key = f"<KMSMasterKeyID>{escape(default['KMSMasterKeyID'])}</KMSMasterKeyID>" if len(default) > 1 else ""
        algorithm = f"<SSEAlgorithm>{escape(default['SSEAlgorithm'])}</SSEAlgorithm>"
        enabled = str(bool(rule.get("BucketKeyEnabled"))).lower()
        told += (
            f"<Rule><ApplyServerSideEncryptionByDefault>{algorithm}{key}</ApplyServerSideEncryptionByDefault>"
            f"<BucketKeyEnabled>{enabled}</BucketKeyEnabled></Rule>"
        )
    space = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
    return f"<ServerSideEncryptionConfiguration {space}>{told}</ServerSideEncryptionConfiguration>"


def _place(name: str, properties: Properties) -> None:
    config = lambda_svc._functions[name]["config"]
    config["VpcConfig"] = lambda_svc._vpc_config_with_id(properties.get("VpcConfig"))
    config["KMSKeyArn"] = properties.get("KmsKeyArn", "")


def _encrypt_table(name: str, properties: Properties) -> None:
    asked = properties.get("SSESpecification", {})
    described = dynamodb._sse_description_from_spec({**asked, "Enabled": asked.get("SSEEnabled", False)})
    dynamodb._tables[name]["SSEDescription"] = described


def _encrypt_topic(arn: str, properties: Properties) -> None:
    attributes = sns._topics[arn]["attributes"]
    attributes.pop("KmsMasterKeyId", None)
    if "KmsMasterKeyId" in properties:
        attributes["KmsMasterKeyId"] = properties["KmsMasterKeyId"]


_OURS: dict[str, Callable[[str, Properties], None]] = {
    "AWS::IAM::Role": _bound,
    "AWS::S3::Bucket": _encrypt,
    "AWS::SNS::Topic": _encrypt_topic,
    "AWS::DynamoDB::Table": _encrypt_table,
    "AWS::Lambda::Function": _place,
}


def install() -> None:
    """Do it after every creation and every update."""
    for module, name in (
        (iam, "_policies"),
        (iam, "_roles"),
        (s3, "_bucket_encryption"),
        (dynamodb, "_tables"),
        (dynamodb, "_sse_description_from_spec"),
        (sns, "_topics"),
        (lambda_svc, "_functions"),
        (lambda_svc, "_vpc_config_with_id"),
    ):
        require(module, name)
    handlers = require(provisioners, "_RESOURCE_HANDLERS")
    for kind, complete in _OURS.items():
        if not {"create", "update"} <= handlers.get(kind, {}).keys():
            raise EngineChangedError(f"does not create and update {kind}")
        handlers[kind]["create"] = _created(handlers[kind]["create"], complete)
        handlers[kind]["update"] = _updated(handlers[kind]["update"], complete)


def _created(theirs: Callable[..., Any], complete: Callable[[str, Properties], None]) -> Callable[..., Any]:
    def create(logical_id: str, properties: Properties, stack_name: str) -> Any:
        found = theirs(logical_id, properties, stack_name)
        complete(found[0], properties)
        return found

    return create


def _updated(theirs: Callable[..., Any], complete: Callable[[str, Properties], None]) -> Callable[..., Any]:
    def update(physical_id: str, old: Properties, new: Properties, stack_name: str, *logical_id: str) -> Any:
        found = theirs(physical_id, old, new, stack_name, *logical_id)
        complete(found[0], new)
        return found

    return update
