"""Uploads whose URL is long past: what is unfinished goes, and what is left at pending places.

The row is fenced first, so that nobody keeps the blob meanwhile; then the pending place is emptied,
then the kept one, where somebody may have copied it to just before; the row, which alone leads to
them, goes last. Whatever dies in between, the next run goes on.
"""

from app.domain.ids import first_id
from app.domain.uploads import DOOMED, KEPT, PENDING, UNFINISHED_MS
from app.ports.blobs import Bucket
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError
from app.ports.tables import Condition, Row, Table
from app.services.oldest import oldest
from app.services.one_by_one import one_by_one
from app.services.upload_rows import BY_PENDING, STILL_PENDING, Upload, upload

A_RUN = 500


def sweep_uploads(*, uploads: Table, bucket: Bucket, clock: Clock) -> int:
    """Clean up after uploads that began over a day ago, five hundred a run; how many were removed.

    Raises SomeFailedError as `one_by_one` does, and PortError.
    """

    def clean(row: Row) -> int:
        try:
            return _sweep(upload(row), uploads, bucket)
        except ConditionFailedError:  # the index lags, or somebody was faster: see next time
            return 0

    until = first_id(clock.now_ms() - UNFINISHED_MS)
    rows = oldest(uploads, PENDING, index=BY_PENDING, sort="upload", until=until, most=A_RUN)
    return one_by_one("uploads", rows, clean)


def _sweep(old: Upload, uploads: Table, bucket: Bucket) -> int:
    """Clean up after one; 1 when it was removed, 0 when it is kept. Raises PortError.

    Raises ConditionFailedError where the row is not as the index had it.
    """
    if old.state == KEPT:
        bucket.delete(old.pending_place)
        uploads.update(old.key, remove=("pending",), when=[Condition("state", "=", KEPT)])
        return 0
    if old.state == PENDING:
        uploads.update(old.key, set={"state": DOOMED}, when=[STILL_PENDING])
    bucket.delete(old.pending_place)
    bucket.delete(old.kept_place)
    uploads.delete(old.key, when=[Condition("state", "=", DOOMED)])
    return 1
