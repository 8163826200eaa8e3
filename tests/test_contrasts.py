"""The triples of lesson 02: right and wrong differ in what is tested, and in nothing else."""

from __future__ import annotations

import re

from coursekit.contrasts import amount_steps, negation_triples, number_triples
from coursekit.corpus import company_facts


def test_negation_triples_differ_from_their_opposite_by_a_negation():
    triples = negation_triples()
    assert len(triples) >= 20
    for statement, same, opposite in triples:
        assert len({statement, same, opposite}) == 3
        added = set(opposite.lower().split()) ^ set(statement.lower().split())
        assert added & {"not", "no", "never", "cannot", "without"}


def test_number_triples_differ_in_a_number_only():
    triples = number_triples()
    assert len(triples) >= 50
    for text, right, wrong in triples:
        assert right != wrong
        assert re.sub(r"[\d.,]+", "", right) == re.sub(r"[\d.,]+", "", wrong)
        number = re.findall(r"[\d.,]*\d", text)[-1]
        assert number in right


def test_cut_number_triples_are_one_sentence_of_the_whole_ones():
    for whole, short in zip(number_triples(), number_triples(cut=True), strict=True):
        assert short.text == whole.text
        assert short.right in whole.right
        assert short.wrong in whole.wrong
        assert short.right != short.wrong
        assert "\n" not in short.right


def test_amount_steps_are_neighbours_outside_the_test_split():
    steps = amount_steps()
    assert len(steps) >= 100
    test_labels = {f.label for f in company_facts() if f.split == "test"}
    labels = {f.label for f in company_facts() if f.split != "test"}
    for step in steps:
        assert step.low < step.high
        assert step.unit
        assert step.label in labels
    assert test_labels - labels  # so a step of a test machine would be seen
