"""Uploads whose URL is long past: what is unfinished goes, and what is left at pending places.

The row is fenced first, so that nobody keeps the blob meanwhile; then the pending place is emptied,
then the kept one, where somebody may have copied it to just before; the row, which alone leads to
them, goes last. Whatever dies in between, the next run goes on.
"""

from collections.abc import Callable

from app.domain.ids import first_id
from app.domain.uploads import DOOMED, KEPT, PENDING, UNFINISHED_MS
from app.ports.blobs import Bucket
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError
from app.ports.tables import Condition, Row, Table
from app.services.oldest import oldest
from app.services.one_by_one import one_by_one
from app.services.upload_rows import BY_PENDING, Upload, upload

A_RUN = 500


def sweep_uploads(
    *,
    uploads: Table,
    bucket: Bucket,
    clock: Clock,
    wanted: Callable[[Upload], bool] = lambda _kept: True,
) -> int:
    """Clean up after uploads that began over a day ago, five hundred a run; how many were removed.

    Of those that were kept, what is not `wanted` by then goes too.

    Raises SomeFailedError as `one_by_one` does, and PortError.
    """

    def clean(row: Row) -> int:
        try:
            old = upload(row)
            return _sweep(old, uploads, bucket, keep=old.state == KEPT and wanted(old))
        except ConditionFailedError:  # the index lags, or somebody was faster: see next time
            return 0

    until = first_id(clock.now_ms() - UNFINISHED_MS)
    rows = oldest(uploads, PENDING, index=BY_PENDING, sort="upload", until=until, most=A_RUN)
    return one_by_one("uploads", rows, clean)


def _sweep(old: Upload, uploads: Table, bucket: Bucket, *, keep: bool) -> int:
    """Clean up after one; 1 when it was removed, 0 when it is kept. Raises PortError.

    Raises ConditionFailedError where the row is not as the index had it.
    """
    if keep:
        bucket.delete(old.pending_place)
        uploads.update(old.key, remove=("pending",), when=[Condition("state", "=", KEPT)])
        return 0
    if old.state != DOOMED:
        same = Condition("state", "=", old.state)
        uploads.update(old.key, set={"state": DOOMED}, when=[same])
    bucket.delete(old.pending_place)
    bucket.delete(old.kept_place)
    uploads.delete(old.key, when=[Condition("state", "=", DOOMED)])
    return 1
