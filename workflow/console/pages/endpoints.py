"""The endpoints: what each serves and how much it is asked; on the stand-in a picture can be asked about."""

from __future__ import annotations

import base64
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workflow.console.endpoints import HOURS, Endpoint, find_component, find_endpoint
from workflow.console.jobs import DENIED
from workflow.console.picture_form import posted_picture
from workflow.console.site import Site, Tab
from workflow.errors import PictureError, ServiceError
from workflow.predictions.ask import reason_of
from workflow.predictions.drawing import draw
from workflow.predictions.prediction import Prediction
from workflow.predictions.queued import ask_as_it_answers
from workflow.runs.releases import Release, list_releases

TAB = Tab("Endpoints", "/endpoints")


def routes(site: Site) -> list[Route]:
    """The addresses of the stack's two endpoints."""
    names = {"production": site.stack.production_endpoint, "staging": site.stack.staging_endpoint}
    components = {"production": site.stack.production_component}

    def find(stage: str, now: datetime) -> Endpoint | None:
        component = components.get(stage, "")
        if component:
            return find_component(site.cloud, stage, component, now)
        return find_endpoint(site.cloud, stage, names[stage], now)

    def page(code: int = 200, **asked: Any) -> Response:
        now = datetime.now(UTC)
        found = [(stage, name, find(stage, now)) for stage, name in names.items()]
        batches = None if found[0][2] else find_batches(site)
        changing = any(one is not None and one.status.value == "running" for _, _, one in found)
        return site.render(
            "endpoints.html",
            code,
            tab=TAB.name,
            endpoints=found,
            batches=batches,
            hours=HOURS,
            live=changing,
            **{"stage": "", "wrong": "", "prediction": None, "drawn": "", **asked},
        )

    def show(_: Request) -> Response:
        return page()

    def predict(request: Request, picture: bytes) -> Response:
        stage = request.path_params["stage"]
        if stage not in names:
            raise HTTPException(404, f"There is no endpoint for {stage}.")
        if not picture:
            return page(400, stage=stage, wrong="Choose a picture first.")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "picture"
            file.write_bytes(picture)
            try:
                prediction = ask_as_it_answers(site.cloud, names[stage], file, components.get(stage, ""))
                drawn = _drawn(prediction, Path(folder) / "drawn.jpg")
            except PictureError as error:
                return page(400, stage=stage, wrong=f"The picture {error.reason}.")
            except ServiceError as error:
                return page(409, stage=stage, wrong=reason_of(error))
        return page(stage=stage, prediction=prediction, drawn=drawn)

    return [
        Route(TAB.address, show),
        Route(f"{TAB.address}/{{stage}}/predict", posted_picture(predict), methods=["POST"]),
    ]


def find_batches(site: Site) -> Release | None:
    """The release of what production serves by batches; None where it has an endpoint, or nobody may see releases."""
    try:
        releases = list_releases(site.cloud, site.stack.table)
    except ServiceError as error:
        if DENIED in error.code:
            return None
        raise
    return next((one for one in releases if one.live and one.by_batches), None)


def _drawn(prediction: Prediction, target: Path) -> str:
    """The picture with what was seen in it, as an address that holds it."""
    draw(prediction, target)
    return f"data:image/jpeg;base64,{base64.b64encode(target.read_bytes()).decode()}"
