"""The web pages: files as they are, and ``index.html`` for every page's own address."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

INDEX = "index.html"
NO_PAGES = ("api/", "v1/")


class Pages(StaticFiles):
    """A folder of files; a path without an ending that is no file is a page of the script's."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(html=True, **settings)

    async def get_response(self, path: str, scope: Any) -> Response:
        """The file, or the page. Raises HTTPException."""
        try:
            return await super().get_response(path, scope)
        except HTTPException as error:
            name = path.rpartition("/")[2]
            if error.status_code != 404 or "." in name or f"{path}/".startswith(NO_PAGES):
                raise
        return await super().get_response(INDEX, scope)
