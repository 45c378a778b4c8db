"""What production has to serve again where a release is rolled back, and by which pictures that is seen. Pure.

A roll-back goes to a configuration by its name. What that serves then is asked for, as after a release: the archive
behind it may have been replaced since.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflow.contract.champion import ChampionRecord
from workflow.contract.package_properties import PackageProperties
from workflow.contract.reading import ContractError
from workflow.contract.release_plan import PreviousVersion


def describe_previous(
    champion: ChampionRecord | None, configuration: str, described: Mapping[str, Any], evaluation_uri: str
) -> PreviousVersion:
    """The version that the ``configuration`` in production serves, as far as a release has recorded it.

    ``described`` is DescribeModelPackage's answer about the champion, empty where the registry no longer has it. Then
    the pictures of the ``evaluation_uri`` of the version to be released show which model answers, and no more.
    """
    if champion is None or champion.production_configuration != configuration:
        return PreviousVersion("", evaluation_uri, only_the_digest=True)
    try:
        origin = PackageProperties.parse(described.get("CustomerMetadataProperties", {})).origin
    except ContractError:
        return PreviousVersion(champion.model_digest, evaluation_uri, only_the_digest=True)
    if origin.model_digest != champion.model_digest:
        return PreviousVersion(champion.model_digest, evaluation_uri, only_the_digest=True)
    return PreviousVersion(champion.model_digest, origin.evaluation_uri, only_the_digest=False)
