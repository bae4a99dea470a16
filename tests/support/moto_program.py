"""What `tests/support/moto.py` starts by the interpreter that has moto; no one else imports it.

Moto's threads race each other where DynamoDB's writes of one item do not: of two that add at once
one may be lost. So its requests are answered one after the other. It ends with its standard input,
and so does not outlive a test run that is killed.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

App = Callable[[dict[str, Any], Any], Iterable[bytes]]


def in_turn(app: App) -> App:
    """The same, but for DynamoDB one request at a time."""
    turn = threading.Lock()

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB_"):
            return app(environ, start_response)
        with turn:
            return list(app(environ, start_response))

    return answer


def end() -> None:
    """End when nobody holds the other end of standard input any more."""
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    """Serve on a port of its own choice, and say which."""
    threading.Thread(target=end, daemon=True).start()
    moto = import_module("moto.moto_server.werkzeug_app")
    app = in_turn(moto.DomainDispatcherApplication(moto.create_backend_app))
    import_module("werkzeug.serving").run_simple("127.0.0.1", 0, app, threaded=True)


if __name__ == "__main__":
    main()
