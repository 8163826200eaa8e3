"""Right and wrong answers to the exercises of lesson 05."""

from __future__ import annotations

import heapq
import itertools
import random
import re
import statistics

import faiss
import numpy as np
import torch

from mutations import right, wrong

# 05.1 Search by hand


@right("05.1", "verbose loops")
def top_k_loops(query, embeddings, k):
    pairs = []
    for row in range(len(embeddings)):
        total = 0.0
        for i in range(len(query)):
            total = total + query[i] * embeddings[row][i]
        pairs.append((total, row))
    pairs.sort(reverse=True)
    result = []
    for score, row in pairs:  # noqa: B007
        if len(result) < k:
            result.append(row)
    return result


@right("05.1", "argpartition, then a sort")
def top_k_partition(query, embeddings, k):
    scores = embeddings @ query
    best = np.argpartition(-scores, k - 1)[:k]
    return best[np.argsort(-scores[best])]


@right("05.1", "takes the best away, k times")
def top_k_take(query, embeddings, k):
    scores = embeddings.dot(query)
    found = []
    for _ in range(k):
        best = int(scores.argmax())
        found.append(best)
        scores[best] = -np.inf
    return tuple(found)


@right("05.1", "FAISS")
def top_k_faiss(query, embeddings, k):
    index = faiss.IndexFlatIP(embeddings.shape[1])
    index.add(np.ascontiguousarray(embeddings, dtype=np.float32))
    return index.search(np.asarray([query], dtype=np.float32), k)[1][0]


right("05.1", "an array, from the end")(
    lambda query, embeddings, k: np.argsort(np.dot(embeddings, query))[::-1][:k]
)
right("05.1", "a reversed iterator")(
    lambda query, embeddings, k: reversed(np.argsort(embeddings @ query)[-k:])
)
right("05.1", "a torch tensor")(
    lambda query, embeddings, k: torch.topk(torch.tensor(embeddings @ query), k).indices
)
right("05.1", "the smallest distances")(
    lambda query, embeddings, k: np.linalg.norm(embeddings - query, axis=1).argsort()[:k]
)
right("05.1", "a heap")(
    lambda query, embeddings, k: heapq.nlargest(
        k, range(len(embeddings)), key=lambda row: embeddings[row] @ query
    )
)
right("05.1", "sorted with a key")(
    lambda query, embeddings, k: sorted(
        range(len(embeddings)), key=lambda row: -np.sum(embeddings[row] * query)
    )[:k]
)


@wrong("05.1", "the same row twice for equal scores", "twice")
def top_k_index(query, embeddings, k):
    scores = (embeddings @ query).tolist()
    return [scores.index(score) for score in sorted(scores, reverse=True)[:k]]


@wrong("05.1", "returns in the loop", "k")
def top_k_returns_early(query, embeddings, k):
    found = []
    for row in np.argsort(-(embeddings @ query)):
        found.append(int(row))
        return found


@right("05.1", "works in place")
def top_k_in_place(query, embeddings, k):
    embeddings *= query
    return np.argsort(-embeddings.sum(axis=1))[:k]


@wrong("05.1", "prints", "return")
def top_k_prints(query, embeddings, k):
    print(np.argsort(-(embeddings @ query))[:k])


wrong("05.1", "worst rows", "lowest")(
    lambda query, embeddings, k: np.argsort(embeddings @ query)[:k].tolist()
)
wrong("05.1", "best last", "best must come first")(
    lambda query, embeddings, k: np.argsort(embeddings @ query)[-k:]
)
wrong("05.1", "one too few", "k")(
    lambda query, embeddings, k: np.argsort(-(embeddings @ query))[: k - 1]
)
wrong("05.1", "one too many", "k")(
    lambda query, embeddings, k: np.argsort(-(embeddings @ query))[: k + 1]
)
wrong("05.1", "all rows", "k")(lambda query, embeddings, k: np.argsort(-(embeddings @ query)))
wrong("05.1", "always five", "k")(
    lambda query, embeddings, k: np.argsort(-(embeddings @ query))[:5].tolist()
)
wrong("05.1", "skips the best", "highest dot products")(
    lambda query, embeddings, k: np.argsort(-(embeddings @ query))[1 : k + 1]
)
wrong("05.1", "only the best", "a list")(
    lambda query, embeddings, k: int(np.argmax(embeddings @ query))
)
wrong("05.1", "counts from 1", "from 0")(
    lambda query, embeddings, k: np.argsort(-(embeddings @ query))[:k] + 1
)
wrong("05.1", "the scores", "scores")(
    lambda query, embeddings, k: np.sort(embeddings @ query)[::-1][:k]
)
wrong("05.1", "the rows themselves", "numbers")(
    lambda query, embeddings, k: embeddings[np.argsort(-(embeddings @ query))[:k]]
)
right("05.1", "a row of rows, as FAISS gives it")(
    lambda query, embeddings, k: np.argsort(-(embeddings @ query))[None, :k]
)
wrong("05.1", "pairs of number and score", "numbers")(
    lambda query, embeddings, k: [
        (int(row), float(embeddings[row] @ query)) for row in np.argsort(-(embeddings @ query))[:k]
    ]
)
wrong("05.1", "in the order of the rows", "best first")(
    lambda query, embeddings, k: sorted(np.argsort(-(embeddings @ query))[:k])
)
wrong("05.1", "a set", "order")(
    lambda query, embeddings, k: set(np.argsort(-(embeddings @ query))[:k].tolist())
)
wrong("05.1", "without the sign", "negative")(
    lambda query, embeddings, k: np.argsort(-np.abs(embeddings @ query))[:k]
)
wrong("05.1", "largest distances", "lowest")(
    lambda query, embeddings, k: np.argsort(-np.linalg.norm(embeddings - query, axis=1))[:k]
)
wrong("05.1", "factors swapped", "ValueError")(
    lambda query, embeddings, k: np.argsort(-(query @ embeddings))[:k]
)
wrong("05.1", "text", "text")(
    lambda query, embeddings, k: str(np.argsort(-(embeddings @ query))[:k].tolist())
)
wrong("05.1", "the first k rows", "dot product")(lambda query, embeddings, k: list(range(k)))

# 05.2 A token budget


@right("05.2", "an early return")
def fit_early(passages, budget, count_tokens):
    kept = []
    left = budget
    for passage in passages:
        if count_tokens(passage) > left:
            return kept
        left -= count_tokens(passage)
        kept.append(passage)
    return kept


@right("05.2", "counts up to the first that does not fit")
def fit_slice(passages, budget, count_tokens):
    n = 0
    while n < len(passages) and sum(count_tokens(p) for p in passages[: n + 1]) <= budget:
        n += 1
    return passages[:n]


@right("05.2", "recursion, as a tuple")
def fit_recursive(passages, budget, count_tokens):
    if not passages or count_tokens(passages[0]) > budget:
        return ()
    rest = fit_recursive(passages[1:], budget - count_tokens(passages[0]), count_tokens)
    return (passages[0], *rest)


@right("05.2", "a NumPy array of texts")
def fit_numpy(passages, budget, count_tokens):
    totals = np.cumsum([count_tokens(p) for p in passages])
    return np.array(passages)[totals <= budget]


@right("05.2", "takewhile over running sums")
def fit_accumulate(passages, budget, count_tokens):
    totals = itertools.accumulate(map(count_tokens, passages))
    return [p for p, _ in zip(passages, itertools.takewhile(lambda n: n <= budget, totals))]  # noqa: B905


@wrong("05.2", "an exact fit is left out", "exactly")
def fit_exact_out(passages, budget, count_tokens):
    kept, used = [], 0
    for passage in passages:
        used += count_tokens(passage)
        if used >= budget:
            break
        kept.append(passage)
    return kept


@wrong("05.2", "goes on to smaller ones", "stop")
def fit_goes_on(passages, budget, count_tokens):
    kept, used = [], 0
    for passage in passages:
        if used + count_tokens(passage) > budget:
            continue
        used += count_tokens(passage)
        kept.append(passage)
    return kept


@wrong("05.2", "goes on, and forgets nothing it left out", "first")
def fit_goes_on_counting(passages, budget, count_tokens):
    kept, used = [], 0
    for passage in passages:
        used += count_tokens(passage)
        if used <= budget or not kept:
            kept.append(passage)
    return kept


@wrong("05.2", "keeps the one that goes over", "together")
def fit_over(passages, budget, count_tokens):
    kept, used = [], 0
    for passage in passages:
        kept.append(passage)
        used += count_tokens(passage)
        if used > budget:
            break
    return kept


@wrong("05.2", "looks at each passage alone", "together")
def fit_alone(passages, budget, count_tokens):
    kept = []
    for passage in passages:
        if count_tokens(passage) > budget:
            break
        kept.append(passage)
    return kept


@wrong("05.2", "cuts the last passage", "whole")
def fit_cuts(passages, budget, count_tokens):
    kept, used = [], 0
    for passage in passages:
        left = budget - used
        words = passage.split()
        if count_tokens(passage) > left:
            if left > 0:
                kept.append(" ".join(words[:left]))
            break
        used += count_tokens(passage)
        kept.append(passage)
    return kept


@wrong("05.2", "no return when everything fits", "None")
def fit_no_return(passages, budget, count_tokens):
    kept, used = [], 0
    for passage in passages:
        used += count_tokens(passage)
        if used > budget:
            return kept
        kept.append(passage)


@wrong("05.2", "best last", "order")
def fit_reversed(passages, budget, count_tokens):
    kept, used = [], 0
    for passage in passages:
        used += count_tokens(passage)
        if used > budget:
            break
        kept.insert(0, passage)
    return kept


@wrong("05.2", "shortest first", "order")
def fit_shortest(passages, budget, count_tokens):
    kept, used = [], 0
    for passage in sorted(passages, key=count_tokens):
        used += count_tokens(passage)
        if used > budget:
            break
        kept.append(passage)
    return kept


@wrong("05.2", "from the worst up", "best")
def fit_from_worst(passages, budget, count_tokens):
    kept, used = [], 0
    for passage in passages[::-1]:
        used += count_tokens(passage)
        if used > budget:
            break
        kept.append(passage)
    return kept


def _fit(passages, budget, count):
    kept, used = [], 0
    for passage in passages:
        used += count(passage)
        if used > budget:
            break
        kept.append(passage)
    return kept


@wrong("05.2", "crashes when there is none", "IndexError")
def fit_first_outside(passages, budget, count_tokens):
    kept, used = [passages[0]], count_tokens(passages[0])
    if used > budget:
        return []
    for passage in passages[1:]:
        used += count_tokens(passage)
        if used > budget:
            break
        kept.append(passage)
    return kept


@wrong("05.2", "always keeps the first", "first")
def fit_always_first(passages, budget, count_tokens):
    return _fit(passages, budget, count_tokens) or list(passages[:1])


wrong("05.2", "counts characters", "count_tokens")(
    lambda passages, budget, count_tokens: _fit(passages, budget, len)
)
wrong("05.2", "counts words", "count_tokens")(
    lambda passages, budget, count_tokens: _fit(passages, budget, lambda p: len(p.split()))
)
wrong("05.2", "counts passages", "together")(
    lambda passages, budget, count_tokens: passages[:budget]
)
wrong("05.2", "keeps all", "together")(lambda passages, budget, count_tokens: list(passages))
wrong("05.2", "keeps none", "fit")(lambda passages, budget, count_tokens: [])
wrong("05.2", "one text", "list")(
    lambda passages, budget, count_tokens: "\n".join(_fit(passages, budget, count_tokens))
)
wrong("05.2", "how many", "list")(
    lambda passages, budget, count_tokens: len(_fit(passages, budget, count_tokens))
)
wrong("05.2", "their numbers", "passages")(
    lambda passages, budget, count_tokens: list(range(len(_fit(passages, budget, count_tokens))))
)
wrong("05.2", "their lengths", "passages")(
    lambda passages, budget, count_tokens: [
        count_tokens(p) for p in _fit(passages, budget, count_tokens)
    ]
)
wrong("05.2", "passages and their total", "list")(
    lambda passages, budget, count_tokens: (_fit(passages, budget, count_tokens), budget)
)
wrong("05.2", "one less than fits", "passages fit")(
    lambda passages, budget, count_tokens: _fit(passages, budget, count_tokens)[:-1]
)

# 05.3 From [2] to the document


@right("05.3", "without regular expressions")
def resolve_by_hand(answer, chunk_ids):
    result = []
    for part in answer.split("[")[1:]:
        inside = part.split("]")[0]
        if "]" not in part or not inside.isdigit():
            continue
        number = int(inside)
        if number == 0 or number > len(chunk_ids):
            continue
        chunk_id = chunk_ids[number - 1]
        if chunk_id not in result:
            result.append(chunk_id)
    return result


@right("05.3", "a set of numbers seen")
def resolve_seen(answer, chunk_ids):
    seen = set()
    found = []
    for match in re.finditer(r"\[([0-9]+)\]", answer):
        n = int(match.group(1))
        if n in seen:
            continue
        seen.add(n)
        if 0 < n <= len(chunk_ids):
            found.append(chunk_ids[n - 1])
    return np.array(found)


@right("05.3", "a dictionary by number, as a tuple")
def resolve_dictionary(answer, chunk_ids):
    by_number = {str(n): chunk_id for n, chunk_id in enumerate(chunk_ids, start=1)}
    numbers = dict.fromkeys(re.findall(r"\[(\d+)\]", answer))
    return tuple(by_number[n] for n in numbers if n in by_number)


right("05.3", "the keys of a dictionary")(
    lambda answer, chunk_ids: dict.fromkeys(
        chunk_ids[int(n) - 1]
        for n in re.findall(r"\[(\d+)\]", answer)
        if int(n) in range(1, len(chunk_ids) + 1)
    ).keys()
)


def _numbers(answer):
    return [int(n) for n in re.findall(r"\[(\d+)\]", answer)]


def _ids(answer, chunk_ids):
    return list(
        dict.fromkeys(chunk_ids[n - 1] for n in _numbers(answer) if 0 < n <= len(chunk_ids))
    )


@wrong("05.3", "passage 1 is the second", "second passage")
def resolve_off_by_one(answer, chunk_ids):
    return list(dict.fromkeys(chunk_ids[n] for n in _numbers(answer) if n < len(chunk_ids)))


@wrong("05.3", "crashes on an invented number", "IndexError")
def resolve_crash(answer, chunk_ids):
    return list(dict.fromkeys(chunk_ids[n - 1] for n in _numbers(answer) if n > 0))


@wrong("05.3", "[0] becomes the last passage", "[0]")
def resolve_zero(answer, chunk_ids):
    sources = []
    for n in _numbers(answer):
        try:
            source = chunk_ids[n - 1]
        except IndexError:
            continue
        if source not in sources:
            sources.append(source)
    return sources


@wrong("05.3", "in the order of the passages", "order")
def resolve_passage_order(answer, chunk_ids):
    return [c for n, c in enumerate(chunk_ids, start=1) if f"[{n}]" in answer]


@wrong("05.3", "returns in the loop", "both numbers")
def resolve_returns_early(answer, chunk_ids):
    for n in _numbers(answer):
        if 0 < n <= len(chunk_ids):
            return [chunk_ids[n - 1]]
    return []


@wrong("05.3", "crashes without a citation", "AttributeError")
def resolve_search(answer, chunk_ids):
    int(re.search(r"\[(\d+)\]", answer).group(1))
    return _ids(answer, chunk_ids)


@wrong("05.3", "stops at an invented number", "after")
def resolve_stops(answer, chunk_ids):
    sources = []
    for n in _numbers(answer):
        if not 1 <= n <= len(chunk_ids):
            break
        if chunk_ids[n - 1] not in sources:
            sources.append(chunk_ids[n - 1])
    return sources


@wrong("05.3", "drops an id only if it follows itself", "once")
def resolve_neighbours(answer, chunk_ids):
    sources = []
    for n in _numbers(answer):
        if 1 <= n <= len(chunk_ids) and sources[-1:] != [chunk_ids[n - 1]]:
            sources.append(chunk_ids[n - 1])
    return sources


wrong("05.3", "each as often as cited", "once")(
    lambda answer, chunk_ids: [
        chunk_ids[n - 1] for n in _numbers(answer) if 0 < n <= len(chunk_ids)
    ]
)
wrong("05.3", "sorted", "order")(lambda answer, chunk_ids: sorted(_ids(answer, chunk_ids)))
wrong("05.3", "a set", "order")(lambda answer, chunk_ids: set(_ids(answer, chunk_ids)))
wrong("05.3", "reversed", "order")(lambda answer, chunk_ids: _ids(answer, chunk_ids)[::-1])
wrong("05.3", "the numbers", "ids")(
    lambda answer, chunk_ids: [n for n in dict.fromkeys(_numbers(answer)) if n <= len(chunk_ids)]
)
wrong("05.3", "one digit only", "10")(
    lambda answer, chunk_ids: list(
        dict.fromkeys(
            chunk_ids[int(n) - 1]
            for n in re.findall(r"\[(\d)\]", answer)
            if 0 < int(n) <= len(chunk_ids)
        )
    )
)
wrong("05.3", "numbers without brackets", "bracket")(
    lambda answer, chunk_ids: list(
        dict.fromkeys(
            chunk_ids[int(n) - 1]
            for n in re.findall(r"\d+", answer)
            if 0 < int(n) <= len(chunk_ids)
        )
    )
)
wrong("05.3", "misses the last passage", "last")(
    lambda answer, chunk_ids: [i for i in _ids(answer, chunk_ids) if i != chunk_ids[-1]]
)
wrong("05.3", "None for an invented number", "None")(
    lambda answer, chunk_ids: list(
        dict.fromkeys(
            chunk_ids[n - 1] if 0 < n <= len(chunk_ids) else None for n in _numbers(answer)
        )
    )
)
wrong("05.3", "one text", "list")(lambda answer, chunk_ids: ", ".join(_ids(answer, chunk_ids)))
wrong("05.3", "all passages", "cite")(lambda answer, chunk_ids: list(chunk_ids))
wrong("05.3", "nothing", "second passage")(lambda answer, chunk_ids: [])
wrong("05.3", "None without a citation", "None")(
    lambda answer, chunk_ids: _ids(answer, chunk_ids) or None
)
wrong("05.3", "the example's answer", "second passage")(lambda answer, chunk_ids: ["b#3"])
wrong("05.3", "only at the end of the answer", "order")(
    lambda answer, chunk_ids: _ids("".join(re.findall(r"\[\d+\]\W*$", answer)), chunk_ids)
)

# 05.5 When to refuse


def _decisions(threshold, scores, answerable):
    return sum((s >= threshold) == bool(a) for s, a in zip(scores, answerable, strict=True))


@right("05.5", "the middle between neighbours")
def threshold_middles(scores, answerable):
    ordered = sorted(scores)
    candidates = [ordered[0] - 1]
    for low, high in itertools.pairwise(ordered):
        candidates.append((low + high) / 2)
    candidates.append(ordered[-1] + 1)
    best, best_right = candidates[0], -1
    for candidate in candidates:
        right_now = 0
        for score, has_answer in zip(scores, answerable, strict=True):
            if has_answer and score >= candidate:  # noqa: SIM114
                right_now += 1
            elif not has_answer and score < candidate:
                right_now += 1
        if right_now > best_right:
            best, best_right = candidate, right_now
    return best


@right("05.5", "a fine grid")
def threshold_grid(scores, answerable):
    grid = np.linspace(min(scores) - 0.01, max(scores) + 0.01, 5001)
    hits = [np.mean((np.array(scores) >= c) == np.array(answerable)) for c in grid]
    return grid[int(np.argmax(hits))]


@right("05.5", "steps of 0.01")
def threshold_steps(scores, answerable):
    candidates = [i / 100 for i in range(101)]
    return max(candidates, key=lambda c: _decisions(c, scores, answerable))


@right("05.5", "the last of the best")
def threshold_last(scores, answerable):
    best = None
    for candidate in [*sorted(scores), float("inf")]:
        n = _decisions(candidate, scores, answerable)
        if best is None or n >= best[0]:
            best = (n, candidate)
    return best[1]


@right("05.5", "a torch tensor")
def threshold_torch(scores, answerable):
    values = torch.tensor(list(scores), dtype=torch.float64)
    candidates = torch.cat([values, values.max().reshape(1) + 1])
    wanted = torch.tensor([bool(a) for a in answerable])
    decided = values[None, :] >= candidates[:, None]
    return candidates[(decided == wanted).sum(1).argmax()]


@wrong("05.5", "takes equal for refused", "below")
def threshold_strict(scores, answerable):
    candidates = [min(scores) - 1, *scores]
    return max(
        candidates,
        key=lambda c: sum((s > c) == bool(a) for s, a in zip(scores, answerable, strict=True)),
    )


@wrong("05.5", "never refuses all", "all")
def threshold_scores_only(scores, answerable):
    return max(scores, key=lambda c: _decisions(c, scores, answerable))


@wrong("05.5", "the lowest score with an answer", "another threshold does better")
def threshold_lowest_answerable(scores, answerable):
    chosen = [s for s, a in zip(scores, answerable, strict=True) if a]
    return min(chosen) if chosen else max(scores) + 1


@wrong("05.5", "crashes when nothing has an answer", "ValueError")
def threshold_crash(scores, answerable):
    min(s for s, a in zip(scores, answerable, strict=True) if a)
    return threshold_middles(scores, answerable)


@wrong("05.5", "the highest score without an answer", "not below")
def threshold_highest_unanswerable(scores, answerable):
    chosen = [s for s, a in zip(scores, answerable, strict=True) if not a]
    return max(chosen) if chosen else min(scores)


@wrong("05.5", "the middle between the two means", "another threshold does better")
def threshold_means(scores, answerable):
    yes = [s for s, a in zip(scores, answerable, strict=True) if a] or [max(scores) + 1]
    no = [s for s, a in zip(scores, answerable, strict=True) if not a] or [min(scores) - 1]
    return (np.mean(yes) + np.mean(no)) / 2


@wrong("05.5", "the first half of the scores", "another threshold does better")
def threshold_median(scores, answerable):
    return statistics.median(scores)


@wrong("05.5", "a coarse grid", "no question is refused")
def threshold_coarse(scores, answerable):
    return max(np.arange(0, 1.3, 0.25), key=lambda c: _decisions(c, scores, answerable))


wrong("05.5", "always 0.5", "another threshold does better")(lambda scores, answerable: 0.5)
wrong("05.5", "the mean", "another threshold does better")(
    lambda scores, answerable: sum(scores) / len(scores)
)
wrong("05.5", "the most wrong decisions", "no question is refused")(
    lambda scores, answerable: min(
        [*scores, max(scores) + 1], key=lambda c: _decisions(c, scores, answerable)
    )
)
wrong("05.5", "how many are right", "threshold")(
    lambda scores, answerable: max(
        _decisions(c, scores, answerable) for c in [*scores, max(scores) + 1]
    )
)
wrong("05.5", "the share that is right", "threshold")(
    lambda scores, answerable: (
        max(_decisions(c, scores, answerable) for c in [*scores, max(scores) + 1]) / len(scores)
    )
)
wrong("05.5", "the place of the score", "threshold")(
    lambda scores, answerable: max(
        range(len(scores)), key=lambda i: _decisions(scores[i], scores, answerable)
    )
)
wrong("05.5", "answers everything", "refuse")(lambda scores, answerable: min(scores))
wrong("05.5", "refuses everything", "every question is refused")(
    lambda scores, answerable: max(scores) + 1
)
wrong("05.5", "text", "number")(
    lambda scores, answerable: str(threshold_middles(scores, answerable))
)
wrong("05.5", "a pair", "number")(
    lambda scores, answerable: (threshold_middles(scores, answerable), 1.0)
)
wrong("05.5", "a list of decisions", "number")(
    lambda scores, answerable: [s >= threshold_middles(scores, answerable) for s in scores]
)
wrong("05.5", "not a number", "number")(lambda scores, answerable: float("nan"))

# 05.4 How sure is that share?


@right("05.4", "plain Python")
def bootstrap_plain(right, draws=2000, seed=0):
    random.seed(seed)
    means = []
    for _ in range(draws):
        total = 0
        for _ in range(len(right)):
            total += random.choice(right)
        means.append(total / len(right))
    means.sort()
    return means[int(0.025 * draws)], means[int(0.975 * draws) - 1]


@right("05.4", "one matrix of places")
def bootstrap_matrix(right, draws=2000, seed=0):
    values = np.asarray(right, dtype=float)
    places = np.random.default_rng(seed).integers(0, len(values), size=(draws, len(values)))
    return np.quantile(values[places].mean(axis=1), [0.025, 0.975])


@right("05.4", "choices and quantiles")
def bootstrap_choices(right, draws=2000, seed=0):
    source = random.Random(seed)
    means = [statistics.fmean(source.choices(right, k=len(right))) for _ in range(draws)]
    cuts = statistics.quantiles(means, n=40)
    return [cuts[0], cuts[-1]]


@right("05.4", "torch")
def bootstrap_torch(right, draws=2000, seed=0):
    torch.manual_seed(seed)
    values = torch.tensor([float(r) for r in right])
    means = values[torch.randint(len(values), (draws, len(values)))].mean(1)
    return torch.quantile(means, torch.tensor([0.025, 0.975]))


@right("05.4", "binomial counts")
def bootstrap_binomial(right, draws=2000, seed=0):
    counts = np.random.default_rng(seed).binomial(len(right), sum(right) / len(right), draws)
    return np.percentile(counts / len(right), 2.5), np.percentile(counts / len(right), 97.5)


def _means(right, draws=2000, seed=0, size=None, replace=True):
    rng = np.random.default_rng(seed)
    size = size or len(right)
    return [np.mean(rng.choice(right, size=size, replace=replace)) for _ in range(draws)]


@wrong("05.4", "one sample only", "mean")
def bootstrap_one_sample(right, draws=2000, seed=0):
    sample = np.random.default_rng(seed).choice(right, size=len(right))
    return tuple(np.percentile(sample, [2.5, 97.5]))


@wrong("05.4", "percentiles of the data", "mean")
def bootstrap_data(right, draws=2000, seed=0):
    return tuple(np.percentile(right, [2.5, 97.5]))


@wrong("05.4", "the normal formula", "instead of a formula")
def bootstrap_normal(right, draws=2000, seed=0):
    mean = np.mean(right)
    half = 1.96 * np.sqrt(mean * (1 - mean) / len(right))
    return mean - half, mean + half


@wrong("05.4", "the spread of single answers", "instead of a formula")
def bootstrap_single(right, draws=2000, seed=0):
    return np.mean(right) - 1.96 * np.std(right), np.mean(right) + 1.96 * np.std(right)


@wrong("05.4", "sums", "mean")
def bootstrap_sums(right, draws=2000, seed=0):
    rng = np.random.default_rng(seed)
    sums = [np.sum(rng.choice(right, size=len(right))) for _ in range(draws)]
    return tuple(np.percentile(sums, [2.5, 97.5]))


@wrong("05.4", "crashes on a list", "AttributeError")
def bootstrap_crash(right, draws=2000, seed=0):
    return right.mean(), right.mean()


@wrong("05.4", "no return", "return")
def bootstrap_no_return(right, draws=2000, seed=0):
    np.percentile(_means(right, draws, seed), [2.5, 97.5])


wrong("05.4", "without repetition", "repetition")(
    lambda right, draws=2000, seed=0: tuple(
        np.percentile(_means(right, draws, seed, replace=False), [2.5, 97.5])
    )
)
wrong("05.4", "half as long", "as long as")(
    lambda right, draws=2000, seed=0: tuple(
        np.percentile(_means(right, draws, seed, size=max(1, len(right) // 2)), [2.5, 97.5])
    )
)
wrong("05.4", "always 100 long", "as long as")(
    lambda right, draws=2000, seed=0: tuple(
        np.percentile(_means(right, draws, seed, size=100), [2.5, 97.5])
    )
)
wrong("05.4", "as long as the number of draws", "as long as")(
    lambda right, draws=2000, seed=0: tuple(
        np.percentile(_means(right, 500, seed, size=draws), [2.5, 97.5])
    )
)
wrong("05.4", "90 percent", "narrow")(
    lambda right, draws=2000, seed=0: tuple(np.percentile(_means(right, draws, seed), [5, 95]))
)
wrong("05.4", "99 percent", "wide")(
    lambda right, draws=2000, seed=0: tuple(np.percentile(_means(right, draws, seed), [0.5, 99.5]))
)
wrong("05.4", "smallest and largest", "wide")(
    lambda right, draws=2000, seed=0: (
        min(_means(right, draws, seed)),
        max(_means(right, draws, seed)),
    )
)
wrong("05.4", "parts instead of percent", "97.5")(
    lambda right, draws=2000, seed=0: tuple(
        np.percentile(_means(right, draws, seed), [0.025, 0.975])
    )
)
wrong("05.4", "high first", "low")(
    lambda right, draws=2000, seed=0: tuple(np.percentile(_means(right, draws, seed), [97.5, 2.5]))
)
wrong("05.4", "the width", "a list")(
    lambda right, draws=2000, seed=0: float(
        np.ptp(np.percentile(_means(right, draws), [2.5, 97.5]))
    )
)
wrong("05.4", "low, mean, high", "pair")(
    lambda right, draws=2000, seed=0: np.percentile(_means(right, draws, seed), [2.5, 50, 97.5])
)
wrong("05.4", "all means", "pair")(lambda right, draws=2000, seed=0: _means(right, draws, seed))
wrong("05.4", "text", "text")(
    lambda right, draws=2000, seed=0: str(np.percentile(_means(right, draws, seed), [2.5, 97.5]))
)
wrong("05.4", "the example's answer", "not inside")(lambda right, draws=2000, seed=0: (0.4, 0.6))
wrong("05.4", "a tenth on each side", "too wide")(
    lambda right, draws=2000, seed=0: (np.mean(right) - 0.1, np.mean(right) + 0.1)
)
wrong("05.4", "percent", "100")(
    lambda right, draws=2000, seed=0: tuple(
        100 * np.percentile(_means(right, draws, seed), [2.5, 97.5])
    )
)
