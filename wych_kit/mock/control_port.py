"""The mock's second port: faults on and off, the clock, revocation and the request log, for whoever can read one file of this user.

    GET /faults                          what there is, and what is on
    PUT /faults/{name}                   {"times", "client", "parameters"}, all of them optional
    DELETE /faults, /faults/{name}
    POST /clock                          {"advance": seconds}, {"freeze": seconds since 1970} or {"reset": true}
    POST /tokens/revoke, POST /reset
    GET /requests                        the request log

Always on 127.0.0.1, with the bearer token from the file; refused with a foreign Host (DNS rebinding) and to web pages (Origin).
"""

from __future__ import annotations

import asyncio
import hmac
import json
import math
import os
import secrets
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

from wych_kit.mock.faults.active import catalogued
from wych_kit.mock.http.server import CannotStart, Server, open_listener

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from wych_kit.mock.server import Mock

_HOST = "127.0.0.1"
_UNSUPPORTED = "The control port has no such path or method: GET /faults says what there is."


class NoControl(CannotStart):
    """The file that says where the control port is cannot be written."""


class Control:
    """The control port of a running mock, open until `stop`. Raises `NoControl` when its file cannot be written."""

    def __init__(self, mock: Mock, port: int) -> None:
        self._mock = mock
        listener = open_listener(_HOST, 0)
        self.port: int = listener.getsockname()[1]
        self._token = secrets.token_urlsafe(32)
        self._hosts = {f"{_HOST}:{self.port}", f"localhost:{self.port}"}
        try:
            self.file = _written(
                folder() / f"mock-{port}.json",
                {"url": f"http://{_HOST}:{self.port}", "token": self._token},
            )
        except OSError as error:
            listener.close()
            mock.stop()
            raise NoControl(
                f"The mock cannot write the file that `wych-kit fault` needs ({error}): start it"
                " with --no-control."
            ) from None
        routes = [
            Route("/faults", self._list, methods=["GET"]),
            Route("/faults", self._off, methods=["DELETE"]),
            Route("/faults/{name}", self._on, methods=["PUT"]),
            Route("/faults/{name}", self._off, methods=["DELETE"]),
            Route("/clock", self._clock, methods=["POST"]),
            Route("/tokens/revoke", self._revoke, methods=["POST"]),
            Route("/reset", self._reset, methods=["POST"]),
            Route("/requests", self._requests, methods=["GET"]),
        ]
        handlers: dict[Any, Any] = {ValueError: _wrong, HTTPException: _refused}
        self._pages = Starlette(routes=routes, exception_handlers=handlers)
        self._server = Server(self._answer, asyncio.Event())
        self._thread = self._server.start(listener, f"mock-wych-control-{port}")

    def stop(self) -> None:
        """Closes the port and removes the file. A second call does nothing."""
        if self._thread.is_alive():
            with suppress(OSError, ValueError):
                if (
                    json.loads(self.file.read_text())["token"] == self._token
                ):  # else another mock's by now
                    self.file.unlink()
        self._server.stop(self._thread)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if b"origin" in headers or headers.get(b"host", b"").decode("latin-1") not in self._hosts:
            refusal = _said(
                403, "Only programs on this computer are answered, at 127.0.0.1, and no web pages."
            )
            await refusal(scope, receive, send)
        elif not hmac.compare_digest(
            headers.get(b"authorization", b""), f"Bearer {self._token}".encode()
        ):
            await _said(401, "Send the token from the mock's control file as a bearer token.")(
                scope, receive, send
            )
        else:
            await self._pages(scope, receive, send)

    async def _list(self, _request: Request) -> Response:
        return JSONResponse({"faults": catalogued(self._mock.faults)})

    async def _on(self, request: Request) -> Response:
        asked = await _object(request, {"times", "client", "parameters"})
        parameters = asked.get("parameters") or {}
        if not isinstance(parameters, dict) or {"name", "times", "client"} & set(parameters):
            raise ValueError(
                'parameters is an object, {"seconds": 2}; times and client stand beside it.'
            )

        def switch() -> None:
            self._mock.fault(
                request.path_params["name"],
                times=asked.get("times"),
                client=asked.get("client"),
                **parameters,
            )

        await run_in_threadpool(switch)
        return self._now_on()

    async def _off(self, request: Request) -> Response:
        await run_in_threadpool(self._mock.fault_off, request.path_params.get("name"))
        return self._now_on()

    async def _clock(self, request: Request) -> Response:
        match await _object(request, {"advance", "freeze", "reset"}):
            case {"advance": int() | float() as seconds, **rest} if not rest and _is_number(
                seconds
            ):
                self._mock.clock.advance(seconds)
            case {"freeze": int() | float() as at, **rest} if not rest and _is_number(at):
                self._mock.clock.freeze(at)
            case {"reset": True, **rest} if not rest:
                self._mock.clock.reset()
            case _:
                raise ValueError(
                    'Send one of {"advance": seconds}, {"freeze": seconds since 1970}, {"reset":'
                    " true}."
                )
        return JSONResponse({"now": self._mock.clock.now()})

    async def _revoke(self, _request: Request) -> Response:
        await run_in_threadpool(self._mock.revoke_tokens)
        return JSONResponse({})

    async def _reset(self, _request: Request) -> Response:
        await run_in_threadpool(self._mock.reset)
        return JSONResponse({})

    async def _requests(self, _request: Request) -> Response:
        return JSONResponse({"requests": [asdict(received) for received in self._mock.requests]})

    def _now_on(self) -> Response:
        return JSONResponse({"on": self._mock.faults})


def folder() -> Path:
    """Where control files are: WYCH_HOME, or the user's data folder.

    Not the runtime folder: where a system has none, each session would look for it elsewhere.
    """
    if home := os.environ.get("WYCH_HOME"):
        return Path(home).expanduser()
    from platformdirs import user_data_path

    return user_data_path("wych-kit", appauthor=False)


def _written(path: Path, facts: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if hasattr(os, "getuid") and path.parent.stat().st_uid != os.getuid():
        raise PermissionError(f"{path.parent} is somebody else's")
    path.unlink(missing_ok=True)  # of a mock that was killed
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(facts, file)
    return path


async def _object(request: Request, keys: set[str]) -> dict[str, Any]:
    try:
        value = json.loads(await request.body() or b"{}")
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or set(value) - keys:
        raise ValueError(f"Send a JSON object with nothing but {', '.join(sorted(keys))}.")
    return value


def _is_number(value: float) -> bool:
    return not isinstance(value, bool) and abs(value) < 1e11 and math.isfinite(value)  # noqa: PLR2004 - more years than a calendar has


def _said(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status)


async def _wrong(_request: Request, error: ValueError) -> Response:
    return _said(422, str(error))


async def _refused(_request: Request, error: HTTPException) -> Response:
    return _said(error.status_code, _UNSUPPORTED)
