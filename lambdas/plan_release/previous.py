"""What a release goes back to when production answers wrongly, and by which pictures that is seen to be back. Pure.

It is what the last release recorded, and nothing else: what somebody put behind the endpoint beside the releases was
never judged, approved or tested. A roll-back goes to a configuration by its name. What that serves then is asked for,
as after a release: the archive behind it may have been replaced since.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.plan_release.package import RefusalError
from workflow.contract.champion import ChampionRecord
from workflow.contract.decision import Decision
from workflow.contract.package_properties import PackageProperties
from workflow.contract.reading import ContractError
from workflow.contract.release_plan import PreviousVersion, ReleasePlan


def choose_previous(place: str, serving: str, recorded: str, *, recorded_is_there: bool) -> str:
    """The configuration to go back to; empty where production does not exist, for then ``serving`` is empty.

    ``recorded`` is the last release's configuration, empty for none; ``recorded_is_there`` tells whether SageMaker has
    it still, which matters only where production serves another. Raises RefusalError where nothing is to go back to.
    """
    if serving in ("", recorded):
        return serving
    if recorded and recorded_is_there:
        return recorded
    missing = (
        f"and {recorded}, which the last one recorded, is not there" if recorded else "and none has recorded anything"
    )
    raise RefusalError(
        f"production serves {serving}, which no release recorded, {missing}: there is nothing to go back to. "
        f"Delete the {place}, and start the release again: it makes it anew"
    )


def describe_previous(
    champion: ChampionRecord | None, described: Mapping[str, Any], decision: Decision | None, plan: ReleasePlan
) -> PreviousVersion:
    """The version that the plan's previous configuration serves, as far as a release has recorded it.

    ``described`` is DescribeModelPackage's answer about the champion, empty where the registry no longer has it;
    ``decision`` is what was signed about it, None for nothing that can be believed. Without either, the pictures of the
    version to be released show which model answers, and no more.
    """
    recorded = champion is not None and champion.production_configuration == plan.previous_configuration
    digest = champion.model_digest if champion is not None and recorded else ""
    by_the_new = PreviousVersion(digest, plan.evaluation_uri, only_the_digest=True, smoke_digest=plan.smoke_digest)
    if not digest or decision is None or not decision.smoke_digest:
        return by_the_new
    try:
        origin = PackageProperties.parse(described.get("CustomerMetadataProperties", {})).origin
    except ContractError:
        return by_the_new
    if origin.model_digest != digest:
        return by_the_new
    return PreviousVersion(digest, origin.evaluation_uri, only_the_digest=False, smoke_digest=decision.smoke_digest)
