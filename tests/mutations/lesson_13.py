"""Right and wrong answers to the exercises of lesson 13."""

from __future__ import annotations

import csv
import functools
import io
import math
import random
import re
import statistics
import sys
from collections import Counter, defaultdict
from fractions import Fraction
from itertools import groupby

import numpy as np
import torch
from sklearn.model_selection import GroupKFold, GroupShuffleSplit

from coursekit.scoring import bootstrap_interval, paired_interval
from mutations import right, wrong

# 13.1 Read a table from anywhere


@right("13.1", "verbose loops")
def rows_loops(text):
    if text.startswith("\ufeff"):
        text = text[1:]
    lines = text.split("\n")
    commas = 0
    semicolons = 0
    for sign in lines[0]:
        if sign == ",":
            commas += 1
        if sign == ";":
            semicolons += 1
    separator = ","
    if semicolons > commas:
        separator = ";"
    result = []
    names = []
    for row in csv.reader(lines, delimiter=separator):
        if names == []:
            for name in row:
                names.append(name.strip().lower())
            q = names.index("question")
            a = names.index("answer")
        elif len(row) > 0:
            question = row[q].strip()
            answer = row[a].strip()
            if answer == "":
                answer = None
            if question != "":
                result.append((question, answer))
    return result


@right("13.1", "DictReader with names made plain")
def rows_dict_reader(text):
    text = text.replace("\ufeff", "")
    header = text.splitlines()[0]
    separator = ";" if header.count(";") > header.count(",") else ","
    reader = csv.DictReader(io.StringIO(text), delimiter=separator)
    reader.fieldnames = [name.strip().casefold() for name in reader.fieldnames]
    rows = [(row["question"].strip(), (row["answer"] or "").strip()) for row in reader]
    return [(q, a if a else None) for q, a in rows if q]


@right("13.1", "a generator of lists")
def rows_generator(text):
    lines = text.lstrip("\ufeff").splitlines()
    table = csv.reader(lines, delimiter=max(",;", key=lines[0].count))
    header = [name.strip().upper() for name in next(table)]
    for row in table:
        cells = dict(zip(header, map(str.strip, row)))  # noqa: B905
        if cells.get("QUESTION"):
            yield [cells["QUESTION"], cells["ANSWER"] or None]


@right("13.1", "one pattern, without the csv module")
def rows_pattern(text):
    lines = [line for line in text.strip("\ufeff").split("\n") if line.strip()]
    separator = ";" if lines[0].count(";") > lines[0].count(",") else ","
    pattern = rf'\s*("[^"]*"|[^{separator}]*?)\s*(?:{separator}|$)'

    def cells(line):
        parts = re.findall(pattern, line)
        return [part.strip('"').strip() for part in parts]

    names = [name.lower() for name in cells(lines[0])]
    q, a = names.index("question"), names.index("answer")
    return tuple((c[q], c[a] or None) for c in map(cells, lines[1:]) if c[q])


@right("13.1", "letter by letter")
def rows_by_letter(text):
    text = text.encode().decode("utf-8-sig")
    first = text.split("\n")[0]
    separator = "," if first.count(",") >= first.count(";") else ";"

    def split(line):
        cells, cell, quoted = [], "", False
        for sign in line:
            if sign == '"':
                quoted = not quoted
            elif sign == separator and not quoted:
                cells.append(cell.strip())
                cell = ""
            else:
                cell += sign
        return [*cells, cell.strip()]

    header = [name.lower() for name in split(first)]
    found = []
    for line in text.split("\n")[1:]:
        cells = split(line)
        if len(cells) < len(header) or cells[header.index("question")] == "":
            continue
        answer = cells[header.index("answer")]
        found.append((cells[header.index("question")], answer or None))
    return found


@right("13.1", "columns, then zip")
def rows_columns(text):
    text = text.removeprefix("\ufeff")
    header_line = text.partition("\n")[0]
    table = [
        [cell.strip() for cell in row]
        for row in csv.reader(
            io.StringIO(text, newline=""),
            delimiter=",;"[header_line.count(";") > header_line.count(",")],
        )
        if row
    ]
    columns = {column[0].lower(): column[1:] for column in zip(*table)}  # noqa: B905
    answers = [answer or None for answer in columns["answer"]]
    pairs = zip(columns["question"], answers)  # noqa: B905
    return filter(lambda pair: pair[0], pairs)


right("13.1", "an array of objects")(
    lambda text: np.array(rows_loops(text), dtype=object).reshape(-1, 2)
)


def learner_rows(
    *,
    mark=lambda text: text.removeprefix("\ufeff"),
    separator=lambda text: max(",;", key=text.splitlines()[0].count),
    read=lambda lines, sign: csv.reader(lines, delimiter=sign),
    name=lambda text: text.strip().lower(),
    cell=str.strip,
    empty=None,
    keep=lambda q, a: q,
    is_question=lambda name: name == "question",
    start=1,
    stop=None,
    pair=lambda q, a: (q, a),
):
    """One answer as learners write it, with one part of it exchanged by the rows below."""

    def read_rows(text):
        text = mark(text)
        lines = text.splitlines()
        table = [row for row in read(lines, separator(text)) if row]
        names = [name(cell) for cell in table[0]]
        q = names.index(next(filter(is_question, names), "question"))
        a = names.index("answer")
        pairs = [(cell(row[q]), cell(row[a])) for row in table[start:stop]]
        return [pair(q, a or empty) for q, a in pairs if keep(q, a)]

    return read_rows


right("13.1", "all parts as the contract says")(learner_rows())
wrong("13.1", "commas only", "semicolon")(learner_rows(separator=lambda text: ","))
wrong("13.1", "semicolons only", "comma")(learner_rows(separator=lambda text: ";"))
wrong("13.1", "counts separators in all of the text", "header")(
    learner_rows(separator=lambda text: max(",;", key=text.count))
)
wrong("13.1", "a semicolon anywhere decides", "header decides")(
    learner_rows(separator=lambda text: ";" if ";" in text else ",")
)
wrong("13.1", "a semicolon in the header decides", "more often")(
    learner_rows(separator=lambda text: ";" if ";" in text.splitlines()[0] else ",")
)
wrong("13.1", "a comma in the header decides", "more often")(
    learner_rows(separator=lambda text: "," if "," in text.splitlines()[0] else ";")
)
wrong("13.1", "split knows nothing of quotes", "quotes")(
    learner_rows(read=lambda lines, sign: [line.split(sign) for line in lines if line])
)
wrong("13.1", "split, and quotes taken away", "quotes")(
    learner_rows(
        read=lambda lines, sign: [line.replace('"', "").split(sign) for line in lines if line]
    )
)
wrong("13.1", "quotes only around the rows are read", "quotes")(
    learner_rows(
        read=lambda lines, sign: [
            lines[0].split(sign),
            *csv.reader(lines[1:], delimiter=sign),
        ]
    )
)
wrong("13.1", "leaves the mark", "ufeff")(learner_rows(mark=lambda text: text))
wrong("13.1", "cuts the first sign, mark or not", "'question' is not in list")(
    learner_rows(mark=lambda text: text[1:])
)
wrong("13.1", "the sniffer", "header")(
    learner_rows(separator=lambda text: csv.Sniffer().sniff(text, delimiters=",;").delimiter)
)
wrong("13.1", "header not made lower case", "capitals")(learner_rows(name=str.strip))
wrong("13.1", "header keeps its spaces", "spaces")(learner_rows(name=str.lower))
wrong("13.1", "all of the text lower case", "capitals")(
    learner_rows(mark=lambda text: text.removeprefix("\ufeff").lower())
)
wrong("13.1", "all spaces taken away", "inside")(
    learner_rows(mark=lambda text: text.removeprefix("\ufeff").replace(" ", ""))
)
wrong("13.1", "cells keep their spaces", "spaces")(learner_rows(cell=str))
wrong("13.1", "spaces at the left only", "spaces")(learner_rows(cell=str.lstrip))
wrong("13.1", "an empty answer stays a text", "None")(learner_rows(empty=""))
wrong("13.1", "an empty answer is the text None", "not the text")(learner_rows(empty="None"))
wrong("13.1", "an empty answer is nan", "None")(learner_rows(empty=math.nan))
wrong("13.1", "rows without an answer are left out", "None")(
    learner_rows(keep=lambda q, a: q and a)
)
wrong("13.1", "rows without a question are kept", "without a question")(
    learner_rows(keep=lambda q, a: True)
)
wrong("13.1", "the header is a row", "first line")(learner_rows(start=0))
wrong("13.1", "the first row is lost", "one row that counts")(learner_rows(start=2))
wrong("13.1", "the last row is lost", "one row that counts")(learner_rows(stop=-1))
wrong("13.1", "one pair only", "rows")(learner_rows(stop=2))
wrong("13.1", "the answer first", "question comes first")(learner_rows(pair=lambda q, a: (a, q)))
wrong("13.1", "dicts", "pair")(learner_rows(pair=lambda q, a: {"question": q, "answer": a}))
wrong("13.1", "one text a row", "pair")(learner_rows(pair=lambda q, a: f"{q} {a}"))
wrong("13.1", "any name with question in it", "name")(
    learner_rows(is_question=lambda name: "question" in name)
)
wrong("13.1", "a dict of answers", "pair")(lambda text: dict(learner_rows()(text)))
wrong("13.1", "a dict, so a question counts once", "twice")(
    lambda text: list(dict(learner_rows()(text)).items())
)
wrong("13.1", "a set of pairs", "set")(lambda text: set(learner_rows()(text)))
wrong("13.1", "sorted", "order")(
    lambda text: sorted(learner_rows()(text), key=lambda pair: pair[0])
)
wrong("13.1", "two lists", "pair")(
    lambda text: tuple(map(list, zip(*learner_rows()(text)))) or ([], [])  # noqa: B905
)
wrong("13.1", "a text", "one text")(lambda text: str(learner_rows()(text)))
wrong("13.1", "the example, written down", "plainest")(lambda text: [("How much?", "4 litres")])


@wrong("13.1", "all columns", "pair")
def rows_all_columns(text):
    text = text.removeprefix("\ufeff")
    separator = max(",;", key=text.splitlines()[0].count)
    return [row for row in csv.reader(io.StringIO(text), delimiter=separator) if row][1:]


@wrong("13.1", "columns by their place", "order")
def rows_by_place(text):
    text = text.removeprefix("\ufeff")
    separator = max(",;", key=text.splitlines()[0].count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if row][1:]
    return [(row[0].strip(), row[1].strip() or None) for row in rows if row[0].strip()]


@wrong("13.1", "drops what stands behind the last line break", "line break")
def rows_needs_line_break(text):
    return learner_rows()(text[: text.rindex("\n")] if "\n" in text else text)


@wrong("13.1", "stumbles over an empty line", "IndexError")
def rows_empty_line(text):
    text = text.removeprefix("\ufeff")
    separator = max(",;", key=text.splitlines()[0].count)
    header, *rows = csv.reader(io.StringIO(text), delimiter=separator)
    names = [name.strip().lower() for name in header]
    q, a = names.index("question"), names.index("answer")
    return [(row[q].strip(), row[a].strip() or None) for row in rows if row[q].strip()]


@wrong("13.1", "stumbles over a table without rows", "IndexError")
def rows_needs_one(text):
    pairs = learner_rows()(text)
    first = pairs[0]
    return [first, *pairs[1:]]


@wrong("13.1", "returns in the loop", "rows")
def rows_returns_early(text):
    found = []
    for pair in learner_rows()(text):
        found.append(pair)
        return found
    return found


@wrong("13.1", "no value if there is no row", "returned None")
def rows_forgot_return(text):
    pairs = learner_rows()(text)
    if pairs:
        return pairs


@wrong("13.1", "prints", "returned None")
def rows_prints(text):
    print(learner_rows()(text))


# 13.2 Two folds without a leak


@right("13.2", "verbose loops")
def folds_loops(sources):
    counts = {}
    for source in sources:
        if source not in counts:
            counts[source] = 0
        counts[source] += 1
    first, second = 0, 0
    fold = {}
    while len(counts) > 0:
        largest = None
        for source in counts:
            if largest is None or counts[source] > counts[largest]:
                largest = source
        if first <= second:
            fold[largest] = 0
            first += counts[largest]
        else:
            fold[largest] = 1
            second += counts[largest]
        del counts[largest]
    result = []
    for source in sources:
        result.append(fold[source])
    return result


@right("13.2", "in order of appearance, into the smaller fold")
def folds_in_order(sources):
    members = [set(), set()]
    sizes = [0, 0]
    for source in dict.fromkeys(sources):
        smaller = int(sizes[1] < sizes[0])
        members[smaller].add(source)
        sizes[smaller] += sources.count(source)
    return [int(source in members[1]) for source in sources]


@right("13.2", "a running balance, True and False")
def folds_balance(sources):
    balance, chosen = 0, {}
    for source, count in Counter(sources).items():
        chosen[source] = balance > 0
        balance += -count if balance > 0 else count
    return (chosen[source] for source in sources)


@right("13.2", "recursion")
def folds_recursion(sources):
    def place(names, sizes):
        if not names:
            return {}
        head, *tail = names
        side = sizes.index(min(sizes))
        sizes[side] += sources.count(head)
        return {head: side} | place(tail, sizes)

    fold = place(sorted(set(sources), key=sources.count, reverse=True), [0, 0])
    return [fold[source] for source in sources]


@right("13.2", "the best of all splits, by sums that can be reached")
def folds_best(sources):
    reached = {0: frozenset()}
    for source, count in Counter(sources).items():
        for total, names in list(reached.items()):
            reached.setdefault(total + count, names | {source})
    best = min(reached, key=lambda total: abs(len(sources) - 2 * total))
    return [1 if source in reached[best] else 0 for source in sources]


@right("13.2", "scikit-learn")
def folds_sklearn(sources):
    folds = np.zeros(len(sources))
    if len(set(sources)) > 1:
        _, test = next(GroupKFold(2).split(sources, groups=sources))
        folds[test] = 1
    return folds


@right("13.2", "sorts the list it was given, and knows the places")
def folds_sorts_places(sources):
    order = sorted(range(len(sources)), key=lambda i: sources[i])
    folds, sizes = np.zeros(len(sources), dtype=np.int8), np.zeros(2, dtype=int)
    for _, places in groupby(order, key=lambda i: sources[i]):
        places = list(places)
        side = sizes.argmin()
        folds[places] = side
        sizes[side] += len(places)
    return folds


@right("13.2", "NumPy")
def folds_numpy(sources):
    _, codes, counts = np.unique(sources, return_inverse=True, return_counts=True)
    side = np.empty(len(counts), dtype=int)
    side[np.argsort(-counts)] = np.arange(len(counts)) % 2
    return side[codes]


right("13.2", "largest first, in turns")(
    lambda sources: [
        {name: i % 2 for i, (name, _) in enumerate(Counter(sources).most_common())}[source]
        for source in sources
    ]
)
right("13.2", "a torch tensor")(lambda sources: torch.tensor(folds_loops(sources)))
right("13.2", "the other way round")(lambda sources: [1 - f for f in folds_in_order(sources)])

wrong("13.2", "questions in turns", "choose a fold for each source")(
    lambda sources: [i % 2 for i in range(len(sources))]
)
wrong("13.2", "the first half and the second", "choose a fold for each source")(
    lambda sources: [int(i >= len(sources) / 2) for i in range(len(sources))]
)
wrong("13.2", "sorted halves", "choose a fold for each source")(
    lambda sources: [
        int(sorted(range(len(sources)), key=lambda i: sources[i]).index(i) >= len(sources) / 2)
        for i in range(len(sources))
    ]
)
wrong("13.2", "lots for questions", "choose a fold for each source")(
    lambda sources: np.random.default_rng(1).integers(0, 2, len(sources))
)
wrong("13.2", "all in one fold", "size of the largest group")(lambda sources: [0] * len(sources))


@wrong("13.2", "lots for sources", "size of the largest group")
def folds_lots(sources):
    dice = random.Random(7)
    fold = {source: dice.randrange(2) for source in sorted(set(sources))}
    return [fold[source] for source in sources]


@wrong("13.2", "scikit-learn counts sources", "not fewer sources")
def folds_group_shuffle(sources):
    folds = np.zeros(len(sources), dtype=int)
    if len(set(sources)) > 1:
        split = GroupShuffleSplit(1, test_size=0.5, random_state=0)
        folds[next(split.split(sources, groups=sources))[1]] = 1
    return folds


@wrong("13.2", "sources in turns, in order of appearance", "not fewer sources")
def folds_turns(sources):
    names = list(dict.fromkeys(sources))
    return [names.index(source) % 2 for source in sources]


@wrong("13.2", "sources in turns, in the alphabet", "not fewer sources")
def folds_alphabet_turns(sources):
    names = sorted(set(sources))
    return [names.index(source) % 2 for source in sources]


@wrong("13.2", "halves of the alphabet", "not fewer sources")
def folds_alphabet_halves(sources):
    names = sorted(set(sources))
    return [int(names.index(source) >= len(names) / 2) for source in sources]


@wrong("13.2", "halves of the sources by size", "not fewer sources")
def folds_size_halves(sources):
    names = [name for name, _ in Counter(sources).most_common()]
    return [int(names.index(source) >= len(names) / 2) for source in sources]


@wrong("13.2", "the largest source against all others", "size of the largest group")
def folds_largest(sources):
    largest = Counter(sources).most_common(1)[0][0]
    return [int(source != largest) for source in sources]


@wrong("13.2", "fills the first fold up to half, and over", "size of the largest group")
def folds_fills_over(sources):
    filled, fold = 0, {}
    for source, count in Counter(sources).items():
        fold[source] = int(filled >= len(sources) / 2)
        if fold[source] == 0:
            filled += count
    return [fold[source] for source in sources]


@wrong("13.2", "fills the first fold while it fits into half", "size of the largest group")
def folds_fills_under(sources):
    filled, fold = 0, {}
    for source, count in Counter(sources).items():
        fold[source] = int(filled + count > len(sources) / 2)
        if fold[source] == 0:
            filled += count
    return [fold[source] for source in sources]


@wrong("13.2", "never counts what it dealt out", "size of the largest group")
def folds_forgets_sizes(sources):
    sizes, fold = [0, 0], {}
    for source in sources:
        fold[source] = sizes.index(min(sizes))
    return [fold[source] for source in sources]


@wrong("13.2", "into the larger fold", "fewer questions")
def folds_larger(sources):
    sizes, fold = [0, 0], {}
    for source, count in Counter(sources).most_common():
        fold[source] = sizes.index(max(sizes))
        sizes[fold[source]] += count
    return [fold[source] for source in sources]


@wrong("13.2", "decides again at each question", "choose a fold for each source")
def folds_decides_again(sources):
    sizes, folds = [0, 0], []
    for _ in sources:
        folds.append(sizes.index(min(sizes)))
        sizes[folds[-1]] += 1
    return folds


@wrong("13.2", "takes a source's questions to be neighbours", "choose a fold for each source")
def folds_neighbours(sources):
    sizes, folds = [0, 0], []
    for _, group in groupby(sources):
        count = len(list(group))
        side = sizes.index(min(sizes))
        sizes[side] += count
        folds += [side] * count
    return folds


@wrong("13.2", "sorts its input, then answers in that order", "the order in which")
def folds_sorts(sources):
    sources.sort()
    return folds_loops(sources)


@wrong("13.2", "answers in sorted order", "the order in which")
def folds_sorted(sources):
    return folds_loops(sorted(sources))


@wrong("13.2", "one fold a source", "for each question, not for each source")
def folds_of_sources(sources):
    fold = dict(zip(sources, folds_loops(sources)))  # noqa: B905
    return list(fold.values())


@wrong("13.2", "a dict of sources", "dict")
def folds_dict(sources):
    return dict(zip(sources, folds_loops(sources)))  # noqa: B905


@wrong("13.2", "two lists of sources", "one fold for each question")
def folds_two_lists(sources):
    sides = defaultdict(list)
    for source, fold in zip(sources, folds_loops(sources)):  # noqa: B905
        sides[fold].append(source)
    return [sides[0], sides[1]]


@wrong("13.2", "two lists of places", "one fold for each question")
def folds_two_places(sources):
    folds = np.array(folds_loops(sources))
    return np.flatnonzero(folds == 0), np.flatnonzero(folds == 1)


@wrong("13.2", "pairs", "one fold for each question")
def folds_pairs(sources):
    return list(zip(sources, folds_loops(sources)))  # noqa: B905


@wrong("13.2", "a set", "set")
def folds_set(sources):
    return set(folds_loops(sources))


wrong("13.2", "folds 1 and 2", "[1, 2]; a fold is 0 or 1")(
    lambda sources: [1 + fold for fold in folds_loops(sources)]
)
wrong("13.2", "one fold for each source", "a fold is 0 or 1")(
    lambda sources: [sorted(set(sources)).index(source) for source in sources]
)
wrong("13.2", "folds as texts", "a text")(lambda sources: [str(f) for f in folds_loops(sources)])
wrong("13.2", "names of folds", "a text")(
    lambda sources: ["train" if fold else "test" for fold in folds_loops(sources)]
)
wrong("13.2", "the example, written down", "is needed for each")(lambda sources: [0, 1, 0])
wrong("13.2", "prints", "returned None")(lambda sources: print(folds_loops(sources)))


@wrong("13.2", "the names of the example", "KeyError")
def folds_example(sources):
    fold = {"a": 0, "b": 1}
    return [fold[source] for source in sources]


# 13.3 How many questions do you need?


@right("13.3", "verbose loops")
def needed_loops(first, second):
    total = 0
    for i in range(len(first)):
        total += second[i] - first[i]
    mean = total / len(first)
    if mean == 0:
        return math.inf
    squares = 0
    for i in range(len(first)):
        squares += (second[i] - first[i] - mean) ** 2
    variance = squares / len(first)
    needed = 7.85 * variance / mean**2
    whole = int(needed)
    if whole < needed:
        whole += 1
    return whole


@right("13.3", "the statistics module")
def needed_statistics(first, second):
    d = [b - a for a, b in zip(first, second)]  # noqa: B905
    if statistics.mean(d) == 0:
        return float("inf")
    return math.ceil(7.85 * statistics.pvariance(d) / statistics.mean(d) ** 2)


@right("13.3", "fractions")
def needed_fractions(first, second):
    d = [Fraction(b - a) for a, b in zip(first, second)]  # noqa: B905
    mean = sum(d) / len(d)
    if not mean:
        return math.inf
    variance = sum((x - mean) ** 2 for x in d) / len(d)
    return math.ceil(Fraction("7.85") * variance / mean**2)


@right("13.3", "a float from np.ceil")
def needed_ceil(first, second):
    d = np.subtract(second, first)
    return np.inf if not d.any() or d.sum() == 0 else np.ceil(7.85 * np.var(d) / np.mean(d) ** 2)


@right("13.3", "a division by zero, silenced")
def needed_errstate(first, second):
    d = np.array(second) - np.array(first)
    if (d == 0).all():
        return np.inf
    with np.errstate(divide="ignore"):
        return np.ceil(7.85 * d.var() / d.mean() ** 2)


@right("13.3", "torch")
def needed_torch(first, second):
    d = torch.tensor(second, dtype=torch.float64) - torch.tensor(first, dtype=torch.float64)
    if d.mean() == 0:
        return torch.tensor(math.inf)
    return torch.ceil(7.85 * d.var(unbiased=False) / d.mean() ** 2)


@right("13.3", "mean of squares less the squared mean")
def needed_moments(first, second):
    d = [b - a for a, b in zip(first, second)]  # noqa: B905
    n = len(d)
    if sum(d) == 0:
        return math.inf
    variance = Fraction(sum(x * x for x in d), n) - Fraction(sum(d), n) ** 2
    return -int(-785 * variance // (100 * Fraction(sum(d), n) ** 2))


right("13.3", "first less second")(lambda first, second: needed_loops(second, first))
right("13.3", "a NumPy int")(
    lambda first, second: (
        np.int64(needed_loops(first, second)) if sum(first) != sum(second) else np.inf
    )
)


def learner_needed(formula, at_zero=math.inf, up=math.ceil):
    """One answer as learners write it: `formula(first, second, d)`, then rounded by `up`."""

    def questions_for(first, second):
        d = np.array(second) - np.array(first)
        if d.mean() == 0:
            return at_zero
        return up(formula(np.array(first), np.array(second), d))

    return questions_for


def plain(first, second, d):
    return 7.85 * d.var() / d.mean() ** 2


right("13.3", "all parts as the contract says")(learner_needed(plain))
right("13.3", "rounded up by a division")(learner_needed(plain, up=lambda x: -(-x // 1)))
wrong("13.3", "not rounded", "round up")(learner_needed(plain, up=float))
wrong("13.3", "rounded down", "not down")(learner_needed(plain, up=int))
wrong("13.3", "rounded down by //", "not down")(
    learner_needed(lambda f, s, d: 7.85 * d.var() // d.mean() ** 2, up=int)
)
wrong("13.3", "rounded to the nearest", "nearest")(learner_needed(plain, up=round))
wrong("13.3", "one more, always", "already whole")(learner_needed(plain, up=lambda x: int(x) + 1))
wrong("13.3", "ddof=1", "ddof=1")(
    learner_needed(lambda f, s, d: 7.85 * d.var(ddof=1) / d.mean() ** 2)
)
wrong("13.3", "statistics.variance", "ddof=1")(
    learner_needed(lambda f, s, d: 7.85 * statistics.variance(d.tolist()) / d.mean() ** 2)
)
wrong("13.3", "torch's variance", "ddof=1")(
    learner_needed(lambda f, s, d: 7.85 * float(torch.tensor(d).double().var()) / d.mean() ** 2)
)
wrong("13.3", "the standard deviation", "standard deviation")(
    learner_needed(lambda f, s, d: 7.85 * d.std() / d.mean() ** 2)
)
wrong("13.3", "mean not squared", "squared")(
    learner_needed(lambda f, s, d: 7.85 * d.var() / d.mean())
)
wrong("13.3", "the size of the mean, not squared", "squared")(
    learner_needed(lambda f, s, d: 7.85 * d.var() / abs(d.mean()))
)
wrong("13.3", "divided, then multiplied", "brackets")(
    learner_needed(lambda f, s, d: 7.85 * d.var() / d.mean() * d.mean())
)
wrong("13.3", "all of it squared", "only the mean")(
    learner_needed(lambda f, s, d: (7.85 * d.var() / d.mean()) ** 2)
)
wrong("13.3", "variances added", "question by question")(
    learner_needed(lambda f, s, d: 7.85 * (f.var() + s.var()) / d.mean() ** 2)
)
wrong("13.3", "variance of the second", "variance")(
    learner_needed(lambda f, s, d: 7.85 * s.var() / d.mean() ** 2)
)
wrong("13.3", "difference of the variances", "variance")(
    learner_needed(lambda f, s, d: 7.85 * (s.var() - f.var()) / d.mean() ** 2)
)
wrong("13.3", "both lists in one", "variance")(
    learner_needed(lambda f, s, d: 7.85 * np.concatenate([f, s]).var() / d.mean() ** 2)
)
wrong("13.3", "mean of the squares", "squares")(
    learner_needed(lambda f, s, d: 7.85 * (d**2).mean() / d.mean() ** 2)
)
wrong("13.3", "no factor", "7.85 is missing")(
    learner_needed(lambda f, s, d: d.var() / d.mean() ** 2)
)
wrong("13.3", "2.8 squared", "7.85")(
    learner_needed(lambda f, s, d: (1.96 + 0.84) ** 2 * d.var() / d.mean() ** 2)
)
wrong("13.3", "2.8 not squared", "7.85")(
    learner_needed(lambda f, s, d: (1.96 + 0.84) * d.var() / d.mean() ** 2)
)
wrong("13.3", "1.96 squared", "7.85")(
    learner_needed(lambda f, s, d: 1.96**2 * d.var() / d.mean() ** 2)
)
wrong("13.3", "multiplied by the squared mean", "smaller difference")(
    learner_needed(lambda f, s, d: 7.85 * d.var() * d.mean() ** 2)
)
wrong("13.3", "upside down", "upside down")(
    learner_needed(lambda f, s, d: 7.85 * d.mean() ** 2 / max(d.var(), 1e-9))
)
wrong("13.3", "sum for mean", "sum")(
    learner_needed(lambda f, s, d: 7.85 * d.var() / float(d.sum()) ** 2)
)
wrong("13.3", "sizes of the differences", "sign")(
    learner_needed(lambda f, s, d: 7.85 * abs(d).var() / abs(d).mean() ** 2)
)
wrong("13.3", "only where they disagree", "all questions")(
    learner_needed(lambda f, s, d: 7.85 * d[d != 0].var() / d[d != 0].mean() ** 2)
)
wrong("13.3", "one less", "not down")(learner_needed(plain, up=lambda x: math.ceil(x) - 1))
wrong("13.3", "as many as there are", "the mean 0.500")(lambda first, second: len(first))
wrong("13.3", "a text", "a text")(learner_needed(plain, up=lambda x: str(math.ceil(x))))
wrong("13.3", "a list", "one number")(learner_needed(plain, up=lambda x: [math.ceil(x)]))
wrong("13.3", "with a word", "one number")(
    learner_needed(plain, up=lambda x: (math.ceil(x), "questions"))
)
wrong("13.3", "the example, written down", "the mean 0.150")(lambda first, second: 8)
wrong("13.3", "0 for a mean of 0", "math.inf")(learner_needed(plain, at_zero=0))
wrong("13.3", "-1 for a mean of 0", "math.inf")(learner_needed(plain, at_zero=-1))
wrong("13.3", "the largest int for a mean of 0", "math.inf")(
    learner_needed(plain, at_zero=sys.maxsize)
)
wrong("13.3", "the text inf", "a text")(learner_needed(plain, at_zero="inf"))
wrong("13.3", "None for a mean of 0", "returned None")(learner_needed(plain, at_zero=None))
wrong("13.3", "nan for a mean of 0", "math.inf")(learner_needed(plain, at_zero=math.nan))
wrong("13.3", "inf less than none", "math.inf")(learner_needed(plain, at_zero=-math.inf))


@wrong("13.3", "divides by 0", "ZeroDivisionError")
def needed_no_zero(first, second):
    d = [b - a for a, b in zip(first, second)]  # noqa: B905
    return math.ceil(7.85 * statistics.pvariance(d) / statistics.mean(d) ** 2)


@wrong("13.3", "rounds infinity up", "OverflowError")
def needed_overflow(first, second):
    d = np.array(second) - np.array(first)
    if not d.any():
        return math.inf
    with np.errstate(divide="ignore"):
        return math.ceil(7.85 * d.var() / d.mean() ** 2)


@wrong("13.3", "0 divided by 0", "math.inf")
def needed_nan(first, second):
    d = np.array(second) - np.array(first)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.ceil(7.85 * d.var() / d.mean() ** 2)


@wrong("13.3", "infinite if the variance is 0", "not 0")
def needed_zero_variance(first, second):
    d = np.array(second) - np.array(first)
    if d.mean() == 0 or d.var() == 0:
        return math.inf
    return math.ceil(7.85 * d.var() / d.mean() ** 2)


@wrong("13.3", "infinite if the second is not better", "not 0")
def needed_not_better(first, second):
    if sum(second) <= sum(first):
        return math.inf
    return needed_loops(first, second)


@wrong("13.3", "rounds the mean first", "the mean")
def needed_rounds_mean(first, second):
    d = np.array(second) - np.array(first)
    mean = round(float(d.mean()), 1)
    return math.ceil(7.85 * d.var() / mean**2) if mean else math.inf


@wrong("13.3", "lists cannot be subtracted", "TypeError")
def needed_lists(first, second):
    d = second - first
    return math.ceil(7.85 * np.var(d) / np.mean(d) ** 2)


# 13.4 The rule of the report


@right("13.4", "verbose loops")
def simplest_loops(right):
    names = list(right.keys())
    count = len(right[names[0]])
    if count < 20:
        return "none"
    best = None
    best_share = -1
    for name in names:
        share = sum(right[name]) / count
        if share > best_share:
            best = name
            best_share = share
    for name in names:
        if name == best:
            return name
        low, high = paired_interval(right[name], right[best])
        if low <= 0:
            return name


@right("13.4", "next of a generator")
def simplest_next(right):
    best = max(right, key=lambda name: sum(right[name]))
    good = (name for name in right if paired_interval(right[name], right[best])[0] <= 0)
    return next(good) if len(right[best]) >= 20 else "none"


@right("13.4", "a list of the good ones, the first of it")
def simplest_list(right):
    shares = {name: np.mean(values) for name, values in right.items()}
    best = [name for name in shares if shares[name] == max(shares.values())][0]
    good = [
        name
        for name in right
        if name == best or not paired_interval(right[name], right[best])[0] > 0
    ]
    return "none" if min(len(values) for values in right.values()) < 20 else good[0]


@right("13.4", "arrays, and a NumPy text")
def simplest_numpy(right):
    names, table = np.array(list(right)), np.array(list(right.values()))
    if table.shape[1] < 20:
        return np.str_("none")
    best = table[table.mean(axis=1).argmax()]
    lows = np.array([paired_interval(row, best)[0] for row in table])
    return names[np.argmax(lows <= 0)]


@right("13.4", "the other direction, and the high end")
def simplest_other_end(right):
    best = max(right, key=lambda name: np.mean(right[name]))
    if len(right[best]) < 20:
        return "none"
    for name in right:
        low, high = paired_interval(right[best], right[name])
        if high >= 0:
            return name


@right("13.4", "0 in the interval")
def simplest_zero_inside(right):
    best = max(right, key=lambda name: np.mean(right[name]))
    if len(right[best]) < 20:
        return "none"
    for name in right:
        low, high = paired_interval(right[name], right[best])
        if low <= 0 <= high:
            return name
    return best


@right("13.4", "recursion")
def simplest_recursion(right):
    names = list(right)
    best = functools.reduce(lambda a, b: b if sum(right[b]) > sum(right[a]) else a, names)

    def walk(name, *others):
        if name == best or paired_interval(right[name], right[best])[0] <= 0:
            return name
        return walk(*others)

    return "none" if len(right[best]) < 20 else walk(*names)


@right("13.4", "takes the systems out of the dict")
def simplest_pops(right):
    best = max(right, key=lambda name: np.mean(right[name]))
    best_answers = right[best]
    if len(best_answers) < 20:
        return "none"
    while True:
        name = next(iter(right))
        if name == best or paired_interval(right.pop(name), best_answers)[0] <= 0:
            return name


def learner_simplest(
    *,
    enough=lambda right, best: len(right[best]) >= 20,
    best_of=lambda right: max(right, key=lambda name: np.mean(right[name])),
    good=lambda right, name, best: paired_interval(right[name], right[best])[0] <= 0,
    order=list,
    none="none",
    result=lambda name: name,
):
    """One answer as learners write it, with one part of it exchanged by the rows below."""

    def simplest_good(right):
        best = best_of(right)
        if not enough(right, best):
            return none
        for name in order(right):
            if name == best or good(right, name, best):
                return result(name)
        return best

    return simplest_good


def last_best(right):
    names = list(right)
    best = names[0]
    for name in names:
        if np.mean(right[name]) >= np.mean(right[best]):
            best = name
    return best


def overlap(right, name, best):
    return bootstrap_interval(right[name])[1] >= bootstrap_interval(right[best])[0]


def gap(right, name, best):
    return np.mean(right[best]) - np.mean(right[name])


right("13.4", "all parts as the contract says")(learner_simplest())
wrong("13.4", "always the best", "the simpler")(
    learner_simplest(good=lambda right, name, best: False)
)
wrong("13.4", "always the first", "ahead")(learner_simplest(good=lambda right, name, best: True))
wrong("13.4", "always the last", "ahead")(lambda right: list(right)[-1])
wrong("13.4", "the worst", "ahead")(lambda right: min(right, key=lambda name: np.mean(right[name])))
wrong("13.4", "fewer than 20 not asked", "15 questions")(
    learner_simplest(enough=lambda right, best: True)
)
wrong("13.4", "20 are not enough", "20 are enough")(
    learner_simplest(enough=lambda right, best: len(right[best]) > 20)
)
wrong("13.4", "19 are enough", "19 questions")(
    learner_simplest(enough=lambda right, best: len(right[best]) >= 19)
)
wrong("13.4", "30 are needed", "20 are enough")(
    learner_simplest(enough=lambda right, best: len(right[best]) >= 30)
)
wrong("13.4", "counts the systems", "20 are enough")(
    learner_simplest(enough=lambda right, best: len(right) >= 20)
)
wrong("13.4", "counts right answers", "20 are enough")(
    learner_simplest(enough=lambda right, best: min(map(sum, right.values())) >= 20)
)
wrong("13.4", "below 0 only", "at most 0 includes 0")(
    learner_simplest(
        good=lambda right, name, best: paired_interval(right[name], right[best])[0] < 0
    )
)
wrong("13.4", "the high end", "low end")(
    learner_simplest(
        good=lambda right, name, best: paired_interval(right[name], right[best])[1] <= 0
    )
)
wrong("13.4", "the other direction", "ahead")(
    learner_simplest(
        good=lambda right, name, best: paired_interval(right[best], right[name])[0] <= 0
    )
)
wrong("13.4", "two intervals that overlap", "two separate intervals")(
    learner_simplest(good=overlap)
)
wrong("13.4", "stricter level", "level")(
    learner_simplest(
        good=lambda right, name, best: (
            paired_interval(right[name], right[best], level=1 - 0.05 / 3)[0] <= 0
        )
    )
)
wrong("13.4", "looser level", "level")(
    learner_simplest(
        good=lambda right, name, best: paired_interval(right[name], right[best], level=0.8)[0] <= 0
    )
)
wrong("13.4", "within 5 points", "interval decides, not the size of the lag")(
    learner_simplest(good=lambda right, name, best: gap(right, name, best) < 0.05)
)
wrong("13.4", "within 10 points", "interval decides, not the size of the lag")(
    learner_simplest(good=lambda right, name, best: gap(right, name, best) <= 0.1)
)
wrong("13.4", "the last of equal shares is the best", "of equal shares")(
    learner_simplest(best_of=last_best)
)
wrong("13.4", "the last in the alphabet is the best", "alphabet")(learner_simplest(best_of=max))
wrong("13.4", "the worst is taken for the best", "ahead")(
    learner_simplest(best_of=lambda right: min(right, key=lambda name: np.mean(right[name])))
)
wrong("13.4", "the alphabet", "alphabet")(learner_simplest(order=sorted))
wrong("13.4", "from complex to simple", "the simpler")(
    learner_simplest(order=lambda right: list(right)[::-1])
)
wrong("13.4", "by their shares, best first", "the simpler")(
    learner_simplest(
        order=lambda right: sorted(right, key=lambda name: np.mean(right[name]), reverse=True)
    )
)
wrong("13.4", "by their shares, worst first", "first in the dict")(
    learner_simplest(order=lambda right: sorted(right, key=lambda name: np.mean(right[name])))
)
wrong("13.4", "the names of the course", "KeyError")(
    lambda right: "prompt" if np.mean(right["prompt"]) > 0.5 else "RAG"
)
wrong("13.4", "None for too few", "returned None")(learner_simplest(none=None))
wrong("13.4", "the text None for too few", "is needed")(learner_simplest(none="None"))
wrong("13.4", "an empty text for too few", "is needed")(learner_simplest(none=""))
wrong("13.4", "a list of one name", "name of a system")(
    learner_simplest(result=lambda name: [name])
)
wrong("13.4", "name and reason", "name of a system")(
    learner_simplest(result=lambda name: (name, "cannot be told"))
)
wrong("13.4", "a sentence", "name of a system")(
    learner_simplest(result=lambda name: f"Take {name}.")
)
wrong("13.4", "prints", "returned None")(lambda right: print(learner_simplest()(right)))


@wrong("13.4", "the place of the system", "name of a system")
def simplest_place(right):
    name = learner_simplest()(right)
    return list(right).index(name) if name in right else "none"


@wrong("13.4", "all that cannot be told", "name of a system")
def simplest_all(right):
    best = max(right, key=lambda name: np.mean(right[name]))
    return [name for name in right if paired_interval(right[name], right[best])[0] <= 0]


@wrong("13.4", "gives up at the first that lags", "20 are enough")
def simplest_gives_up(right):
    best = max(right, key=lambda name: np.mean(right[name]))
    if len(right[best]) < 20:
        return "none"
    for name in right:
        if name == best or paired_interval(right[name], right[best])[0] <= 0:
            return name
        return "none"


@wrong("13.4", "the last that cannot be told", "the simpler")
def simplest_last(right):
    best = max(right, key=lambda name: np.mean(right[name]))
    if len(right[best]) < 20:
        return "none"
    for name in right:
        if paired_interval(right[name], right[best])[0] <= 0:
            found = name
    return found


@wrong("13.4", "each against the next", "compare with the best")
def simplest_next_one(right):
    names = list(right)
    if len(right[names[0]]) < 20:
        return "none"
    for name, following in zip(names, names[1:]):  # noqa: B905
        if paired_interval(right[name], right[following])[0] <= 0:
            return name
    return names[-1]


@wrong("13.4", "from the best down to the first that lags", "the simpler")
def simplest_downwards(right):
    best = max(right, key=lambda name: np.mean(right[name]))
    if len(right[best]) < 20:
        return "none"
    names = list(right)
    chosen = best
    for name in reversed(names[: names.index(best)]):
        if paired_interval(right[name], right[best])[0] > 0:
            break
        chosen = name
    return chosen


@wrong("13.4", "the best not counted as good", "returned None")
def simplest_forgets_best(right):
    best = max(right, key=lambda name: np.mean(right[name]))
    if len(right[best]) < 20:
        return "none"
    for name in right:
        if name != best and paired_interval(right[name], right[best])[0] <= 0:
            return name


@wrong("13.4", "best of those behind the first", "first")
def simplest_skips_first(right):
    names = list(right)[1:]
    best = max(names, key=lambda name: np.mean(right[name]))
    if len(right[best]) < 20:
        return "none"
    return next(name for name in names if paired_interval(right[name], right[best])[0] <= 0)
