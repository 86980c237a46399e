"""Which layer is accused of a stretch, from layers on a grid alone."""

from __future__ import annotations

import numpy as np

from godyno.diagnose.anomalies.causes import Suspect, suspects
from godyno.stats.sample import Floats

STEPS, START, END = 400, 200, 220


def accused(**moved: tuple[float, float]) -> list[Suspect]:
    """Layers at their first value, and at their second from START to END; a little noise on each."""
    chance = np.random.default_rng(3)
    names = {
        "cpu_full": 0.05,
        "others_cpu": 0.6,
        "throttled": 0.0,
        "children_cpu": 0.0,
        "own_cpu": 0.2,
        "load": 300.0,
    } | {name: usual for name, (usual, _) in moved.items()}
    layers: dict[str, Floats] = {}
    for name, usual in names.items():
        values = np.full(STEPS, usual)
        values[START:END] = moved.get(name, (usual, usual))[1]
        layers[name] = values * chance.uniform(0.95, 1.05, STEPS)
    return suspects(layers, START, END, 0.5)


def test_neighbours_that_take_no_more_than_ever_are_not_why_it_waits() -> None:
    (first, *_) = accused(cpu_full=(0.05, 0.4), children_cpu=(0.0, 0.4))
    assert first.name == "child process"
    (first, *_) = accused(cpu_full=(0.05, 0.4), others_cpu=(0.5, 0.95))
    assert first.name == "neighbours"


def test_neighbours_that_have_most_of_the_processors_always_are_why_it_waits_where_its_own_need_did_not_grow() -> (
    None
):
    waits = {"cpu_full": (0.05, 0.4), "others_cpu": (0.8, 0.8)}
    assert [one.name for one in accused(**waits)] == ["neighbours"]
    (first, *_) = accused(**waits, own_cpu=(0.2, 0.5))
    assert first.name == "its own computing"
    assert accused(cpu_full=(0.05, 0.4), others_cpu=(0.3, 0.3)) == []


def test_answers_that_were_held_up_and_come_at_once_are_no_more_load() -> None:
    values = np.full(STEPS, 300.0)
    values[START : START + 3] = 0.0
    values[START + 3 : START + 6] = 600.0
    assert suspects({"load": values, "own_cpu": np.full(STEPS, 0.2)}, START, START + 6, 0.5) == []
    assert [one.name for one in accused(load=(300.0, 600.0))] == ["more load"]


def test_what_begins_long_after_its_effect_counts_for_less() -> None:
    late, prompt = np.full(STEPS, 0.0), np.full(STEPS, 0.0)
    late[START + 12 : END] = 0.5
    prompt[START:END] = 0.5
    (one,) = suspects({"throttled": late, "own_cpu": prompt * 0}, START, END, 0.5)
    (other,) = suspects({"throttled": prompt, "own_cpu": prompt * 0}, START, END, 0.5)
    assert one.lag_s < -2 and one.score / one.share < 0.5 * other.score / other.share


def test_what_had_gone_on_for_long_and_held_nobody_up_counts_for_less() -> None:
    early, prompt = np.full(STEPS, 0.0), np.full(STEPS, 0.0)
    early[START - 12 : END] = 0.5
    prompt[START:END] = 0.5
    (one,) = suspects({"throttled": early, "own_cpu": prompt * 0}, START, END, 0.5)
    (other,) = suspects({"throttled": prompt, "own_cpu": prompt * 0}, START, END, 0.5)
    assert one.lag_s > 4 and one.score / one.share < 0.5 * other.score / other.share
