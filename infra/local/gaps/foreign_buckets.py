"""Gap: another account's bucket is asked for by the account alone, so that no policy can name a role of it.

On AWS `aws:PrincipalArn` is the role that asks. And where no policies are enforced, a bucket's owner may read no more
than anybody else: here as little is enforced between accounts as within one.
"""

from __future__ import annotations

from typing import Any

from ministack import app
from ministack.services import s3 as engine

from infra.local.gaps.patching import replace

_theirs: Any = None


def _foreign_bucket_allows(
    owner_account: str,
    bucket_name: str,
    key: str,
    method: str,
    query_params: dict[str, Any],
    caller: str,
    headers: dict[str, str] | None = None,
) -> bool:
    asked = (owner_account, bucket_name, key, method, query_params, caller, headers)
    return not app.AUTH or bool(_theirs(*asked))


def install() -> None:
    """Let everybody in where nothing is enforced; who asks otherwise is `principals.py`'s to say."""
    global _theirs
    _theirs = replace(engine, "_foreign_bucket_allows", _foreign_bucket_allows)
