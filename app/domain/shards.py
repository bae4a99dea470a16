"""One partition of an index as several, where a store takes only so many writes a second in one.

DynamoDB takes a thousand. What belongs to the whole shop is spread by a key of its own over this
many, and whoever reads all of it reads each.
"""

from hashlib import sha256

SHARDS = 8  # stands in rows: with another number, those that are there are not all found


def shard(partition: str, key: str) -> str:
    """The shard of a partition where what has this key stands: always the same."""
    return _named(partition, sha256(key.encode()).digest()[0] % SHARDS)


def shards(partition: str) -> list[str]:
    """All shards of a partition."""
    return [_named(partition, number) for number in range(SHARDS)]


def _named(partition: str, number: int) -> str:
    return f"{partition}#{number}"
