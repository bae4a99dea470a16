"""One instance of a function: a forked process that takes one call at a time.

It lives as long as its socket. Nothing here outlives the fork: ids, clients and random state are
made by the handler's own import, which happens in this process.
"""

import ctypes
import importlib
import json
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, NoReturn, TextIO

from infra.local.runtime.emulate import Identity, Invocation, WorkerSide
from infra.local.runtime.emulate.registry import worker_side
from infra.local.runtime.frames import LENGTH, Kind, read_call, reply

Handler = Callable[[Any, Any], Any]

_OURS = os.path.abspath(f"{__file__}/../../../..")  # noqa: PTH100 - infra's; no place of a handler's
_RESULT_BYTES = 6 * 1024 * 1024  # what Lambda takes; Function Compute takes more
_TRACE_LINES, _TEXT = 20, 16 * 1024
_AT_ONCE = 64 * 1024
_PR_SET_PDEATHSIG = 1
_PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def main(link: int, log: int, spec: dict[str, Any], zygote: int) -> NoReturn:
    """Become the instance that `spec` describes; `link` and `log` are open descriptors.

    `zygote` is the process id of the parent.
    """
    try:
        os.setpgid(0, 0)
        _die_with(zygote)
        _redirect(log)
        with socket.socket(fileno=link) as calls:
            _serve(calls, spec)
        _flush()
    except BaseException:  # noqa: BLE001 - the last frame of a process: nothing may pass it
        traceback.print_exc()
        _flush()
    finally:
        os._exit(0)


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, where it can: on Linux.

    Elsewhere an idle instance still leaves when its socket closes, and a busy one after its call.
    """
    if _PRCTL is not None:
        _PRCTL(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before
        os._exit(0)


def _redirect(log: int) -> None:
    """Send what the handler and its children print to the log pipe."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(nothing)
    os.close(log)
    sys.stdout, sys.stderr = _printer(1), _printer(2)


def _printer(descriptor: int) -> TextIO:
    return open(
        descriptor, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False
    )


def _serve(calls: socket.socket, spec: dict[str, Any]) -> None:
    me = os.getpid()
    side = worker_side(spec["emulate"])
    identity = Identity(**spec["identity"])
    _enter(spec["code"], side.environment(identity) | spec["environment"])
    try:
        handler = _load(identity.handler)
    except BaseException as error:  # noqa: BLE001 - a handler's import may raise anything
        if os.getpid() == me:
            calls.sendall(reply(Kind.NOT_STARTED, _describe(error)))
        return
    if os.getpid() != me:
        return  # a copy that the import forked
    calls.sendall(reply(Kind.READY, b""))
    while (body := _receive(calls)) is not None:
        answer = _answer(side, identity, handler, body)
        if os.getpid() != me:
            return  # a copy that the handler forked: the call is its parent's to answer
        _flush()
        calls.sendall(answer)


def _answer(side: WorkerSide, identity: Identity, handler: Handler, body: bytes) -> bytes:
    request_id, deadline, event = read_call(body)
    known = request_id.encode()
    try:
        context = side.context(identity, Invocation(request_id, deadline))
        result = side.encode(handler(side.decode(event), context))
        _bounded(result)
        return reply(Kind.RESULT, result, known)
    except BaseException as error:  # noqa: BLE001 - a handler may raise anything, SystemExit too
        return reply(Kind.RAISED, _describe(error), known)


def _bounded(result: bytes) -> None:
    if len(result) > _RESULT_BYTES:
        raise ValueError(f"the result has {len(result)} bytes, the limit is {_RESULT_BYTES}")


def _enter(code: str, environment: dict[str, str]) -> None:
    """Stand where the cloud's runtime would: its variables only, the code first on the path."""
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(code)
    sys.path[:] = [code, *(folder for folder in sys.path if folder != _OURS)]
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _load(path: str) -> Handler:
    module, _, name = path.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module), name)
    return handler


def _describe(error: BaseException) -> bytes:
    """The error as the log shows it; no answer ever carries it."""
    lines = traceback.format_exception(error)[-_TRACE_LINES:]
    found = {
        "error": type(error).__name__,
        "message": lines[-1].strip()[:_TEXT],
        "trace": "".join(lines)[-_TEXT:],
    }
    return json.dumps({name: _writable(text) for name, text in found.items()}).encode()


def _writable(text: str) -> str:
    """The text without lone surrogates, which strict readers of JSON refuse."""
    return text.encode(errors="backslashreplace").decode()


def _receive(calls: socket.socket) -> bytes | None:
    """The next call's body, or None when the socket was closed; nearly always all at once."""
    data, end = b"", LENGTH.size
    while len(data) < end:
        more = calls.recv(max(_AT_ONCE, end - len(data)))
        if not more:
            return None
        data += more
        if len(data) >= LENGTH.size:
            end = LENGTH.size + LENGTH.unpack_from(data)[0]
    return data[LENGTH.size : end]


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:  # noqa: SIM105 - suppress takes longer, at every call
            stream.flush()
        except Exception:  # noqa: BLE001, S110 - the handler closed or replaced it
            pass
