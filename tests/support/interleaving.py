"""Workers who go on one call of a store at a time, in an order that a test chooses."""

import threading
from collections.abc import Callable
from typing import Any

from app.ports.adapters import Adapters
from tests.support.faults import Faults, KilledError

_PATIENCE_S = 60


class Worker:
    """Somebody in a thread of his own, who waits before each call of a store until he may go on."""

    def __init__(self, name: str, run: Callable[[Adapters], object], adapters: Adapters) -> None:
        self.name = name
        self.done = False
        self.answer: object = None
        self.error: BaseException | None = None
        self.last = ""
        self._run = run
        self._paced = _Paced(self, adapters)
        self._killed = False
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._body, daemon=True)
        self._thread.start()

    def step(self) -> None:
        """Let him make one call of a store."""
        if not self.done:
            self._go.release()
            assert self._back.acquire(timeout=_PATIENCE_S), f"{self.name} is stuck"

    def finish(self) -> None:
        """Let him make all calls that are left to him."""
        while not self.done:
            self.step()

    def kill(self) -> None:
        """He makes none any more."""
        self._killed = True
        self.finish()
        self._thread.join()

    def wait(self, name: str) -> None:
        """He is about to make this call."""
        self.last = name
        self._back.release()
        self._go.acquire()
        if self._killed:
            raise KilledError

    def _body(self) -> None:
        self._go.acquire()
        try:
            if not self._killed:
                self.answer = self._run(self._paced)
        except KilledError:
            pass
        except BaseException as error:  # noqa: BLE001 - the test asks for it
            self.error = error
        finally:
            self.done = True
            self._back.release()


class _Paced(Faults):
    """Adapters behind which each call of a store waits for the worker's turn."""

    def __init__(self, worker: Worker, adapters: Adapters) -> None:
        super().__init__(adapters, 0, KilledError, after=False)
        self._worker = worker

    def call(self, name: str, run: Callable[[], Any]) -> Any:
        self._worker.wait(name)
        return run()
