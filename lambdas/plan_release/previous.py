"""What a release goes back to when production answers wrongly: what the last release recorded, and nothing else. Pure.

What somebody put behind the endpoint beside the releases was never judged, approved or tested.
"""

from __future__ import annotations

from lambdas.plan_release.package import RefusalError


def choose_previous(endpoint: str, serving: str, recorded: str, *, recorded_is_there: bool) -> str:
    """The configuration to go back to; empty where production does not exist, for then ``serving`` is empty.

    ``recorded`` is the last release's configuration, empty for none; ``recorded_is_there`` tells whether SageMaker has
    it still, which matters only where production serves another. Raises RefusalError where nothing is to go back to.
    """
    if serving in ("", recorded):
        return serving
    if recorded and recorded_is_there:
        return recorded
    missing = f"and {recorded}, which the last one recorded, is gone" if recorded else "and none has recorded anything"
    raise RefusalError(
        f"production serves {serving}, which no release recorded, {missing}: there is nothing to go back to. "
        f"Delete the endpoint {endpoint}, and start the release again: it makes it anew"
    )
