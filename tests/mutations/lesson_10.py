"""Right and wrong answers to the exercises of lesson 10."""

from __future__ import annotations

import itertools
import math
import random
import re
import string
from collections import Counter, defaultdict

import numpy as np
import torch

from mutations import right, wrong

# 10.1 How many examples are enough?


@right("10.1", "verbose loops")
def size_loops(curve):
    best_size = None
    best_share = -1.0
    for size in curve:
        if curve[size][0] > best_share:
            best_share = curve[size][0]
            best_size = size
    low = curve[best_size][1]
    smallest = best_size
    for size in curve:
        if curve[size][2] >= low and size < smallest:
            smallest = size
    return smallest


@right("10.1", "an early return, in the order of the sizes")
def size_early(curve):
    low = max(curve.values())[1]
    for size in sorted(curve):
        if low <= curve[size][2]:
            return size
    return None


@right("10.1", "NumPy")
def size_numpy(curve):
    sizes = np.array(list(curve))
    points = np.array(list(curve.values()))
    low = points[points[:, 0].argmax(), 1]
    return sizes[points[:, 2] >= low].min()


@right("10.1", "a torch tensor")
def size_torch(curve):
    sizes = torch.tensor(sorted(curve))
    points = torch.tensor([curve[int(n)] for n in sizes], dtype=torch.float64)
    return sizes[points[:, 2] >= points[points[:, 0].argmax(), 1]][0]


@right("10.1", "both ends of both intervals")
def size_both_ends(curve):
    _, best_low, best_high = max(curve.values(), key=lambda point: point[0])
    good = [n for n, (_, low, high) in curve.items() if high >= best_low and low <= best_high]
    return sorted(good)[0]


@right("10.1", "takes the bad ones out")
def size_pops(curve):
    best = sorted(curve.items(), key=lambda item: item[1][0])[-1][1]
    for size in list(curve):
        if not curve[size][2] >= best[1]:
            curve.pop(size)
    return min(curve)


right("10.1", "as a float")(
    lambda curve: float(min(n for n in curve if curve[n][2] >= max(curve.values())[1]))
)


def _low(curve):
    return max(curve.values())[1]


def _good(curve):
    return [n for n, point in curve.items() if point[2] >= _low(curve)]


@wrong("10.1", "walks down from the best and stops at the first gap", "a smaller one")
def size_walks_down(curve):
    found = max(curve, key=lambda n: curve[n][0])
    for size in sorted((n for n in curve if n < found), reverse=True):
        if curve[size][2] < _low(curve):
            break
        found = size
    return found


@wrong("10.1", "first in the order given", "unsorted")
def size_first(curve):
    for size, point in curve.items():
        if point[2] >= _low(curve):
            return size
    return None


@wrong("10.1", "sorted as texts", "unsorted")
def size_text_order(curve):
    return int(min(str(n) for n in _good(curve)))


@wrong("10.1", "never looks at the best itself", "ValueError")
def size_only_smaller(curve):
    best = max(curve, key=lambda n: curve[n][0])
    return min(n for n in _good(curve) if n < best)


@wrong("10.1", "the next size below the best", "does not reach")
def size_next_below(curve):
    best = max(curve, key=lambda n: curve[n][0])
    return max((n for n in curve if n < best), default=best)


@wrong("10.1", "no return if the best is the only one", "None")
def size_no_return(curve):
    best = max(curve, key=lambda n: curve[n][0])
    for size in sorted(curve):
        if size != best and curve[size][2] >= curve[best][1]:
            return size


@wrong("10.1", "the last of the dictionary is the best", "highest share, not")
def size_last_key(curve):
    last = list(curve)[-1]
    return min(n for n in curve if curve[n][2] >= curve[last][1])


@wrong("10.1", "the best by the upper end", "not the highest upper end")
def size_best_by_high(curve):
    low = max(curve.values(), key=lambda point: point[2])[1]
    return min(n for n in curve if curve[n][2] >= low)


@wrong("10.1", "the highest lower end of all", "not the highest lower end")
def size_best_by_low(curve):
    low = max(point[1] for point in curve.values())
    return min(n for n in curve if curve[n][2] >= low)


@wrong("10.1", "within five hundredths of the best share", "a smaller one has an interval")
def size_tolerance(curve):
    share = max(curve.values())[0]
    return min(n for n in curve if curve[n][0] >= share - 0.05)


@wrong("10.1", "the largest that is good", "a smaller one")
def size_largest_good(curve):
    return max(_good(curve))


@wrong("10.1", "the place of the size", "none of the sizes")
def size_place(curve):
    return sorted(curve).index(min(_good(curve)))


wrong("10.1", "touching ends left out", ">=")(
    lambda curve: min(n for n in curve if curve[n][2] > _low(curve))
)
wrong("10.1", "the largest size is the best", "not the largest one")(
    lambda curve: min(n for n in curve if curve[n][2] >= curve[max(curve)][1])
)
wrong("10.1", "the share inside the best interval", "the upper end of each")(
    lambda curve: min(n for n in curve if curve[n][0] >= _low(curve))
)
wrong("10.1", "the lower end inside the best interval", "a smaller one")(
    lambda curve: min(n for n in curve if curve[n][1] >= _low(curve))
)
wrong("10.1", "the upper end above the best share", "the best one's lower end")(
    lambda curve: min(n for n in curve if curve[n][2] >= max(curve.values())[0])
)
wrong("10.1", "below the best upper end", "ends at")(
    lambda curve: min(n for n in curve if curve[n][1] <= max(curve.values())[2])
)
wrong("10.1", "the best size", "a smaller one has an interval")(
    lambda curve: max(curve, key=lambda n: curve[n][0])
)
wrong("10.1", "the smallest size", "ends at")(lambda curve: min(curve))
wrong("10.1", "all good sizes", "one number")(lambda curve: sorted(_good(curve)))
wrong("10.1", "its point", "one number")(lambda curve: curve[min(_good(curve))])
wrong("10.1", "its share", "none of the sizes")(lambda curve: curve[min(_good(curve))][0])
wrong("10.1", "text", "text")(lambda curve: str(min(_good(curve))))
wrong("10.1", "the example's answer", "none of the sizes")(lambda curve: 50)
wrong("10.1", "the worst is the best", "ends at")(
    lambda curve: min(n for n in curve if curve[n][2] >= min(curve.values())[1])
)

# 10.2 Catch the copies


def _plain(text):
    return " ".join(re.findall("[a-z0-9]+", text.lower()))


@right("10.2", "character by character")
def leaked_characters(train, test):
    allowed = "abcdefghijklmnopqrstuvwxyz0123456789"

    def clean(text):
        result = ""
        for character in text.lower():
            if character in allowed:
                result += character
            elif not result.endswith(" "):
                result += " "
        return result.strip()

    rows = []
    for i in range(len(test)):
        found = False
        for text in train:
            if clean(text) == clean(test[i]):
                found = True
        if found:
            rows.append(i)
    return rows


@right("10.2", "substitute, then strip, as an array")
def leaked_sub(train, test):
    seen = [re.sub(r"[^a-z0-9]+", " ", text.lower()).strip() for text in train]
    hits = [re.sub(r"[^a-z0-9]+", " ", text.lower()).strip() in seen for text in test]
    return np.flatnonzero(hits)


@right("10.2", "lists of words, as a tuple")
def leaked_words(train, test):
    words = [re.split("[^a-z0-9]+", f" {text.lower()} ")[1:-1] for text in train]
    return tuple(
        i
        for i, text in enumerate(test)
        if re.split("[^a-z0-9]+", f" {text.lower()} ")[1:-1] in words
    )


@right("10.2", "a generator")
def leaked_generator(train, test):
    seen = {_plain(text): True for text in train}
    for row, text in enumerate(test):
        if seen.get(_plain(text), False):
            yield row


@right("10.2", "a torch tensor")
def leaked_torch(train, test):
    seen = {_plain(text) for text in train}
    mask = torch.tensor([_plain(text) in seen for text in test])
    return torch.nonzero(mask).flatten()


@right("10.2", "changes the lists it was given")
def leaked_in_place(train, test):
    for texts in (train, test):
        for i in range(len(texts)):
            texts[i] = _plain(texts[i])
    return [i for i, text in enumerate(test) if train.count(text) > 0]


@right("10.2", "the keys of a dictionary, the last first")
def leaked_keys(train, test):
    seen = set(map(_plain, train))
    return {i: 1 for i in reversed(range(len(test))) if _plain(test[i]) in seen}.keys()


@right("10.2", "np.isin")
def leaked_isin(train, test):
    known = np.array([_plain(text) for text in train], dtype=object)
    return [i for i, text in enumerate(test) if (known == _plain(text)).any()]


def _leaked(train, test, form):
    seen = {form(text) for text in train}
    return [i for i, text in enumerate(test) if form(text) in seen]


@wrong("10.2", "a row for each copy in the training texts", "twice")
def leaked_nested(train, test):
    rows = []
    for i, text in enumerate(test):
        for other in train:
            if _plain(text) == _plain(other):
                rows.append(i)
    return rows


@wrong("10.2", "looks the row up by its text", "twice")
def leaked_index(train, test):
    seen = {_plain(text) for text in train}
    return [test.index(text) for text in test if _plain(text) in seen]


@wrong("10.2", "returns in the loop", "leaked ones are")
def leaked_returns_early(train, test):
    rows = []
    for i, text in enumerate(test):
        if _plain(text) in {_plain(other) for other in train}:
            rows.append(i)
            return rows
    return rows


@wrong("10.2", "rows of the training texts", "rows of the training texts")
def leaked_train_rows(train, test):
    seen = {_plain(text) for text in test}
    return [i for i, text in enumerate(train) if _plain(text) in seen]


@wrong("10.2", "row by row", "leaked ones are")
def leaked_zip(train, test):
    return [i for i, (a, b) in enumerate(zip(train, test, strict=False)) if _plain(a) == _plain(b)]


@wrong("10.2", "part of a training text", "not a part")
def leaked_substring(train, test):
    return [i for i, b in enumerate(test) if any(_plain(b) in _plain(a) for a in train)]


@wrong("10.2", "holds a training text", "not a part")
def leaked_contains(train, test):
    return [i for i, b in enumerate(test) if any(_plain(a) in _plain(b) for a in train)]


@wrong("10.2", "all training texts in one", "not a part")
def leaked_joined(train, test):
    everything = " ".join(map(_plain, train))
    return [i for i, b in enumerate(test) if _plain(b) in everything]


@wrong("10.2", "crashes without training texts", "IndexError")
def leaked_crash(train, test):
    train[0].lower()
    return _leaked(train, test, _plain)


@wrong("10.2", "the test is not brought into plain form", "either side")
def leaked_half(train, test):
    return [i for i, b in enumerate(test) if b in {_plain(a) for a in train}]


@wrong("10.2", "only the training texts lose their capitals", "either side")
def leaked_lower_half(train, test):
    seen = {_plain(a) for a in train}
    return [
        i for i, b in enumerate(test) if " ".join(re.findall(r"[A-Za-z0-9]+", b)).strip() in seen
    ]


@wrong("10.2", "None where nothing leaked", "None")
def leaked_or_none(train, test):
    return _leaked(train, test, _plain) or None


wrong("10.2", "texts as they are", "upper and lower case")(
    lambda train, test: [i for i, b in enumerate(test) if b in train]
)
wrong("10.2", "capitals count", "upper and lower case")(
    lambda train, test: _leaked(train, test, lambda s: " ".join(re.findall("[A-Za-z0-9]+", s)))
)
wrong("10.2", "capitals become spaces", "upper and lower case")(
    lambda train, test: _leaked(train, test, lambda s: " ".join(re.findall("[a-z0-9]+", s)))
)
wrong("10.2", "lower case only", "question mark at the end")(
    lambda train, test: _leaked(train, test, str.lower)
)
wrong("10.2", "points at the end only", "one space")(
    lambda train, test: _leaked(
        train, test, lambda s: " ".join(s.lower().split()).strip(string.punctuation)
    )
)
wrong("10.2", "a space for each character", "one space")(
    lambda train, test: _leaked(train, test, lambda s: re.sub("[^a-z0-9]", " ", s.lower()).strip())
)
wrong("10.2", "spaces left at the ends", "no space behind")(
    lambda train, test: _leaked(train, test, lambda s: re.sub("[^a-z0-9]+", " ", s.lower()))
)
wrong("10.2", "double spaces replaced once", "one space")(
    lambda train, test: _leaked(
        train, test, lambda s: re.sub("[^a-z0-9 ]", " ", s.lower()).replace("  ", " ").strip()
    )
)
wrong("10.2", "points dropped, not replaced", "becomes a space")(
    lambda train, test: _leaked(
        train, test, lambda s: " ".join(re.sub(r"[^a-z0-9\s]", "", s.lower()).split())
    )
)
wrong("10.2", "nothing but letters and digits", "words must stay apart")(
    lambda train, test: _leaked(train, test, lambda s: re.sub("[^a-z0-9]", "", s.lower()))
)
wrong("10.2", "letters only", "digits count")(
    lambda train, test: _leaked(train, test, lambda s: tuple(re.findall("[a-z]+", s.lower())))
)
wrong("10.2", "sets of words", "another order")(
    lambda train, test: _leaked(train, test, lambda s: frozenset(_plain(s).split()))
)
wrong("10.2", "each word once", "as often")(
    lambda train, test: _leaked(train, test, lambda s: " ".join(dict.fromkeys(_plain(s).split())))
)
wrong("10.2", "an underscore is a letter", "underscore")(
    lambda train, test: _leaked(train, test, lambda s: " ".join(re.findall(r"\w+", s.lower())))
)
wrong("10.2", "all letters of the world", "a to z")(
    lambda train, test: _leaked(
        train,
        test,
        lambda s: " ".join("".join(c if c.isalnum() else " " for c in s.lower()).split()),
    )
)
wrong("10.2", "ASCII punctuation only", "a to z")(
    lambda train, test: _leaked(
        train,
        test,
        lambda s: " ".join(
            s.lower().translate(str.maketrans({c: " " for c in string.punctuation})).split()
        ),
    )
)
wrong("10.2", "counts from 1", "from 0")(
    lambda train, test: [i + 1 for i in _leaked(train, test, _plain)]
)
wrong("10.2", "the clean ones", "have not leaked")(
    lambda train, test: [i for i in range(len(test)) if i not in _leaked(train, test, _plain)]
)
wrong("10.2", "the texts", "row numbers")(
    lambda train, test: [test[i] for i in _leaked(train, test, _plain)]
)
wrong("10.2", "a mask", "True and False")(
    lambda train, test: [i in _leaked(train, test, _plain) for i in range(len(test))]
)
wrong("10.2", "pairs of rows", "flat list")(
    lambda train, test: [
        (i, j) for i, a in enumerate(train) for j, b in enumerate(test) if _plain(a) == _plain(b)
    ]
)
wrong("10.2", "np.where as it comes", "flat list")(
    lambda train, test: np.where([i in _leaked(train, test, _plain) for i in range(len(test))])
)
wrong("10.2", "how many", "list")(lambda train, test: len(_leaked(train, test, _plain)))
wrong("10.2", "whether any", "list")(lambda train, test: bool(_leaked(train, test, _plain)))
wrong("10.2", "a set", "order")(lambda train, test: set(_leaked(train, test, _plain)))
wrong("10.2", "text", "text")(lambda train, test: str(_leaked(train, test, _plain)))
wrong("10.2", "the example's answer", "leaked ones are")(lambda train, test: [1])
wrong("10.2", "nothing", "leaked ones are")(lambda train, test: [])

# 10.3 Split by family


@right("10.3", "verbose loops")
def split_loops(groups, share):
    names = []
    for group in groups:
        if group not in names:
            names.append(group)
    test_groups = []
    count = 0
    for name in names:
        if count < share * len(groups):
            test_groups.append(name)
            for group in groups:
                if group == name:
                    count = count + 1
    train_rows = []
    test_rows = []
    for i in range(len(groups)):
        if groups[i] in test_groups:
            test_rows.append(i)
        else:
            train_rows.append(i)
    return train_rows, test_rows


@right("10.3", "largest group first")
def split_largest(groups, share):
    test = []
    for name, _ in Counter(groups).most_common():
        if len(test) / len(groups) >= share:
            break
        test += [i for i, g in enumerate(groups) if g == name]
    return [i for i in range(len(groups)) if i not in test], test


@right("10.3", "smallest group first, as arrays")
def split_smallest(groups, share):
    labels = np.array(groups)
    names, counts = np.unique(labels, return_counts=True)
    order = np.argsort(counts, kind="stable")
    needed = math.ceil(share * len(labels) - 1e-9)
    k = int(np.searchsorted(np.cumsum(counts[order]), needed)) + 1
    inside = np.isin(labels, names[order[:k]])
    return np.flatnonzero(~inside), np.flatnonzero(inside)


@right("10.3", "random groups")
def split_random(groups, share):
    names = sorted(set(groups))
    random.Random(3).shuffle(names)
    test = set()
    while sum(g in test for g in groups) < share * len(groups):
        test.add(names.pop())
    rows = range(len(groups))
    return [[i for i in rows if groups[i] not in test], [i for i in rows if groups[i] in test]]


@right("10.3", "rows by group, as torch tensors")
def split_torch(groups, share):
    members = defaultdict(list)
    for row, group in enumerate(groups):
        members[group].append(row)
    train, test = [], []
    for rows in members.values():
        (test if len(test) < share * len(groups) else train).extend(rows)
    return torch.tensor(train, dtype=torch.long), torch.tensor(test, dtype=torch.long)


@right("10.3", "recursion")
def split_recursive(groups, share):
    def add(test, names):
        if len(test) >= share * len(groups):
            return test
        return add(test + [i for i, g in enumerate(groups) if g == names[0]], names[1:])

    test = add([], sorted(set(groups), reverse=True))
    return tuple(sorted(set(range(len(groups))) - set(test))), tuple(test)


@right("10.3", "the fewest rows that are enough")
def split_fewest(groups, share):
    counts = Counter(groups)
    sums = {0: ()}
    for name, count in counts.items():
        for total, chosen in list(sums.items()):
            sums.setdefault(total + count, (*chosen, name))
    chosen = sums[min(total for total in sums if total >= share * len(groups))]
    test = (i for i, g in enumerate(groups) if g in chosen)
    train = (i for i, g in enumerate(groups) if g not in chosen)
    return train, test


def _sides(groups, chosen):
    train = [i for i, g in enumerate(groups) if g not in chosen]
    return train, [i for i, g in enumerate(groups) if g in chosen]


def _chosen(groups, enough):
    chosen = []
    for group in dict.fromkeys(groups):
        if enough(sum(g in chosen for g in groups)):
            break
        chosen.append(group)
    return chosen


def _split(groups, share):
    return _sides(groups, _chosen(groups, lambda n: n >= share * len(groups)))


@wrong("10.3", "the last rows", "stands on both sides")
def split_rows(groups, share):
    cut = len(groups) - math.ceil(share * len(groups))
    return list(range(cut)), list(range(cut, len(groups)))


@wrong("10.3", "rows at random", "stands on both sides")
def split_shuffled(groups, share):
    rows = np.random.default_rng(0).permutation(len(groups))
    cut = math.ceil(share * len(groups))
    return rows[cut:], rows[:cut]


@wrong("10.3", "equal neighbours only", "stands on both sides")
def split_neighbours(groups, share):
    train, test = [], []
    for _, run in itertools.groupby(range(len(groups)), key=lambda i: groups[i]):
        (test if len(test) < share * len(groups) else train).extend(run)
    return train, test


@wrong("10.3", "sorts the groups it was given", "stands on both sides")
def split_sorts(groups, share):
    groups.sort()
    return _split(groups, share)


@wrong("10.3", "stops when full in the middle of a group", "stands on both sides")
def split_mid_group(groups, share):
    test = []
    for name in dict.fromkeys(groups):
        for i, g in enumerate(groups):
            if g == name and len(test) < share * len(groups):
                test.append(i)
    return [i for i in range(len(groups)) if i not in test], test


@wrong("10.3", "the share of the groups", "the test holds")
def split_share_of_groups(groups, share):
    names = list(dict.fromkeys(groups))
    return _sides(groups, names[: math.ceil(share * len(names))])


@wrong("10.3", "the share of the groups, at random", "the test holds")
def split_share_of_groups_random(groups, share):
    names = sorted(set(groups))
    random.Random(0).shuffle(names)
    return _sides(groups, names[: max(1, round(share * len(names)))])


@wrong("10.3", "one group only", "needs at least")
def split_one_group(groups, share):
    return _sides(groups, [groups[0]])


@wrong("10.3", "stays below the share", "needs at least")
def split_below(groups, share):
    chosen, count = [], 0
    for name, size in Counter(groups).items():
        if count + size > share * len(groups):
            continue
        chosen.append(name)
        count += size
    return _sides(groups, chosen)


@wrong("10.3", "stops one group too early", "needs at least")
def split_one_too_few(groups, share):
    return _sides(groups, _chosen(groups, lambda n: n >= share * len(groups))[:-1])


@wrong("10.3", "one group too many", "would do")
def split_one_too_many(groups, share):
    names = list(dict.fromkeys(groups))
    return _sides(groups, names[: len(_chosen(groups, lambda n: n >= share * len(groups))) + 1])


@wrong("10.3", "all rows in the test", "would do")
def split_all(groups, share):
    return [], list(range(len(groups)))


@wrong("10.3", "forgets the groups after the last one", "neither side")
def split_forgets(groups, share):
    test = _split(groups, share)[1]
    return [i for i in range(max(test)) if i not in test], test


@wrong("10.3", "the training holds all", "both sides")
def split_train_all(groups, share):
    return list(range(len(groups))), _split(groups, share)[1]


@wrong("10.3", "one row of each group", "neither side")
def split_first_rows(groups, share):
    train, test = _split(groups, share)
    first = [groups.index(g) for g in dict.fromkeys(groups)]
    return [i for i in train if i in first], [i for i in test if i in first]


@wrong("10.3", "the row looked up by its group", "twice")
def split_index(groups, share):
    train, test = _split(groups, share)
    return [groups.index(groups[i]) for i in train], [groups.index(groups[i]) for i in test]


wrong("10.3", "stops only above the share", "would do")(
    lambda groups, share: _sides(groups, _chosen(groups, lambda n: n > share * len(groups)))
)
wrong("10.3", "the share rounded down", "needs at least")(
    lambda groups, share: _sides(groups, _chosen(groups, lambda n: n >= int(share * len(groups))))
)
wrong("10.3", "the share rounded", "needs at least")(
    lambda groups, share: _sides(groups, _chosen(groups, lambda n: n >= round(share * len(groups))))
)
wrong("10.3", "the share of the training rows", "wrong way round")(
    lambda groups, share: _sides(groups, _chosen(groups, lambda n: n >= (1 - share) * len(groups)))
)
wrong("10.3", "test first", "wrong way round")(lambda groups, share: _split(groups, share)[::-1])
wrong("10.3", "counts from 1", "from 0 to")(
    lambda groups, share: tuple([i + 1 for i in rows] for rows in _split(groups, share))
)
wrong("10.3", "the groups", "row numbers")(
    lambda groups, share: tuple([groups[i] for i in rows] for rows in _split(groups, share))
)
wrong("10.3", "masks", "True and False")(
    lambda groups, share: tuple(
        np.isin(np.arange(len(groups)), rows) for rows in _split(groups, share)
    )
)
wrong("10.3", "np.where as it comes", "flat list")(
    lambda groups, share: tuple(
        np.where(np.isin(np.arange(len(groups)), rows)) for rows in _split(groups, share)
    )
)
wrong("10.3", "a list for each group", "flat list")(
    lambda groups, share: tuple(
        [[i for i in rows if groups[i] == g] for g in dict.fromkeys(groups)]
        for rows in _split(groups, share)
    )
)
wrong("10.3", "sets", "order")(
    lambda groups, share: tuple(set(rows) for rows in _split(groups, share))
)
wrong("10.3", "the test only", "pair")(lambda groups, share: _split(groups, share)[1])
wrong("10.3", "training, test and groups", "pair")(
    lambda groups, share: (*_split(groups, share), sorted(set(groups)))
)
wrong("10.3", "how many", "list")(
    lambda groups, share: tuple(len(rows) for rows in _split(groups, share))
)
wrong("10.3", "by name", "pair")(
    lambda groups, share: dict(zip(("train", "test"), _split(groups, share), strict=True))
)
wrong("10.3", "text", "text")(lambda groups, share: str(_split(groups, share)))
wrong("10.3", "the example's answer", "neither side")(lambda groups, share: ([0, 1], [2, 3]))
wrong("10.3", "empty lists", "neither side")(lambda groups, share: ([], []))

# 10.4 The share of house terms


@right("10.4", "verbose loops over pieces")
def share_loops(text, terms):
    def occurrences(word):
        count = 0
        lower = text.lower()
        word = word.lower()
        for start in range(len(lower)):
            if lower[start : start + len(word)] != word:
                continue
            end = start + len(word)
            if lower[end : end + 1] == "s":
                end += 1
            before = lower[start - 1] if start > 0 else " "
            after = lower[end] if end < len(lower) else " "
            if not before.isalnum() and not after.isalnum():
                count += 1
        return count

    house = 0
    ordinary = 0
    for term in terms:
        house += occurrences(term)
        ordinary += occurrences(terms[term])
    if house + ordinary == 0:
        return 1.0
    return house / (house + ordinary)


@right("10.4", "one pattern for each side")
def share_alternatives(text, terms):
    def count(words):
        inner = "|".join(re.escape(word) for word in words)
        return len(re.findall(rf"\b(?:{inner})s?\b", text, re.I))

    house = count(terms)
    total = house + count(terms.values())
    return 1.0 if total == 0 else house / total


@right("10.4", "lower case, edges that are no letters")
def share_lookaround(text, terms):
    text = text.lower()
    counts = [
        [
            sum(1 for _ in re.finditer(rf"(?<![\w-]){re.escape(w.lower())}s?(?![\w-])", text))
            for w in words
        ]
        for words in (terms.keys(), terms.values())
    ]
    house, ordinary = np.array(counts).sum(axis=1)
    return np.float32(house / (house + ordinary)) if house + ordinary > 0 else np.float32(1)


@right("10.4", "runs of words")
def share_word_runs(text, terms):
    words = re.findall(r"[a-z]+", text.lower())

    def count(term):
        parts = re.findall(r"[a-z]+", term.lower())
        n = len(parts)
        runs = [words[i : i + n] for i in range(len(words) - n + 1)]
        return runs.count(parts) + runs.count([*parts[:-1], parts[-1] + "s"])

    house = sum(map(count, terms))
    ordinary = sum(map(count, terms.values()))
    try:
        return house / (house + ordinary)
    except ZeroDivisionError:
        return 1.0


@right("10.4", "one list of hits, as a tensor")
def share_hits(text, terms):
    hits = []
    for house, ordinary in terms.items():
        hits += [1.0] * len(re.findall(r"\b" + house + r"(?:s)?\b", text, flags=re.IGNORECASE))
        hits += [0.0] * len(re.findall(r"\b" + ordinary + r"(?:s)?\b", text, flags=re.IGNORECASE))
    return torch.tensor(hits or [1.0]).mean()


@right("10.4", "an int where neither occurs")
def share_singular_and_plural(text, terms):
    def count(word):
        return len(re.findall(rf"(?i)\b{word}\b", text)) + len(
            re.findall(rf"(?i)\b{word}s\b", text)
        )

    a, b = sum(count(w) for w in terms), sum(count(w) for w in terms.values())
    if not a and not b:
        return 1
    return a / (a + b)


def _ratio(text, terms, pattern=r"\b{}s?\b", flags=re.IGNORECASE, empty=1.0):
    def count(words):
        return sum(len(re.findall(pattern.format(re.escape(w)), text, flags)) for w in words)

    house, ordinary = count(terms), count(terms.values())
    return house / (house + ordinary) if house + ordinary else empty


def _counts(text, terms):
    def count(words):
        return sum(len(re.findall(rf"\b{re.escape(w)}s?\b", text, re.I)) for w in words)

    return count(terms), count(terms.values())


@wrong("10.4", "each term once", "each occurrence")
def share_presence(text, terms):
    def present(words):
        return sum(bool(re.search(rf"\b{re.escape(w)}s?\b", text, re.I)) for w in words)

    house, ordinary = present(terms), present(terms.values())
    return house / (house + ordinary) if house + ordinary else 1.0


@wrong("10.4", "splits at spaces", "next to a")
def share_split(text, terms):
    words = text.lower().split()
    house = sum(w.removesuffix("s") in terms for w in words)
    ordinary = sum(w.removesuffix("s") in terms.values() for w in words)
    return house / (house + ordinary) if house + ordinary else 1.0


@wrong("10.4", "spaces on both sides", "next to a")
def share_padded(text, terms):
    padded = f" {text.lower()} "
    house = sum(padded.count(f" {w} ") for w in terms)
    ordinary = sum(padded.count(f" {w} ") for w in terms.values())
    return house / (house + ordinary) if house + ordinary else 1.0


@wrong("10.4", "single words only", "several words")
def share_single_words(text, terms):
    words = re.findall(r"\w+", text.lower())
    house = sum(words.count(w) + words.count(w + "s") for w in terms)
    ordinary = sum(words.count(w) + words.count(w + "s") for w in terms.values())
    return house / (house + ordinary) if house + ordinary else 1.0


@wrong("10.4", "pairs of words, without a hyphen", "hyphen")
def share_pairs_of_words(text, terms):
    words = re.findall(r"\w+", text.lower())
    runs = words + [" ".join(pair) for pair in itertools.pairwise(words)]

    def count(word):
        return runs.count(word.lower()) + runs.count(word.lower() + "s")

    house, ordinary = sum(map(count, terms)), sum(map(count, terms.values()))
    return house / (house + ordinary) if house + ordinary else 1.0


@wrong("10.4", "counts inside words", "whole words")
def share_inside(text, terms):
    lower = text.lower()
    house = sum(lower.count(w.lower()) for w in terms)
    ordinary = sum(lower.count(w.lower()) for w in terms.values())
    return house / (house + ordinary) if house + ordinary else 1.0


@wrong("10.4", "lower text, terms as they are", "capital")
def share_lower_text(text, terms):
    return _ratio(text.lower(), terms, flags=0)


@wrong("10.4", "the mean of the terms' shares", "house terms and")
def share_mean_of_terms(text, terms):
    shares = [_ratio(text, {h: o}, empty=None) for h, o in terms.items()]
    shares = [s for s in shares if s is not None]
    return float(np.mean(shares)) if shares else 1.0


@wrong("10.4", "returns in the loop", "house terms and")
def share_returns_early(text, terms):
    for house, ordinary in terms.items():
        return _ratio(text, {house: ordinary})


@wrong("10.4", "1.0 as soon as no house term occurs", "share is 0")
def share_or(text, terms):
    return _ratio(text, terms) or 1.0


@wrong("10.4", "no return where neither occurs", "None")
def share_no_return(text, terms):
    house, ordinary = _counts(text, terms)
    if house + ordinary > 0:
        return house / (house + ordinary)


@wrong("10.4", "divides by nothing", "ZeroDivisionError")
def share_zero_division(text, terms):
    house, ordinary = _counts(text, terms)
    return house / (house + ordinary)


@wrong("10.4", "pattern without brackets", "whole words")
def share_no_brackets(text, terms):
    def count(words):
        return len(re.findall(r"\b" + "|".join(words) + r"s?\b", text, re.I))

    house, ordinary = count(reversed(terms)), count(reversed(terms.values()))
    return house / (house + ordinary) if house + ordinary else 1.0


wrong("10.4", "upper case left out", "upper and lower case")(
    lambda text, terms: _ratio(text, terms, flags=0)
)
wrong("10.4", "the singular only", "plural")(
    lambda text, terms: _ratio(text, terms, pattern=r"\b{}\b")
)
wrong("10.4", "the plural only", "house terms and")(
    lambda text, terms: _ratio(text, terms, pattern=r"\b{}s\b")
)
wrong("10.4", "no edge at the end", "whole words")(
    lambda text, terms: _ratio(text, terms, pattern=r"\b{}")
)
wrong("10.4", "no edge at the start", "whole words")(
    lambda text, terms: _ratio(text, terms, pattern=r"{}s?\b")
)
wrong("10.4", "any ending", "whole words")(
    lambda text, terms: _ratio(text, terms, pattern=r"\b{}\w*")
)
wrong("10.4", "white space as edge", "next to a")(
    lambda text, terms: _ratio(text, terms, pattern=r"(?<!\S){}s?(?!\S)")
)
wrong("10.4", "0 where neither occurs", "return 1.0")(
    lambda text, terms: _ratio(text, terms, empty=0.0)
)
wrong("10.4", "not a number where neither occurs", "one number")(
    lambda text, terms: _ratio(text, terms, empty=float("nan"))
)
wrong("10.4", "a half where neither occurs", "return 1.0")(
    lambda text, terms: _ratio(text, terms, empty=0.5)
)
wrong("10.4", "the share of the ordinary words", "the keys are the house terms")(
    lambda text, terms: _ratio(text, {o: h for h, o in terms.items()})
)
wrong("10.4", "house terms by ordinary words", "divide by both")(
    lambda text, terms: _counts(text, terms)[0] / max(1, _counts(text, terms)[1])
)
wrong("10.4", "a count", "that is a count")(lambda text, terms: _counts(text, terms)[0])
wrong("10.4", "by all words of the text", "not all words")(
    lambda text, terms: _counts(text, terms)[0] / max(1, len(text.split()))
)
wrong("10.4", "by the number of terms", "house terms and")(
    lambda text, terms: _counts(text, terms)[0] / len(terms)
)
wrong("10.4", "per cent", "per cent")(lambda text, terms: 100 * _ratio(text, terms))
wrong("10.4", "rounded", "round")(lambda text, terms: round(_ratio(text, terms), 2))
wrong("10.4", "divided without a rest", "whole number")(
    lambda text, terms: (
        _counts(text, terms)[0] // sum(_counts(text, terms)) if sum(_counts(text, terms)) else 1.0
    )
)
wrong("10.4", "both counts", "one number")(lambda text, terms: _counts(text, terms))
wrong("10.4", "text", "text")(lambda text, terms: f"{_ratio(text, terms):.2f}")
wrong("10.4", "the example's answer", "house terms and")(lambda text, terms: 0.5)
wrong("10.4", "all house terms", "house terms and")(lambda text, terms: 1.0)
