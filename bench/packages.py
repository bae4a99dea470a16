"""What Lambda would get: each function of the shop, and the same `GET /health` by its peers.

All are made by the shop's own code: for Lambda, to be weighed; for this machine, to be run.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from infra import folders, shop
from infra.aws.access import variables
from infra.aws.names import Names
from infra.bundles import bundles
from infra.closure import SourceFile
from infra.errors import PlatformError
from infra.model import Platform
from infra.packages.build import build
from infra.packages.bytecode import Bytecode, compile_all
from infra.packages.libraries import Libraries
from infra.packages.pins import Requirements, pins, requirements
from infra.packages.runtime import LAMBDA, PackageError, Runtime, host
from infra.packages.sizes import zipped_bytes
from infra.packages.tools import Compiler, Tools
from infra.settings import Settings

STACK = "bench"
HEALTH = "health"
PINS = Path("bench", "lambdas.txt")
# what it is called → its folder below bench/apps, and the distributions that it is made of
PEERS = {
    "FastAPI + Mangum": ("fastapi", ("fastapi", "mangum")),
    "Powertools + pydantic": ("powertools", ("aws-lambda-powertools", "pydantic")),
}
_FORMS: tuple[Bytecode, ...] = ("none", "required")


@dataclass(frozen=True, slots=True)
class Packed:
    """One function: its size on Lambda in bytes, and where it can be run on this machine.

    `folders` are by whether they hold compiled code; `answers` those that serve `GET /health`.
    """

    name: str
    handler: str
    zipped: int
    folders: Mapping[Bytecode, Path]
    environment: Mapping[str, str]
    answers: bool


def runnable(tools: Tools) -> tuple[Runtime, Compiler]:
    """Lambda's Python on this machine, or else the one that runs this. Raises PlatformError."""
    own = host(LAMBDA)
    wanted = replace(own, python=LAMBDA.python, title=f"this machine, Python {LAMBDA.python}")
    for runtime in (wanted, own):
        try:
            return runtime, tools.compiler(runtime.python)
        except PackageError:
            continue
    raise PlatformError("no CPython runs here: the entrypoints cannot be imported by one")


def pack(root: Path, runtime: Runtime, python: Compiler, tools: Tools) -> list[Packed]:
    """The shop's functions and their peers, below `root`, a copy of the checkout.

    `python` is the interpreter of `runtime`. Raises PlatformError.
    """
    return [*_ours(root, runtime, tools), *_peers(root, runtime, python, tools)]


def _ours(root: Path, runtime: Runtime, tools: Tools) -> Iterator[Packed]:
    platform = shop.platform(Settings(target="aws"), STACK)
    code = bundles(root, platform, "aws", "aws")
    weighed = build(root, code, LAMBDA, tools)
    runs = {form: build(root, code, runtime, tools, bytecode=form) for form in _FORMS}
    for name, package in weighed.items():
        yield Packed(
            name,
            package.handler,
            zipped_bytes(package.folder),
            {form: built[name].folder for form, built in runs.items()},
            environment(platform, name),
            answers=name == HEALTH,
        )


def environment(platform: Platform, name: str) -> dict[str, str]:
    """The variables that the stack gives this function, with made-up addresses."""
    (function,) = [each for each in platform.functions if each.name == name]
    names = Names(platform.stack)
    known = {
        **{f"at {each.name}": names.of(each.name) for each in platform.buckets},
        **{f"queue {each.name}": f"https://sqs.test/{each.name}" for each in platform.queues},
    }
    return variables(platform, function, names, known)


def _peers(root: Path, runtime: Runtime, python: Compiler, tools: Tools) -> Iterator[Packed]:
    known = pins((root / PINS).read_text(encoding="utf-8"))
    for name, (app, distributions) in PEERS.items():
        source = SourceFile("main.py", (root / "bench/apps" / app / "main.py").read_bytes())
        peer = _Peer(root / ".shop" / "peers" / app, source, requirements(known, distributions))
        yield Packed(
            name,
            "main.handler",
            zipped_bytes(peer.whole("lambda", LAMBDA, None, tools)),
            {
                "none": peer.whole("source", runtime, None, tools),
                "required": peer.whole("compiled", runtime, python, tools),
            },
            {"SHOP_STACK": STACK},
            answers=True,
        )


@dataclass(frozen=True, slots=True)
class _Peer:
    folder: Path
    source: SourceFile
    needs: Requirements

    def whole(self, kind: str, runtime: Runtime, compiler: Compiler | None, tools: Tools) -> Path:
        """A folder with all of it, the libraries cleaned as the shop's are."""
        libraries = Libraries(self.folder / "libraries", runtime, compiler, tools)
        made = self.folder / kind
        folders.write([self.source, *libraries.files(self.needs)], made)
        if compiler:
            compile_all(made, [self.source.path], compiler, tools)
        return made


def event(path: str) -> dict[str, Any]:
    """An HTTP API's event, payload format 2.0, for GET of this path."""
    about = {
        "accountId": "123456789012",
        "apiId": "bench",
        "domainName": "bench.execute-api.eu-central-1.amazonaws.com",
        "domainPrefix": "bench",
        "http": {
            "method": "GET",
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": "192.0.2.1",
            "userAgent": "bench",
        },
        "requestId": "JKJaXmPLvHcESHA=",
        "routeKey": f"GET {path}",
        "stage": "$default",
        "time": "12/Mar/2026:19:03:58 +0000",
        "timeEpoch": 1773342238390,
    }
    return {
        "version": "2.0",
        "routeKey": f"GET {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"accept": "application/json", "host": about["domainName"]},
        "requestContext": about,
        "isBase64Encoded": False,
    }


def wrong(answer: Mapping[str, Any]) -> str:
    """What is wrong with an answer to `GET /health`, or ""."""
    status, body = answer.get("statusCode"), json.loads(answer.get("body") or "null")
    right = {"status": "ok", "stack": STACK}
    if status == 200 and body == right:  # noqa: PLR2004 - OK
        return ""
    return f"answers {status} with {body}, not 200 with {right}"
