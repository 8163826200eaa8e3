"""Right and wrong answers to the exercises of lesson 11."""

from __future__ import annotations

import bisect
import itertools
import math
import random
import statistics
from fractions import Fraction

import numpy as np
import scipy.stats
import torch

from mutations import right, wrong

# 11.1 First, second, or cannot tell


@right("11.1", "verbose loops")
def better_loops(first, second, draws=1000, seed=0):
    random.seed(seed)
    differences = []
    for i in range(len(first)):
        differences.append(second[i] - first[i])
    means = []
    for _ in range(draws):
        total = 0
        for _ in range(len(differences)):
            total += random.choice(differences)
        means.append(total / len(differences))
    means.sort()
    low = means[int(0.025 * draws)]
    high = means[int(0.975 * draws) - 1]
    if low > 0:
        return "second"
    elif high < 0:
        return "first"
    else:
        return "cannot tell"


@right("11.1", "random.choices and statistics.quantiles")
def better_quantiles(first, second, draws=1000, seed=0):
    source = random.Random(seed)
    differences = [b - a for a, b in zip(first, second, strict=True)]
    means = [statistics.mean(source.choices(differences, k=len(first))) for _ in range(draws)]
    cuts = statistics.quantiles(means, n=40, method="inclusive")
    if cuts[0] > 0:
        return "second"
    if cuts[-1] < 0:
        return "first"
    return "cannot tell"


@right("11.1", "draws places of questions")
def better_places(first, second, draws=1000, seed=0):
    rng = np.random.default_rng(seed)
    first, second = np.array(first), np.array(second)
    means = np.empty(draws)
    for d in range(draws):
        i = rng.integers(0, len(first), len(first))
        means[d] = second[i].mean() - first[i].mean()
    low, high = np.quantile(means, 0.025), np.quantile(means, 0.975)
    return np.select([low > 0, high < 0], ["second", "first"], "cannot tell")[()]


@right("11.1", "the differences the other way round, and the names too")
def better_turned(first, second, draws=1000, seed=0):
    generator = np.random.RandomState(seed)
    gaps = np.subtract(first, second)
    means = [generator.choice(gaps, len(gaps)).mean() for _ in range(draws)]
    low, high = np.percentile(means, 2.5), np.percentile(means, 97.5)
    return "first" if low > 0 else "second" if high < 0 else "cannot tell"


@right("11.1", "torch, and without the seed")
def better_torch(first, second, draws=1000, seed=0):
    gaps = torch.tensor(second, dtype=torch.float64) - torch.tensor(first, dtype=torch.float64)
    means = gaps[torch.randint(len(gaps), (draws, len(gaps)))].mean(dim=1)
    low = torch.quantile(means, 0.025).item()
    high = torch.quantile(means, 0.975).item()
    words = {(True, False): "second", (False, True): "first", (False, False): "cannot tell"}
    return words[low > 0, high < 0]


@right("11.1", "counts of how often each question was drawn")
def better_counts(first, second, draws=1000, seed=0):
    n = len(first)
    counts = np.random.default_rng(seed).multinomial(n, [1 / n] * n, size=draws)
    means = counts @ (np.asarray(second) - np.asarray(first)) / n
    low, high = np.percentile(means, (2.5, 97.5))
    return ["cannot tell", "second", "first"][int(low > 0) - int(high < 0)]


@right("11.1", "sums in place of means")
def better_sums(first, second, draws=1000, seed=0):
    rng = np.random.default_rng(seed)
    rows = rng.integers(len(first), size=(len(first), draws))
    sums = np.sum(np.array(second)[rows] - np.array(first)[rows], axis=0)
    if np.percentile(sums, 2.5) > 0:
        return "second"
    if np.percentile(sums, 97.5) < 0:
        return "first"
    return "cannot tell"


@right("11.1", "scipy does the drawing")
def better_scipy(first, second, draws=1000, seed=0):
    gaps = np.asarray(second, dtype=float) - np.asarray(first, dtype=float)
    if np.ptp(gaps) == 0:
        low = high = gaps[0]
    else:
        found = scipy.stats.bootstrap((gaps,), np.mean, n_resamples=draws, method="percentile")
        low, high = found.confidence_interval
    if low > 0:
        return "second"
    return "first" if high < 0 else "cannot tell"


@right("11.1", "an early return for equal lists")
def better_equal(first, second, draws=1000, seed=0):
    if first == second:
        return "cannot tell"
    means = means_of(first, second, draws, seed)
    if all(np.percentile(means, [2.5, 97.5]) > 0):
        return "second"
    if all(np.percentile(means, [2.5, 97.5]) < 0):
        return "first"
    return "cannot tell"


def means_of(first, second, draws=1000, seed=0, size=None, replace=True):
    gaps = np.array(second, dtype=float) - np.array(first, dtype=float)
    rng = np.random.default_rng(seed)
    return np.array([rng.choice(gaps, size or len(gaps), replace).mean() for _ in range(draws)])


def word_of(low, high):
    return "second" if low > 0 else "first" if high < 0 else "cannot tell"


def at(means, *percents):
    return word_of(*np.percentile(means, percents))


wrong("11.1", "the larger mean wins", "so 0 lies in the interval")(
    lambda first, second, draws=1000, seed=0: word_of(*[np.mean(second) - np.mean(first)] * 2)
)
wrong("11.1", "the names the wrong way round", "the wrong way round")(
    lambda first, second, draws=1000, seed=0: at(means_of(second, first), 2.5, 97.5)
)


@wrong("11.1", "draws the two lists apart", "do not draw the two systems apart")
def better_apart(first, second, draws=1000, seed=0):
    rng = np.random.default_rng(seed)
    ones = rng.choice(first, (draws, len(first))).mean(axis=1)
    twos = rng.choice(second, (draws, len(second))).mean(axis=1)
    return at(twos - ones, 2.5, 97.5)


@wrong("11.1", "two intervals that may overlap", "drawn as pairs")
def better_overlap(first, second, draws=1000, seed=0):
    rng = np.random.default_rng(seed)
    low_1, high_1 = np.percentile(rng.choice(first, (draws, len(first))).mean(1), [2.5, 97.5])
    low_2, high_2 = np.percentile(rng.choice(second, (draws, len(second))).mean(1), [2.5, 97.5])
    return "second" if low_2 > high_1 else "first" if low_1 > high_2 else "cannot tell"


wrong("11.1", "draws without repetition", "draw with repetition")(
    lambda first, second, draws=1000, seed=0: at(
        means_of(first, second, draws, replace=False), 2.5, 97.5
    )
)
wrong("11.1", "permutes with random.sample", "draw with repetition")(
    lambda first, second, draws=1000, seed=0: at(
        [
            np.mean(random.sample([b - a for a, b in zip(first, second, strict=True)], len(first)))
            for _ in range(draws)
        ],
        2.5,
        97.5,
    )
)
wrong("11.1", "draws ten questions each time", "draw as many questions as there are")(
    lambda first, second, draws=1000, seed=0: at(means_of(first, second, draws, size=10), 2.5, 97.5)
)
wrong("11.1", "draws as many questions as draws", "as many as there are")(
    lambda first, second, draws=1000, seed=0: at(
        means_of(first, second, draws, size=draws), 2.5, 97.5
    )
)
wrong("11.1", "percentiles as shares", "`np.percentile` takes")(
    lambda first, second, draws=1000, seed=0: at(means_of(first, second, draws), 0.025, 0.975)
)
wrong("11.1", "the upper percentile as a share", "the upper end is not below 0")(
    lambda first, second, draws=1000, seed=0: at(means_of(first, second, draws), 2.5, 0.975)
)
wrong("11.1", "quantiles in percent", "Quantiles must be in the range")(
    lambda first, second, draws=1000, seed=0: word_of(
        *np.quantile(means_of(first, second), [2.5, 97.5])
    )
)
wrong("11.1", "the quartiles", "2.5 % off")(
    lambda first, second, draws=1000, seed=0: at(means_of(first, second, draws), 25, 75)
)
wrong("11.1", "an interval of 68 %", "2.5 % off")(
    lambda first, second, draws=1000, seed=0: at(means_of(first, second, draws), 16, 84)
)
wrong("11.1", "lowest and highest mean", "and not less")(
    lambda first, second, draws=1000, seed=0: at(means_of(first, second, draws), 0, 100)
)
wrong("11.1", "percentiles of the differences", "lies below 0")(
    lambda first, second, draws=1000, seed=0: at(np.subtract(second, first), 2.5, 97.5)
)
wrong("11.1", "the spread of the differences", "lies below 0")(
    lambda first, second, draws=1000, seed=0: word_of(
        np.mean(np.subtract(second, first)) - 1.96 * np.std(np.subtract(second, first)),
        np.mean(np.subtract(second, first)) + 1.96 * np.std(np.subtract(second, first)),
    )
)
wrong("11.1", "only the mean of the draws", "look at both ends")(
    lambda first, second, draws=1000, seed=0: word_of(*[means_of(first, second).mean()] * 2)
)
wrong("11.1", "one draw", "the upper end is not below 0")(
    lambda first, second, draws=1000, seed=0: word_of(*[means_of(first, second)[0]] * 2)
)


@wrong("11.1", "the bound counts as above", "neither above nor below")
def better_touches(first, second, draws=1000, seed=0):
    low, high = np.percentile(means_of(first, second, draws), [2.5, 97.5])
    return "second" if low >= 0 else "first" if high <= 0 else "cannot tell"


@wrong("11.1", "the bound counts as below", "neither above nor below")
def better_touches_below(first, second, draws=1000, seed=0):
    low, high = np.percentile(means_of(first, second, draws), [2.5, 97.5])
    return "second" if low > 0 else "first" if high <= 0 else "cannot tell"


@wrong("11.1", "looks at one end only", "lies below 0")
def better_one_end(first, second, draws=1000, seed=0):
    low = np.percentile(means_of(first, second, draws), 2.5)
    return "second" if low > 0 else "cannot tell"


@wrong("11.1", "not above is below", "the upper end is not below 0")
def better_two_words(first, second, draws=1000, seed=0):
    low = np.percentile(means_of(first, second, draws), 2.5)
    return "second" if low > 0 else "first"


@wrong("11.1", "tests the ends with the wrong signs", "both ends")
def better_ends(first, second, draws=1000, seed=0):
    low, high = np.percentile(means_of(first, second, draws), [2.5, 97.5])
    return "second" if high > 0 else "first" if low < 0 else "cannot tell"


@wrong("11.1", "no return for the open case", "returned None")
def better_open(first, second, draws=1000, seed=0):
    low, high = np.percentile(means_of(first, second, draws), [2.5, 97.5])
    if low > 0:
        return "second"
    if high < 0:
        return "first"


@wrong("11.1", "subtracts lists", "TypeError")
def better_lists(first, second, draws=1000, seed=0):
    return at(second - first, 2.5, 97.5)


wrong("11.1", "another word", "one of these words")(
    lambda first, second, draws=1000, seed=0: at(means_of(first, second, draws), 2.5, 97.5).replace(
        "cannot tell", "can't tell"
    )
)
right("11.1", "capital letters")(
    lambda first, second, draws=1000, seed=0: at(
        means_of(first, second, draws), 2.5, 97.5
    ).capitalize()
)
wrong("11.1", "the interval", "one of these words")(
    lambda first, second, draws=1000, seed=0: np.percentile(
        means_of(first, second, draws), [2.5, 97.5]
    )
)
wrong("11.1", "a truth value", "You returned True")(
    lambda first, second, draws=1000, seed=0: bool(
        np.percentile(means_of(first, second, draws), 2.5) > 0
    )
)
wrong("11.1", "always the example", "the first alone")(
    lambda first, second, draws=1000, seed=0: "second"
)
wrong("11.1", "always open", "right everywhere")(
    lambda first, second, draws=1000, seed=0: "cannot tell"
)


@wrong("11.1", "fifty questions, always", "from all questions")
def better_fifty(first, second, draws=1000, seed=0):
    gaps = np.subtract(second, first)
    rows = np.random.default_rng(seed).integers(0, 50, size=(draws, 50))
    return at(gaps[rows].mean(axis=1), 2.5, 97.5)


wrong("11.1", "only the first questions", "as many questions as there are")(
    lambda first, second, draws=1000, seed=0: at(
        means_of(first[:20], second[:20], draws), 2.5, 97.5
    )
)
wrong("11.1", "no parameter for draws", "TypeError")(
    lambda first, second: at(means_of(first, second), 2.5, 97.5)
)
wrong("11.1", "a thousand draws, always", "draw `draws` times")(
    lambda first, second, draws=1000, seed=0: at(means_of(first, second), 2.5, 97.5)
)
wrong("11.1", "an interval of 90 %", "2.5 % off")(
    lambda first, second, draws=1000, seed=0: at(means_of(first, second, draws), 5, 95)
)
wrong("11.1", "an interval of 99 %", "and not less")(
    lambda first, second, draws=1000, seed=0: at(means_of(first, second, draws), 0.5, 99.5)
)


@right("11.1", "np.where, and percentiles that reach further out")
def better_where(first, second, draws=1000, seed=0):
    means = sorted(means_of(first, second, draws, seed))
    cuts = statistics.quantiles(means, n=40)
    return np.where(cuts[0] > 0, "second", np.where(cuts[-1] < 0, "first", "cannot tell"))


@right("11.1", "drops the seed")
def better_no_seed(first, second, draws=1000):
    return at(means_of(first, second, draws, seed=None), 2.5, 97.5)


# 11.2 Choose by rule


@right("11.2", "verbose loops")
def choose_loops(table, min_refuses, max_seconds, margin=0.05):
    rest = []
    for name in table:
        if table[name]["refuses"] < min_refuses:
            continue
        if table[name]["seconds"] > max_seconds:
            continue
        rest.append(name)
    if len(rest) == 0:
        return "none"
    best = 0
    for name in rest:
        if table[name]["right"] > best:
            best = table[name]["right"]
    fastest = None
    for name in rest:
        if table[name]["right"] < best - margin:
            continue
        if fastest is None or table[name]["seconds"] < table[fastest]["seconds"]:
            fastest = name
    return fastest


@right("11.2", "sorted by seconds")
def choose_sorted(table, min_refuses, max_seconds, margin=0.05):
    rest = [
        (row["seconds"], row["right"], name)
        for name, row in table.items()
        if not (row["refuses"] < min_refuses or row["seconds"] > max_seconds)
    ]
    best = max((right for _, right, _ in rest), default=0)
    good = sorted(entry for entry in rest if best - entry[1] <= margin)
    return good[0][2] if good else "none"


@right("11.2", "NumPy columns")
def choose_numpy(table, min_refuses, max_seconds, margin=0.05):
    names = np.array(list(table))
    share, refuses, seconds = (
        np.array([table[name][key] for name in names]) for key in ("right", "refuses", "seconds")
    )
    keep = (refuses >= min_refuses) & (seconds <= max_seconds)
    if not keep.any():
        return "none"
    keep &= share >= share[keep].max() - margin
    return names[keep][np.argmin(seconds[keep])]


@right("11.2", "takes rows out of the table it was given")
def choose_takes_out(table, min_refuses, max_seconds, margin=0.05):
    for name in list(table):
        if table[name]["refuses"] < min_refuses or table[name]["seconds"] > max_seconds:
            del table[name]
    if not table:
        return "none"
    best = max(table.values(), key=lambda row: row["right"])["right"]
    for name, row in list(table.items()):
        if row["right"] + margin < best:
            table.pop(name)
    return min(table, key=lambda name: table[name]["seconds"])


@right("11.2", "with a little room for rounding")
def choose_close(table, min_refuses, max_seconds, margin=0.05):
    rest = {
        n: r
        for n, r in table.items()
        if r["refuses"] >= min_refuses and r["seconds"] <= max_seconds
    }
    best = max([row["right"] for row in rest.values()] or [0])
    good = {
        row["seconds"]: name
        for name, row in rest.items()
        if best - row["right"] < margin or math.isclose(best - row["right"], margin, abs_tol=1e-9)
    }
    return good[min(good)] if good else "none"


@right("11.2", "a try around the empty rest")
def choose_try(table, min_refuses, max_seconds, margin=0.05):
    rest = [n for n, r in table.items() if r["refuses"] >= min_refuses]
    rest = [n for n in rest if table[n]["seconds"] <= max_seconds]
    try:
        best = max(table[n]["right"] for n in rest)
    except ValueError:
        return "none"
    return min(
        filter(lambda n: table[n]["right"] >= best - margin, rest),
        key=lambda n: table[n]["seconds"],
    )


@right("11.2", "recursion: drop one that breaks a limit")
def choose_recursive(table, min_refuses, max_seconds, margin=0.05):
    if not table:
        return "none"
    for name, row in table.items():
        best = max(other["right"] for other in table.values())
        if row["refuses"] < min_refuses or row["seconds"] > max_seconds:
            return choose_recursive(
                {n: r for n, r in table.items() if n != name}, min_refuses, max_seconds, margin
            )
    good = [name for name, row in table.items() if row["right"] >= best - margin]
    return sorted(good, key=lambda name: table[name]["seconds"])[0]


def chosen(table, min_refuses, max_seconds, margin, best_of=None, good=None, key=None, limits=None):
    """The rule with one of its steps exchanged."""
    limits = limits or (lambda r: r["refuses"] >= min_refuses and r["seconds"] <= max_seconds)
    rest = {name: row for name, row in table.items() if limits(row)}
    if not rest:
        return "none"
    best = max(row["right"] for row in (best_of or rest).values())
    good = good or (lambda r: r["right"] >= best - margin)
    left = [name for name in rest if good(rest[name])]
    return min(left, key=lambda name: (key or (lambda r: r["seconds"]))(rest[name]), default="none")


wrong("11.2", "behind the best of all", "best of the rest")(
    lambda table, refuses, seconds, margin=0.05: chosen(
        table, refuses, seconds, margin, best_of=table
    )
)
wrong("11.2", "behind the best of those fast enough", "best of those within")(
    lambda table, refuses, seconds, margin=0.05: chosen(
        table,
        refuses,
        seconds,
        margin,
        best_of={n: r for n, r in table.items() if r["seconds"] <= seconds},
    )
)
wrong("11.2", "behind the best of those that refuse", "best of the rest")(
    lambda table, refuses, seconds, margin=0.05: chosen(
        table,
        refuses,
        seconds,
        margin,
        best_of={n: r for n, r in table.items() if r["refuses"] >= refuses},
    )
)
wrong("11.2", "the fastest, good enough or not", "the best wins")(
    lambda table, refuses, seconds, margin=0.05: chosen(
        table, refuses, seconds, margin, good=lambda r: True
    )
)
wrong("11.2", "the best, not the fastest", "and faster")(
    lambda table, refuses, seconds, margin=0.05: chosen(
        table, refuses, seconds, margin, key=lambda r: -r["right"]
    )
)
wrong("11.2", "the slowest", "and faster")(
    lambda table, refuses, seconds, margin=0.05: chosen(
        table, refuses, seconds, margin, key=lambda r: -r["seconds"]
    )
)
wrong("11.2", "the first in the table", "and faster")(
    lambda table, refuses, seconds, margin=0.05: chosen(
        table, refuses, seconds, margin, key=lambda r: 0
    )
)
wrong("11.2", "the one that refuses most", "and faster")(
    lambda table, refuses, seconds, margin=0.05: chosen(
        table, refuses, seconds, margin, key=lambda r: -r["refuses"]
    )
)
wrong("11.2", "the fastest name", "and faster")(
    lambda table, refuses, seconds, margin=0.05: min(
        [
            n
            for n, r in table.items()
            if r["refuses"] >= refuses
            and r["seconds"] <= seconds
            and r["right"]
            >= max(
                q["right"]
                for q in table.values()
                if q["refuses"] >= refuses and q["seconds"] <= seconds
            )
            - margin
        ]
        or ["none"]
    )
)
wrong("11.2", "must refuse more than the limit", "meets both limits exactly")(
    lambda table, refuses, seconds, margin=0.05: chosen(
        table,
        refuses,
        seconds,
        margin,
        limits=lambda r: r["refuses"] > refuses and r["seconds"] <= seconds,
    )
)
wrong("11.2", "must be faster than the limit", "meets both limits exactly")(
    lambda table, refuses, seconds, margin=0.05: chosen(
        table,
        refuses,
        seconds,
        margin,
        limits=lambda r: r["refuses"] >= refuses and r["seconds"] < seconds,
    )
)
wrong("11.2", "forgets the refusals", "elm refuses too little")(
    lambda table, refuses, seconds, margin=0.05: chosen(
        table, refuses, seconds, margin, limits=lambda r: r["seconds"] <= seconds
    )
)
wrong("11.2", "forgets the seconds", "ash is too slow")(
    lambda table, refuses, seconds, margin=0.05: chosen(
        table, refuses, seconds, margin, limits=lambda r: r["refuses"] >= refuses
    )
)
wrong("11.2", "one limit is enough", "ash is too slow")(
    lambda table, refuses, seconds, margin=0.05: chosen(
        table,
        refuses,
        seconds,
        margin,
        limits=lambda r: r["refuses"] >= refuses or r["seconds"] <= seconds,
    )
)
wrong("11.2", "refuses at most", "all meet these limits")(
    lambda table, refuses, seconds, margin=0.05: chosen(
        table,
        refuses,
        seconds,
        margin,
        limits=lambda r: r["refuses"] <= refuses and r["seconds"] <= seconds,
    )
)
wrong("11.2", "the limits the wrong way round", "all meet these limits")(
    lambda table, refuses, seconds, margin=0.05: chosen(table, seconds, refuses, margin)
)
wrong("11.2", "the margin as a share of the best", "0.78 - 0.4 is 0.38")(
    lambda table, refuses, seconds, margin=0.05: chosen(
        table,
        refuses,
        seconds,
        margin,
        good=lambda r: (
            r["right"]
            >= (1 - margin)
            * max(
                q["right"]
                for q in table.values()
                if q["refuses"] >= refuses and q["seconds"] <= seconds
            )
        ),
    )
)
wrong("11.2", "always five points", "more than 0.01 behind")(
    lambda table, refuses, seconds, margin=0.05: chosen(table, refuses, seconds, 0.05)
)
wrong("11.2", "no margin", "close to it and faster")(
    lambda table, refuses, seconds, margin=0.05: chosen(table, refuses, seconds, 0)
)
wrong("11.2", "the other side of the margin", "close to it")(
    lambda table, refuses, seconds, margin=0.05: chosen(table, refuses, seconds, -margin)
)


@wrong("11.2", "less than the margin behind", "0 behind itself")
def choose_strict(table, min_refuses, max_seconds, margin=0.05):
    rest = {
        n: r
        for n, r in table.items()
        if r["refuses"] >= min_refuses and r["seconds"] <= max_seconds
    }
    best = max([r["right"] for r in rest.values()] or [0])
    good = [n for n in rest if rest[n]["right"] > best - margin]
    return min(good, key=lambda n: rest[n]["seconds"]) if good else "none"


@wrong("11.2", "no case for an empty rest", "ValueError")
def choose_no_none(table, min_refuses, max_seconds, margin=0.05):
    rest = [
        n
        for n in table
        if table[n]["refuses"] >= min_refuses and table[n]["seconds"] <= max_seconds
    ]
    best = max(table[n]["right"] for n in rest)
    return min(
        (n for n in rest if table[n]["right"] >= best - margin), key=lambda n: table[n]["seconds"]
    )


@wrong("11.2", "the limits last", "best of the rest")
def choose_limits_last(table, min_refuses, max_seconds, margin=0.05):
    best = max(row["right"] for row in table.values())
    for name in sorted(table, key=lambda n: table[n]["seconds"]):
        row = table[name]
        allowed = row["refuses"] >= min_refuses and row["seconds"] <= max_seconds
        if allowed and row["right"] >= best - margin:
            return name
    return "none"


@wrong("11.2", "the first one must hold", "best of the rest")
def choose_fastest_first(table, min_refuses, max_seconds, margin=0.05):
    rest = [n for n, r in table.items() if r["refuses"] >= min_refuses]
    if not rest:
        return "none"
    best = max(table[n]["right"] for n in rest)
    good = [n for n in rest if table[n]["right"] >= best - margin]
    name = min(good, key=lambda n: table[n]["seconds"])
    return name if table[name]["seconds"] <= max_seconds else "none"


@wrong("11.2", "returns in the loop", "the best wins")
def choose_returns_early(table, min_refuses, max_seconds, margin=0.05):
    for name, row in table.items():
        if row["refuses"] >= min_refuses and row["seconds"] <= max_seconds:
            return name
        else:
            return "none"


@wrong("11.2", "None for none", "returned None")
def choose_none(table, min_refuses, max_seconds, margin=0.05):
    name = chosen(table, min_refuses, max_seconds, margin)
    return None if name == "none" else name


wrong("11.2", "an empty text for none", "one of these words")(
    lambda table, refuses, seconds, margin=0.05: chosen(table, refuses, seconds, margin).replace(
        "none", ""
    )
)
right("11.2", "None with a capital")(
    lambda table, refuses, seconds, margin=0.05: chosen(table, refuses, seconds, margin).replace(
        "none", "None"
    )
)


@wrong("11.2", "the row, not the name", "one of these words")
def choose_row(table, min_refuses, max_seconds, margin=0.05):
    return table.get(chosen(table, min_refuses, max_seconds, margin), "none")


wrong("11.2", "a list of one name", "You returned ['ash']")(
    lambda table, refuses, seconds, margin=0.05: [chosen(table, refuses, seconds, margin)]
)


@wrong("11.2", "all that are good enough", "one of these words")
def choose_all(table, min_refuses, max_seconds, margin=0.05):
    names = []
    while table:
        name = chosen(table, min_refuses, max_seconds, margin)
        table = {n: r for n, r in table.items() if n != name}
        if name == "none":
            break
        names.append(name)
    return names or "none"


@wrong("11.2", "takes rows out while it walks", "RuntimeError")
def choose_walks(table, min_refuses, max_seconds, margin=0.05):
    for name, row in table.items():
        if row["refuses"] < min_refuses or row["seconds"] > max_seconds:
            del table[name]
    return chosen(table, min_refuses, max_seconds, margin)


wrong("11.2", "always RAG", "You returned 'RAG'")(
    lambda table, refuses, seconds, margin=0.05: "RAG"
)
wrong("11.2", "a list of four in a fixed order", "KeyError")(
    lambda table, refuses, seconds, margin=0.05: min(
        ["prompt", "RAG", "LoRA", "RAG+LoRA"], key=lambda name: table[name]["seconds"]
    )
)
wrong("11.2", "no margin among its parameters", "TypeError")(
    lambda table, refuses, seconds: chosen(table, refuses, seconds, 0.05)
)


# 11.3 What became of an answer


@right("11.3", "nested branches")
def became_nested(answer, old, new, was_right, holds):
    result = ""
    if old == new:
        if was_right:
            result = "broken"
            if holds(answer, old):
                result = "kept"
        else:
            result = "still wrong"
            if holds(answer, old):
                result = "mended"
    else:
        if holds(answer, new):
            result = "updated"
        elif holds(answer, old):
            result = "stale"
        else:
            result = "other"
    return result


@right("11.3", "a dict of words")
def became_dict(answer, old, new, was_right, holds):
    has_new, has_old = holds(answer, new), holds(answer, old)
    if old != new:
        return {(True, True): "updated", (True, False): "updated", (False, True): "stale"}.get(
            (has_new, has_old), "other"
        )
    words = [["still wrong", "broken"], ["mended", "kept"]]
    return words[bool(has_new)][bool(was_right)]


@right("11.3", "match")
def became_match(answer, old, new, was_right, holds):
    match old == new, bool(holds(answer, new)), bool(was_right):
        case False, True, _:
            return "updated"
        case False, False, _:
            return "stale" if holds(answer, old) else "other"
        case True, True, True:
            return "kept"
        case True, True, False:
            return "mended"
        case True, False, True:
            return "broken"
    return "still wrong"


@right("11.3", "one expression")
def became_expression(answer, old, new, was_right, holds):
    return (
        ("kept" if holds(answer, old) else "broken")
        if old == new and was_right
        else ("mended" if holds(answer, old) else "still wrong")
        if old == new
        else "updated"
        if holds(answer, new)
        else "stale"
        if holds(answer, old)
        else "other"
    )


@right("11.3", "a NumPy text")
def became_numpy(answer, old, new, was_right, holds):
    now = holds(answer, new)
    conditions = [
        old != new and now,
        old != new and holds(answer, old),
        old != new,
        was_right and now,
        now,
        was_right,
    ]
    words = ["updated", "stale", "other", "kept", "mended", "broken"]
    return np.array([*words, "still wrong"])[([bool(c) for c in conditions] + [True]).index(True)]


def became(answer, old, new, was_right, holds):
    """The rule, for answers that spoil one of its steps."""
    return became_nested(answer, old, new, was_right, holds)


def renamed(was, now):
    """The rule with one word exchanged."""

    def answer(answer, old, new, was_right, holds):
        word = became(answer, old, new, was_right, holds)
        return now if word == was else word

    return answer


wrong("11.3", "an underscore in still wrong", "still_wrong")(renamed("still wrong", "still_wrong"))
wrong("11.3", "repaired for mended", "one of these words")(renamed("mended", "repaired"))
wrong("11.3", "mended counts as kept", "wrong before and right now")(renamed("mended", "kept"))
wrong("11.3", "still wrong counts as broken", "nothing was broken")(
    renamed("still wrong", "broken")
)
wrong("11.3", "other counts as stale", "neither value")(renamed("other", "stale"))
wrong("11.3", "other counts as broken", "not broken but other")(renamed("other", "broken"))
wrong("11.3", "updated is kept", "holds the new value")(renamed("updated", "kept"))
wrong("11.3", "no word for other", "returned None")(renamed("other", None))
wrong("11.3", "no word for still wrong", "returned None")(renamed("still wrong", None))


@wrong("11.3", "asks for the old value first", "the new one is asked for first")
def became_old_first(answer, old, new, was_right, holds):
    if old != new:
        if holds(answer, old):
            return "stale"
        return "updated" if holds(answer, new) else "other"
    return became(answer, old, new, was_right, holds)


@wrong(
    "11.3", "stale only without the new value, updated only without the old", "holds both values"
)
def became_both(answer, old, new, was_right, holds):
    if old != new:
        has_old, has_new = holds(answer, old), holds(answer, new)
        if has_new and not has_old:
            return "updated"
        return "stale" if has_old and not has_new else "other"
    return became(answer, old, new, was_right, holds)


@wrong("11.3", "old and new the wrong way round", "holds the new value")
def became_turned(answer, old, new, was_right, holds):
    return became(answer, new, old, was_right, holds)


@wrong("11.3", "text in text", "do not search in the text")
def became_in(answer, old, new, was_right, holds):
    return became(answer, old, new, was_right, lambda text, value: value in text)


@wrong("11.3", "equal instead of holds", "`holds(answer, old)`")
def became_equal(answer, old, new, was_right, holds):
    return became(answer, old, new, was_right, lambda text, value: text == value)


@wrong("11.3", "the two of holds the wrong way round", "`holds(answer, old)`")
def became_holds_turned(answer, old, new, was_right, holds):
    return became(answer, old, new, was_right, lambda text, value: holds(value, text))


@wrong("11.3", "forgets to call holds", "the new one does not")
def became_no_call(answer, old, new, was_right, holds):
    return became(answer, old, new, was_right, lambda text, value: holds)


@wrong("11.3", "forgets what was right before", "wrong before and right now")
def became_forgets(answer, old, new, was_right, holds):
    return became(answer, old, new, True, holds)


@wrong("11.3", "takes was_right the wrong way round", "right before: True")
def became_not(answer, old, new, was_right, holds):
    return became(answer, old, new, not was_right, holds)


@wrong(
    "11.3",
    "asks whether the answer was right before, not whether it holds",
    "wrong before and right now",
)
def became_only_before(answer, old, new, was_right, holds):
    if old != new:
        return became(answer, old, new, was_right, holds)
    return "kept" if was_right else "still wrong"


@wrong("11.3", "does not look whether the fact changed", "a changed fact")
def became_unchanged(answer, old, new, was_right, holds):
    if holds(answer, new):
        return "updated"
    if holds(answer, old):
        return "stale"
    return "broken" if was_right else "still wrong"


@wrong("11.3", "a changed fact that was wrong before", "does not matter here")
def became_changed_wrong(answer, old, new, was_right, holds):
    if old != new and not was_right and not holds(answer, new):
        return "still wrong"
    return became(answer, old, new, was_right, holds)


@wrong("11.3", "a changed fact must have been right before", '"updated" is needed')
def became_changed_mended(answer, old, new, was_right, holds):
    if old != new and not was_right and holds(answer, new):
        return "mended"
    return became(answer, old, new, was_right, holds)


@wrong("11.3", "other only for what was right before", "does not matter")
def became_other_wrong(answer, old, new, was_right, holds):
    word = became(answer, old, new, was_right, holds)
    return "still wrong" if word == "other" and not was_right else word


@wrong("11.3", "or in place of and", "wrong before and right now")
def became_or(answer, old, new, was_right, holds):
    if old != new:
        return became(answer, old, new, was_right, holds)
    if holds(answer, new) or was_right:
        return "kept"
    return "still wrong"


@wrong("11.3", "compares with is", "equal (`==`)")
def became_is(answer, old, new, was_right, holds):
    if old is not new:
        return "updated" if holds(answer, new) else "stale" if holds(answer, old) else "other"
    return became(answer, new, new, was_right, holds)


@wrong("11.3", "the unchanged half is missing", "returned None")
def became_half(answer, old, new, was_right, holds):
    if old != new:
        return became(answer, old, new, was_right, holds)


right("11.3", "capital letters")(
    lambda answer, old, new, was_right, holds: became(
        answer, old, new, was_right, holds
    ).capitalize()
)
wrong("11.3", "always stale, as in the example", "holds the new value")(
    lambda answer, old, new, was_right, holds: "stale"
)
wrong("11.3", "a truth value", "You returned True")(
    lambda answer, old, new, was_right, holds: bool(holds(answer, new))
)
wrong("11.3", "a word in a list", "You returned ['updated']")(
    lambda answer, old, new, was_right, holds: [became(answer, old, new, was_right, holds)]
)
wrong("11.3", "four parameters", "TypeError")(
    lambda answer, old, new, was_right: became(
        answer, old, new, was_right, lambda text, value: value in text
    )
)


# 11.4 Break-even


@right("11.4", "counts up")
def even_counts(questions, rag_each, lora_each, reindex, retrain):
    if questions * lora_each > questions * rag_each:
        return 0
    if retrain <= reindex:
        return float("inf")
    updates = 0
    while questions * lora_each + updates * retrain <= questions * rag_each + updates * reindex:
        updates += 1
    return updates


@right("11.4", "itertools.count")
def even_count(questions, rag_each, lora_each, reindex, retrain):
    def gap(updates):
        return questions * (lora_each - rag_each) + updates * (retrain - reindex)

    if gap(0) <= 0 and retrain <= reindex:
        return math.inf
    return next(u for u in itertools.count() if gap(u) > 0)


@right("11.4", "floor division, a float")
def even_floor_division(questions, rag_each, lora_each, reindex, retrain):
    rag, lora = questions * rag_each, questions * lora_each
    more = retrain - reindex
    if lora > rag:
        return 0
    return np.inf if more <= 0 else (rag - lora) // more + 1


@right("11.4", "NumPy floor")
def even_numpy(questions, rag_each, lora_each, reindex, retrain):
    saved = np.float64(questions * rag_each - questions * lora_each)
    if saved < 0:
        return np.int64(0)
    if reindex >= retrain:
        return np.float64("inf")
    return np.floor(saved / (retrain - reindex)) + 1


@right("11.4", "fractions")
def even_fractions(questions, rag_each, lora_each, reindex, retrain):
    q, a, b, c, d = (Fraction(str(x)) for x in (questions, rag_each, lora_each, reindex, retrain))
    if q * (a - b) < 0:
        return 0
    if d <= c:
        return float("inf")
    return int(q * (a - b) / (d - c)) + 1


@right("11.4", "ceil, and one more if it is even")
def even_ceil(questions, rag_each, lora_each, reindex, retrain):
    saved = questions * (rag_each - lora_each)
    extra = retrain - reindex
    if saved < 0:
        return 0
    if extra <= 0:
        return math.inf
    updates = math.ceil(saved / extra)
    if questions * lora_each + updates * retrain <= questions * rag_each + updates * reindex:
        updates += 1
    return updates


@right("11.4", "doubling and halving")
def even_bisects(questions, rag_each, lora_each, reindex, retrain):
    def costs_more(u):
        return questions * lora_each + u * retrain > questions * rag_each + u * reindex

    if costs_more(0):
        return 0
    if retrain <= reindex:
        return math.inf
    top = 1
    while not costs_more(top):
        top *= 2
    return bisect.bisect_left(range(top + 1), True, key=costs_more)


@right("11.4", "a division by zero caught")
def even_try(questions, rag_each, lora_each, reindex, retrain):
    saved = questions * rag_each - questions * lora_each
    if saved < 0:
        return 0
    try:
        updates = math.floor(saved / (retrain - reindex)) + 1
    except ZeroDivisionError:
        return math.inf
    return updates if retrain > reindex else math.inf


def even(questions, rag_each, lora_each, reindex, retrain, *, last, zero=True, never=True):
    """The rule with its last step exchanged, or without one of its cases."""
    saved = questions * (rag_each - lora_each)
    if zero and saved < 0:
        return 0
    if never and retrain <= reindex:
        return math.inf
    return last(saved / (retrain - reindex))


def floor_1(x):
    return math.floor(x + 1e-9) + 1


wrong("11.4", "rounds up, so even is enough", "3 updates make it even")(
    lambda *values: even(*values, last=lambda x: math.ceil(x - 1e-9))
)
wrong("11.4", "rounds down", "does not cost more yet")(
    lambda *values: even(*values, last=math.floor)
)
wrong("11.4", "rounds", "does not cost more yet")(lambda *values: even(*values, last=round))
wrong("11.4", "rounds, plus one", "do not round")(
    lambda *values: even(*values, last=lambda x: round(x) + 1)
)
wrong("11.4", "a fraction of an update", "does not cost more yet")(
    lambda *values: even(*values, last=lambda x: x)
)
wrong("11.4", "a fraction plus one", "a whole number")(
    lambda *values: even(*values, last=lambda x: x + 1)
)
wrong("11.4", "rounds up and adds one", "3 cost 300")(
    lambda *values: even(*values, last=lambda x: math.ceil(x - 1e-9) + 1)
)
wrong("11.4", "no case without any update", "without any update")(
    lambda *values: even(*values, last=floor_1, zero=False)
)
wrong("11.4", "at least one update", "without any update")(
    lambda *values: max(1, even(*values, last=floor_1))
)
wrong("11.4", "negative, cut at 0 afterwards, no case for never", "whatever an update costs")(
    lambda q, a, b, c, d: max(0, math.floor(q * (a - b) / (d - c)) + 1) if d != c else math.inf
)
wrong("11.4", "no case for never", "never costs more")(
    lambda *values: even(*values, last=floor_1, never=False)
)


@wrong("11.4", "never only if the two are the same", "never costs more")
def even_same(questions, rag_each, lora_each, reindex, retrain):
    saved = questions * (rag_each - lora_each)
    if saved < 0:
        return 0
    if retrain == reindex:
        return math.inf
    return math.floor(saved / (retrain - reindex)) + 1


@wrong("11.4", "never only if the training is cheaper", "ZeroDivisionError")
def even_cheaper(questions, rag_each, lora_each, reindex, retrain):
    saved = questions * (rag_each - lora_each)
    if saved < 0:
        return 0
    if retrain < reindex:
        return math.inf
    return math.floor(saved / (retrain - reindex)) + 1


@wrong("11.4", "never comes before none", "whatever an update costs")
def even_never_first(questions, rag_each, lora_each, reindex, retrain):
    if retrain <= reindex:
        return math.inf
    saved = questions * (rag_each - lora_each)
    return 0 if saved < 0 else math.floor(saved / (retrain - reindex)) + 1


@wrong("11.4", "equal costs count as more", "does not cost more yet")
def even_zero(questions, rag_each, lora_each, reindex, retrain):
    saved = questions * (rag_each - lora_each)
    if saved <= 0:
        return 0
    return math.inf if retrain <= reindex else math.floor(saved / (retrain - reindex)) + 1


@wrong("11.4", "counts up while it is less", "does not cost more yet")
def even_less(questions, rag_each, lora_each, reindex, retrain):
    if retrain <= reindex:
        return 0 if lora_each > rag_each else math.inf
    updates = 0
    while questions * lora_each + updates * retrain < questions * rag_each + updates * reindex:
        updates += 1
    return updates


@wrong("11.4", "counts up from one", "without any update")
def even_from_one(questions, rag_each, lora_each, reindex, retrain):
    for updates in range(1, 100_000):
        if questions * lora_each + updates * retrain > questions * rag_each + updates * reindex:
            return updates
    return math.inf


@wrong("11.4", "counts to ten", "at 10 updates")
def even_to_ten(questions, rag_each, lora_each, reindex, retrain):
    for updates in range(10):
        if questions * lora_each + updates * retrain > questions * rag_each + updates * reindex:
            return updates
    return math.inf


@wrong("11.4", "counts to 31, as a month has days", "a fixed number")
def even_to_31(questions, rag_each, lora_each, reindex, retrain):
    for updates in range(32):
        if questions * lora_each + updates * retrain > questions * rag_each + updates * reindex:
            return updates
    return math.inf


@wrong("11.4", "counts to a hundred", "a fixed number")
def even_to_100(questions, rag_each, lora_each, reindex, retrain):
    for updates in range(101):
        if questions * lora_each + updates * retrain > questions * rag_each + updates * reindex:
            return updates
    return math.inf


@wrong("11.4", "0 where the questions cost the same and the updates less", "never needs more")
def even_tie(questions, rag_each, lora_each, reindex, retrain):
    saved = questions * (rag_each - lora_each)
    if retrain <= reindex:
        return math.inf if saved > 0 else 0
    return max(0, math.floor(saved / (retrain - reindex)) + 1) if saved >= 0 else 0


@right("11.4", "recursion")
def even_recursive(questions, rag_each, lora_each, reindex, retrain, updates=0):
    saved = questions * (rag_each - lora_each)
    if updates * (retrain - reindex) > saved:
        return updates
    if retrain <= reindex:
        return math.inf
    return even_recursive(questions, rag_each, lora_each, reindex, retrain, updates + 1)


@right("11.4", "seconds of one question's share of an update")
def even_shares(questions, rag_each, lora_each, reindex, retrain):
    if questions and lora_each > rag_each:
        return 0
    if not retrain > reindex:
        return math.inf
    return 1 + math.floor((rag_each - lora_each) / (retrain - reindex) * questions)


wrong("11.4", "forgets the new index", "needs 100 more for each update")(
    lambda q, a, b, c, d: even(q, a, b, 0, d, last=floor_1)
)
wrong("11.4", "adds the new index to the training", "needs 100 more for each update")(
    lambda q, a, b, c, d: even(q, a, b, 0, c + d, last=floor_1)
)
wrong("11.4", "forgets the questions", "saves 300 seconds at the questions")(
    lambda q, a, b, c, d: even(1, a, b, c, d, last=floor_1)
)
wrong("11.4", "forgets what LoRA needs for a question", "saves 300 seconds at the questions")(
    lambda q, a, b, c, d: even(q, a, 0, c, d, last=floor_1)
)
wrong("11.4", "RAG and LoRA the wrong way round", "needs 100 more for each update")(
    lambda q, a, b, c, d: even(q, b, a, d, c, last=floor_1)
)
wrong("11.4", "the two of an update the wrong way round", "needs 100 more for each update")(
    lambda q, a, b, c, d: even(q, a, b, d, c, last=floor_1)
)
wrong("11.4", "how many updates LoRA is better for", "does not cost more yet")(
    lambda *values: even(*values, last=lambda x: math.floor(x + 1e-9))
)
wrong("11.4", "a thousand questions, always", "For 100 questions")(
    lambda q, a, b, c, d: even(1000, a, b, c, d, last=floor_1)
)
wrong("11.4", "the text inf", "a text")(
    lambda *values: even(*values, last=floor_1) if even(*values, last=floor_1) < 1e9 else "inf"
)
wrong("11.4", "the text never", "a text")(
    lambda *values: even(*values, last=floor_1) if even(*values, last=floor_1) < 1e9 else "never"
)
wrong("11.4", "0 for never", "never costs more")(
    lambda *values: even(*values, last=floor_1) if even(*values, last=floor_1) < 1e9 else 0
)
wrong("11.4", "minus 1 for never", "never costs more")(
    lambda *values: even(*values, last=floor_1) if even(*values, last=floor_1) < 1e9 else -1
)
wrong("11.4", "minus infinity for never", "never costs more")(
    lambda *values: even(*values, last=floor_1) if even(*values, last=floor_1) < 1e9 else -math.inf
)
wrong("11.4", "a very large number for never", "never costs more")(
    lambda *values: even(*values, last=floor_1) if even(*values, last=floor_1) < 1e9 else 10**9
)
wrong("11.4", "None for never", "returned None")(
    lambda *values: even(*values, last=floor_1) if even(*values, last=floor_1) < 1e9 else None
)
wrong("11.4", "nan for never", "You returned nan")(
    lambda *values: even(*values, last=floor_1) if even(*values, last=floor_1) < 1e9 else math.nan
)
wrong("11.4", "always 4", "3 is needed")(lambda *values: 4)
wrong("11.4", "True or False", "needs 100 more for each update")(
    lambda q, a, b, c, d: q * b + d > q * a + c
)
wrong("11.4", "a text with the number", "a text")(lambda *values: str(even(*values, last=floor_1)))
