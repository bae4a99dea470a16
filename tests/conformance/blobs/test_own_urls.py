"""Addresses that are signed our own way are good as they were written, and in no other spelling."""

from tests.conformance.blobs.buckets import OWN, Opened

ADAPTERS = OWN
TEXT = "text/plain"
FORBIDDEN = 403


def test_a_time_or_signature_that_was_changed_is_refused(made: Opened, at: str) -> None:
    bucket = made.granted()
    bucket.put(at, b"12345", TEXT)
    address, _, query = bucket.download_url(at, 60).partition("?")
    expires, signature = (part.partition("=")[2] for part in query.split("&"))
    later = str(int(expires) + 1)
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    for changed in (
        "",
        f"expires={later}&signature={signature}",
        f"expires=0{expires}&signature={signature}",
        f"expires=-1&signature={signature}",
        f"expires=&signature={signature}",
        f"expires={'9' * 5000}&signature={signature}",
        f"expires={expires}&signature={flipped}",
        f"expires={expires}&signature={signature[:-1]}",
        f"expires={expires}&signature={signature}=",
        f"expires={expires}&signature=",
        f"expires={expires}&signature=%C3%BC",
        f"expires={expires}",
        f"signature={signature}",
        f"signature={signature}&expires={expires}",
        f"{query}&expires={later}",
        f"{query}&more=1",
    ):
        assert made.fetch(f"{address}?{changed}") == (FORBIDDEN, b""), changed
    assert made.fetch(f"{address}?{query}") == (200, b"12345")
