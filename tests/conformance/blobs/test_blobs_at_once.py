"""Of many who put a blob at once, one wins."""

import threading

from tests.conformance.blobs.buckets import OWN, Opened

ADAPTERS = OWN  # S3 promises it; moto closes what it replaces while others still read it
TEXT = "text/plain"


def test_of_many_who_put_at_once_one_is_there_whole(made: Opened, at: str) -> None:
    bucket = made.granted()
    bodies = [bytes([number]) * 300_000 for number in range(8)]
    seen: list[bytes] = []

    def work(body: bytes) -> None:
        for _ in range(3):
            bucket.put(f"{at}/a", body, TEXT)
            seen.append(bucket.get(f"{at}/a"))

    working = [threading.Thread(target=work, args=(body,)) for body in bodies]
    for each in working:
        each.start()
    for each in working:
        each.join()
    assert len(seen) == 24
    assert {*seen, bucket.get(f"{at}/a")} <= set(bodies)
