"""What `make bench` makes of other programs' output, and its table. Nothing here is timed."""

import dataclasses
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bench import figures, orders, usage
from bench.figures import Cell
from bench.load import Generator, Load, LoadError, read_hey, read_wrk
from bench.writes import of_an_order

WRK = """Running 2s test @ http://127.0.0.1:49319/health
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     5.36ms    2.49ms  31.39ms   95.43%
    Req/Sec     6.25k     1.10k    7.00k    90.00%
  Latency Distribution
     50%    4.80ms
     75%    5.35ms
     90%    5.98ms
     99%   19.69ms
  12425 requests in 2.00s, 2.30MB read
Requests/sec:   6211.55
Transfer/sec:      1.15MB
"""
HEY = """
Summary:
  Total:\t2.0003 secs
  Slowest:\t0.0127 secs
  Fastest:\t0.0006 secs
  Average:\t0.0015 secs
  Requests/sec:\t22552.4929
  
  Total data:\t172081 bytes
  Size/request:\t31 bytes

Response time histogram:
  0.001 [1]\t|
  0.002 [4297]\t|■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■

Latency distribution:
  10% in 0.0010 secs
  50% in 0.0013 secs
  99% in 0.0032 secs

Status code distribution:
  [200]\t5551 responses
"""  # noqa: W293 - as it was printed
HEY_ERRORS = """
Error distribution:
  [39561]\tGet "http://127.0.0.1:49319/health": dial tcp 127.0.0.1:49319: connect: refused
"""


def test_wrk_is_read_with_its_percentiles_in_milliseconds() -> None:
    assert read_wrk(WRK) == Load(requests=12425, per_s=6211.55, p50_ms=4.80, p99_ms=19.69, errors=0)


@pytest.mark.parametrize(
    ("written", "ms"), [("812.00us", 0.812), ("4.80ms", 4.8), ("1.25s", 1250), ("1.00m", 60_000)]
)
def test_wrk_is_read_in_each_of_its_units(written: str, ms: float) -> None:
    assert read_wrk(WRK.replace("4.80ms", written)).p50_ms == pytest.approx(ms)


def test_answers_other_than_2xx_are_errors_and_no_throughput_of_wrk() -> None:
    told = "2.30MB read\n  Non-2xx or 3xx responses: 2485"  # a fifth
    found = read_wrk(WRK.replace("2.30MB read", told))
    assert (found.requests, found.errors) == (9940, 2485)
    assert found.per_s == pytest.approx(6211.55 * 0.8)


def test_broken_connections_of_wrk_are_errors_of_every_kind() -> None:
    told = "2.30MB read\n  Socket errors: connect 1, read 32, write 400, timeout 7"
    assert read_wrk(WRK.replace("2.30MB read", told)).errors == 440


@pytest.mark.parametrize("missing", ["requests in", "Requests/sec", "50%", "99%"])
def test_wrk_output_that_lacks_a_figure_is_refused_and_shown(missing: str) -> None:
    text = "\n".join(line for line in WRK.splitlines() if missing not in line)
    with pytest.raises(LoadError, match="Transfer/sec"):
        read_wrk(text)


def test_hey_is_read_with_its_percentiles_in_milliseconds() -> None:
    found = read_hey(HEY)
    assert (found.requests, found.errors) == (5551, 0)
    assert (found.p50_ms, found.p99_ms) == pytest.approx((1.3, 3.2))


def test_connections_refused_are_errors_and_no_throughput_of_hey() -> None:
    found = read_hey(HEY + HEY_ERRORS)
    assert (found.requests, found.errors) == (5551, 39561)
    assert found.per_s == pytest.approx(5551 / 2.0003)


def test_answers_other_than_2xx_are_errors_and_no_throughput_of_hey() -> None:
    found = read_hey(HEY.replace("5551 responses", "5000 responses\n  [503]\t551 responses"))
    assert (found.requests, found.errors) == (5000, 551)
    assert found.per_s == pytest.approx(5000 / 2.0003)


def test_hey_without_a_single_answer_is_refused_and_shown() -> None:
    with pytest.raises(LoadError, match="Summary"):
        read_hey(HEY.replace("[200]\t5551 responses", ""))


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("00:00:07", 7),
        ("01:02:03", 3723),
        ("2-01:00:00", 176_400),
        ("0:07.43", 7.43),
        ("61:00.50", 3660.5),
    ],
)
def test_a_cpu_time_is_read_as_linux_and_macos_write_it(written: str, seconds: float) -> None:
    assert usage.cpu_seconds(written) == pytest.approx(seconds)


def test_ps_is_summed_over_all_processes_with_memory_in_bytes() -> None:
    assert usage.read_ps("  0:01.50  1024\n  0:00.25   512\n") == usage.Usage(1.75, 1536 * 1024)


def test_proc_is_read_behind_a_program_name_that_holds_spaces_and_brackets() -> None:
    line = (
        "3670 (a) b (c) S 3669 3670 3670 0 -1 4194560 15355 3497696 0 24 150 50 15561 3988 20 0 1 "
        "0 241768 5492736 1013 18446744073709551615"
    )
    found = usage.read_stat(line, ticks=100, page=4096)
    assert found == usage.Usage(2.0, 1013 * 4096, reaped_s=(15561 + 3988) / 100)


def test_what_a_machine_had_no_more_to_give_is_all_but_its_idle_time() -> None:
    text = "cpu  100 20 30 5000 600 7 8 9 0 0\ncpu0 50 10 15 2500 300 3 4 4 0 0\n"
    assert usage.read_machine(text, 100) == pytest.approx(1.74)


def test_shared_memory_is_read_from_the_line_of_its_own_and_not_from_one_that_begins_alike() -> (
    None
):
    text = "5581a000-7ffd1000 ---p 00000000 00:00 0  [rollup]\nRss:  5000 kB\n"
    text += "Pss:                1234 kB\nPss_Dirty:           800 kB\nPss_Anon:  700 kB\n"
    assert usage.read_pss(text) == 1234 * 1024


def test_memory_is_no_more_than_what_is_resident_and_nothing_of_what_has_ended() -> None:
    assert 0 < usage.memory_bytes([os.getpid()]) <= usage.of([os.getpid()]).rss_bytes * 1.1
    assert usage.memory_bytes([2**22 + 1]) == 0


def test_a_worker_is_a_child_with_all_that_it_started() -> None:
    """serverless-offline has a shell between itself and each Python."""
    tree = usage.read_tree("10 1\n11 10\n12 11\n13 10\n14 13\n15 14\n20 1\n")
    assert usage.below(10, tree) == [[11, 12], [13, 14, 15]]
    processes = usage.Processes([10], usage.below(10, tree))
    assert processes.of_workers == [11, 12, 13, 14, 15]


def test_descendants_are_found_at_any_depth_and_nobody_elses() -> None:
    tree = usage.read_tree("  10  1\n  11 10\n  12 11\n  13 10\n  20  1\n  21 20\n")
    assert sorted(usage.descendants(10, tree)) == [11, 12, 13]
    assert usage.descendants(12, tree) == []


def test_a_child_of_ours_is_found_and_uses_memory_until_it_has_ended() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert child.pid in usage.descendants(os.getpid(), usage.children())
        assert usage.of([child.pid]).rss_bytes > 0
    finally:
        child.communicate(b"\n")
    assert child.pid not in usage.descendants(os.getpid(), usage.children())
    assert usage.of([child.pid]) == usage.NOTHING


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.0, 1)])
def test_a_percentile_is_one_of_the_values(share: float, value: int) -> None:
    assert figures.percentile(list(range(100, 0, -1)), share) == value


def test_of_few_values_the_99th_percentile_is_the_largest() -> None:
    assert figures.percentile([3, 9, 1], 0.99) == 9


def cell(per_s: float, cpu: Mapping[str, float] | None = None, rss: float = 50) -> Cell:
    return Cell(per_s, 2.0, 9.0, cpu or {"load": 20, "server": 90}, rss, rss - 10, [], 0)


def test_a_ratio_is_of_the_same_round_so_that_drift_cancels_out() -> None:
    """Ours halved from one round to the next, and so did the machine."""
    assert figures.ratios([cell(8000), cell(4000)], [cell(20_000), cell(10_000)]) == [0.4, 0.4]


def test_a_round_that_either_side_missed_has_no_ratio() -> None:
    ours, base = [cell(8000), None, cell(6000)], [None, cell(10_000), cell(12_000)]
    assert figures.ratios(ours, base) == [0.5]


def test_a_row_gives_the_median_and_the_range() -> None:
    rounds = [cell(9000), cell(7000), cell(8000)]
    assert figures.row("ours", rounds, rounds)[1] == "8,000 [7,000-9,000]"


def test_a_row_gives_the_most_memory_the_sum_of_errors_and_the_median_cpu_by_hop() -> None:
    first = cell(1, {"load": 10, "server": 80, "workers": 40}, rss=70)
    second = cell(1, {"load": 12, "server": 100, "workers": 60}, rss=73.4)
    rounds = [dataclasses.replace(first, errors=3), dataclasses.replace(second, errors=4)]
    row = figures.row("ours", rounds, [])[5:]
    assert row == ["11", "90", "50", "63", "73", "-", "-", "7"]


def test_memory_is_of_the_round_that_took_most_with_its_workers_then_and_their_mean() -> None:
    first = dataclasses.replace(cell(1, rss=90), server_mb=40, workers_mb=[5.0, 6.0, 10.0])
    second = dataclasses.replace(cell(1, rss=120), server_mb=38, workers_mb=[9.0])
    assert figures.row("ours", [first, second], [])[8:12] == ["61", "90", "3", "7.0"]


def test_the_best_peer_is_the_best_of_each_round_and_of_those_that_were_measured() -> None:
    """No peer is measured against in the other's better round."""
    one, other = [cell(100), cell(300), None], [cell(200), cell(250), None]
    found = figures.best([one, other, []])
    assert [each and each.per_s for each in found] == [200, 300, None]


@pytest.mark.parametrize(
    ("per_s", "told"),
    [
        (1000, "at least 2.5: yes; goal 5: reached"),
        (500, "at least 2.5: yes; goal 5: missed"),
        (499, "at least 2.5: NO; goal 5: missed"),
    ],
)
def test_a_verdict_says_which_goal_is_reached(per_s: float, told: str) -> None:
    goal = figures.Goal("the best peer", wanted=5, least=2.5)
    base = cell(200, {"load": 900, "server": 30, "workers": 330})
    text = figures.verdict("ours", [cell(per_s)], [base], goal)
    assert text == f"ours / the best peer: {per_s / 200:.2f}; by CPU time 4.00; {told}"


def test_no_verdict_is_given_without_the_other_side() -> None:
    told = figures.verdict("ours", [cell(1000)], [None], figures.Goal("bare", wanted=0.5))
    assert told == "ours / bare: not measured"


def test_a_hop_that_a_contestant_does_not_have_is_a_dash_not_a_zero() -> None:
    assert figures.row("bare", [cell(1)], [])[7] == "-"


def test_what_could_not_be_measured_is_a_line_that_says_so() -> None:
    text = figures.table({"ours": [cell(5000)], "peer": [None], "base": []}, base="base")
    _, ours, peer, base = text.splitlines()
    assert ours.split()[:3] == ["ours", "5,000", "-"]
    assert peer.split() == ["peer", "not", "measured"]
    assert base.split() == ["base", "not", "measured"]


def test_columns_are_aligned_whatever_their_width() -> None:
    assert figures.aligned([["", "a"], ["long name", "1"], ["x", "12,345"]]) == (
        "                a\nlong name       1\nx          12,345"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="other systems know no such policy")
def test_a_generator_interrupts_nobody_and_who_started_it_is_as_before() -> None:
    program = "import os; print(os.sched_getscheduler(0))"
    told = Generator(
        "python",
        Path(sys.executable),
        lambda path, _seconds, _url, _headers: [str(path), "-c", program],
        lambda text: Load(int(text), 0, 0, 0, 0),
    )
    before = os.sched_getscheduler(0)
    seen, _ = told.run("http://127.0.0.1/", 1)
    assert seen.requests == os.SCHED_BATCH
    assert os.sched_getscheduler(0) == before


def test_the_writes_of_an_order_are_two_for_each_product_and_a_few() -> None:
    """The cart's keeping and its emptying are among them."""
    assert [of_an_order(lines) for lines in (1, 2, 8)] == [(9, 3), (11, 3), (23, 3)]


def test_a_rate_of_orders_is_shown_beside_what_sqlite_does_in_the_same_round() -> None:
    one = orders.Ordered(per_s=50.0, p50_ms=10.0, p99_ms=20.0)
    found = orders.Rates([1000.0], [5000.0], [500.0], [9.0], [one], [one])
    table = orders.rows({"full": found})
    assert table[3] == ["full", "GET /products, pages of 20", "500", "", "9", "0.1000"]
    assert table[4] == ["full", "orders of one product", "50.0", "10", "20", "0.0500"]
