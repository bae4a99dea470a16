"""What belongs to the whole shop stands in several partitions, and is read from all of them."""

from collections import Counter

from app.adapters.memory.clock import MemoryClock
from app.adapters.memory.tables import MemoryTable
from app.domain.shards import SHARDS, shard, shards
from app.domain.uploads import PENDING, UNFINISHED_MS
from app.ports.tables import Schema
from app.services.oldest import oldest
from app.services.sweep_uploads import A_RUN
from app.services.upload_rows import new_upload, row
from tests.support.memory_shop import NOW_MS, MemoryShop

SCHEMA = Schema(partition="name", indexes={"by_box": ("box", "at")})


def test_a_key_has_one_shard_for_ever() -> None:
    """Rows hold it: a release that counted otherwise would lose sight of them."""
    found = {name: shard("welcome", name) for name in ("tea-house", "coffee-house", "茶館", "")}
    assert found == {
        "tea-house": "welcome#7",
        "coffee-house": "welcome#1",
        "茶館": "welcome#3",
        "": "welcome#3",
    }


def test_keys_are_spread_over_all_shards_alike() -> None:
    many = 8_000
    found = Counter(shard("pending", f"user-{number}") for number in range(many))
    assert set(found) == set(shards("pending"))
    assert len(found) == SHARDS
    assert max(found.values()) < 1.2 * many / SHARDS


def test_the_oldest_of_all_shards_are_read_up_to_a_moment_and_a_number() -> None:
    table = MemoryTable(SCHEMA, MemoryClock(NOW_MS))
    for number in range(60):
        name = f"{number * 7 % 60:02}"
        table.put({"name": name, "box": shard("box", name), "at": name})

    def names(until: str, most: int) -> list[object]:
        rows = oldest(table, "box", index="by_box", sort="at", until=until, most=most)
        return [found["name"] for found in rows]

    assert names("29", 100) == [f"{number:02}" for number in range(30)]
    assert names("29", 4) == ["00", "01", "02", "03"]
    assert names("00", 4) == ["00"]


def test_users_and_uploads_stand_in_the_shards_of_their_keys_and_are_swept_from_each() -> None:
    shop = MemoryShop()
    for _ in range(100):
        upload = new_upload("owner", "text/plain", 3, NOW_MS)
        assert row(upload)["pending"] == shard(PENDING, upload.upload)
        shop.table("uploads").put(row(upload))
    assert {found["pending"] for found in shop.table("uploads")._rows.values()} == set(
        shards(PENDING)
    )
    shop.clock.advance(UNFINISHED_MS + 1)

    assert A_RUN >= 100
    assert shop.sweep()["uploads"] == 100
