"""Serves the mock's control port: faults, clock, revocation and request log.

    GET /faults                          all faults, and which are active
    PUT /faults/{name}                   {"times", "client", "parameters"}, all of them optional
    DELETE /faults, /faults/{name}
    POST /clock                          {"advance": seconds}, {"freeze": seconds since 1970} or {"reset": true}
    POST /tokens/revoke, POST /reset
    GET /requests                        the request log

It listens on 127.0.0.1 only, and needs the bearer token in a file that only this user can read. It
refuses a foreign Host (DNS rebinding) and web pages (Origin).
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
from typing import TYPE_CHECKING, Any, Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

from wych_kit.mock.faults.switch import list_faults
from wych_kit.mock.http.server import CannotStart, Server, open_listener

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from wych_kit.mock.state.clock import Clock
    from wych_kit.mock.state.request_log import ReceivedRequest

_HOST = "127.0.0.1"
_NOT_FOUND = "The control port has no such path or method. GET /faults lists the faults."


class ControlFileError(CannotStart):
    """The file with the control port's URL and token cannot be written. `problem` says why."""

    def __init__(self, reason: OSError) -> None:
        self.problem = f"The mock cannot write the file that `wych-kit fault` needs ({reason})."
        super().__init__(f"{self.problem} Start it with --no-control.")


class Controlled(Protocol):
    """A running mock, as the control port uses it. `wych_kit.mock.server.Mock` is one."""

    @property
    def clock(self) -> Clock:
        """The mock's clock."""

    @property
    def faults(self) -> list[dict[str, Any]]:
        """The active faults as data."""

    @property
    def requests(self) -> list[ReceivedRequest]:
        """The request log."""

    def fault(
        self, name: str, *, times: int | None = None, client: str | None = None, **parameters: Any
    ) -> None:
        """Switch a fault on."""

    def fault_off(self, name: str | None = None) -> None:
        """Switch one fault off, or all."""

    def revoke_tokens(self) -> None:
        """Revoke every token issued so far."""

    def reset(self) -> None:
        """Forget everything since the start."""

    def stop(self) -> None:
        """Stop the mock."""


class ControlPort:
    """The control port of a running mock, open until `stop`.

    Raises `ControlFileError`, and stops the mock, if its file cannot be written.
    """

    def __init__(self, mock: Controlled, port: int) -> None:
        self._mock = mock
        listener = open_listener(_HOST, 0)
        self.port: int = listener.getsockname()[1]
        self._token = secrets.token_urlsafe(32)
        self._hosts = {f"{_HOST}:{self.port}", f"localhost:{self.port}"}
        try:
            self.file = _write_private(
                folder() / f"mock-{port}.json",
                {"url": f"http://{_HOST}:{self.port}", "token": self._token},
            )
        except OSError as error:
            listener.close()
            mock.stop()
            raise ControlFileError(error) from None
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
        handlers: dict[Any, Any] = {ValueError: _answer_invalid, HTTPException: _answer_not_found}
        self._pages = Starlette(routes=routes, exception_handlers=handlers)
        self._server = Server(self._answer, asyncio.Event())
        self._thread = self._server.start(listener, f"mock-wych-control-{port}")

    def stop(self) -> None:
        """Close the port and remove the file. A second call does nothing."""
        if self._thread.is_alive():
            with suppress(OSError, ValueError):
                # A different mock may have replaced the file.
                if json.loads(self.file.read_text())["token"] == self._token:
                    self.file.unlink()
        self._server.stop(self._thread)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if b"origin" in headers or headers.get(b"host", b"").decode("latin-1") not in self._hosts:
            refusal = _refuse(
                403,
                "Only programs on this computer get an answer, at 127.0.0.1. Web pages get none.",
            )
            await refusal(scope, receive, send)
        elif not hmac.compare_digest(
            headers.get(b"authorization", b""), f"Bearer {self._token}".encode()
        ):
            await _refuse(401, "Send the token from the mock's control file as a bearer token.")(
                scope, receive, send
            )
        else:
            await self._pages(scope, receive, send)

    async def _list(self, _request: Request) -> Response:
        return JSONResponse({"faults": list_faults(self._mock.faults)})

    async def _on(self, request: Request) -> Response:
        values = await _read_object(request, {"times", "client", "parameters"})
        parameters = values.get("parameters") or {}
        if not isinstance(parameters, dict) or {"name", "times", "client"} & set(parameters):
            raise ValueError(
                'parameters must be an object such as {"seconds": 2}. times and client stand beside it.'
            )

        def switch() -> None:
            self._mock.fault(
                request.path_params["name"],
                times=values.get("times"),
                client=values.get("client"),
                **parameters,
            )

        await run_in_threadpool(switch)
        return self._list_active()

    async def _off(self, request: Request) -> Response:
        await run_in_threadpool(self._mock.fault_off, request.path_params.get("name"))
        return self._list_active()

    async def _clock(self, request: Request) -> Response:
        match await _read_object(request, {"advance", "freeze", "reset"}):
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

    def _list_active(self) -> Response:
        return JSONResponse({"on": self._mock.faults})


def folder() -> Path:
    """Return the folder of the control files: WYCH_HOME, or the user's data folder."""
    # Not the runtime folder: where a system has none, each session would use a different one.
    if home := os.environ.get("WYCH_HOME"):
        return Path(home).expanduser()
    from platformdirs import user_data_path

    return user_data_path("wych-kit", appauthor=False)


def _write_private(path: Path, facts: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if hasattr(os, "getuid") and path.parent.stat().st_uid != os.getuid():
        raise PermissionError(f"{path.parent} belongs to a different user")
    # A mock that was killed leaves its file behind.
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(facts, file)
    return path


async def _read_object(request: Request, keys: set[str]) -> dict[str, Any]:
    try:
        value = json.loads(await request.body() or b"{}")
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or set(value) - keys:
        raise ValueError(f"Send a JSON object with no other keys than {', '.join(sorted(keys))}.")
    return value


def _is_number(value: float) -> bool:
    return not isinstance(value, bool) and abs(value) < 1e11 and math.isfinite(value)  # noqa: PLR2004 - more years than a calendar has


def _refuse(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status)


async def _answer_invalid(_request: Request, error: ValueError) -> Response:
    return _refuse(422, str(error))


async def _answer_not_found(_request: Request, error: HTTPException) -> Response:
    return _refuse(error.status_code, _NOT_FOUND)
