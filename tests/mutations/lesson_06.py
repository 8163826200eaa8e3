"""Right and wrong answers to the exercises of lesson 06."""

from __future__ import annotations

import itertools
import math
import re
import string
from collections import Counter, defaultdict
from fractions import Fraction

import numpy as np
import torch

from mutations import right, wrong

# 06.1 A BM25 score


@right("06.1", "verbose loops")
def bm25_loops(question, document, documents, k1=1.5, b=0.75):
    words = 0
    for other in documents:
        words = words + len(other)
    average = words / len(documents)
    score = 0
    for word in question:
        holding = 0
        for other in documents:
            if word in other:
                holding += 1
        tf = 0
        for candidate in document:
            if candidate == word:
                tf += 1
        if tf == 0:
            continue
        idf = math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
        score += idf * tf / (tf + k1 * (1 - b + b * len(document) / average))
    return score


@right("06.1", "NumPy")
def bm25_numpy(question, document, documents, k1=1.5, b=0.75):
    if len(question) == 0:
        return np.float64(0)
    n = np.array([sum(word in other for other in documents) for word in question])
    tf = np.array([document.count(word) for word in question])
    norm = k1 * (1 - b + b * len(document) / np.mean([len(other) for other in documents]))
    return np.sum(np.log1p((len(documents) - n + 0.5) / (n + 0.5)) * tf / (tf + norm))


@right("06.1", "counts each word once, times how often it is asked")
def bm25_counters(question, document, documents, k1=1.5, b=0.75):
    holding = Counter(itertools.chain.from_iterable(map(set, documents)))
    tf = Counter(document)
    relative = len(document) * len(documents) / sum(map(len, documents))
    total = 0.0
    for word, times in Counter(question).items():
        odds = (len(documents) - holding[word] + 0.5) / (holding[word] + 0.5)
        total += times * math.log(1 + odds) * tf[word] / (tf[word] + k1 * (1 - b + b * relative))
    return total


@right("06.1", "recursion")
def bm25_recursive(question, document, documents, k1=1.5, b=0.75):
    if not question or not document:
        return 0
    word, *rest = question
    n = len([other for other in documents if word in other])
    idf = math.log((len(documents) + 1) / (n + 0.5))
    length = len(document) / (sum(len(other) for other in documents) / len(documents))
    tf = document.count(word)
    own = idf * tf / (tf + k1 * (1 - b + b * length))
    return own + bm25_recursive(rest, document, documents, k1, b)


@right("06.1", "a torch tensor")
def bm25_torch(question, document, documents, k1=1.5, b=0.75):
    return torch.tensor(bm25_loops(question, document, documents, k1, b), dtype=torch.float64)


right("06.1", "a torch tensor of 32 bits")(
    lambda *args, **named: torch.tensor(bm25_loops(*args, **named))
)
right("06.1", "an array without dimensions")(
    lambda *args, **named: np.array(bm25_loops(*args, **named))
)


def bm25_variant(
    *,
    words=lambda question: question,
    idf=lambda size, n: math.log(1 + (size - n + 0.5) / (n + 0.5)),
    mean=lambda documents: sum(map(len, documents)) / len(documents),
    part=lambda tf, k1, b, length: tf / (tf + k1 * (1 - b + b * length)),
    holding=lambda word, documents: sum(word in other for other in documents),
    count=lambda document, word: document.count(word),
    length=len,
    join=sum,
):
    """A BM25 score with one of its parts replaced."""

    def score(question, document, documents, k1=1.5, b=0.75):
        relative = length(document) / mean(documents)
        return join(
            idf(len(documents), holding(word, documents))
            * part(count(document, word), k1, b, relative)
            for word in words(question)
        )

    return score


right("06.1", "its parts in functions")(bm25_variant())
wrong("06.1", "a word asked twice adds once", "twice")(bm25_variant(words=set))
wrong("06.1", "log2", "natural")(
    bm25_variant(idf=lambda size, n: math.log2(1 + (size - n + 0.5) / (n + 0.5)))
)
wrong("06.1", "log10", "natural")(
    bm25_variant(idf=lambda size, n: math.log10(1 + (size - n + 0.5) / (n + 0.5)))
)
wrong("06.1", "no 1 in the logarithm", "1 +")(
    bm25_variant(idf=lambda size, n: math.log((size - n + 0.5) / (n + 0.5)))
)
wrong("06.1", "idf of the textbook", "the idf is")(
    bm25_variant(idf=lambda size, n: math.log(size / max(n, 1)))
)
wrong("06.1", "no idf", "idf is missing")(bm25_variant(idf=lambda size, n: 1.0))
wrong("06.1", "tf · (k1 + 1)", "k1 + 1")(
    bm25_variant(part=lambda tf, k1, b, length: tf * (k1 + 1) / (tf + k1 * (1 - b + b * length)))
)
wrong("06.1", "k1 and b as constants", "k1")(
    bm25_variant(part=lambda tf, k1, b, length: tf / (tf + 1.5 * (0.25 + 0.75 * length)))
)
wrong("06.1", "k1 as a constant", "you used k1 = 1.5;")(
    bm25_variant(part=lambda tf, k1, b, length: tf / (tf + 1.5 * (1 - b + b * length)))
)
wrong("06.1", "b as a constant", "you used b")(
    bm25_variant(part=lambda tf, k1, b, length: tf / (tf + k1 * (0.25 + 0.75 * length)))
)
wrong("06.1", "no length", "does not change")(
    bm25_variant(part=lambda tf, k1, b, length: tf / (tf + k1))
)
wrong("06.1", "the length upside down", "above the average")(
    bm25_variant(part=lambda tf, k1, b, length: tf / (tf + k1 * (1 - b + b / length)))
)
wrong("06.1", "the length in letters", "number of words")(
    bm25_variant(
        length=lambda document: sum(map(len, document)),
        mean=lambda documents: sum(len(word) for d in documents for word in d) / len(documents),
    )
)
wrong("06.1", "the length in different words", "number of words")(
    bm25_variant(length=lambda document: len(set(document)))
)
wrong("06.1", "a mean without the document itself", "mean")(
    bm25_variant(mean=lambda documents: sum(map(len, documents)) / max(1, len(documents) - 1))
)
wrong("06.1", "only whether the word is there", "tf")(
    bm25_variant(count=lambda document, word: int(word in document))
)
wrong("06.1", "n counts every repetition", "each once")(
    bm25_variant(
        holding=lambda word, documents: sum(other.count(word) for other in documents),
        idf=lambda size, n: math.log(1 + max(0.0, size - n + 0.5) / (n + 0.5)),
    )
)
wrong("06.1", "n counts parts of words", "whole")(
    bm25_variant(holding=lambda word, documents: sum(word in " ".join(d) for d in documents))
)
wrong("06.1", "tf counts parts of words", "whole")(
    bm25_variant(count=lambda document, word: " ".join(document).count(word))
)
wrong("06.1", "the mean instead of the sum", "sum")(
    bm25_variant(join=lambda parts: float(np.mean([0.0, *parts][1:] or [0.0])))
)
wrong("06.1", "the best word only", "not only one")(
    bm25_variant(join=lambda parts: max(parts, default=0.0))
)
wrong("06.1", "a list of the parts", "number")(bm25_variant(join=list))
wrong("06.1", "a text", "text")(bm25_variant(join=lambda parts: f"{sum(parts):.3f}"))
wrong("06.1", "rounded", "round")(bm25_variant(join=lambda parts: round(sum(parts), 2)))
wrong("06.1", "another idf, which fails on unknown words", "the idf is")(
    bm25_variant(idf=lambda size, n: math.log(1 + size / n))
)


@wrong("06.1", "brackets forgotten around k1", "bracket")
def bm25_brackets(question, document, documents, k1=1.5, b=0.75):
    parts = bm25_variant(part=lambda tf, k1, b, length: tf / tf + k1 * (1 - b + b * length))
    return parts([word for word in question if word in document], document, documents, k1, b)


@wrong("06.1", "stops at the first word", "not only one")
def bm25_first_word(question, document, documents, k1=1.5, b=0.75):
    for word in question:
        return bm25_loops([word], document, documents, k1, b)
    return 0.0


@wrong("06.1", "stops at a word that is not there", "still count")
def bm25_stops(question, document, documents, k1=1.5, b=0.75):
    known = itertools.takewhile(lambda word: word in document, question)
    return bm25_loops(list(known), document, documents, k1, b)


@wrong("06.1", "no return for unknown words", "returned None")
def bm25_none(question, document, documents, k1=1.5, b=0.75):
    if any(word in document for word in question):
        return bm25_loops(question, document, documents, k1, b)


@wrong("06.1", "removes what it has counted", "chang")
def bm25_pops(question, document, documents, k1=1.5, b=0.75):
    total = 0.0
    while question:
        total += bm25_loops([question.pop()], document, documents, k1, b)
    return total


# 06.2 Fuse two rankings


@right("06.2", "verbose loops")
def fuse_loops(rankings, c=60):
    rows = []
    sums = []
    for ranking in rankings:
        for i in range(len(ranking)):
            row = ranking[i]
            if row not in rows:
                rows.append(row)
                sums.append(0)
            sums[rows.index(row)] += 1 / (c + i + 1)
    result = []
    while rows:
        best = sums.index(max(sums))
        result.append(rows.pop(best))
        sums.pop(best)
    return result


@right("06.2", "a defaultdict")
def fuse_defaultdict(rankings, c=60):
    scores = defaultdict(float)
    for ranking in rankings:
        for rank, row in enumerate(ranking):
            scores[row] += 1 / (c + rank + 1)
    return [row for row, _ in sorted(scores.items(), key=lambda pair: -pair[1])]


@right("06.2", "a Counter")
def fuse_counter(rankings, c=60):
    scores = Counter()
    for ranking in rankings:
        scores.update({row: 1 / (c + rank) for rank, row in enumerate(ranking, 1)})
    return tuple(row for row, _ in scores.most_common())


@right("06.2", "NumPy")
def fuse_numpy(rankings, c=60):
    size = max((max(ranking) for ranking in rankings if len(ranking)), default=-1) + 1
    scores = np.zeros(size)
    for ranking in rankings:
        scores[np.array(ranking, dtype=int)] += 1 / (c + 1 + np.arange(len(ranking)))
    order = np.argsort(-scores)
    return order[scores[order] > 0]


@right("06.2", "one sum for each row")
def fuse_sums(rankings, c=60):
    def total(row):
        return sum(Fraction(1, c + r.index(row) + 1) for r in rankings if row in r)

    return sorted({row for ranking in rankings for row in ranking}, key=total, reverse=True)


@right("06.2", "equal sums the other way round")
def fuse_reversed(rankings, c=60):
    rows = sorted({row for ranking in rankings for row in ranking}, reverse=True)
    total = {
        row: math.fsum(1 / (c + r.index(row) + 1) for r in rankings if row in r) for row in rows
    }
    return reversed(sorted(rows, key=total.get))


@right("06.2", "a torch tensor")
def fuse_torch(rankings, c=60):
    return torch.tensor(fuse_defaultdict(rankings, c))


@right("06.2", "a generator of NumPy integers")
def fuse_generator(rankings, c=60):
    yield from map(np.int64, fuse_defaultdict(rankings, c))


def fuse_variant(*, value=lambda c, rank, size: 1 / (c + rank), start=1, join=None, reverse=True):
    """A fusion with one of its parts replaced."""

    def fused(rankings, c=60):
        scores = {}
        for ranking in rankings:
            for rank, row in enumerate(ranking, start=start):
                new, old = value(c, rank, len(ranking)), scores.get(row, 0)
                scores[row] = join(old, new) if join else old + new
        return sorted(scores, key=scores.get, reverse=reverse)

    return fused


wrong("06.2", "lowest sum first", "highest")(fuse_variant(reverse=False))
wrong("06.2", "ranks count from 0", "from 1")(fuse_variant(start=0))
wrong("06.2", "c is always 60", "the c that you are given")(
    fuse_variant(value=lambda c, rank, size: 1 / (60 + rank))
)
wrong("06.2", "no c", "c is missing")(fuse_variant(value=lambda c, rank, size: 1 / rank))
wrong("06.2", "only the best rank counts", "not one of them")(fuse_variant(join=max))
wrong("06.2", "the last ranking counts", "not one of them")(fuse_variant(join=lambda old, new: new))
wrong("06.2", "only the first ranking counts", "not one of them")(
    fuse_variant(join=lambda old, new: old or new)
)
wrong("06.2", "brackets forgotten", "bracket")(
    fuse_variant(value=lambda c, rank, size: 1 / c + rank)
)
wrong("06.2", "adds the ranks", "1 / (c + rank)")(
    fuse_variant(value=lambda c, rank, size: c + rank)
)
wrong("06.2", "counts the rankings that hold it", "the rank of a row")(
    fuse_variant(value=lambda c, rank, size: 1)
)
wrong("06.2", "points from the end", "1 / (c + rank)")(
    fuse_variant(value=lambda c, rank, size: size - rank + 1)
)


@wrong("06.2", "the sums instead of the rows", "rows")
def fuse_scores(rankings, c=60):
    scores = defaultdict(float)
    for ranking in rankings:
        for rank, row in enumerate(ranking, 1):
            scores[row] += 1 / (c + rank)
    return sorted(scores.values(), reverse=True)


@wrong("06.2", "pairs of row and sum", "flat list")
def fuse_pairs(rankings, c=60):
    scores = Counter()
    for ranking in rankings:
        scores.update({row: 1 / (c + rank) for rank, row in enumerate(ranking, 1)})
    return scores.most_common()


@wrong("06.2", "the best row only", "belongs in the result")
def fuse_best(rankings, c=60):
    return fuse_defaultdict(rankings, c)[:1]


@wrong("06.2", "only rows that all rankings hold", "belongs in the result")
def fuse_common(rankings, c=60):
    return [row for row in fuse_loops(rankings, c) if all(row in r for r in rankings)]


@wrong("06.2", "two rankings only", "not only the first two")
def fuse_two(rankings, c=60):
    return fuse_loops(rankings[:2], c)


@wrong("06.2", "unpacks exactly two rankings", "ValueError")
def fuse_unpacks(rankings, c=60):
    first, second = rankings
    return fuse_loops([first, second], c)


@wrong("06.2", "up to the length of the shortest ranking", "belongs in the result")
def fuse_zip(rankings, c=60):
    scores = defaultdict(float)
    for rank, rows in enumerate(zip(*rankings, strict=False), 1):
        for row in rows:
            scores[row] += 1 / (c + rank)
    return sorted(scores, key=scores.get, reverse=True)


@wrong("06.2", "one after the other", "behind the other")
def fuse_chain(rankings, c=60):
    return list(dict.fromkeys(itertools.chain(*rankings)))


@wrong("06.2", "a row twice", "twice")
def fuse_twice(rankings, c=60):
    pairs = [(1 / (c + i), row) for ranking in rankings for i, row in enumerate(ranking, 1)]
    return [row for _, row in sorted(pairs, reverse=True)]


@wrong("06.2", "fails on an empty ranking", "IndexError")
def fuse_empty(rankings, c=60):
    assert all(isinstance(ranking[0], int) for ranking in rankings)
    return fuse_loops(rankings, c)


@wrong("06.2", "a set", "set")
def fuse_set(rankings, c=60):
    return set(fuse_loops(rankings, c))


@wrong("06.2", "rows up to the number of rows", "IndexError")
def fuse_dense_rows(rankings, c=60):
    scores = [0.0] * sum(len(ranking) for ranking in rankings)
    for ranking in rankings:
        for rank, row in enumerate(ranking, 1):
            scores[row] += 1 / (c + rank)
    return sorted(range(len(scores)), key=lambda row: -scores[row])


@wrong("06.2", "empties the rankings", "chang")
def fuse_pops(rankings, c=60):
    result = fuse_loops(rankings, c)
    for ranking in rankings:
        ranking.clear()
    return result


# 06.3 One step of MMR


@right("06.3", "verbose loops")
def mmr_loops(near, alike, taken, weight=0.7):
    best_row = None
    best_value = None
    for row in range(len(near)):
        if row in taken:
            continue
        closest = None
        for other in taken:
            if closest is None or alike[row][other] > closest:
                closest = alike[row][other]
        if closest is None:
            closest = 0
        value = weight * near[row] - (1 - weight) * closest
        if best_value is None or value > best_value:
            best_value = value
            best_row = row
    return best_row


@right("06.3", "NumPy")
def mmr_numpy(near, alike, taken, weight=0.7):
    near, alike = np.asarray(near, dtype=float), np.asarray(alike, dtype=float)
    if len(taken) == 0:
        return np.argmax(near)
    value = weight * near - (1 - weight) * alike[:, list(taken)].max(axis=1)
    value[list(taken)] = -np.inf
    return value.argmax()


@right("06.3", "an early return for the first")
def mmr_early(near, alike, taken, weight=0.7):
    if not taken:
        return max(range(len(near)), key=lambda row: near[row])
    left = [row for row in range(len(near)) if row not in taken]
    values = [
        weight * near[row] - (1 - weight) * max(alike[row][other] for other in taken)
        for row in left
    ]
    return left[values.index(max(values))]


@right("06.3", "the last of equal rows")
def mmr_last(near, alike, taken, weight=0.7):
    left = sorted(set(range(len(near))) - set(taken), reverse=True)
    return max(
        left,
        key=lambda row: (
            weight * near[row] - (1 - weight) * max([alike[row][o] for o in taken] or [0])
        ),
    )


@right("06.3", "sorted pairs")
def mmr_pairs(near, alike, taken, weight=0.7):
    pairs = []
    for row in range(len(near)):
        if row not in taken:
            penalty = max(alike[other][row] for other in taken) if taken else 0
            pairs.append((weight * near[row] - (1 - weight) * penalty, row))
    return sorted(pairs)[-1][1]


@right("06.3", "a torch tensor")
def mmr_torch(near, alike, taken, weight=0.7):
    value = weight * torch.tensor(near, dtype=torch.float64)
    if taken:
        likeness = torch.tensor(np.array(alike, dtype=float))
        value -= (1 - weight) * likeness[:, taken].max(dim=1).values
        value[taken] = -torch.inf
    return value.argmax()


@right("06.3", "arrays only")
def mmr_arrays(near, alike, taken, weight=0.7):
    value = weight * near
    if taken:
        value = value - (1 - weight) * alike[:, taken].max(axis=1)
        value[taken] = -np.inf
    return int(np.argmax(value))


@right("06.3", "lists only")
def mmr_lists(near, alike, taken, weight=0.7):
    if taken == []:
        return near.index(max(near))
    return mmr_loops(near, alike, taken, weight)


def mmr_variant(
    *,
    closest=lambda likeness: max(likeness, default=0),
    value=lambda w, near, closest: w * near - (1 - w) * closest,
    column=lambda alike, row, taken: [alike[row][other] for other in taken],
    pick=max,
    skip=True,
):
    """A step of MMR with one of its parts replaced."""

    def step(near, alike, taken, weight=0.7):
        rows = [row for row in range(len(near)) if not skip or row not in taken]
        return pick(
            rows,
            key=lambda row: value(weight, near[row], closest(column(alike, row, taken))),
        )

    return step


right("06.3", "its parts in functions")(mmr_variant())
wrong("06.3", "adds the likeness", "subtract")(
    mmr_variant(value=lambda w, near, closest: w * near + (1 - w) * closest)
)
wrong("06.3", "the mean likeness", "closest")(
    mmr_variant(closest=lambda likeness: sum(likeness) / max(1, len(likeness)))
)
wrong("06.3", "the sum of the likenesses", "closest")(mmr_variant(closest=sum))
wrong("06.3", "the smallest likeness", "closest")(
    mmr_variant(closest=lambda likeness: min(likeness, default=0))
)
wrong("06.3", "only the last one taken", "at the last")(
    mmr_variant(column=lambda alike, row, taken: [alike[row][other] for other in taken[-1:]])
)
wrong("06.3", "only the first one taken", "at the first")(
    mmr_variant(column=lambda alike, row, taken: [alike[row][other] for other in taken[:1]])
)
wrong("06.3", "closest to all rows", "the largest likeness")(
    mmr_variant(column=lambda alike, row, taken: list(alike[row]))
)
wrong("06.3", "the weights swapped", "weight")(
    mmr_variant(value=lambda w, near, closest: (1 - w) * near - w * closest)
)
wrong("06.3", "a constant weight", "weight")(
    mmr_variant(value=lambda w, near, closest: 0.7 * near - 0.3 * closest)
)
wrong("06.3", "no weight", "weight")(mmr_variant(value=lambda w, near, closest: near - closest))
wrong("06.3", "no weight on the likeness", "weight")(
    mmr_variant(value=lambda w, near, closest: w * near - closest)
)
wrong("06.3", "brackets forgotten", "weight")(
    mmr_variant(value=lambda w, near, closest: w * near - 1 - w * closest)
)
wrong("06.3", "the nearest only", "like")(mmr_variant(value=lambda w, near, closest: near))
wrong("06.3", "the lowest value", "highest")(mmr_variant(pick=min))
wrong("06.3", "takes a row again", "taken already")(mmr_variant(skip=False))
wrong("06.3", "fails with nothing taken", "ValueError")(mmr_variant(closest=max))


@wrong("06.3", "likeness starts at 0", "below 0")
def mmr_zero(near, alike, taken, weight=0.7):
    return mmr_variant(closest=lambda likeness: max([0, *likeness]))(near, alike, taken, weight)


@wrong("06.3", "best value starts at 0", "returned None")
def mmr_best_zero(near, alike, taken, weight=0.7):
    best, best_row = 0, None
    for row in range(len(near)):
        if row not in taken:
            closest = max((alike[row][other] for other in taken), default=0)
            value = weight * near[row] - (1 - weight) * closest
            if value > best:
                best, best_row = value, row
    return best_row


@wrong("06.3", "the place among the rows left", "the place among")
def mmr_place(near, alike, taken, weight=0.7):
    left = [row for row in range(len(near)) if row not in taken]
    return left.index(mmr_loops(near, alike, taken, weight))


@wrong("06.3", "the value instead of the row", "Return the row")
def mmr_value(near, alike, taken, weight=0.7):
    row = mmr_loops(near, alike, taken, weight)
    closest = max((alike[row][other] for other in taken), default=0)
    return weight * near[row] - (1 - weight) * closest


@wrong("06.3", "a list of one row", "one number is needed")
def mmr_list(near, alike, taken, weight=0.7):
    return [mmr_loops(near, alike, taken, weight)]


@wrong("06.3", "appends to taken", "chang")
def mmr_appends(near, alike, taken, weight=0.7):
    row = mmr_loops(near, alike, taken, weight)
    taken.append(row)
    return row


@wrong("06.3", "returns the new list of taken rows", "one number is needed")
def mmr_all_taken(near, alike, taken, weight=0.7):
    return [*taken, mmr_loops(near, alike, taken, weight)]


@wrong("06.3", "no return with nothing taken", "returned None")
def mmr_none(near, alike, taken, weight=0.7):
    if taken:
        return mmr_loops(near, alike, taken, weight)


# 06.4 Which machine is meant?


@right("06.4", "a regular expression")
def product_regex(question, names):
    found = []
    for name in names:
        if re.search(r"\b" + re.escape(name) + r"\b", question, re.IGNORECASE):
            found.append(name)
    found.sort(key=len)
    return found[-1] if found else ""


@right("06.4", "windows of words")
def product_windows(question, names):
    words = re.findall(r"[a-z0-9]+", question.lower())
    best = ""
    for name in names:
        wanted = name.lower().split()
        for start in range(len(words) - len(wanted) + 1):
            if words[start : start + len(wanted)] == wanted and len(name) > len(best):
                best = name
    return best


@right("06.4", "punctuation stripped")
def product_split(question, names):
    text = " " + " ".join(word.strip(string.punctuation) for word in question.lower().split()) + " "
    for name in sorted(names, key=len, reverse=True):
        if f" {name.lower()} " in text:
            return name
    return ""


@right("06.4", "one alternation, longest first")
def product_alternation(question, names):
    if not names:
        return ""
    by_low = {name.casefold(): name for name in names}
    pattern = "|".join(map(re.escape, sorted(by_low, key=len, reverse=True)))
    found = re.findall(rf"(?<!\w)(?:{pattern})(?!\w)", question.casefold())
    return by_low[max(found, key=len)] if found else ""


@right("06.4", "looks at the letters beside it")
def product_letters(question, names):
    low = question.lower()
    best = ""
    for name in names:
        at = low.find(name.lower())
        while at >= 0:
            before = low[at - 1] if at > 0 else " "
            end = at + len(name)
            after = low[end] if end < len(low) else " "
            if not before.isalnum() and not after.isalnum() and len(name) > len(best):
                best = name
            at = low.find(name.lower(), at + 1)
    return best


@right("06.4", "a NumPy string")
def product_numpy(question, names):
    return np.str_(product_regex(question, names))


def product_variant(*, inside, pick=lambda named: max(named, key=len, default="")):
    """A search for product names with one of its parts replaced."""
    return lambda question, names: pick([name for name in names if inside(name, question)])


def product_inside(name, question):
    return product_regex(question, [name]) == name


wrong("06.4", "parts of words too", "whole")(
    product_variant(inside=lambda name, question: name.lower() in question.lower())
)
wrong("06.4", "no word border behind", "whole")(
    product_variant(inside=lambda name, question: re.search(rf"\b{name}", question, re.I))
)
wrong("06.4", "no word border in front", "whole")(
    product_variant(inside=lambda name, question: re.search(rf"{name}\b", question, re.I))
)
wrong("06.4", "capital letters count", "lower case")(
    product_variant(inside=lambda name, question: re.search(rf"\b{name}\b", question))
)
wrong("06.4", "only the question in small letters", "lower case")(
    product_variant(inside=lambda name, question: re.search(rf"\b{name}\b", question.lower()))
)
wrong("06.4", "only the name in small letters", "lower case")(
    product_variant(inside=lambda name, question: re.search(rf"\b{name.lower()}\b", question))
)
wrong("06.4", "the first name", "longest")(
    product_variant(inside=product_inside, pick=lambda named: named[0] if named else "")
)
wrong("06.4", "the last name", "most characters")(
    product_variant(inside=product_inside, pick=lambda named: named[-1] if named else "")
)
wrong("06.4", "the shortest name", "longest")(
    product_variant(inside=product_inside, pick=lambda named: min(named, key=len, default=""))
)
wrong("06.4", "the last of the alphabet", "most characters")(
    product_variant(inside=product_inside, pick=lambda named: max(named, default=""))
)
wrong("06.4", "all names", "one text")(product_variant(inside=product_inside, pick=list))
wrong("06.4", "fails where none is named", "ValueError")(
    product_variant(inside=product_inside, pick=lambda named: max(named, key=len))
)
wrong("06.4", "None where none is named", "None")(
    product_variant(inside=product_inside, pick=lambda named: max(named, key=len, default=None))
)
wrong("06.4", "False where none is named", "one text")(
    product_variant(inside=product_inside, pick=lambda named: max(named, key=len, default=False))
)
wrong("06.4", "in small letters", "as it stands in the list")(
    product_variant(
        inside=product_inside, pick=lambda named: max(named, key=len, default="").lower()
    )
)
wrong("06.4", "all words, anywhere in the question", "together")(
    product_variant(
        inside=lambda name, question: (
            set(name.lower().split()) <= set(re.findall(r"\w+", question.lower()))
        )
    )
)
wrong("06.4", "any word of the name", "that name stands there")(
    product_variant(
        inside=lambda name, question: (
            set(name.lower().split()) & set(re.findall(r"\w+", question.lower()))
        )
    )
)
wrong("06.4", "spaces on both sides", "question mark")(
    product_variant(inside=lambda name, question: f" {name.lower()} " in question.lower())
)
wrong("06.4", "padded, but with punctuation left in", "question mark")(
    product_variant(inside=lambda name, question: f" {name.lower()} " in f" {question.lower()} ")
)
wrong("06.4", "the first match of an alternation", "longest")(
    lambda question, names: next(
        (
            next(name for name in names if name.lower() == found.lower())
            for found in re.findall(rf"\b(?:{'|'.join(names)})\b", question, re.I)
        ),
        "",
    )
)
