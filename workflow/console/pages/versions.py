"""The registered versions."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workflow.console.real_figures import DAYS, RealFigures
from workflow.console.site import Site, Tab
from workflow.console.versions import LISTED, Versions

TAB = Tab("Versions", "/versions")


def routes(site: Site) -> list[Route]:
    """The addresses of the registry."""
    versions = Versions(site.cloud, site.stack.package_group, site.stack.table)
    real = RealFigures(site.cloud, site.stack.bucket)

    def show(_: Request) -> Response:
        found = versions.newest()
        names = list(dict.fromkeys(name for one in found for name in one.figures))
        places = {one.number: site.executions.place(one.run) for one in found}
        numbers = {one.digest: one.number for one in found if one.digest}
        return site.render(
            "versions.html",
            tab=TAB.name,
            versions=found,
            figures=names,
            places=places,
            most=LISTED,
            live=False,
            real=real.latest(),
            numbers=numbers,
            days=DAYS,
        )

    return [Route(TAB.address, show)]
