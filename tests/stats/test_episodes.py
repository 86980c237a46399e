from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.errors import UsageError
from godyno.stats.episodes import episodes


def latency(n: int, seed: int, memory: float = 0.3) -> np.typing.NDArray[np.float64]:
    """Skewed, with memory: as latencies of a service are."""
    chance = np.random.default_rng(seed)
    noise = chance.normal(0, 0.2, n)
    for index in range(1, n):
        noise[index] += memory * noise[index - 1]
    return np.asarray(0.004 * np.exp(noise))


def test_a_stretch_of_slow_seconds_is_found_where_it_is() -> None:
    series = latency(600, 1)
    series[200:220] *= 4
    (one,) = episodes(series)
    assert abs(one.start - 200) <= 2 and abs(one.end - 220) <= 2
    assert one.ratio == pytest.approx(4, rel=0.3)


def test_a_single_wild_second_is_an_episode_of_its_own_length() -> None:
    series = latency(600, 2)
    series[300] *= 30
    (one,) = episodes(series)
    assert (one.start, one.end) == (300, 301)


def test_a_shift_that_stays_is_found_until_the_end() -> None:
    series = latency(600, 3)
    series[420:] *= 2
    (one,) = episodes(series)
    assert abs(one.start - 420) <= 5 and one.end >= 597


def test_less_is_found_where_less_is_asked_for() -> None:
    series = np.full(300, 100.0) + np.random.default_rng(4).normal(0, 3, 300)
    series[100:120] = 10
    assert episodes(series) == []
    (one,) = episodes(series, low=True)
    assert (one.start, one.end) == (100, 120) and one.ratio == pytest.approx(0.1, rel=0.1)


def test_what_is_usually_nothing_may_have_an_episode() -> None:
    series = np.zeros(300)
    series[50:60] = 4.0
    (one,) = episodes(series)
    assert (one.start, one.end, one.before) == (50, 60, 0.0)


def test_two_episodes_are_two_and_gaps_in_the_figures_are_none() -> None:
    series = latency(800, 5)
    series[100:110] *= 5
    series[500:540] *= 3
    series[300:320] = np.nan
    assert [abs(one.start - at) <= 2 for one, at in zip(episodes(series), (100, 500), strict=True)] == [
        True,
        True,
    ]


def test_many_episodes_are_each_found_and_none_is_made_of_several() -> None:
    series = latency(600, 6)
    starts = list(range(30, 590, 48))
    for start in starts:  # more than a third of the time
        series[start : start + 18] *= 10
    found = episodes(series)
    assert [abs(one.start - start) <= 1 for one, start in zip(found, starts, strict=True)] == [True] * len(
        starts
    )
    assert all(16 <= one.end - one.start <= 20 for one in found)


def test_two_episodes_with_a_usual_stretch_between_them_stay_two() -> None:
    series = latency(600, 8)
    series[100:118] *= 4
    series[128:146] *= 4
    assert [(abs(one.start - at) <= 1) for one, at in zip(episodes(series), (100, 128), strict=True)] == [
        True,
        True,
    ]


def test_a_small_episode_is_found_beside_many_large_ones() -> None:
    series = latency(600, 9)
    for start in range(20, 600, 40):
        series[start : start + 16] *= 400 if start % 80 == 20 else 3
    assert len(episodes(series)) == 15


def test_a_single_point_of_a_heavy_tail_is_none() -> None:
    series = latency(600, 7)
    series[300] = 0.012
    assert episodes(series) == []


def test_quiet_services_have_hardly_any_episode() -> None:
    # An hour in steps of half a second, twenty times: at most one false alarm in ten hours.
    assert sum(len(episodes(latency(7200, 100 + seed))) for seed in range(20)) <= 2


def test_few_figures_have_no_usual_level_and_negative_ones_are_an_error() -> None:
    assert episodes([1.0] * 20 + [50.0] * 5) == []
    with pytest.raises(UsageError):
        episodes([-1.0] * 50)
    with pytest.raises(UsageError):
        episodes([1.0] * 50, factor=1.0)


@given(st.lists(st.floats(0, 1e9) | st.just(float("nan")) | st.just(float("inf")), max_size=120))
def test_no_series_breaks_it_and_episodes_lie_apart(series: list[float]) -> None:
    found = episodes(series)
    assert all(0 <= one.start < one.end <= len(series) for one in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
