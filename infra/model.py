"""The platform as plain data: what a shop is made of, whichever provider runs it.

Nothing here does anything. `shop.py` builds a `Platform`, `check.py` refuses a wrong one,
and each target is a fold over a right one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Provider = Literal["aws", "alicloud"]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "ANY"]
ResourceKind = Literal["table", "bucket", "queue", "secret"]
Action = Literal["read", "write", "send"]
Trigger = Literal["http", "queue", "schedule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptReady:
    """Instances that are kept ready from the times of a five-field `cron` in `time_zone` on.

    It holds until the next one of the function's comes. `time_zone` is one of the IANA's names.
    """

    name: str
    cron: str
    min_instances: int
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """How many instances of a function may run, and how long work may wait for one.

    `min_instances` are kept ready, `max_instances` is the cap beyond which a call is refused.
    `queue_ms` is how long a synchronous call may wait for a free instance: 0, as in the clouds,
    refuses at once; more works on the local target only. With `snap_start` an instance starts from
    a snapshot of one that has started, where the provider has that. `scheduled` keeps more ready
    than `min_instances` by the clock; the local target has no such clock.
    """

    min_instances: int = 0
    max_instances: int = 10
    queue_ms: int = 0
    snap_start: bool = False
    scheduled: tuple[KeptReady, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """What a route lets through: `rate` requests a second in the long run, `burst` at once.

    A request beyond is answered 429 by the provider's gateway; no function sees it.
    """

    rate: int = 50
    burst: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """Code that runs when something calls it.

    `handler` is the dotted path of a function that takes the provider's own `(event, context)`,
    such as `app.handlers.hello.lambda_handler`. Without one, the provider's entrypoint translates
    the event and calls `app.handlers.<name>`, which is how a handler stays free of providers.
    """

    name: str
    handler: str | None = None
    memory_mb: int = 256
    timeout_s: int = 10
    scaling: Scaling = field(default_factory=Scaling)
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A method and a path that call a function.

    A path has literal segments, `{name}` for one segment, and `{name+}`, last, for all the rest.
    """

    method: Method
    path: str
    function: str
    throttle: Throttle = Throttle()

    @property
    def key(self) -> str:
        """The route as one text, `GET /users/{id}`."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A second way to find a table's rows; sparse and eventually consistent."""

    name: str
    partition: str
    sort: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows found by a partition key and, where there is one, a sort key; key parts are text.

    Rows of an `expiring` table go some time after their `expires_at` (epoch seconds): such a table
    has no index, since not every provider lets the two stand together. `max_reads` and `max_writes`
    are units a second beyond which the provider refuses; None is the account's own limit.
    """

    name: str
    partition: str
    sort: str | None = None
    indexes: tuple[Index, ...] = ()
    expiring: bool = False
    max_reads: int | None = None
    max_writes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A store of blobs; what a `public` one has under `kept/` anyone may fetch.

    An upload under `pending/` that is not attached within `pending_days` is removed.
    """

    name: str
    pending_days: int = 1
    public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Messages that one function consumes, retried, and set aside after `max_attempts`.

    A message that was handed out comes back after `visibility_s` unless it was dealt with.
    """

    name: str
    consumer: str
    batch_size: int = 10
    visibility_s: int = 60
    max_attempts: int = 5
    max_concurrency: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A function that runs by the clock: `every` so many minutes, or by a five-field UTC `cron`."""

    name: str
    function: str
    every_minutes: int | None = None
    cron: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a function may do with one table, bucket, queue or secret; all else is refused."""

    function: str
    kind: ResourceKind
    resource: str
    actions: frozenset[Action]


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A whole shop, ready to be checked and carried out.

    `origins` are the web sites whose pages may call its routes and upload to its buckets. `given`
    are the secrets that somebody else makes, such as a provider's keys: none is ever made up.
    """

    stack: str
    origins: tuple[str, ...] = ()
    functions: tuple[Function, ...] = ()
    routes: tuple[Route, ...] = ()
    tables: tuple[Table, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    queues: tuple[Queue, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    grants: tuple[Grant, ...] = ()
    given: frozenset[str] = frozenset()

    def trigger(self, function: str) -> Trigger:
        """What calls this function: a route unless it is a queue or a schedule.

        `check.py` refuses a function that two kinds of things call.
        """
        if any(queue.consumer == function for queue in self.queues):
            return "queue"
        if any(schedule.function == function for schedule in self.schedules):
            return "schedule"
        return "http"
