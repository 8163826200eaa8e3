"""The report on own documents, from the folder to the page, with tiny models."""

from __future__ import annotations

import csv
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_models import WordEmbedder, tiny_lm

import coursekit.lora
import coursekit.rag
from coursekit.cache import digest
from coursekit.corpus import Question
from coursekit.intake import ReportError, load_questions, read_documents
from coursekit.report import (
    Cost,
    Recommendation,
    Results,
    count_faults,
    find_hits,
    index_documents,
    locate_answers,
    plan_training,
    questions_needed,
    recommend,
    run_report,
    share_interval,
    split_by_source,
)
from coursekit.report_page import write_report
from coursekit.systems import SYSTEMS

PARTS = ("gasket", "hopper", "burner", "drawer", "sieve", "lamp")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def lm():
    return tiny_lm()


def write_folder(root: Path) -> tuple[Path, Path]:
    """Six documents of two facts each, and twelve questions about them."""
    folder = root / "documents"
    folder.mkdir(parents=True)
    rows = [("question", "answer", "source")]
    for number, part in enumerate(PARTS, start=11):
        text = f"# The {part}\n\nThe {part} weighs {number} grams.\n\n## Care\n\n"
        text += f"Clean the {part} with a {part}-brush every {number + 20} days."
        (folder / f"{part}.md").write_text(text, encoding="utf-8")
        rows.append((f"How much does the {part} weigh?", f"{number} grams", f"{part}.md"))
        rows.append((f"How often is the {part} cleaned?", f"every {number + 20} days", ""))
    path = root / "questions.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return folder, path


def own(number: int, answer: str | None = "11 grams", **fields) -> Question:
    text = f"Question {number}?"
    return Question(f"row-{number}", text, answer, "own", "test", None, None, (), **fields)


def results_of(right: dict[str, list[int]], **facts) -> Results:
    count = len(next(iter(right.values())))
    questions = [replace(own(n), family=f"doc-{n}") for n in range(count)]
    return Results(
        questions,
        np.arange(count) % 2,
        {name: np.array(values, dtype=bool) for name, values in right.items()},
        {name: ["an answer"] * count for name in right},
        {name: Cost(30.0 * ("LoRA" in name), 0.2, 100.0, 1.0) for name in right},
        {1: 0.9, 5: 0.95},
        facts={"index_seconds": 3.0, **facts},
        gold_rank=[1] * count,
    )


def shares(count: int, **counts: int) -> dict[str, list[int]]:
    names = {"prompt": "prompt", "rag": "RAG", "lora": "LoRA", "both": "RAG+LoRA"}
    return {full: [1] * counts[key] + [0] * (count - counts[key]) for key, full in names.items()}


# ---------------------------------------------------------------- index and passages


def test_cut_passages_are_counted(tmp_path):
    (tmp_path / "long.md").write_text(
        "# A\n\n" + "word " * 80 + "\n\n## B\n\n" + "x " * 40, encoding="utf-8"
    )
    embedder = WordEmbedder()
    embedder.max_seq_length = 50
    indexed = index_documents(read_documents(tmp_path)[0], embedder)
    assert len(indexed.chunks) == 2 and indexed.cut == 1 and indexed.index.ntotal == 2


def test_thousands_of_documents_are_indexed_in_blocks_and_go_on_after_an_interruption(
    tmp_path, monkeypatch
):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(1500):
        (folder / f"{number}.txt").write_text(f"The part {number} weighs {number} grams.")
    documents, _ = read_documents(folder)
    calls = []
    embed = coursekit.rag.embed

    def embed_five_blocks(texts, embedder, truncate=False):
        if len(calls) == 5:
            raise KeyboardInterrupt
        calls.append(len(texts))
        return embed(texts, embedder, truncate)

    monkeypatch.setattr(coursekit.rag, "embed", embed_five_blocks)
    with pytest.raises(KeyboardInterrupt):
        index_documents(documents, WordEmbedder(), block=200)
    monkeypatch.setattr(
        coursekit.rag, "embed", lambda *a, **k: calls.append(len(a[0])) or embed(*a, **k)
    )
    indexed = index_documents(documents, WordEmbedder(), block=200)
    assert sum(calls) == 1500 == indexed.index.ntotal  # nothing was embedded twice
    seconds = indexed.seconds
    assert index_documents(documents, WordEmbedder(), block=200).seconds == seconds > 0


def located(tmp_path, rows):
    folder, path = write_folder(tmp_path)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("question", "answer", "source"), *rows])
    questions, _ = load_questions(path)
    indexed = index_documents(read_documents(folder)[0], WordEmbedder())
    hits = find_hits(questions, indexed, WordEmbedder())
    return locate_answers(questions, hits, indexed)


def test_answers_are_located_by_source_or_by_retrieval(tmp_path):
    questions, notes = located(
        tmp_path,
        [
            ("How much does the sieve weigh?", "15 grams", "sieve.md"),
            ("How much does the sieve weigh in grams?", "15 grams", "The sieve"),
            ("How often is the lamp cleaned?", "36 days", ""),
            ("Who built the sieve?", "", ""),
        ],
    )
    assert [q.family for q in questions] == ["sieve", "sieve", "lamp", "sieve"]
    assert questions[0].gold_passages == ("sieve#0",) and questions[3].gold_passages == ()
    assert notes == []


def test_an_answer_that_no_document_holds_is_reported_by_the_name_of_the_question(tmp_path):
    questions, notes = located(
        tmp_path,
        [
            ("How much does the sieve weigh?", "15 grams", ""),
            ("Is the lamp heavy?", "yes, very", "lamp.md"),
            ("How often is the lamp cleaned?", "36 days", "sieve.md"),
            ("How often is the drawer cleaned?", "34 days", "nowhere.md"),
        ],
    )
    assert [q.id for q in questions] == ["row-2", "row-4", "row-5"]
    assert "Row 3 is left out: its answer 'yes, very' stands in no document" in notes[0]
    assert "Is the lamp heavy?" in notes[0]
    assert "does not stand in its source" in notes[1] and "nowhere.md" in notes[2]


def test_a_file_without_one_answer_in_the_documents_is_refused(tmp_path):
    with pytest.raises(ReportError, match="None of the answers stands in the documents"):
        located(tmp_path, [("Why?", "because", "")])


# ---------------------------------------------------------------- folds


def test_questions_about_one_document_share_a_fold():
    families = ["a"] * 5 + ["b"] * 3 + ["c", "c", "d", "e"]
    questions = [replace(own(n), family=family) for n, family in enumerate(families)]
    fold_of = split_by_source(questions, seed=3)
    for family in set(families):
        assert len({f for f, name in zip(fold_of, families, strict=True) if name == family}) == 1
    assert abs(int((fold_of == 0).sum()) - int((fold_of == 1).sum())) <= 1
    assert (split_by_source(questions, seed=3) == fold_of).all()


def test_questions_about_one_document_only_cannot_be_split():
    with pytest.raises(ReportError, match="too few documents: 1, and 2 are needed"):
        split_by_source([replace(own(n), family="a") for n in range(30)])


# ---------------------------------------------------------------- plan


def test_the_plan_follows_the_budget_and_never_exceeds_the_passes(tmp_path, lm, monkeypatch):
    folder, path = write_folder(tmp_path)
    questions, _ = load_questions(path)
    indexed = index_documents(read_documents(folder)[0], WordEmbedder())
    hits = find_hits(questions, indexed, WordEmbedder())
    questions, _ = locate_answers(questions, hits, indexed)
    fold_of = split_by_source(questions)
    monkeypatch.setattr("coursekit.report.training_speed", lambda *_: 300.0)
    plans = [plan_training(questions, hits, fold_of, lm, minutes) for minutes in (0.01, 2, 1000)]
    steps = [plan.with_passages.steps for plan in plans]
    assert steps[0] == 4 and steps[2] == math.ceil(6 * 6 / 8) and sorted(steps) == steps
    by_hand = plan_training(questions, hits, fold_of, lm, steps=3)
    assert by_hand.with_passages.steps == 3 and by_hand.tokens_per_second is None


# ---------------------------------------------------------------- the whole way


def everything(out: Path) -> dict:
    """What a report says, without what it took to make it."""
    content = json.loads((out / "report.json").read_text(encoding="utf-8"))
    for system in content["systems"].values():
        del system["cost"]
    del content["facts"]["index_seconds"], content["facts"]["date"]
    content["recommendation"]["numbers"] = None
    return content


def test_a_report_survives_an_interruption_at_every_point(tmp_path, lm, monkeypatch):
    folder, path = write_folder(tmp_path)
    settings = {"lm": lm, "embedder": WordEmbedder(), "steps": 2}
    before = digest(*(p.detach().numpy() for p in lm.model.parameters()))
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "straight"))
    results, recommendation, page = run_report(folder, path, tmp_path / "one", **settings)
    assert recommendation.system is None and "12 questions" in recommendation.text
    assert set(results.right) == set(SYSTEMS) and page.exists()

    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "interrupted"))
    work = {"count": 0, "limit": 0}

    def counted(function):
        def run(*args, **kwargs):
            work["count"] += 1
            if work["count"] > work["limit"]:
                raise KeyboardInterrupt
            return function(*args, **kwargs)

        return run

    # A kill before, between and within the stages: embedding, generation, steps of a training.
    for module, name in (
        (coursekit.rag, "embed"),
        (coursekit.rag, "generate"),
        (coursekit.lora, "answer_loss"),
    ):
        monkeypatch.setattr(module, name, counted(getattr(module, name)))
    for limit in (0, 1, 3, 6, 9, 12, 20, 30, 60, 200):
        work.update(count=0, limit=limit)
        try:
            run_report(folder, path, tmp_path / "two", **settings)
            break
        except KeyboardInterrupt:
            assert not (tmp_path / "two" / "report.html").exists()
    assert everything(tmp_path / "one") == everything(tmp_path / "two")
    work.update(count=0, limit=2)  # embedding the questions; all else is read
    run_report(folder, path, tmp_path / "three", **settings)
    assert digest(*(p.detach().numpy() for p in lm.model.parameters())) == before


def test_no_system_was_trained_on_a_document_that_it_is_tested_on(tmp_path, lm, monkeypatch):
    folder, path = write_folder(tmp_path)
    trained = []
    train_cached = coursekit.lora.train_cached

    def spy(lm, examples, settings):
        trained.append("\n".join(example.prompt for example in examples))
        return train_cached(lm, examples, settings)

    monkeypatch.setattr(coursekit.lora, "train_cached", spy)
    results, _, page = run_report(
        folder, path, tmp_path / "out", lm=lm, embedder=WordEmbedder(), steps=1
    )
    assert len(trained) == 4
    for question, fold in zip(results.questions, results.fold_of, strict=True):
        for prompts in trained[2 * fold : 2 * fold + 2]:
            assert question.text not in prompts
    text = page.read_text(encoding="utf-8")
    assert "Documents: documents. Questions: questions.csv. Made on 20" in text
    assert str(tmp_path) not in text and "and none was too long" in text
    assert "6 questions with an answer name no source" in text
    assert len(results.gold_rank) == 12 and set(results.gold_rank) <= {None, *range(1, 11)}
    assert results.recall[1] == np.mean([rank == 1 for rank in results.gold_rank])


# ---------------------------------------------------------------- recommendation


def test_needed_questions_follow_the_normal_approximation():
    first, second = [0] * 50 + [1] * 50, [0] * 40 + [1] * 60
    needed = questions_needed(first, second)
    assert needed == math.ceil((1.959964 + 0.841621) ** 2 * 0.09 / 0.01)
    assert questions_needed(first, first) == math.inf
    assert questions_needed(first, second, level=0.99) > needed


def test_ten_questions_carry_no_recommendation_however_clear_they_look():
    advice = recommend(results_of(shares(10, prompt=0, rag=10, lora=0, both=10)))
    assert advice.system is None
    assert "10 questions are too few to base advice on" in advice.text


def test_a_clear_winner_is_recommended_with_its_numbers():
    advice = recommend(results_of(shares(100, prompt=2, rag=80, lora=5, both=60)), changes=True)
    assert advice.system == "RAG"
    assert "80% of 100 questions (95% interval" in advice.text
    assert "It is 78 points ahead of prompt (99.2% interval" in advice.text
    assert advice.numbers["share RAG"] == 0.8 and "3.0 s" in advice.text


def test_of_two_that_cannot_be_told_apart_the_simpler_is_recommended():
    advice = recommend(results_of(shares(60, prompt=2, rag=40, lora=5, both=41)))
    assert advice.system == "RAG"
    assert "with 60 questions the two cannot be told apart" in advice.text
    assert re.search(r"about \d+ would be needed. So the simpler", advice.text)
    assert "That share mixes" not in advice.text  # there are only questions with an answer
    assert advice.text == " ".join(advice.points)
    assert "was not said" in advice.text


def test_a_stale_system_is_named_as_such():
    right = shares(100, prompt=2, rag=20, lora=90, both=30)
    advice = recommend(results_of(right), changes=True)
    assert advice.system == "LoRA"
    assert "each change means training again" in advice.text
    assert "LoRA does not see that" in advice.text


def test_a_trained_reader_stays_when_facts_change():
    advice = recommend(results_of(shares(100, prompt=0, rag=40, lora=0, both=80)), changes=True)
    assert advice.system == "RAG+LoRA" and "stays when facts change" in advice.text


def test_it_is_said_how_often_the_chosen_system_refuses():
    results = results_of(shares(40, prompt=0, rag=30, lora=0, both=20))
    asked = [replace(q, answer=None) if n >= 28 else q for n, q in enumerate(results.questions)]
    advice = recommend(replace(results, questions=asked))
    assert advice.points[1] == (
        "Beware: of the 12 questions that have no answer it refuses 2, and makes up an answer to "
        "10."
    )


def test_a_lead_that_cannot_be_told_is_taken_apart_into_facts_and_refusals():
    results = results_of(shares(40, prompt=0, rag=30, lora=0, both=28))
    right = results.right | {"RAG+LoRA": np.arange(40) >= 12}
    asked = [replace(q, answer=None) if n >= 32 else q for n, q in enumerate(results.questions)]
    advice = recommend(replace(results, right=right, questions=asked))
    assert (
        "of the 32 questions that have an answer RAG has 30 right and RAG+LoRA 20; of the 8 that "
        "have none, RAG refuses 0 and RAG+LoRA 8." in advice.text
    )


def test_the_last_advice_follows_from_a_count_of_the_faults():
    results = results_of(shares(40, prompt=0, rag=30, lora=0, both=4))
    for asked_without, ranks, fault, remedy in (
        (8, [1] * 40, "invented", "mend refusals first"),
        (0, [1] * 40, "misread", "mend reading first"),
        (0, [1] * 30 + [2] * 10, "not_found", "mend retrieval first, with a reranker"),
        (0, [1] * 30 + [None] * 10, "not_found", "mend retrieval first"),
    ):
        asked = [
            replace(q, answer=None if n >= 40 - asked_without else q.answer)
            for n, q in enumerate(results.questions)
        ]
        changed = replace(results, questions=asked, gold_rank=ranks)
        faults = count_faults(changed, "RAG")
        assert sum(faults.values()) == 10 and faults[fault] == max(faults.values()) >= 8
        advice = recommend(changed)
        assert "Of the 10 wrong answers of RAG, " in advice.text and remedy in advice.points[-1]
        assert advice.numbers[f"RAG {fault}"] == faults[fault]


def test_a_system_that_reads_two_passages_has_what_the_second_tells():
    results = results_of(shares(40, prompt=0, rag=30, lora=0, both=30))
    results = replace(results, gold_rank=[2] * 40)
    assert count_faults(results, "RAG") == {"invented": 0, "not_found": 10, "misread": 0}
    assert count_faults(results, "RAG+LoRA") == {"invented": 0, "not_found": 0, "misread": 10}
    with pytest.raises(ValueError, match="take the results of run_systems"):
        count_faults(replace(results, gold_rank=[]), "RAG")


def test_it_is_said_that_lora_could_hardly_win():
    advice = recommend(results_of(shares(40, prompt=0, rag=30, lora=0, both=20)))
    assert "LoRA could hardly win here" in advice.text
    advice = recommend(results_of(shares(40, prompt=0, rag=0, lora=30, both=0)))
    assert "LoRA could hardly win here" not in advice.text


@pytest.mark.parametrize(("count", "bound"), [(10, 0.2775), (20, 0.1611), (46, 0.0771)])
def test_none_right_leaves_the_share_open_as_wilson_says(count, bound):
    """Wilson's upper limits for 0 of n; 0 of 20 stands in Newcombe (1998), table I."""
    assert share_interval([0.0] * count) == pytest.approx((0.0, bound), abs=1e-4)
    assert share_interval([1.0] * count) == pytest.approx((1 - bound, 1.0), abs=1e-4)


def test_four_bad_systems_get_no_recommendation_but_a_next_step():
    results = results_of(shares(60, prompt=0, rag=12, lora=0, both=15))
    advice = recommend(replace(results, recall={1: 0.3, 5: 0.5}, gold_rank=[None] * 60))
    assert advice.system is None and "none of the four is good enough" in advice.text
    assert "So mend retrieval first, its chunks" in advice.text


def test_if_no_system_knows_anything_the_best_that_reads_is_looked_at():
    advice = recommend(results_of(shares(30, prompt=0, rag=0, lora=0, both=0)))
    assert advice.system is None and "Of the 30 wrong answers of RAG, " in advice.text


# ---------------------------------------------------------------- the page


def test_the_page_needs_nothing_beside_it_and_escapes_what_it_shows(tmp_path):
    results = results_of(shares(30, prompt=0, rag=20, lora=1, both=20), documents=3)
    questions = [replace(results.questions[0], text="<script>alert(1)</script>")]
    results = replace(
        results,
        questions=questions + results.questions[1:],
        notes=["old.txt was read as cp1252 & more"],
    )
    page, data = write_report(results, recommend(results), tmp_path)
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text and "&lt;script&gt;" in text and "cp1252 &amp; more" in text
    assert "<svg" in text and not re.search(r'(?:src|href)="(?!#)', text)
    assert not re.search(r"@import|url\((?!#)", text)
    stored = json.loads(data.read_text(encoding="utf-8"))
    assert stored["systems"]["RAG"]["share_right"] == pytest.approx(2 / 3)
    assert len(stored["questions"]) == 30
    assert all(f"<li>{point}</li>" in text for point in stored["recommendation"]["points"][1:])
    assert f"<strong>{stored['recommendation']['points'][0]}</strong>" in text
    assert "20 of 30" in text and "Indexing took 3.0 s" in text


def test_the_page_shows_what_tells_the_systems_apart_first(tmp_path):
    results = results_of({"prompt": [0, 1, 0], "RAG": [0, 1, 1], "LoRA": [0, 1, 0]})
    page, _ = write_report(results, Recommendation(None, "nothing", {}), tmp_path)
    text = page.read_text(encoding="utf-8")
    places = [text.index(f"Question {number}?") for number in (2, 0, 1)]
    assert places == sorted(places)
    assert "<td>doc-2</td>" in text and "passages read" in text
    assert "the 3 pairs of systems" in text and "are at 98.3%" in text and "anywhere" not in text
    assert "took 1.0 GB of memory at most" in text


def test_a_page_is_the_same_each_time(tmp_path):
    results = results_of(shares(30, prompt=0, rag=20, lora=1, both=20))
    advice = Recommendation(None, "nothing", {})
    pages = [write_report(results, advice, tmp_path / name)[0] for name in "ab"]
    assert pages[0].read_bytes() == pages[1].read_bytes()


@pytest.mark.models
@pytest.mark.slow
def test_the_real_models_on_a_small_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSEKIT_CACHE")
    from coursekit.models import load_embedder, load_lm

    folder, path = write_folder(tmp_path)
    results, advice, _ = run_report(
        folder, path, tmp_path / "out", lm=load_lm(), embedder=load_embedder(), steps=2
    )
    assert results.right["RAG"].mean() > results.right["prompt"].mean()
    assert results.recall[1] >= 0.8 and advice.system is None


@pytest.mark.models
@pytest.mark.slow
def test_papermill_runs_the_lesson_on_a_folder_of_its_own(tmp_path, monkeypatch):
    papermill = pytest.importorskip("papermill")
    monkeypatch.delenv("COURSEKIT_CACHE")
    root = Path(__file__).parents[1]
    monkeypatch.setenv("PYTHONPATH", str(root))
    folder, path = write_folder(tmp_path)
    papermill.execute_notebook(
        str(root / "solutions" / "13_your_own_data.ipynb"),
        str(tmp_path / "done.ipynb"),
        parameters={
            "my_folder": str(folder),
            "my_questions": str(path),
            "my_report": str(tmp_path / "out"),
            "minutes": 0.1,
        },
        cwd=str(tmp_path),
        progress_bar=False,
    )
    stored = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert stored["recommendation"]["system"] is None and stored["facts"]["documents"] == 6
