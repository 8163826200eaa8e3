"""The company and the Python reference: every gold answer holds, and every fault has a name."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections import Counter
from pathlib import Path

import pytest

from authoring import company
from coursekit import corpus
from coursekit.chunks import split_into_chunks
from coursekit.corpus import SNAPSHOTS, SPLITS, company_questions, training_questions
from coursekit.documents import read_folder
from coursekit.paths import data_dir
from coursekit.scoring import contains_answer, normalise

COMPANY = data_dir() / "company"


def gold_faults(snapshot: str, root: Path = COMPANY) -> list[str]:
    """One sentence for each question whose gold answer is not where it must be, and only there."""
    chunks = {chunk.id: chunk for chunk in corpus.company_chunks(snapshot, root=root)}
    # The rule of contains_answer, with each text and each answer normalised once.
    spoken = {name: f" {' '.join(normalise(chunk.text))} " for name, chunk in chunks.items()}
    faults = []
    every = [q for split in SPLITS for q in training_questions(snapshot, split, root=root)]
    for question in every:
        gold = [chunks[chunk_id] for chunk_id in question.gold_passages]
        if question.answer is None:
            if gold:
                faults.append(f"{question.id} is unanswerable and has gold passages.")
            continue
        if len(gold) < (2 if question.kind == "multi" else 1):
            faults.append(f"{question.id}: {question.answer!r} is in no passage of {snapshot}.")
        if question.kind == "multi":
            products = {chunk.product for chunk in gold}
            if len(products) != 2 or not any(
                contains_answer(chunk.title, question.answer) for chunk in gold
            ):
                faults.append(f"{question.id}: {question.answer!r} is not one of {products}.")
            continue
        answer = f" {' '.join(normalise(question.answer))} "
        for chunk in chunks.values():
            if answer not in spoken[chunk.id]:
                continue
            own = (
                chunk.product == question.product
                if question.product
                else any(chunk.document_id == passage.document_id for passage in gold)
            )
            if not own:
                faults.append(f"{question.id}: {question.answer!r} also stands in {chunk.id}.")
    return faults


@pytest.fixture
def copy(tmp_path) -> Path:
    return shutil.copytree(COMPANY, tmp_path / "company")


@pytest.mark.parametrize("snapshot", SNAPSHOTS)
def test_gold_answers_stand_in_their_passages_and_nowhere_else(snapshot):
    assert gold_faults(snapshot) == []


def test_a_broken_gold_answer_is_named(copy):
    file = copy / "questions.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    broken = next(row for row in rows if row["id"] == "kestrel-3.wake")
    broken["answers"]["2025-09"] = "4 minutes"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert gold_faults("2025-03", copy) == []
    (fault,) = gold_faults("2025-09", copy)
    assert "kestrel-3.wake:" in fault and "4 minutes" in fault


def test_an_answer_told_by_another_product_is_named(copy):
    question = next(q for q in company_questions(kind="prose") if q.product == "hare-7")
    page = copy / "2025-03" / "manuals" / "plover-8-manual.md"
    page.write_text(f"{page.read_text(encoding='utf-8')}\nNot {question.answer}.\n", "utf-8")
    faults = gold_faults("2025-03", copy)
    assert any(question.id in fault and "plover-8-manual#" in fault for fault in faults)


@pytest.mark.parametrize("snapshot", SNAPSHOTS)
def test_size(snapshot):
    documents = corpus.company_documents(snapshot)
    assert len(documents) >= 120
    assert {document.format for document in documents} == {"md", "html", "pdf", "csv"}
    assert {document.snapshot for document in documents} == {snapshot}
    questions = company_questions(snapshot)
    assert len(questions) >= 300
    assert sum(question.answer is None for question in questions) >= 0.15 * len(questions)
    assert {question.kind for question in questions} == set(corpus.KINDS)
    for split in SPLITS:
        assert {q.kind for q in company_questions(snapshot, split)} == set(corpus.KINDS)
    assert max(len(chunk.text.split()) for chunk in corpus.company_chunks(snapshot)) <= 110


def test_nothing_leaks_between_splits():
    splits: dict[str, set[str]] = {}
    for split in SPLITS:
        for question in training_questions(split=split):
            for owner in (question.product, question.family):
                if owner:
                    splits.setdefault(owner, set()).add(split)
            if question.kind == "company":
                documents = {passage.split("#")[0] for passage in question.gold_passages}
                for document in documents:
                    splits.setdefault(document, set()).add(split)
    assert len(splits) >= 36 + 12 + 15
    assert [name for name, where in splits.items() if len(where) > 1] == []


def test_facts_change_between_snapshots():
    facts = corpus.company_facts()
    assert 0.12 <= sum(fact.changes for fact in facts) / len(facts) <= 0.18
    spring, autumn = (
        {question.id: question.answer for question in company_questions(snapshot)}
        for snapshot in SNAPSHOTS
    )
    assert spring.keys() == autumn.keys()
    changed = {name for name in spring if spring[name] != autumn[name]}
    for fact in facts:
        if fact.product and fact.changes:
            assert f"{fact.product}.{fact.key}" in changed


def test_siblings_are_confusable():
    values: dict[tuple[str, str], set[str]] = {}
    for fact in corpus.company_facts():
        if fact.family:
            values.setdefault((fact.family, fact.key), set()).add(fact.values["2025-03"])
    assert {len(told) for told in values.values()} == {3}
    assert len(values) == 120


def test_official_and_training_wordings():
    official = [q for q in company_questions(split="train") if q.fact and q.product]
    training = [q for q in training_questions() if q.fact and q.product]
    assert len(training) == 3 * len(official)
    assert {question.id for question in official} <= {question.id for question in training}
    rest = training_questions(split="test", official=False)
    asked = {question.text for question in company_questions(split="test")}
    assert not asked & {question.text for question in rest}
    counts = Counter((question.product, question.fact) for question in rest)
    assert set(counts.values()) == {2}


def test_a_table_answer_is_in_a_row_of_its_product():
    chunks = {chunk.id: chunk for chunk in corpus.company_chunks()}
    for question in company_questions(kind="table"):
        (passage,) = question.gold_passages
        chunk = chunks[passage]
        assert (chunk.kind, chunk.product, chunk.family) == (
            "table",
            question.product,
            question.family,
        )


def test_documents_load_quickly():
    corpus._documents.cache_clear()
    start = time.process_time()
    corpus.company_documents("2025-03")
    assert time.process_time() - start < 3


def test_the_folder_of_a_snapshot_can_be_read_like_any_other():
    documents = read_folder(corpus.company_folder("2025-09"))
    known = {document.id: document.text for document in corpus.company_documents("2025-09")}
    assert {document.id: document.text for document in documents} == known


@pytest.mark.parametrize(
    "ask",
    [
        lambda: corpus.company_documents("2024-01"),
        lambda: company_questions(split="validation"),
        lambda: company_questions(kind="easy"),
        lambda: training_questions(split="all"),
    ],
)
def test_unknown_names_say_what_to_choose(ask):
    with pytest.raises(ValueError, match="Choose one of"):
        ask()


# The sources and the renderer


def test_company_data_are_in_sync_and_keep_the_rules():
    assert company.problems() == []


def test_rendering_twice_gives_the_same_bytes():
    assert company.render() == company.render()


def test_faults_in_the_sources_are_named(tmp_path):
    source = shutil.copytree(company.SOURCE, tmp_path / "company")

    def edit(name: str, old: str, new: str) -> None:
        text = (source / name).read_text(encoding="utf-8")
        assert old in text, f"{name} has no {old!r}"
        (source / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    values = {(fact.product, fact.key): fact.values for fact in corpus.company_facts()}
    wake = values["kestrel-2", "wake"]["2025-03"]
    weight = values["hare-5", "weight"]["2025-03"]
    price = values["otter-35", "price"]["2025-03"]
    edit("families/hare/family.yaml", weight, price)
    edit("families/kestrel/manual.md", "{{ f.wake }}", "a while")
    edit("families/kestrel/faq.md", "A little. ", f"A little, after {wake}. ")
    edit("families/marten/manual.md", "\n## ", "\nIt lasts 3 hours.\n\n## ")
    edit("families/wren/service.md", "{{ p.name }}", "grinder")
    edit("families/rook/family.yaml", "{name}", "slicer")
    faults = "\n".join(company.problems(source, COMPANY))
    for part in (
        f"family.yaml, fact weight, hare-5: the value {price!r} is taken by",
        "families/kestrel/manual.md, slot f.wake: its home must be exactly one section, not 0",
        "fact wake, kestrel-2",
        "kestrel-faq#",
        "says '3 hours', which is no fact",
        "families/rook/family.yaml, fact",
        "does not say {name}",
        "manuals/kestrel-2-manual.html differs from its source",
    ):
        assert part in faults, part


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("families/hare/family.yaml", "split: dev", "split: train", "must be hare and split dev"),
        ("families/hare/family.yaml", "id: hare-5,", "id: hare-five,", "must be hare-5"),
        ("families/hare/manual.md", "{{ p.name }}", "{{ p.title }}", "hare/manual.md"),
        ("families/hare/history.md", "---8<---", "", "two documents"),
        ("tables.yaml", "hare-5: {", "hare-6: {", "hare-5 has no"),
    ],
)
def test_a_source_that_can_not_be_used_is_named(tmp_path, name, old, new, says):
    source = shutil.copytree(company.SOURCE, tmp_path / "company")
    text = (source / name).read_text(encoding="utf-8")
    assert old in text
    (source / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    (fault,) = company.problems(source, COMPANY)
    assert says in fault and name.split("/")[-1] in fault


# The Python reference


def test_python_reference():
    documents = corpus.python_reference()
    assert len(documents) >= 60
    assert {document.kind for document in documents} == {"reference"}
    for document in documents:
        assert document.text.startswith("# "), document.id
        assert not re.search(r"(?m)^[*=]{3,}$|``|:[a-z]+:`", document.text), document.id


def test_python_questions_have_their_answers_in_the_reference():
    chunks = {chunk.id: chunk for chunk in split_into_chunks(corpus.python_reference())}
    questions = corpus.python_questions()
    assert len(questions) >= 50
    assert len({question.id for question in questions}) == len(questions)
    for question in questions:
        assert question.gold_passages, f"{question.id}: {question.answer!r} is in no passage"
        for passage in question.gold_passages:
            assert contains_answer(chunks[passage].text, question.answer), question.id


# Comparing answers


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The price is 4,310 euros.", ["price", "is", "4310", "euros"]),
        ("6.4 litres, 1,234,567 and 1,23", ["6.4", "litres", "1234567", "and", "1", "23"]),
        ("A mender's two-deck OVEN", ["menders", "two", "deck", "oven"]),
        ("__debug__ in Python 3.11.", ["__debug__", "in", "python", "3.11"]),
        ("", []),
    ],
)
def test_normalise(text, tokens):
    assert normalise(text) == tokens


@pytest.mark.parametrize(
    ("text", "answer", "found"),
    [
        ("It takes 38 minutes.", "38 minutes", True),
        ("It takes 38\nMinutes!", "the 38 minutes", True),
        ("It takes 138 minutes.", "38 minutes", False),
        ("It holds 6.4 litres.", "4 litres", False),
        ("It costs 4,310 euros", "4310 euros", True),
        ("It costs 4,310 euros", "310 euros", False),
        ("38 long minutes", "38 minutes", False),
        ("anything", "", False),
        ("anything", "...", False),
    ],
)
def test_contains_answer(text, answer, found):
    assert contains_answer(text, answer) is found
