"""What a run wrote for people: the report of its model, and what was found in its data."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workflow.console.site import Site
from workflow.console.visits import Status, Visit
from workflow.contract.batch import BATCHES

DOCUMENTS = {
    "build": {
        "report": ("Report", "Evaluate", "runs/{run}/evaluation/report/index.html"),
        "data": ("Data", "Prepare the dataset", "runs/{run}/dataset/data.html"),
    },
    "batch": {"page": ("Page", "Join pictures and answers", f"{BATCHES}{{run}}/batch/index.html")},
}
"""By machine; each with its name, the state that writes it, and its key in the bucket."""

_ALONE = {
    # Nothing in it runs, and it is a page of no site: it was made from what lay in a dataset.
    "Content-Security-Policy": "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'",
    "Content-Type": "text/html; charset=utf-8",
}


def routes(site: Site) -> list[Route]:
    """The addresses of a run's documents."""

    def show(request: Request) -> Response:
        machine, name, document = (request.path_params[part] for part in ("machine", "name", "document"))
        if document not in DOCUMENTS.get(machine, {}):
            raise HTTPException(404, "A run leaves no such document.")
        key = DOCUMENTS[machine][document][2].format(run=name)
        found = site.stored.read(key)
        if found is None:
            raise HTTPException(404, f"There is no s3://{site.stack.bucket}/{key}.")
        return Response(found, headers=_ALONE)

    return [Route("/runs/{machine}/{name}/documents/{document}", show)]


def written(machine: str, steps: Iterable[Visit]) -> list[tuple[str, str]]:
    """The documents that these visits left behind: name and last part of the address."""
    done = {visit.state for visit in steps if visit.status is Status.DONE}
    return [(name, document) for document, (name, state, _) in DOCUMENTS.get(machine, {}).items() if state in done]
