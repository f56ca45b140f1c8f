"""The built page, BentoML's own page, and the reports that flows write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import _bentoml_impl.server  # type: ignore[import-untyped]
from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from neural_focus.evaluation.model_index import model_index
from neural_focus.pages import render
from serving.problems import ProblemError
from serving.runtime import Runtime

DASHBOARD = Path(__file__).parent / "dashboard" / "dist"
BENTOML_PAGE = "main-openapi.html"


def add_files(app: FastAPI, runtime: Callable[[], Runtime], dashboard: Path) -> None:
    """The built page at the root, BentoML's own page, and the reports that flows write."""

    @app.get("/", include_in_schema=False)
    async def index() -> Response:
        if not (dashboard / "index.html").exists():
            text = "Build it with: make setup, then reload"
            return HTMLResponse(render("plain", title="The page is not built", text=text), 503)
        return FileResponse(dashboard / "index.html", headers={"cache-control": "no-cache"})

    @app.get("/bentoml", include_in_schema=False)
    async def bentoml_page() -> Response:
        return FileResponse(Path(str(_bentoml_impl.server.__file__)).parent / BENTOML_PAGE)

    @app.get("/reports/models/index.html", include_in_schema=False)
    async def models() -> Response:
        return HTMLResponse(await run_in_threadpool(model_index, runtime().settings))

    @app.get("/reports/{path:path}", include_in_schema=False)
    async def report(path: str, request: Request) -> Response:
        files = StaticFiles(directory=runtime().settings.reports, check_dir=False, html=True)
        return await files.get_response(path, request.scope)

    app.mount("/assets", StaticFiles(directory=dashboard / "assets", check_dir=False), name="dashboard-assets")
    for name, file in (("favicon.svg", "favicon.svg"), ("favicon.ico", "favicon.svg"), ("robots.txt", "robots.txt")):
        app.add_api_route(f"/{name}", _file(dashboard / file), include_in_schema=False)


def _file(path: Path) -> Callable[[], Response]:
    def get() -> Response:
        if not path.exists():
            raise ProblemError(404, f"There is no {path.name}")
        return FileResponse(path)

    return get
