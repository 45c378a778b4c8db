"""Claims about a batch: the version that production serves answers a folder, while something else is waited for.

What only an account knows: what a transform job takes and asks of roles and keys, and how it names what it answered.
"""

from __future__ import annotations

import shutil

from workflow.account_check.building import FIRST, NAME
from workflow.account_check.proofs import Evidence
from workflow.account_check.site import Site, require
from workflow.batches.outcome import read_answers, read_outcome
from workflow.batches.start import Wanted, start_batch, upload_pictures
from workflow.contract.serving import BATCH as SERVE_BATCH
from workflow.stack.quotas import check_quotas

BATCH = "check-batch"
"""The name of its run."""
NO_PICTURE = "no-picture.jpg"


def start(site: Site) -> Evidence:
    """A batch starts over the held-out pictures and something that is none, where the account has room for its jobs."""
    check_quotas(site.cloud, site.stack.project, {"serve": SERVE_BATCH})
    folder = site.folder / "batch"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for picture in site.pictures:
        shutil.copy(picture, folder)
    (folder / NO_PICTURE).write_bytes(b"no picture at all")
    uri = upload_pictures(site.cloud, site.stack.bucket, folder, BATCH, lambda *_: None)
    site.runs[BATCH] = start_batch(site.cloud, site.stack.batch_machine_arn, uri, BATCH, Wanted(started_by=NAME))
    return {"execution": site.runs[BATCH], "pictures": uri}


def answer(site: Site) -> Evidence:
    """Each picture is answered by the model that was judged, what is none with its reason; its model is gone."""
    ended = site.ended(site.runs[BATCH])
    require(ended.succeeded, f"{BATCH} {ended.text()}")
    outcome = read_outcome(site.cloud, site.runs[BATCH])
    rows = {str(row["picture"]): row for row in read_answers(site.cloud, outcome)}
    wanted = {picture.name for picture in site.pictures}
    require(set(rows) == wanted | {NO_PICTURE}, f"{len(rows)} rows for {len(wanted) + 1} objects")
    require(bool(rows[NO_PICTURE].get("error")), "what is no picture was answered")
    wrong = sorted(name for name in wanted if rows[name].get("model_digest") != site.digests[FIRST])
    require(not wrong, f"not answered by the model that was judged: {', '.join(wrong)}")
    of_batches = {"NameContains": f"{site.stack.project}-batch-"}
    require(not any(site.cloud.pages("sagemaker", "list_models", "Models", **of_batches)), "its model stayed")
    shown = {"answers": str(outcome.summary["line"]), "page": f"{outcome.joined}index.html"}
    return {**shown, **site.show(site.runs[BATCH])}
