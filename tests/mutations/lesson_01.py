"""Right and wrong answers to the exercises of lesson 01."""

from __future__ import annotations

import bisect
import collections
import functools
import itertools
import math
import re
import statistics
import string

import numpy as np
import torch

from coursekit.scoring import normalise, separation
from mutations import right, wrong

# 01.1 One number for an answer


@right("01.1", "verbose loop")
def confidence_loop(log_probabilities):
    total = 0
    count = 0
    for value in log_probabilities:
        total = total + value
        count = count + 1
    mean = total / count
    return math.e**mean


@right("01.1", "a root for each token")
def confidence_roots(log_probabilities):
    n = len(log_probabilities)
    return math.prod(math.exp(value) ** (1 / n) for value in log_probabilities)


@right("01.1", "early return, guards against an empty list")
def confidence_early(log_probabilities):
    if not log_probabilities:
        return 0.0
    if len(log_probabilities) == 1:
        return np.exp(log_probabilities[0])
    return np.exp(sum(log_probabilities) / len(log_probabilities))


@right("01.1", "recursion")
def confidence_recursion(log_probabilities):
    def add(values):
        return 0.0 if len(values) == 0 else values[0] + add(values[1:])

    return math.exp(add(list(log_probabilities)) / len(log_probabilities))


@right("01.1", "a running mean")
def confidence_running(log_probabilities):
    mean = 0.0
    for n, value in enumerate(log_probabilities, start=1):
        mean += (value - mean) / n
    return np.float32(np.exp(mean))


right("01.1", "fsum")(lambda logs: math.exp(math.fsum(logs) / len(logs)))
right("01.1", "NumPy, sum and length")(lambda logs: np.exp(np.sum(logs) / len(logs)))
right("01.1", "statistics")(lambda logs: statistics.geometric_mean(np.exp(logs).tolist()))
right("01.1", "a torch scalar")(lambda logs: torch.tensor(logs).float().mean().exp())
right("01.1", "an array without dimensions")(lambda logs: np.asarray(np.exp(np.average(logs))))
right("01.1", "reduce")(
    lambda logs: functools.reduce(lambda a, b: a * b, [math.exp(v / len(logs)) for v in logs])
)
right("01.1", "the method of an array")(lambda logs: np.exp(logs.mean()))
right("01.1", "another base in between")(
    lambda logs: 2 ** statistics.fmean(value / math.log(2) for value in logs)
)


@wrong("01.1", "only the example", "result of the example")
def confidence_example(log_probabilities):
    if len(log_probabilities) == 2:
        return float(np.exp(np.mean(log_probabilities)))
    return 0.25


@wrong("01.1", "no return, it prints", "returned None")
def confidence_prints(log_probabilities):
    print(np.exp(np.mean(log_probabilities)))


@wrong("01.1", "no value for one token", "shape (1,)) your function returned None")
def confidence_forgets_one(log_probabilities):
    if len(log_probabilities) > 1:
        return math.exp(sum(log_probabilities) / len(log_probabilities))


@wrong("01.1", "starts the product at zero", "begins at 0")
def confidence_zero(log_probabilities):
    product = 0
    for value in log_probabilities:
        product *= math.exp(value)
    return product ** (1 / len(log_probabilities))


@wrong("01.1", "returns inside the loop", "let the loop end")
def confidence_inside(log_probabilities):
    total = 0
    for value in log_probabilities:
        total += value
        return math.exp(total / len(log_probabilities))


wrong("01.1", "root of a product that runs into zero", "runs into zero")(
    lambda logs: np.prod(np.exp(logs)) ** (1 / len(logs))
)
wrong("01.1", "arithmetic mean", "ordinary mean")(lambda logs: np.mean(np.exp(logs)))
wrong("01.1", "product without a root", "falls with every token")(lambda logs: np.exp(np.sum(logs)))
wrong("01.1", "mean logarithm", "that is the mean of the logarithms")(lambda logs: np.mean(logs))
wrong("01.1", "sum of the logarithms", "that is the sum of the logarithms")(lambda logs: sum(logs))
wrong("01.1", "sum of the probabilities", "sum of the probabilities")(
    lambda logs: sum(np.exp(logs))
)
wrong("01.1", "product over the number", "before `np.exp`, not after")(
    lambda logs: np.exp(sum(logs)) / len(logs)
)
wrong("01.1", "always the square root", "need root 3")(lambda logs: np.sqrt(np.exp(sum(logs))))
wrong("01.1", "powers of two", "powers of 2")(lambda logs: 2 ** np.mean(logs))
wrong("01.1", "powers of ten", "powers of 10")(lambda logs: 10 ** np.mean(logs))
wrong("01.1", "perplexity", "perplexity")(lambda logs: np.exp(-np.mean(logs)))
wrong("01.1", "the least token", "one token")(lambda logs: math.exp(min(logs)))
wrong("01.1", "the greatest token", "one token")(lambda logs: math.exp(max(logs)))
wrong("01.1", "the first token", "one token")(lambda logs: math.exp(logs[0]))
wrong("01.1", "the last token", "one token")(lambda logs: math.exp(logs[-1]))
wrong("01.1", "the median", "median")(lambda logs: math.exp(np.median(logs)))
wrong("01.1", "harmonic mean", "harmonic")(
    lambda logs: statistics.harmonic_mean(np.exp(logs).tolist())
)
wrong("01.1", "one less in the denominator", "need root 3")(
    lambda logs: np.exp(sum(logs) / (len(logs) - 1))
)
wrong("01.1", "one more in the denominator", "divide the sum of the logarithms by 3")(
    lambda logs: np.exp(sum(logs) / (len(logs) + 1))
)
wrong("01.1", "rounded", "do not round")(lambda logs: round(float(np.exp(np.mean(logs))), 2))
wrong("01.1", "per cent", "not to 100")(lambda logs: 100 * np.exp(np.mean(logs)))
wrong("01.1", "a text", "a text")(lambda logs: f"{np.exp(np.mean(logs)):.2f}")
wrong("01.1", "all probabilities", "one number is needed")(lambda logs: np.exp(logs))
wrong("01.1", "the logarithm again", "logarithms already")(
    lambda logs: np.exp(np.mean(np.log(logs)))
)
wrong("01.1", "probabilities expected", "logarithms already")(
    lambda logs: np.prod(logs) ** (1 / len(logs))
)
wrong("01.1", "absolute values", "must stay so")(lambda logs: np.exp(np.mean(np.abs(logs))))
wrong("01.1", "the sum is missing its last", "missing from the sum")(
    lambda logs: np.exp(sum(logs[:-1]) / len(logs))
)
wrong("01.1", "first and last", "right result is 0.4160")(
    lambda logs: np.exp((logs[0] + logs[-1]) / 2)
)
wrong("01.1", "always one", "right result is 0.4160")(lambda logs: 1.0)
wrong("01.1", "hard-coded", "result of the example")(lambda logs: 0.25)
wrong("01.1", "a pair", "one number is needed")(lambda logs: (np.exp(np.mean(logs)), len(logs)))

# 01.2 Right against wrong


@right("01.2", "verbose loops")
def auc_loops(confidence, right):
    points = 0
    pairs = 0
    for i in range(len(confidence)):
        for j in range(len(confidence)):
            if right[i] == True and right[j] == False:  # noqa: E712
                pairs = pairs + 1
                if confidence[i] > confidence[j]:
                    points = points + 1
                elif confidence[i] == confidence[j]:
                    points = points + 0.5
    return points / pairs


@right("01.2", "NumPy, all pairs at once")
def auc_broadcast(confidence, right):
    values, mask = np.array(confidence), np.array(right)
    gap = values[mask][:, None] - values[~mask][None, :]
    return ((gap > 0) + 0.5 * (gap == 0)).mean()


@right("01.2", "itertools.product")
def auc_product(confidence, right):
    good = itertools.compress(confidence, right)
    bad = itertools.compress(confidence, [not r for r in right])
    pairs = list(itertools.product(good, bad))
    higher = sum(g > b for g, b in pairs)
    same = sum(g == b for g, b in pairs)
    return (higher + same / 2) / len(pairs)


@right("01.2", "sign of the difference")
def auc_sign(confidence, right):
    good = [c for c, r in zip(confidence, right, strict=True) if r]
    bad = [c for c, r in zip(confidence, right, strict=True) if not r]
    return np.mean([(np.sign(g - b) + 1) / 2 for g in good for b in bad])


@right("01.2", "bisection")
def auc_bisect(confidence, right):
    bad = sorted(c for c, r in zip(confidence, right, strict=True) if not r)
    good = [c for c, r in zip(confidence, right, strict=True) if r]
    points = sum(bisect.bisect_left(bad, g) + bisect.bisect_right(bad, g) for g in good)
    return points / (2 * len(good) * len(bad))


@right("01.2", "mean ranks")
def auc_ranks(confidence, right):
    order = sorted(confidence)
    n = sum(right)
    ranks = [
        statistics.mean([i + 1 for i, value in enumerate(order) if value == c]) for c in confidence
    ]
    total = sum(rank for rank, r in zip(ranks, right, strict=True) if r)
    return (total - n * (n + 1) / 2) / (n * (len(right) - n))


@right("01.2", "area under the curve")
def auc_area(confidence, right):
    good, bad = sum(right), len(right) - sum(right)
    area = x = y = 0.0
    for limit in sorted(set(confidence), reverse=True):
        chosen = [r for c, r in zip(confidence, right, strict=True) if c >= limit]
        new_x, new_y = (len(chosen) - sum(chosen)) / bad, sum(chosen) / good
        area += (new_x - x) * (new_y + y) / 2
        x, y = new_x, new_y
    return area


@right("01.2", "one minus the share of losses")
def auc_complement(confidence, right):
    lost, pairs = 0, 0
    for c, r in zip(confidence, right, strict=True):
        for d, s in zip(confidence, right, strict=True):
            if s or not r:
                continue
            pairs += 1
            lost += 1 if c < d else 0.5 if c == d else 0
    return 1 - lost / pairs


@right("01.2", "torch")
def auc_torch(confidence, right):
    values, mask = torch.tensor(confidence), torch.tensor(right)
    gap = values[mask].unsqueeze(1) - values[~mask].unsqueeze(0)
    return torch.heaviside(gap, torch.tensor(0.5, dtype=gap.dtype)).mean()


@right("01.2", "recursion")
def auc_recursion(confidence, right):
    good = [c for c, r in zip(confidence, right, strict=True) if r]
    bad = [c for c, r in zip(confidence, right, strict=True) if not r]

    def points(g, rest):
        if not rest:
            return 0
        first = 1 if g > rest[0] else 0.5 if g == rest[0] else 0
        return first + points(g, rest[1:])

    return sum(points(g, bad) for g in good) / (len(good) * len(bad))


right("01.2", "the course's own function")(
    lambda confidence, right: separation(np.array(confidence), np.array(right))
)


def split(confidence, right):
    good = [c for c, r in zip(confidence, right, strict=True) if r]
    bad = [c for c, r in zip(confidence, right, strict=True) if not r]
    return good, bad


def paired(points):
    """An answer that gives points for each pair of a right and a wrong one, and takes the mean."""

    def answer(confidence, right):
        good, bad = split(confidence, right)
        return sum(points(g, b) for g in good for b in bad) / (len(good) * len(bad))

    return answer


wrong("01.2", "a tie counts nothing", "equal pairs: 1; each of them counts half.")(
    paired(lambda g, b: g > b)
)
wrong("01.2", "a tie counts fully", "half, not whole")(paired(lambda g, b: g >= b))
wrong("01.2", "the wrong one higher", "other way round")(
    paired(lambda g, b: (g < b) + 0.5 * (g == b))
)
wrong("01.2", "a tie counts a quarter", "1 equal, which gives 0.750")(
    paired(lambda g, b: (g > b) + 0.25 * (g == b))
)
wrong("01.2", "half on top of a full tie", "1 equal, which gives 0.750")(
    paired(lambda g, b: (g >= b) + 0.5 * (g == b))
)
wrong("01.2", "nearly equal counts as equal", "nearly equal")(
    paired(lambda g, b: 0.5 if abs(g - b) < 0.05 else float(g > b))
)
wrong("01.2", "rounds before it compares", "nearly equal")(
    paired(lambda g, b: (round(g, 1) > round(b, 1)) + 0.5 * (round(g, 1) == round(b, 1)))
)
wrong("01.2", "the mean gap", "difference of the two means")(paired(lambda g, b: g - b))


@wrong("01.2", "a tie is left out", "left equal pairs out")
def auc_drops_ties(confidence, right):
    good, bad = split(confidence, right)
    pairs = [(g, b) for g in good for b in bad if g != b]
    return sum(g > b for g, b in pairs) / max(1, len(pairs))


@wrong("01.2", "pairs by position", "`zip`")
def auc_zip(confidence, right):
    good, bad = split(confidence, right)
    points = [1 if g > b else 0.5 if g == b else 0 for g, b in zip(good, bad, strict=False)]
    return sum(points) / len(points)


@wrong("01.2", "all pairs in the denominator", "divide by 12")
def auc_all_pairs(confidence, right):
    good, bad = split(confidence, right)
    points = sum((g > b) + 0.5 * (g == b) for g in good for b in bad)
    n = len(confidence)
    return points / (n * (n - 1) / 2)


@wrong("01.2", "the number of answers in the denominator", "divide by 12")
def auc_per_answer(confidence, right):
    good, bad = split(confidence, right)
    return sum((g > b) + 0.5 * (g == b) for g in good for b in bad) / len(confidence)


@wrong("01.2", "a count, not a share", "number of points")
def auc_count(confidence, right):
    good, bad = split(confidence, right)
    return sum((g > b) + 0.5 * (g == b) for g in good for b in bad)


@wrong("01.2", "only pairs with the right one first", "of 12 pairs, 10 are higher")
def auc_later(confidence, right):
    points, pairs = 0, 0
    for i in range(len(confidence)):
        for j in range(i + 1, len(confidence)):
            if right[i] and not right[j]:
                pairs += 1
                points += (confidence[i] > confidence[j]) + 0.5 * (confidence[i] == confidence[j])
    return points / max(pairs, 1)


@wrong("01.2", "only neighbours", "compare every pair")
def auc_neighbours(confidence, right):
    points, pairs = 0, 0
    for i in range(len(confidence) - 1):
        if right[i] != right[i + 1]:
            g, b = (i, i + 1) if right[i] else (i + 1, i)
            points += (confidence[g] > confidence[b]) + 0.5 * (confidence[g] == confidence[b])
            pairs += 1
    return points / max(pairs, 1)


@wrong("01.2", "the means compared", "two means")
def auc_means(confidence, right):
    good, bad = split(confidence, right)
    return float(np.mean(good) > np.mean(bad))


@wrong("01.2", "equal numbers fall together in a set", "in a set")
def auc_sets(confidence, right):
    good, bad = (set(part) for part in split(confidence, right))
    points = [1 if g > b else 0.5 if g == b else 0 for g in good for b in bad]
    return sum(points) / len(points)


@wrong("01.2", "sorts its input", "no longer belongs")
def auc_sorts(confidence, right):
    confidence.sort()
    return separation(np.array(confidence), np.array(right))


@wrong("01.2", "returns after the first right answer", "only the first right answer")
def auc_early(confidence, right):
    good, bad = split(confidence, right)
    for g in good:
        points = sum((g > b) + 0.5 * (g == b) for b in bad)
        return points / len(bad)


@wrong("01.2", "beats every wrong answer", "need not beat all")
def auc_beats_all(confidence, right):
    good, bad = split(confidence, right)
    return sum(g > max(bad) for g in good) / len(good)


@wrong("01.2", "accuracy at one half", "limit such as 0.5")
def auc_accuracy(confidence, right):
    return sum((c > 0.5) == r for c, r in zip(confidence, right, strict=True)) / len(right)


@wrong("01.2", "ranks without a care for ties", "equal pairs")
def auc_plain_ranks(confidence, right):
    ranks = np.argsort(np.argsort(confidence, kind="stable"), kind="stable") + 1
    n = sum(right)
    total = ranks[np.array(right)].sum()
    return (total - n * (n + 1) / 2) / (n * (len(right) - n))


@wrong("01.2", "a list as an index", "list indices")
def auc_list_index(confidence, right):
    return np.mean([g > b for g in confidence[right] for b in confidence[not right]])


@wrong("01.2", "integer division", "`//`")
def auc_integer(confidence, right):
    good, bad = split(confidence, right)
    points = sum((g > b) + 0.5 * (g == b) for g in good for b in bad)
    return points // (len(good) * len(bad))


@wrong("01.2", "every pair of any kind", "pairs of any kind")
def auc_any_kind(confidence, right):
    points = [(c > d) + 0.5 * (c == d) for c in confidence for d in confidence]
    return sum(points) / len(points)


@wrong("01.2", "True and False compared by name", "division by zero")
def auc_names(confidence, right):
    good = [c for c, r in zip(confidence, right, strict=True) if r == "True"]
    bad = [c for c, r in zip(confidence, right, strict=True) if r == "False"]
    return sum(g > b for g in good for b in bad) / (len(good) * len(bad))


wrong("01.2", "rounded", "do not round")(
    lambda confidence, right: round(float(separation(np.array(confidence), np.array(right))), 1)
)
wrong("01.2", "per cent", "not to 100")(
    lambda confidence, right: 100 * separation(np.array(confidence), np.array(right))
)
wrong("01.2", "a text", "a text")(
    lambda confidence, right: str(separation(np.array(confidence), np.array(right)))
)
wrong("01.2", "hard-coded", "result of the example")(lambda confidence, right: 0.5)
wrong("01.2", "share of right answers", "share of right answers")(
    lambda confidence, right: sum(right) / len(right)
)

# 01.3 The majority


@right("01.3", "verbose loops")
def majority_loops(samples):
    best = None
    best_count = 0
    for sample in samples:
        count = 0
        for other in samples:
            if normalise(sample) == normalise(other):
                count = count + 1
        if count > best_count:
            best = sample
            best_count = count
    return best, best_count / len(samples)


@right("01.3", "a counter of tuples")
def majority_counter(samples):
    counts = collections.Counter(tuple(normalise(s)) for s in samples)
    key, count = counts.most_common(1)[0]
    return next(s for s in samples if tuple(normalise(s)) == key), count / len(samples)


@right("01.3", "groups, the last spelling, as a list")
def majority_groups(samples):
    groups = {}
    for sample in samples:
        groups.setdefault(" ".join(normalise(sample)), []).append(sample)
    biggest = max(groups.values(), key=len)
    return [biggest[-1], len(biggest) / len(samples)]


@right("01.3", "the commonest spelling, the last of equals")
def majority_spelling(samples):
    groups = collections.defaultdict(list)
    for sample in reversed(samples):
        groups[tuple(normalise(sample))].append(sample)
    _, texts = sorted(groups.items(), key=lambda pair: len(pair[1]))[-1]
    return statistics.mode(texts), np.float64(len(texts)) / len(samples)


@right("01.3", "sorted and grouped")
def majority_groupby(samples):
    runs = [list(run) for _, run in itertools.groupby(sorted(samples, key=normalise), normalise)]
    runs.sort(key=len)
    return runs[-1][0], len(runs[-1]) / len(samples)


@right("01.3", "NumPy, unique")
def majority_numpy(samples):
    keys = np.array(["|".join(normalise(sample)) for sample in samples])
    values, first, counts = np.unique(keys, return_index=True, return_counts=True)
    winner = counts.argmax()
    return np.array(samples)[first[winner]], counts[winner] / counts.sum()


@right("01.3", "a matrix of equals, as an object array")
def majority_matrix(samples):
    tokens = [normalise(s) for s in samples]
    same = np.array([[a == b for b in tokens] for a in tokens]).mean(axis=1)
    return np.array([samples[same.argmax()], same.max()], dtype=object)


@right("01.3", "statistics.mode, an iterator")
def majority_mode(samples):
    keys = [str(normalise(s)) for s in samples]
    winner = statistics.mode(keys)
    return iter([samples[keys.index(winner)], torch.tensor(keys.count(winner) / len(keys))])


@right("01.3", "early return for one sample")
def majority_early(samples):
    if len(samples) == 1:
        return samples[0], 1
    tokens = list(map(normalise, samples))
    best = max(range(len(samples)), key=lambda i: tokens.count(tokens[i]))
    return samples[best], tokens.count(tokens[best]) / len(samples)


@right("01.3", "the answer in lower case, without articles")
def majority_joined(samples):
    keys = [" ".join(normalise(sample)) for sample in samples]
    return max(((key, keys.count(key) / len(keys)) for key in keys), key=lambda pair: pair[1])


def by_key(key):
    """An answer that takes two samples for the same if their keys are equal."""

    def answer(samples):
        keys = [key(sample) for sample in samples]
        winner = max(keys, key=keys.count)
        return samples[keys.index(winner)], keys.count(winner) / len(samples)

    return answer


def change(answer, share):
    """The right pair, changed."""

    def changed(samples):
        text, part = by_key(normalise)(samples)
        return answer(text, part, samples), share(text, part, samples)

    return changed


def same_text(text, part, samples):
    return text


def same_share(text, part, samples):
    return part


wrong("01.3", "the texts as they stand", "after `normalise`")(by_key(str))
wrong("01.3", "only lower case", "spellings that")(by_key(str.lower))
wrong("01.3", "lower case and no spaces at the ends", "spellings that")(
    by_key(lambda s: s.strip().lower())
)
wrong("01.3", "lower case, the stop at the end away", "spellings that")(
    by_key(lambda s: s.strip().rstrip(".!").lower())
)
wrong("01.3", "punctuation away by hand", "spellings that")(
    by_key(lambda s: s.lower().translate(str.maketrans("", "", string.punctuation)).split())
)
wrong("01.3", "the order of the tokens forgotten", "different tokens")(
    by_key(lambda s: sorted(normalise(s)))
)
wrong("01.3", "a set of tokens", "different tokens")(by_key(lambda s: set(normalise(s))))
wrong("01.3", "the tokens glued together", "different tokens")(
    by_key(lambda s: "".join(normalise(s)))
)
wrong("01.3", "only the first token", "different tokens")(by_key(lambda s: normalise(s)[:1]))
wrong("01.3", "only the last token", "different tokens")(by_key(lambda s: normalise(s)[-1:]))
wrong("01.3", "the first token, which may be missing", "different tokens")(
    by_key(lambda s: normalise(s)[0])
)
wrong("01.3", "the number of tokens", "'Lyon' has only 1")(by_key(lambda s: len(normalise(s))))
wrong("01.3", "letters only", "different tokens")(
    by_key(lambda s: re.sub("[^a-z ]", "", " ".join(normalise(s))))
)
wrong("01.3", "the tokens as the answer", "list of tokens")(
    change(lambda text, part, samples: normalise(text), same_share)
)
wrong("01.3", "the place of the answer", "a text is needed")(
    change(lambda text, part, samples: samples.index(text), same_share)
)
wrong("01.3", "the first sample as the answer", "'Lyon' has only 1")(
    change(lambda text, part, samples: samples[0], same_share)
)
wrong("01.3", "always the last", "'Lyon' has only 1")(
    change(lambda text, part, samples: samples[-1], same_share)
)
wrong("01.3", "per cent", "not to 100")(change(same_text, lambda text, part, samples: 100 * part))
wrong("01.3", "rounded to three places", "must not be rounded")(
    change(same_text, lambda text, part, samples: round(part, 3))
)
wrong("01.3", "rounded", "must not be rounded")(
    change(same_text, lambda text, part, samples: round(part, 2))
)
wrong("01.3", "the share as a text", "a number is needed")(
    change(same_text, lambda text, part, samples: f"{part:.2f}")
)
wrong("01.3", "a count", "number of samples; divide")(
    change(same_text, lambda text, part, samples: round(part * len(samples)))
)
wrong("01.3", "the share of this spelling", "spellings that")(
    change(same_text, lambda text, part, samples: samples.count(text) / len(samples))
)
wrong("01.3", "of the other samples", "is a sample too")(
    change(
        same_text,
        lambda text, part, samples: (part * len(samples) - 1) / max(1, len(samples) - 1),
    )
)
wrong("01.3", "of the different answers", "not by the different ones")(
    change(
        same_text,
        lambda text, part, samples: (
            part * len(samples) / len({tuple(normalise(s)) for s in samples})
        ),
    )
)
wrong("01.3", "one over the different answers", "one over the number")(
    change(same_text, lambda text, part, samples: 1 / len({tuple(normalise(s)) for s in samples}))
)
wrong("01.3", "always two of three", "4 of 5 samples")(
    change(same_text, lambda text, part, samples: 2 / 3)
)
wrong("01.3", "the share is missing", "one text")(lambda samples: by_key(normalise)(samples)[0])
wrong("01.3", "the share alone", "a list or tuple")(lambda samples: by_key(normalise)(samples)[1])
wrong("01.3", "the other way round", "swap the two")(
    lambda samples: by_key(normalise)(samples)[::-1]
)
wrong("01.3", "three things", "has 3")(lambda samples: (*by_key(normalise)(samples), len(samples)))
wrong("01.3", "a dict", "a dict")(lambda samples: dict([by_key(normalise)(samples)]))
wrong("01.3", "a text for both", "one text")(lambda samples: str(by_key(normalise)(samples)))
wrong("01.3", "hard-coded", "4 of 5 samples")(lambda samples: ("Paris", 2 / 3))


@wrong("01.3", "a list as a key", "unhashable")
def majority_unhashable(samples):
    counts = {}
    for sample in samples:
        counts[normalise(sample)] = counts.get(normalise(sample), 0) + 1
    return max(counts, key=counts.get), max(counts.values()) / len(samples)


@wrong("01.3", "all samples normalised at once", "must be str")
def majority_at_once(samples):
    tokens = normalise(samples)
    return max(tokens, key=tokens.count), 1.0


@wrong("01.3", "counts single tokens", "2 of 4 samples")
def majority_tokens(samples):
    tokens = [token for sample in samples for token in normalise(sample)]
    winner = max(tokens, key=tokens.count)
    text = next(s for s in samples if winner in normalise(s))
    return text, tokens.count(winner) / len(tokens)


@wrong("01.3", "the last in the alphabet", "'Rhine' has only 2")
def majority_alphabet(samples):
    keys = [" ".join(normalise(s)) for s in samples]
    winner = max(keys)
    return samples[keys.index(winner)], keys.count(winner) / len(keys)


@wrong("01.3", "the rarest", "'Lyon' has only 1")
def majority_rarest(samples):
    keys = [" ".join(normalise(s)) for s in samples]
    winner = min(keys, key=keys.count)
    return samples[keys.index(winner)], keys.count(winner) / len(keys)


@wrong("01.3", "who agrees with the first sample", "'Lyon' has only 1")
def majority_first(samples):
    same = [s for s in samples if normalise(s) == normalise(samples[0])]
    return samples[0], len(same) / len(samples)


@wrong("01.3", "one text inside the other", "'Pago' has only 1")
def majority_inside(samples):
    keys = [" ".join(normalise(s)) for s in samples]
    counts = [sum(key in other for other in keys) for key in keys]
    best = counts.index(max(counts))
    return samples[best], counts[best] / len(samples)


@wrong("01.3", "samples without a token left out", "without a word")
def majority_skips(samples):
    said = [s for s in samples if normalise(s)]
    if not said:
        return "", 0.0
    return by_key(normalise)(said)


@wrong("01.3", "no clear majority, no answer", "returned None")
def majority_strict(samples):
    text, share = by_key(normalise)(samples)
    if share > 0.5:
        return text, share


@wrong("01.3", "the count begins after the first", "count from 1")
def majority_off(samples):
    counts = {}
    for sample in samples:
        key = tuple(normalise(sample))
        if key in counts:
            counts[key] += 1
        else:
            counts[key] = 0
    winner = max(counts, key=counts.get)
    text = next(s for s in samples if tuple(normalise(s)) == winner)
    return text, counts[winner] / len(samples)


@wrong("01.3", "the longest text", "has only 1")
def majority_longest(samples):
    text = max(samples, key=len)
    return text, sum(normalise(s) == normalise(text) for s in samples) / len(samples)
