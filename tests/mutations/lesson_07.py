"""Right and wrong answers to the exercises of lesson 07."""

from __future__ import annotations

import itertools
import math
import random
import statistics
from collections import Counter, defaultdict
from fractions import Fraction

import ir_measures
import numpy as np
import torch
from scipy import stats

from coursekit.scoring import normalise
from mutations import right, wrong

# 07.1 Recall at k


@right("07.1", "verbose loops")
def recall_loops(ids, gold, k):
    found = 0
    for wanted in gold:
        for hit in ids[:k]:
            if hit == wanted:
                found = found + 1
                break
    return found / len(gold)


@right("07.1", "an index up to k, or to the end")
def recall_positions(ids, gold, k):
    found = 0
    for place in range(min(k, len(ids))):
        if ids[place] in gold:
            found += 1
    return found / len(gold)


@right("07.1", "early returns")
def recall_early(ids, gold, k):
    top = ids[0:k]
    if not any(g in top for g in gold):
        return 0
    if all(g in top for g in gold):
        return 1
    return len([g for g in gold if g in top]) / len(gold)


@right("07.1", "the rank of each gold passage")
def recall_ranks(ids, gold, k):
    ranks = {id_: rank for rank, id_ in enumerate(ids, start=1)}
    return sum(1 for g in gold if ranks.get(g, math.inf) <= k) / len(gold)


@right("07.1", "the library")
def recall_library(ids, gold, k):
    qrels = [ir_measures.Qrel("q", g, 1) for g in gold]
    run = [ir_measures.ScoredDoc("q", id_, -float(place)) for place, id_ in enumerate(ids)]
    return ir_measures.calc_aggregate([ir_measures.R @ k], qrels, run)[ir_measures.R @ k]


@right("07.1", "recursion over the gold passages")
def recall_recursion(ids, gold, k):
    def count(rest):
        return 0 if not rest else (rest[0] in ids[:k]) + count(rest[1:])

    return count(gold) / len(gold)


right("07.1", "sets")(lambda ids, gold, k: len(set(ids[:k]) & set(gold)) / len(gold))
right("07.1", "what is missing")(lambda ids, gold, k: 1 - len(set(gold) - set(ids[:k])) / len(gold))
right("07.1", "NumPy")(lambda ids, gold, k: np.isin(gold, ids[:k]).mean())
right("07.1", "a NumPy array of one number")(
    lambda ids, gold, k: np.mean([g in ids[:k] for g in gold])
)
right("07.1", "a torch tensor")(
    lambda ids, gold, k: torch.tensor([float(g in ids[:k]) for g in gold]).mean()
)
right("07.1", "statistics and islice")(
    lambda ids, gold, k: statistics.mean(g in list(itertools.islice(ids, k)) for g in gold)
)
right("07.1", "a fraction")(
    lambda ids, gold, k: Fraction(sum(g in ids[:k] for g in gold), len(gold))
)


@wrong("07.1", "only what stands at the same place", "a gold passage may stand anywhere among the")
def recall_zip(ids, gold, k):
    return sum(a == b for a, b in zip(ids[:k], gold, strict=False)) / len(gold)


@wrong("07.1", "forgets the return when nothing is found", "returned None")
def recall_none(ids, gold, k):
    found = sum(g in ids[:k] for g in gold)
    if found:
        return found / len(gold)


@wrong("07.1", "an index that runs past the hits", "IndexError")
def recall_index_error(ids, gold, k):
    return sum(ids[i] in gold for i in range(k)) / len(gold)


@wrong("07.1", "asks list.index for every gold passage", "ValueError")
def recall_list_index(ids, gold, k):
    return sum(ids.index(g) < k for g in gold) / len(gold)


@wrong("07.1", "returns inside the loop", "your loop ends after one gold passage;")
def recall_return_in_loop(ids, gold, k):
    found = 0
    for g in gold:
        if g in ids[:k]:
            found += 1
        return found / len(gold)


@wrong(
    "07.1",
    "takes the gold passages out of the list, then divides",
    "divide by all gold passages, those that you",
)
def recall_removes(ids, gold, k):
    found = 0
    for hit in ids[:k]:
        if hit in gold:
            gold.remove(hit)
            found += 1
    return found / len(gold) if gold else 1.0


wrong("07.1", "any gold passage is enough", "with several gold passages each counts for")(
    lambda ids, gold, k: float(any(g in ids[:k] for g in gold))
)
wrong("07.1", "all gold passages or nothing", "passages that were found count, also if not")(
    lambda ids, gold, k: float(all(g in ids[:k] for g in gold))
)
wrong("07.1", "divides by k: precision", "you divided by k, which gives the")(
    lambda ids, gold, k: sum(g in ids[:k] for g in gold) / k
)
wrong("07.1", "divides by the hits looked at", "you divided by the number of hits; recall")(
    lambda ids, gold, k: sum(g in ids[:k] for g in gold) / len(ids[:k])
)
wrong(
    "07.1",
    "divides by the smaller of k and the gold passages",
    "divide by all gold passages, also when",
)(lambda ids, gold, k: sum(g in ids[:k] for g in gold) / min(k, len(gold)))
wrong("07.1", "divides by all hits", "you divided by the number of hits; recall")(
    lambda ids, gold, k: sum(g in ids[:k] for g in gold) / len(ids)
)
wrong("07.1", "one hit too few", "you looked at one hit less than k:")(
    lambda ids, gold, k: sum(g in ids[: k - 1] for g in gold) / len(gold)
)
wrong("07.1", "one hit too many", "you looked at one hit more than k")(
    lambda ids, gold, k: sum(g in ids[: k + 1] for g in gold) / len(gold)
)
wrong("07.1", "forgets k", "look at the first k hits only")(
    lambda ids, gold, k: sum(g in ids for g in gold) / len(gold)
)
wrong("07.1", "the last k hits", "the first k hits count, in the order given:")(
    lambda ids, gold, k: sum(g in ids[-k:] for g in gold) / len(gold)
)
wrong("07.1", "the hits behind k", "the first k hits count, in the order given:")(
    lambda ids, gold, k: sum(g in ids[k:] for g in gold) / len(gold)
)
wrong("07.1", "sorts the hits first", "the first k hits count, in the order given:")(
    lambda ids, gold, k: sum(g in sorted(ids)[:k] for g in gold) / len(gold)
)
wrong("07.1", "only the first gold passage", "with several gold passages each counts for")(
    lambda ids, gold, k: float(gold[0] in ids[:k])
)
wrong("07.1", "only the first k gold passages", "k cuts the hits, not the gold passages:")(
    lambda ids, gold, k: sum(g in ids[:k] for g in gold[:k]) / len(gold)
)
wrong("07.1", "looks for a text inside a text", "an id counts as a whole; part of a longer")(
    lambda ids, gold, k: sum(g in " ".join(ids[:k]) for g in gold) / len(gold)
)
wrong("07.1", "counts and does not divide", "that is how many were found; divide by the")(
    lambda ids, gold, k: sum(g in ids[:k] for g in gold)
)
wrong("07.1", "whole division", "passages that were found count, also if not")(
    lambda ids, gold, k: sum(g in ids[:k] for g in gold) // len(gold)
)
wrong("07.1", "per cent", "that is in per cent; a share runs from 0 to")(
    lambda ids, gold, k: 100 * sum(g in ids[:k] for g in gold) / len(gold)
)
wrong("07.1", "a rounded share", "that is almost right: return the number")(
    lambda ids, gold, k: round(sum(g in ids[:k] for g in gold) / len(gold), 1)
)
wrong("07.1", "a text", "a text")(
    lambda ids, gold, k: f"{sum(g in ids[:k] for g in gold) / len(gold):.2f}"
)
wrong("07.1", "a list of yes and no", "one number")(
    lambda ids, gold, k: [g in ids[:k] for g in gold]
)
wrong("07.1", "the share that is missing", "that is the share that is missing; count")(
    lambda ids, gold, k: sum(g not in ids[:k] for g in gold) / len(gold)
)
wrong("07.1", "the example", "2 of the 3 gold passages stand there")(lambda ids, gold, k: 0.5)


# 07.2 The rank of the first


@right("07.2", "a while loop")
def first_rank_while(ids, gold):
    place = 0
    while place < len(ids):
        if ids[place] in gold:
            return 1 / (place + 1)
        place += 1
    return 0


@right("07.2", "a flag and a break")
def first_rank_flag(ids, gold):
    result = 0.0
    for i in range(len(ids)):
        found = False
        for g in gold:
            if ids[i] == g:
                found = True
        if found:
            result = 1.0 / (i + 1)
            break
    return result


@right("07.2", "the best of all gold passages")
def first_rank_best(ids, gold):
    ranks = [ids.index(g) + 1 for g in gold if g in ids]
    return 1 / min(ranks) if ranks else 0


@right("07.2", "try and except")
def first_rank_try(ids, gold):
    best = 0.0
    for g in gold:
        try:
            best = max(best, 1 / (ids.index(g) + 1))
        except ValueError:
            continue
    return best


@right("07.2", "NumPy")
def first_rank_numpy(ids, gold):
    is_gold = np.isin(ids, gold)
    return 1 / (np.argmax(is_gold) + 1) if is_gold.any() else np.float64(0)


@right("07.2", "recursion")
def first_rank_recursion(ids, gold, rank=1):
    if len(ids) == 0:
        return 0
    return 1 / rank if ids[0] in gold else first_rank_recursion(ids[1:], gold, rank + 1)


@right("07.2", "the library")
def first_rank_library(ids, gold):
    qrels = [ir_measures.Qrel("q", g, 1) for g in gold]
    run = [ir_measures.ScoredDoc("q", id_, -float(place)) for place, id_ in enumerate(ids)]
    return ir_measures.calc_aggregate([ir_measures.RR], qrels, run)[ir_measures.RR]


@right("07.2", "a torch tensor")
def first_rank_torch(ids, gold):
    shares = [1 / rank for rank, id_ in enumerate(ids, 1) if id_ in gold]
    return torch.tensor(max(shares)) if shares else torch.tensor(0.0)


right("07.2", "next of a generator")(
    lambda ids, gold: next((1 / (i + 1) for i, id_ in enumerate(ids) if id_ in gold), 0)
)
right("07.2", "the greatest reciprocal")(
    lambda ids, gold: max((1 / r for r, id_ in enumerate(ids, 1) if id_ in set(gold)), default=0)
)


@wrong("07.2", "the last gold hit", "the first gold passage among the hits")
def first_rank_last(ids, gold):
    result = 0
    for rank, id_ in enumerate(ids, start=1):
        if id_ in gold:
            result = 1 / rank
    return result


@wrong("07.2", "forgets the return for none", "returned None")
def first_rank_none(ids, gold):
    for rank, id_ in enumerate(ids, start=1):
        if id_ in gold:
            return 1 / rank


@wrong(
    "07.2",
    "gives up at the first hit that is not gold",
    "only rank 1 got a score: go on to the next",
)
def first_rank_gives_up(ids, gold):
    for rank, id_ in enumerate(ids, start=1):
        if id_ in gold:
            return 1 / rank
        else:
            return 0


@wrong("07.2", "counts ranks from 0", "you counted ranks from 0")
def first_rank_zero(ids, gold):
    for rank, id_ in enumerate(ids):
        if id_ in gold:
            return 1 / rank
    return 0


@wrong(
    "07.2", "counts ranks from 0 and mends the first", "you counted ranks from 0; the best hit has"
)
def first_rank_zero_mended(ids, gold):
    for rank, id_ in enumerate(ids):
        if id_ in gold:
            return 1 / rank if rank else 1
    return 0


@wrong("07.2", "adds one twice", "the best hit has rank 1, and you counted")
def first_rank_twice(ids, gold):
    for rank, id_ in enumerate(ids, start=1):
        if id_ in gold:
            return 1 / (rank + 1)
    return 0


@wrong(
    "07.2", "follows the order of the gold passages", "take the first hit that is any of the gold"
)
def first_rank_gold_order(ids, gold):
    for g in gold:
        if g in ids:
            return 1 / (ids.index(g) + 1)
    return 0


@wrong("07.2", "the place in the gold list", "the rank is the place among the hits, not")
def first_rank_in_gold(ids, gold):
    for rank, g in enumerate(gold, start=1):
        if g in ids:
            return 1 / rank
    return 0


@wrong("07.2", "the sum over all gold hits", "only the first gold passage counts; you")
def first_rank_sum(ids, gold):
    return sum(1 / rank for rank, id_ in enumerate(ids, start=1) if id_ in gold)


@wrong("07.2", "the mean over all gold hits", "only the first gold passage counts, not a")
def first_rank_mean(ids, gold):
    shares = [1 / rank for rank, id_ in enumerate(ids, start=1) if id_ in gold]
    return np.mean(shares) if shares else 0


@wrong("07.2", "the mean over the gold passages", "only the first gold passage counts, not a")
def first_rank_gold_mean(ids, gold):
    return sum(1 / (ids.index(g) + 1) for g in gold if g in ids) / len(gold)


@wrong("07.2", "the rank itself", "that is the rank; return 1 divided by it")
def first_rank_rank(ids, gold):
    for rank, id_ in enumerate(ids, start=1):
        if id_ in gold:
            return rank
    return 0


@wrong("07.2", "whole division", "only rank 1 got a score: go on to the next")
def first_rank_whole(ids, gold):
    for rank, id_ in enumerate(ids, start=1):
        if id_ in gold:
            return 1 // rank
    return 0


@wrong(
    "07.2", "none counts as the rank behind the last", "no gold passage was found, so the score is"
)
def first_rank_behind(ids, gold):
    for rank, id_ in enumerate(ids, start=1):
        if id_ in gold:
            return 1 / rank
    return 1 / (len(ids) + 1)


@wrong("07.2", "none counts as the last rank", "no gold passage was found, so the score is")
def first_rank_at_end(ids, gold):
    rank = 0
    for rank, id_ in enumerate(ids, start=1):  # noqa: B007
        if id_ in gold:
            break
    return 1 / rank


@wrong(
    "07.2",
    "the first gold passage of the list must be there",
    "take the first hit that is any of the gold",
)
def first_rank_index(ids, gold):
    return 1 / (ids.index(gold[0]) + 1)


@wrong("07.2", "every gold passage must be there", "ValueError")
def first_rank_min(ids, gold):
    return 1 / (min(ids.index(g) for g in gold) + 1)


@wrong("07.2", "argmax where nothing is gold", "no gold passage was found, so the score is")
def first_rank_argmax(ids, gold):
    return 1 / (np.argmax([id_ in gold for id_ in ids]) + 1)


@wrong("07.2", "counts from the end", "the hits come best first; count from the")
def first_rank_reversed(ids, gold):
    for rank, id_ in enumerate(reversed(ids), start=1):
        if id_ in gold:
            return 1 / rank
    return 0


@wrong("07.2", "a text inside a text", "an id counts as a whole; part of a longer")
def first_rank_substring(ids, gold):
    for rank, id_ in enumerate(ids, start=1):
        if id_ in " ".join(gold):
            return 1 / rank
    return 0


@wrong("07.2", "compares a hit with the whole list", "gold passages are among the hits; compare")
def first_rank_equal(ids, gold):
    for rank, id_ in enumerate(ids, start=1):
        if id_ == gold:
            return 1 / rank
    return 0


@wrong("07.2", "looks at three hits only", "the first gold passage stands at rank 6")
def first_rank_three(ids, gold):
    for rank, id_ in enumerate(ids[:3], start=1):
        if id_ in gold:
            return 1 / rank
    return 0


@wrong("07.2", "falls in equal steps", "the first gold passage stands at rank 3")
def first_rank_linear(ids, gold):
    for place, id_ in enumerate(ids):
        if id_ in gold:
            return 1 - place / len(ids)
    return 0


@wrong("07.2", "a text", "a text")
def first_rank_text(ids, gold):
    return next((f"1/{r}" for r, id_ in enumerate(ids, 1) if id_ in gold), "0")


@wrong("07.2", "a list of all", "one number")
def first_rank_list(ids, gold):
    return [1 / r for r, id_ in enumerate(ids, 1) if id_ in gold]


wrong("07.2", "the example", "the first gold passage stands at rank 3")(lambda ids, gold: 0.5)
wrong("07.2", "1 or 0", "a passage further down counts less: 1 /")(
    lambda ids, gold: int(any(id_ in gold for id_ in ids))
)


# 07.3 nDCG


@right("07.3", "verbose loops")
def ndcg_loops(ids, gold, k):
    total = 0.0
    rank = 1
    for id_ in ids:
        if rank > k:
            break
        if id_ in gold:
            total = total + 1 / math.log2(rank + 1)
        rank = rank + 1
    best = 0.0
    for rank in range(1, len(gold) + 1):
        if rank <= k:
            best = best + 1 / math.log2(rank + 1)
    return total / best


@right("07.3", "places from 0")
def ndcg_places(ids, gold, k):
    gained = sum(1 / np.log2(i + 2) for i, id_ in enumerate(ids[:k]) if id_ in gold)
    return gained / sum(1 / np.log2(i + 2) for i in range(min(k, len(gold))))


@right("07.3", "arrays")
def ndcg_arrays(ids, gold, k):
    gains = np.isin(ids[:k], gold).astype(float)
    ideal = np.ones(min(len(gold), k))
    weights = 1 / np.log2(np.arange(2, max(len(gains), len(ideal)) + 2))
    return gains @ weights[: len(gains)] / (ideal @ weights[: len(ideal)])


@right("07.3", "the natural logarithm, as the base cancels out")
def ndcg_natural(ids, gold, k):
    gained = sum(1 / math.log(r + 1) for r, id_ in enumerate(ids[:k], 1) if id_ in gold)
    return gained / sum(1 / math.log(r + 1) for r in range(1, min(k, len(gold)) + 1))


@right("07.3", "the best ranking written out")
def ndcg_best_list(ids, gold, k):
    def dcg(ranking):
        return sum((id_ in gold) / np.log2(r + 1) for r, id_ in enumerate(ranking[:k], 1))

    rest = [id_ for id_ in ids if id_ not in gold]
    return dcg(ids) / dcg(list(gold) + rest)


@right("07.3", "gains two to the power of the grade, less one")
def ndcg_powers(ids, gold, k):
    grades = [2 ** int(id_ in gold) - 1 for id_ in ids][:k]
    ideal = [1] * len(gold)
    return sum(g / math.log2(r + 2) for r, g in enumerate(grades)) / sum(
        g / math.log2(r + 2) for r, g in enumerate(ideal[:k])
    )


@right("07.3", "the library")
def ndcg_library(ids, gold, k):
    qrels = [ir_measures.Qrel("q", g, 1) for g in gold]
    run = [ir_measures.ScoredDoc("q", id_, -float(place)) for place, id_ in enumerate(ids)]
    return ir_measures.calc_aggregate([ir_measures.nDCG @ k], qrels, run)[ir_measures.nDCG @ k]


@right("07.3", "a torch tensor")
def ndcg_torch(ids, gold, k):
    gains = torch.tensor([float(id_ in gold) for id_ in ids[:k]])
    ideal = torch.ones(min(k, len(gold)))
    gained = (gains / torch.log2(torch.arange(len(gains)) + 2)).sum()
    return gained / (ideal / torch.log2(torch.arange(len(ideal)) + 2)).sum()


@right("07.3", "0 at once if nothing is found, rounded to eight places")
def ndcg_early(ids, gold, k):
    found = [r for r, id_ in enumerate(ids[:k], 1) if id_ in gold]
    if not found:
        return 0
    ideal = list(range(1, len(gold) + 1))[:k]
    return round(
        sum(math.log2(r + 1) ** -1 for r in found) / sum(math.log2(r + 1) ** -1 for r in ideal), 8
    )


def dcg(ids, gold, k):
    return sum(1 / np.log2(r + 1) for r, id_ in enumerate(ids[:k], start=1) if id_ in gold)


def ideal(n):
    return sum(1 / np.log2(r + 1) for r in range(1, n + 1))


@wrong("07.3", "the best ranking of what was found", "the best ranking holds all gold passages,")
def ndcg_found(ids, gold, k):
    found = sum(id_ in gold for id_ in ids[:k])
    return dcg(ids, gold, k) / ideal(found) if found else 0


@wrong(
    "07.3", "the best ranking of what was found, 0 / 0", "the best ranking holds all gold passages,"
)
def ndcg_found_crash(ids, gold, k):
    gains = [int(id_ in gold) for id_ in ids[:k]]
    best = sorted(gains, reverse=True)
    return sum(g / math.log2(r + 2) for r, g in enumerate(gains)) / sum(
        g / math.log2(r + 2) for r, g in enumerate(best)
    )


@wrong("07.3", "the best ranking of all hits", "the best ranking holds all gold passages,")
def ndcg_all_found(ids, gold, k):
    found = sum(id_ in gold for id_ in ids)
    return dcg(ids, gold, k) / ideal(min(k, found)) if found else 0


@wrong("07.3", "rank without the 1", "ZeroDivisionError")
def ndcg_no_one(ids, gold, k):
    gained = sum(1 / math.log2(r) for r, id_ in enumerate(ids[:k], 1) if id_ in gold)
    return gained / sum(1 / math.log2(r) for r in range(1, min(k, len(gold)) + 1))


@wrong("07.3", "places from 0 without the 2", "ZeroDivisionError")
def ndcg_zero(ids, gold, k):
    gained = sum(1 / math.log2(i + 1) for i, id_ in enumerate(ids[:k]) if id_ in gold)
    return gained / sum(1 / math.log2(i + 1) for i in range(min(k, len(gold))))


@wrong("07.3", "NumPy's infinity for the first rank", "the sum over the hits is 1.062, and the")
def ndcg_inf(ids, gold, k):
    with np.errstate(all="ignore"):
        gained = sum(1 / np.log2(r) for r, id_ in enumerate(ids[:k], 1) if id_ in gold)
        return gained / sum(1 / np.log2(r) for r in range(1, min(k, len(gold)) + 1))


@wrong("07.3", "ranks shifted by one", "rank 1 counts 1 / log2(2) = 1; you are one")
def ndcg_shifted(ids, gold, k):
    gained = sum(1 / math.log2(r + 2) for r, id_ in enumerate(ids[:k], 1) if id_ in gold)
    return gained / sum(1 / math.log2(r + 2) for r in range(1, min(k, len(gold)) + 1))


@wrong("07.3", "one divided by the rank", "a gold passage counts 1 / log2(rank + 1),")
def ndcg_reciprocal(ids, gold, k):
    gained = sum(1 / r for r, id_ in enumerate(ids[:k], 1) if id_ in gold)
    return gained / sum(1 / r for r in range(1, min(k, len(gold)) + 1))


@wrong("07.3", "the logarithm added to the rank", "the 1 is added to the rank, inside the")
def ndcg_plus(ids, gold, k):
    gained = sum(1 / (math.log2(r) + 1) for r, id_ in enumerate(ids[:k], 1) if id_ in gold)
    return gained / sum(1 / (math.log2(r) + 1) for r in range(1, min(k, len(gold)) + 1))


@wrong("07.3", "logarithms of two bases", "take log2 in both sums; with two different")
def ndcg_two_bases(ids, gold, k):
    gained = sum(1 / np.log(r + 1) for r, id_ in enumerate(ids[:k], 1) if id_ in gold)
    return gained / ideal(min(k, len(gold)))


@wrong("07.3", "the logarithm not inverted", "divide 1 by the logarithm")
def ndcg_not_inverted(ids, gold, k):
    gained = sum(math.log2(r + 1) for r, id_ in enumerate(ids[:k], 1) if id_ in gold)
    return gained / sum(math.log2(r + 1) for r in range(1, min(k, len(gold)) + 1))


@wrong("07.3", "only the first gold hit", "each gold passage among the first k counts,")
def ndcg_first(ids, gold, k):
    for r, id_ in enumerate(ids[:k], start=1):
        if id_ in gold:
            return 1 / np.log2(r + 1) / ideal(min(k, len(gold)))
    return 0


@wrong("07.3", "only the first gold hit, undivided", "each gold passage among the first k counts,")
def ndcg_first_undivided(ids, gold, k):
    for r, id_ in enumerate(ids[:k], start=1):
        if id_ in gold:
            return 1 / np.log2(r + 1)
    return 0


@wrong("07.3", "ranks count gold hits only", "the rank is the place among all hits, not")
def ndcg_compressed(ids, gold, k):
    found = [id_ for id_ in ids[:k] if id_ in gold]
    return sum(1 / np.log2(r + 1) for r, _ in enumerate(found, 1)) / ideal(min(k, len(gold)))


@wrong("07.3", "the rank in the gold list", "the rank is the place among all hits, not")
def ndcg_gold_rank(ids, gold, k):
    gained = sum(1 / np.log2(r + 1) for r, g in enumerate(gold, 1) if g in ids[:k])
    return gained / ideal(min(k, len(gold)))


@wrong("07.3", "an index past the hits", "IndexError")
def ndcg_index(ids, gold, k):
    gained = sum(1 / np.log2(i + 2) for i in range(k) if ids[i] in gold)
    return gained / ideal(min(k, len(gold)))


@wrong("07.3", "nothing returned if nothing is found", "returned None")
def ndcg_none(ids, gold, k):
    gained = dcg(ids, gold, k)
    if gained > 0:
        return gained / ideal(min(k, len(gold)))


@wrong("07.3", "the best sum ends one rank early", "ends one rank early")
def ndcg_range(ids, gold, k):
    best = sum(1 / math.log2(r + 1) for r in range(1, min(k, len(gold))))
    return float(dcg(ids, gold, k)) / best


@wrong("07.3", "the best sum ends one rank late", "the sum of the best ranking goes one rank")
def ndcg_range_late(ids, gold, k):
    return dcg(ids, gold, k) / ideal(min(k, len(gold)) + 1)


wrong("07.3", "not divided", "divide your sum by that of the best")(dcg)
wrong("07.3", "the best ranking has k gold passages", "the best ranking holds no more gold")(
    lambda ids, gold, k: dcg(ids, gold, k) / ideal(k)
)
wrong("07.3", "the best ranking has as many as the hits", "the best ranking holds no more gold")(
    lambda ids, gold, k: dcg(ids, gold, k) / ideal(len(ids[:k]))
)
wrong("07.3", "the best ranking goes beyond k", "the best ranking has k places only: it")(
    lambda ids, gold, k: dcg(ids, gold, k) / ideal(len(gold))
)
wrong("07.3", "divided by the number of gold passages", "divide by the sum of the best possible")(
    lambda ids, gold, k: dcg(ids, gold, k) / len(gold)
)
wrong("07.3", "divided by the smaller number", "divide by the sum of the best possible")(
    lambda ids, gold, k: dcg(ids, gold, k) / min(k, len(gold))
)
wrong("07.3", "forgets k", "look at the first k hits only")(
    lambda ids, gold, k: dcg(ids, gold, len(ids)) / ideal(min(k, len(gold)))
)
wrong("07.3", "forgets k on both sides", "look at the first k hits only")(
    lambda ids, gold, k: dcg(ids, gold, len(ids)) / ideal(len(gold))
)
wrong("07.3", "one hit too few", "you looked at one hit less than k")(
    lambda ids, gold, k: dcg(ids, gold, k - 1) / ideal(min(k, len(gold)))
)
wrong("07.3", "one hit too many", "you looked at one hit more than k")(
    lambda ids, gold, k: dcg(ids, gold, k + 1) / ideal(min(k, len(gold)))
)
wrong("07.3", "the hits shortened to the gold passages", "k hits count, also when there are fewer")(
    lambda ids, gold, k: dcg(ids, gold, min(k, len(gold))) / ideal(min(k, len(gold)))
)
wrong("07.3", "recall", "a gold passage further down counts less:")(
    lambda ids, gold, k: sum(g in ids[:k] for g in gold) / len(gold)
)
wrong("07.3", "upside down", "the sum over the hits is 1.062, and the")(
    lambda ids, gold, k: ideal(min(k, len(gold))) / (dcg(ids, gold, k) or 1)
)
wrong("07.3", "two decimals", "that is almost right: return the number")(
    lambda ids, gold, k: round(dcg(ids, gold, k) / ideal(min(k, len(gold))), 2)
)
wrong("07.3", "a text", "a text")(
    lambda ids, gold, k: f"{dcg(ids, gold, k) / ideal(min(k, len(gold))):.2f}"
)
wrong("07.3", "both sums", "one number")(
    lambda ids, gold, k: (dcg(ids, gold, k), ideal(min(k, len(gold))))
)
wrong("07.3", "the two examples", "the sum over the hits is 1.062, and the")(
    lambda ids, gold, k: 1.0 if ids[0] in gold else 1 / np.log2(3)
)


# 07.4 Token F1


@right("07.4", "tokens crossed off")
def f1_crossed_off(prediction, gold):
    said = normalise(prediction)
    left = list(normalise(gold))
    n_wanted = len(left)
    shared = 0
    for token in said:
        if token in left:
            left.remove(token)
            shared = shared + 1
    if shared == 0:
        return 0
    p = shared / len(said)
    r = shared / n_wanted
    return 2 * p * r / (p + r)


@right("07.4", "the smaller of two counts")
def f1_counts(prediction, gold):
    said, wanted = normalise(prediction), normalise(gold)
    shared = sum(min(said.count(token), wanted.count(token)) for token in set(said))
    return statistics.harmonic_mean([shared / len(said), shared / len(wanted)])


@right("07.4", "dictionaries")
def f1_dictionaries(prediction, gold):
    counts = defaultdict(lambda: [0, 0])
    for side, text in enumerate((prediction, gold)):
        for token in normalise(text):
            counts[token][side] += 1
    shared, said, wanted = 0, 0, 0
    for a, b in counts.values():
        shared, said, wanted = shared + min(a, b), said + a, wanted + b
    return 2 * shared / (said + wanted)


@right("07.4", "sorted lists side by side")
def f1_sorted(prediction, gold):
    a, b = sorted(normalise(prediction)), sorted(normalise(gold))
    i = j = shared = 0
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            i, j, shared = i + 1, j + 1, shared + 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    return 2 * shared / (len(a) + len(b))


@right("07.4", "try and except")
def f1_try(prediction, gold):
    said, wanted = Counter(normalise(prediction)), Counter(normalise(gold))
    shared = len(list((said & wanted).elements()))
    p, r = shared / sum(said.values()), shared / sum(wanted.values())
    try:
        return 2 * p * r / (p + r)
    except ZeroDivisionError:
        return 0


@right("07.4", "NumPy")
def f1_numpy(prediction, gold):
    said, wanted = np.array(normalise(prediction)), np.array(normalise(gold))
    shared = np.sum([min((said == w).sum(), (wanted == w).sum()) for w in np.unique(wanted)])
    return np.divide(2 * shared, len(said) + len(wanted))


@right("07.4", "a torch tensor")
def f1_torch(prediction, gold):
    said, wanted = Counter(normalise(prediction)), Counter(normalise(gold))
    p = torch.tensor((said & wanted).total() / said.total())
    r = torch.tensor((said & wanted).total() / wanted.total())
    return torch.nan_to_num(2 * p * r / (p + r))


def parts(prediction, gold):
    said, wanted = Counter(normalise(prediction)), Counter(normalise(gold))
    shared = (said & wanted).total()
    return shared / said.total(), shared / wanted.total()


def harmonic(p, r):
    return 2 * p * r / (p + r) if p + r else 0


@wrong("07.4", "sets: a token counts once", "a token that stands twice counts twice: use")
def f1_sets(prediction, gold):
    said, wanted = set(normalise(prediction)), set(normalise(gold))
    shared = len(said & wanted)
    return harmonic(shared / len(said), shared / len(wanted))


@wrong("07.4", "sets above, lists below", "a token that stands twice counts twice: use")
def f1_half_sets(prediction, gold):
    said, wanted = normalise(prediction), normalise(gold)
    shared = len(set(said) & set(wanted))
    return harmonic(shared / len(said), shared / len(wanted))


@wrong(
    "07.4",
    "a token of the prediction counts each time",
    "a token of the gold answer can be matched",
)
def f1_each_time(prediction, gold):
    said, wanted = normalise(prediction), normalise(gold)
    shared = sum(token in wanted for token in said)
    return harmonic(shared / len(said), shared / len(wanted))


@wrong(
    "07.4",
    "a token of the gold answer counts each time",
    "a token of the prediction can be matched",
)
def f1_each_gold(prediction, gold):
    said, wanted = normalise(prediction), normalise(gold)
    shared = sum(token in said for token in wanted)
    return harmonic(shared / len(said), shared / len(wanted))


@wrong("07.4", "each side counts its own", "a token of the gold answer can be matched")
def f1_own_side(prediction, gold):
    said, wanted = normalise(prediction), normalise(gold)
    p = sum(token in wanted for token in said) / len(said)
    r = sum(token in said for token in wanted) / len(wanted)
    return harmonic(p, r)


@wrong("07.4", "divides by zero if nothing is shared", "ZeroDivisionError")
def f1_zero(prediction, gold):
    p, r = parts(prediction, gold)
    return 2 * p * r / (p + r)


@wrong("07.4", "nan if nothing is shared", "nan")
def f1_nan(prediction, gold):
    p, r = np.array(parts(prediction, gold))
    with np.errstate(all="ignore"):
        return 2 * p * r / (p + r)


@wrong("07.4", "nothing returned if nothing is shared", "returned None")
def f1_none(prediction, gold):
    p, r = parts(prediction, gold)
    if p + r > 0:
        return 2 * p * r / (p + r)


@wrong("07.4", "split instead of normalise", "the texts differ in case, articles and")
def f1_split(prediction, gold):
    said, wanted = Counter(prediction.split()), Counter(gold.split())
    shared = (said & wanted).total()
    return harmonic(shared / said.total(), shared / wanted.total())


@wrong("07.4", "lower case and split", "the texts differ in case, articles and")
def f1_lower(prediction, gold):
    said, wanted = Counter(prediction.lower().split()), Counter(gold.lower().split())
    shared = (said & wanted).total()
    return harmonic(shared / said.total(), shared / wanted.total())


@wrong("07.4", "only the prediction is normalised", "the texts differ in case, articles and")
def f1_half_normalised(prediction, gold):
    said, wanted = Counter(normalise(prediction)), Counter(gold.split())
    shared = (said & wanted).total()
    return harmonic(shared / said.total(), shared / wanted.total())


@wrong("07.4", "letters instead of tokens", "you compared letters; compare the tokens")
def f1_letters(prediction, gold):
    said, wanted = Counter(prediction), Counter(gold)
    shared = (said & wanted).total()
    return harmonic(shared / said.total(), shared / wanted.total())


@wrong("07.4", "a token inside the text", "look for a token among the tokens, and")
def f1_substring(prediction, gold):
    said, wanted = normalise(prediction), normalise(gold)
    shared = sum(token in prediction.lower() for token in wanted)
    return harmonic(shared / len(said), shared / len(wanted))


@wrong("07.4", "tokens at the same place", "the order does not matter")
def f1_places(prediction, gold):
    said, wanted = normalise(prediction), normalise(gold)
    shared = sum(a == b for a, b in zip(said, wanted, strict=False))
    return harmonic(shared / len(said), shared / len(wanted))


@wrong("07.4", "the union below: Jaccard", "that is intersection over union; F1 is 2 *")
def f1_jaccard(prediction, gold):
    said, wanted = Counter(normalise(prediction)), Counter(normalise(gold))
    return (said & wanted).total() / (said | wanted).total()


@wrong(
    "07.4",
    "numbers instead of counts: the kinds of token",
    "a token that stands twice counts twice: use",
)
def f1_len_counter(prediction, gold):
    said, wanted = Counter(normalise(prediction)), Counter(normalise(gold))
    shared = len(said & wanted)
    return harmonic(shared / len(said), shared / len(wanted))


wrong("07.4", "precision", "that is the precision; F1 needs the recall")(
    lambda prediction, gold: parts(prediction, gold)[0]
)
wrong("07.4", "recall", "that is the recall; F1 needs the precision")(
    lambda prediction, gold: parts(prediction, gold)[1]
)
wrong("07.4", "the plain mean", "F1 is the harmonic mean of precision and")(
    lambda prediction, gold: sum(parts(prediction, gold)) / 2
)
wrong("07.4", "the geometric mean", "F1 is the harmonic mean of precision and")(
    lambda prediction, gold: math.sqrt(math.prod(parts(prediction, gold)))
)
wrong("07.4", "the product", "F1 is the harmonic mean of precision and")(
    lambda prediction, gold: math.prod(parts(prediction, gold))
)
wrong("07.4", "the smaller one", "F1 is the harmonic mean of precision and")(
    lambda prediction, gold: min(parts(prediction, gold))
)
wrong("07.4", "the 2 forgotten", "the factor 2 is missing in 2 * p * r / (p +")(
    lambda prediction, gold: harmonic(*parts(prediction, gold)) / 2
)
wrong("07.4", "no brackets below", "`p + r` needs round brackets in 2 * p * r /")(
    lambda prediction, gold: (lambda p, r: 2 * p * r / p + r if p else 0)(*parts(prediction, gold))
)
wrong("07.4", "exact match", "an answer that shares a part of the tokens")(
    lambda prediction, gold: float(normalise(prediction) == normalise(gold))
)
wrong("07.4", "contains", "an answer that shares a part of the tokens")(
    lambda prediction, gold: float(set(normalise(gold)) <= set(normalise(prediction)))
)
wrong("07.4", "two decimals", "that is almost right: return the number")(
    lambda prediction, gold: round(harmonic(*parts(prediction, gold)), 2)
)
wrong("07.4", "a text", "a text")(
    lambda prediction, gold: f"{harmonic(*parts(prediction, gold)):.2f}"
)
wrong("07.4", "all three numbers", "one number")(
    lambda prediction, gold: (*parts(prediction, gold), harmonic(*parts(prediction, gold)))
)
wrong("07.4", "per cent", "that is in per cent; F1 runs from 0 to 1")(
    lambda prediction, gold: 100 * harmonic(*parts(prediction, gold))
)
wrong("07.4", "the example", "both have 2 tokens in common, of 2 and 2")(
    lambda prediction, gold: 2 / 3
)


# 07.5 Could it be chance?


@right("07.5", "verbose loops")
def p_value_loops(first, second, draws=2000, seed=0):
    random_numbers = random.Random(seed)
    observed = 0
    for a, b in zip(first, second, strict=True):
        observed += b - a
    far = 0
    for _ in range(draws):
        total = 0
        for a, b in zip(first, second, strict=True):
            if random_numbers.random() < 0.5:
                a, b = b, a
            total += b - a
        if abs(total) >= abs(observed) - 1e-9:
            far += 1
    return far / draws


@right("07.5", "pairs change places, means compared, no margin")
def p_value_where(first, second, draws=2000, seed=0):
    rng = np.random.default_rng(seed)
    a, b = np.array(first), np.array(second)
    observed = abs(a.mean() - b.mean())
    count = 0
    for _ in range(draws):
        swap = rng.integers(0, 2, len(a)) == 1
        new_a, new_b = np.where(swap, b, a), np.where(swap, a, b)
        count += abs(new_a.mean() - new_b.mean()) >= observed
    return count / draws


@right("07.5", "one matrix of signs, first less second")
def p_value_matrix(first, second, draws=2000, seed=0):
    difference = np.array(first, dtype=float) - np.array(second, dtype=float)
    signs = np.random.default_rng(seed).integers(0, 2, (draws, len(difference))) * 2 - 1
    means = (signs * difference).mean(axis=1)
    return (abs(means) >= abs(difference.mean()) - 1e-12).mean()


@right("07.5", "the old random state")
def p_value_old_state(first, second, draws=2000, seed=0):
    np.random.seed(seed)
    difference = [float(b) - float(a) for a, b in zip(first, second, strict=True)]
    observed = abs(np.mean(difference))
    drawn = [
        abs(np.mean(np.random.choice([1, -1], len(difference)) * difference)) for _ in range(draws)
    ]
    return sum(d >= observed or np.isclose(d, observed) for d in drawn) / draws


@right("07.5", "both tails added")
def p_value_tails(first, second, draws=2000, seed=0):
    difference = np.subtract(second, first, dtype=float)
    observed = abs(difference.sum())
    sums = np.random.default_rng(seed).choice([-1, 1], (draws, len(difference))) @ difference
    return float(np.mean((sums >= observed - 1e-9) | (sums <= -observed + 1e-9)))


@right("07.5", "a torch tensor")
def p_value_torch(first, second, draws=2000, seed=0):
    generator = torch.Generator().manual_seed(seed)
    difference = torch.tensor(second, dtype=torch.float64) - torch.tensor(
        first, dtype=torch.float64
    )
    signs = torch.randint(0, 2, (draws, len(difference)), generator=generator).double() * 2 - 1
    return ((signs @ difference).abs() >= difference.sum().abs() - 1e-9).double().mean()


@right("07.5", "coins without the seed")
def p_value_unseeded(first, second, draws=2000, seed=0):
    difference = np.asarray(second, dtype=float) - np.asarray(first, dtype=float)
    sums = np.random.default_rng().choice([-1.0, 1.0], (draws, len(difference))) @ difference
    return np.count_nonzero(np.abs(sums) >= abs(difference.sum()) - 1e-9) / draws


@right("07.5", "bits of a whole number")
def p_value_bits(first, second, draws=2000, seed=0):
    coins = random.Random(seed)
    difference = [b - a for a, b in zip(first, second, strict=True)]
    far = 0
    for _ in range(draws):
        bits = coins.getrandbits(len(difference))
        total = sum(-d if bits >> i & 1 else d for i, d in enumerate(difference))
        far += abs(total) + 1e-9 >= abs(sum(difference))
    return far / draws


@right("07.5", "SciPy")
def p_value_scipy(first, second, draws=2000, seed=0):
    def statistic(a, b, axis):
        return np.mean(b, axis=axis) - np.mean(a, axis=axis)

    return stats.permutation_test(
        (np.array(first, dtype=float), np.array(second, dtype=float)),
        statistic,
        permutation_type="samples",
        n_resamples=draws,
        vectorized=True,
        rng=np.random.default_rng(seed),
    ).pvalue


def differences(first, second):
    return np.array(second, dtype=float) - np.array(first, dtype=float)


def drawn_sums(first, second, draws, seed):
    difference = differences(first, second)
    return np.random.default_rng(seed).choice([-1, 1], (draws, len(difference))) @ difference


@wrong("07.5", "one side, second above first", "that is one side only: compare the absolute")
def p_value_one_side(first, second, draws=2000, seed=0):
    return np.mean(
        drawn_sums(first, second, draws, seed) >= differences(first, second).sum() - 1e-9
    )


@wrong("07.5", "one side, first above second", "that is one side only: compare the absolute")
def p_value_other_side(first, second, draws=2000, seed=0):
    return np.mean(
        drawn_sums(first, second, draws, seed) <= differences(first, second).sum() + 1e-9
    )


@wrong("07.5", "one side of the absolute difference", "that is one side only: compare the absolute")
def p_value_one_tail(first, second, draws=2000, seed=0):
    observed = abs(differences(first, second).sum())
    return np.mean(drawn_sums(first, second, draws, seed) >= observed - 1e-9)


@wrong("07.5", "abs around the draws only", "that is one side only: compare the absolute")
def p_value_half_abs(first, second, draws=2000, seed=0):
    sums = drawn_sums(first, second, draws, seed)
    return np.mean(abs(sums) >= differences(first, second).sum() - 1e-9)


@wrong("07.5", "farther instead of at least as far", "draws exactly as far from 0 as the observed")
def p_value_strict(first, second, draws=2000, seed=0):
    sums = drawn_sums(first, second, draws, seed)
    return np.mean(abs(sums) > abs(differences(first, second).sum()) + 1e-9)


@wrong("07.5", "nearer instead of farther", "that is 1 - p: count the draws at least as")
def p_value_nearer(first, second, draws=2000, seed=0):
    sums = drawn_sums(first, second, draws, seed)
    return np.mean(abs(sums) < abs(differences(first, second).sum()) - 1e-9)


@wrong("07.5", "both tails counted twice at 0", "a draw that lies as far on both sides, at")
def p_value_double(first, second, draws=2000, seed=0):
    sums, observed = drawn_sums(first, second, draws, seed), abs(differences(first, second).sum())
    return np.mean(sums >= observed - 1e-9) + np.mean(sums <= -observed + 1e-9)


@wrong(
    "07.5", "all values shuffled, pairs torn apart", "you shuffled all values together; only the"
)
def p_value_unpaired(first, second, draws=2000, seed=0):
    rng = np.random.default_rng(seed)
    both, n = np.array([*first, *second], dtype=float), len(first)
    observed = abs(both[n:].mean() - both[:n].mean())
    far = 0
    for _ in range(draws):
        rng.shuffle(both)
        far += abs(both[n:].mean() - both[:n].mean()) >= observed - 1e-9
    return far / draws


@wrong("07.5", "each list shuffled by itself", "every draw counted. In each draw, toss a")
def p_value_shuffled(first, second, draws=2000, seed=0):
    rng = np.random.default_rng(seed)
    a, b = np.array(first, dtype=float), np.array(second, dtype=float)
    observed = abs(b.mean() - a.mean())
    far = 0
    for _ in range(draws):
        far += abs(rng.permutation(b).mean() - rng.permutation(a).mean()) >= observed - 1e-9
    return far / draws


@wrong("07.5", "one coin for all pairs of a draw", "every draw counted. In each draw, toss a")
def p_value_one_coin(first, second, draws=2000, seed=0):
    rng, difference = np.random.default_rng(seed), differences(first, second)
    sums = rng.choice([-1, 1], draws) * difference.sum()
    return np.mean(abs(sums) >= abs(difference.sum()) - 1e-9)


@wrong("07.5", "the coins begin anew in each draw", "all draws or none of them counted. Take the")
def p_value_same_coins(first, second, draws=2000, seed=0):
    difference, far = differences(first, second), 0
    for _ in range(draws):
        signs = np.random.default_rng(seed).choice([-1, 1], len(difference))
        far += abs(signs @ difference) >= abs(difference.sum()) - 1e-9
    return far / draws


@wrong(
    "07.5",
    "the coin drops a pair instead of swapping it",
    "a pair changes places or stays: a sign of",
)
def p_value_dropped(first, second, draws=2000, seed=0):
    difference = differences(first, second)
    sums = np.random.default_rng(seed).integers(0, 2, (draws, len(difference))) @ difference
    return np.mean(abs(sums) >= abs(difference.sum()) - 1e-9)


@wrong("07.5", "signs from -1, 0 and 1", "a pair changes places or stays: a sign of")
def p_value_three(first, second, draws=2000, seed=0):
    difference = differences(first, second)
    sums = np.random.default_rng(seed).integers(-1, 2, (draws, len(difference))) @ difference
    return np.mean(abs(sums) >= abs(difference.sum()) - 1e-9)


@wrong(
    "07.5",
    "integers without the upper end: never swaps",
    "every draw counted. In each draw, toss a",
)
def p_value_never(first, second, draws=2000, seed=0):
    difference = differences(first, second)
    swap = np.random.default_rng(seed).integers(0, 1, (draws, len(difference)))
    return np.mean(abs((1 - 2 * swap) @ difference) >= abs(difference.sum()) - 1e-9)


@wrong(
    "07.5",
    "the swaps pile up and the observed one with them",
    "every draw counted. In each draw, toss a",
)
def p_value_in_place(first, second, draws=2000, seed=0):
    coins, far = random.Random(seed), 0
    for _ in range(draws):
        for i in range(len(first)):
            if coins.random() < 0.5:
                first[i], second[i] = second[i], first[i]
        far += abs(np.mean(first) - np.mean(second)) >= abs(np.mean(second) - np.mean(first))
    return far / draws


@wrong("07.5", "a bootstrap", "you drew questions at random; keep every")
def p_value_bootstrap(first, second, draws=2000, seed=0):
    rng, difference = np.random.default_rng(seed), differences(first, second)
    means = rng.choice(difference, (draws, len(difference))).mean(axis=1)
    return np.mean(abs(means) >= abs(difference.mean()) - 1e-9)


@wrong("07.5", "a bootstrap below zero", "in each draw, each pair changes places or")
def p_value_bootstrap_zero(first, second, draws=2000, seed=0):
    rng, difference = np.random.default_rng(seed), differences(first, second)
    return np.mean(rng.choice(difference, (draws, len(difference))).mean(axis=1) <= 0)


@wrong("07.5", "the mean against the sum", "compare a mean with a mean, or a sum with a")
def p_value_mean_sum(first, second, draws=2000, seed=0):
    sums = drawn_sums(first, second, draws, seed)
    return np.mean(abs(sums) >= abs(differences(first, second).mean()) - 1e-9)


@wrong("07.5", "differences without their sign", "in each draw, each pair changes places or")
def p_value_unsigned(first, second, draws=2000, seed=0):
    difference = abs(differences(first, second))
    sums = np.random.default_rng(seed).choice([-1, 1], (draws, len(difference))) @ difference
    return np.mean(abs(sums) >= difference.sum() - 1e-9)


@wrong("07.5", "wins only", "in each draw, each pair changes places or")
def p_value_wins(first, second, draws=2000, seed=0):
    first, second = np.array(first, dtype=float), np.array(second, dtype=float)
    sign = np.sign(second - first)
    sums = np.random.default_rng(seed).choice([-1, 1], (draws, len(sign))) @ sign
    return np.mean(abs(sums) >= abs(sign.sum()) - 1e-9)


@wrong("07.5", "always 2000 draws", "no share of 8 draws")
def p_value_fixed(first, second, draws=2000, seed=0):
    return np.mean(
        abs(drawn_sums(first, second, 2000, seed)) >= abs(differences(first, second).sum()) - 1e-9
    )


@wrong("07.5", "the number of draws, not the share", "a p-value is a share of draws, between 0")
def p_value_count(first, second, draws=2000, seed=0):
    sums = drawn_sums(first, second, draws, seed)
    return np.sum(abs(sums) >= abs(differences(first, second).sum()) - 1e-9)


@wrong("07.5", "divided by the questions", "a p-value is a share of draws, between 0")
def p_value_questions(first, second, draws=2000, seed=0):
    return p_value_count(first, second, draws, seed) / len(first)


@wrong("07.5", "a return inside the loop", "all draws or none of them counted. Take the")
def p_value_return(first, second, draws=2000, seed=0):
    rng, difference, far = np.random.default_rng(seed), differences(first, second), 0
    for _ in range(draws):
        if abs(rng.choice([-1, 1], len(difference)) @ difference) >= abs(difference.sum()):
            far += 1
        return far / draws


@wrong("07.5", "the difference itself", "that is the difference itself; count how")
def p_value_difference(first, second, draws=2000, seed=0):
    return abs(differences(first, second).mean())


@wrong("07.5", "yes or no", "You returned yes or no; return the share of")
def p_value_significant(first, second, draws=2000, seed=0):
    sums = drawn_sums(first, second, draws, seed)
    return bool(np.mean(abs(sums) >= abs(differences(first, second).sum()) - 1e-9) < 0.05)


@wrong("07.5", "all sums", "one number")
def p_value_sums(first, second, draws=2000, seed=0):
    return drawn_sums(first, second, draws, seed)


wrong("07.5", "1 less the share", "that is 1 - p: count the draws at least as")(
    lambda first, second, draws=2000, seed=0: 1 - p_value_matrix(first, second, draws, seed)
)
wrong("07.5", "half of the share", "that is half of the share: both sides")(
    lambda first, second, draws=2000, seed=0: p_value_matrix(first, second, draws, seed) / 2
)
wrong("07.5", "twice the share", "a p-value is a share of draws, between 0")(
    lambda first, second, draws=2000, seed=0: 2 * p_value_matrix(first, second, draws, seed)
)
wrong("07.5", "a text", "a text")(
    lambda first, second, draws=2000, seed=0: (
        f"p = {p_value_matrix(first, second, draws, seed):.3f}"
    )
)
wrong("07.5", "the example", "in each draw, each pair changes places or")(
    lambda first, second, draws=2000, seed=0: 0.01
)
