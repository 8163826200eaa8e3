"""Four systems: their prompts, their answers, and what changed facts do to them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_models import WordEmbedder, chunk, tiny_lm, tiny_tokenizer

from coursekit import systems
from coursekit.corpus import Question, company_chunks, company_questions
from coursekit.lora import Example, Settings, add_adapter
from coursekit.rag import ANSWER_START, REFUSAL, Hit
from coursekit.systems import (
    CLOSED_BOOK_INSTRUCTION,
    READER,
    SYSTEMS,
    Answers,
    another_value,
    answer_all,
    break_even,
    changed_facts,
    closed_book_example,
    closed_book_examples,
    continue_training,
    correct,
    edit_passages,
    fate,
    fate_shares,
    fates,
    group_titles,
    is_refusal,
    plot_broken,
    plot_fates,
    plot_groups,
    plot_path,
    print_costs,
    print_winners,
    prompts_for,
    question_groups,
    sample_with_number,
    teach_again,
    tied_with_best,
    twin_values,
    unpaired_interval,
    update_index,
)


def question(answer: str | None = "7 litres", gold: tuple[str, ...] = ("a#0",)) -> Question:
    return Question("q", "How much?", answer, "prose", "test", "p", "f", gold)


HITS = [
    Hit(chunk(name, f"text of {name}, 7 litres"), score, rank)
    for rank, (name, score) in enumerate((("a", 0.8), ("b", 0.6), ("c", 0.4)), start=1)
]


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_tokenizer()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TQDM_DISABLE", "1")


# ---------------------------------------------------------------- prompts


def test_closed_book_examples_hold_the_question_the_instruction_and_no_passage(tokenizer):
    with_answer, without = closed_book_examples([question(), question(None)], tokenizer)
    assert with_answer.target == "7 litres" and without.target == REFUSAL
    assert with_answer.prompt == f"<u>How much?\n{CLOSED_BOOK_INSTRUCTION}</u><a>"


def test_each_system_sees_what_its_name_says(tokenizer):
    prompts = {s: prompts_for(s, [question()], [HITS], tokenizer)[0] for s in SYSTEMS}
    passages = {s: len(re.findall("text of", prompt)) for s, prompt in prompts.items()}
    assert passages == {"prompt": 0, "RAG": 1, "LoRA": 0, "RAG+LoRA": 2}
    assert prompts["prompt"] == "<u>How much?</u><a>"
    assert prompts["RAG"].endswith(ANSWER_START) and "text of a" in prompts["RAG"]
    assert "[1] text of a" in prompts["RAG+LoRA"] and "[2] text of b" in prompts["RAG+LoRA"]
    assert prompts["LoRA"] == closed_book_example(question(), tokenizer).prompt


def test_a_rag_prompt_without_hits_is_the_question_alone(tokenizer):
    assert prompts_for("RAG", [question()], [[]], tokenizer) == ["<u>How much?</u><a>"]


def test_an_unknown_system_is_refused(tokenizer):
    with pytest.raises(ValueError, match="no system 'rag'.*Choose one of prompt"):
        prompts_for("rag", [question()], [HITS], tokenizer)


def test_hits_for_other_questions_are_refused(tokenizer):
    with pytest.raises(ValueError, match="1 questions came with hits for 2: retrieve"):
        prompts_for("RAG", [question()], [HITS, HITS], tokenizer)


# ---------------------------------------------------------------- answers


def test_answer_all_keeps_the_order_and_measures(cache, monkeypatch):
    lm = tiny_lm()
    made = lambda prompts, lm, *a, **k: [f"answer {len(p)}" for p in prompts]  # noqa: E731
    monkeypatch.setattr(systems, "generate", made)
    monkeypatch.setattr(systems, "generate_cached", made)
    longer = replace(question(), text="How very much?")
    answers = answer_all("prompt", [question(), longer], [HITS, HITS], lm, timed=2)
    assert answers.texts == ["answer 19", "answer 24"]
    assert answers.seconds_per_question >= 0 and answers.prompt_tokens == pytest.approx(21.5)
    assert answers.answer_tokens == len(lm.tokenizer.encode("answer 19", add_special_tokens=False))
    assert np.isnan(answer_all("prompt", [longer], [HITS], lm, timed=0).seconds_per_question)


def test_rag_refuses_below_the_threshold_and_the_others_do_not(cache, monkeypatch):
    monkeypatch.setattr(systems, "generate_cached", lambda prompts, lm: ["7 litres"] * len(prompts))
    asked, hits = [question(), question()], [HITS, HITS[1:]]
    lm = tiny_lm()
    assert answer_all("RAG", asked, hits, lm, threshold=0.7, timed=0).texts == ["7 litres", REFUSAL]
    assert answer_all("RAG", asked, hits, lm, timed=0).texts == ["7 litres"] * 2
    assert answer_all("LoRA", asked, hits, lm, threshold=0.7, timed=0).texts == ["7 litres"] * 2


def test_correct_wants_the_answer_or_the_due_refusal():
    asked = [question()] * 4 + [question(None)] * 3
    texts = ["It is 7 litres.", "8 litres", REFUSAL, f"{REFUSAL} 7 litres", "7 litres", REFUSAL, ""]
    expected = [True, False, False, False, False, True, False]
    assert correct(texts, asked).tolist() == expected
    assert correct(Answers("LoRA", texts, 0.1, 5.0), asked).tolist() == expected


def test_a_refusal_is_known_by_its_beginning_and_with_any_apostrophe():
    assert is_refusal(" I don\u2019t know") and is_refusal("I don't know. Ask the mender.")
    assert not is_refusal("Well, I don't know.")


# ---------------------------------------------------------------- questions and facts


def test_the_groups_ask_what_their_names_say():
    groups = question_groups()
    pairs = [("trained", "reworded"), ("house", "ordinary")]
    for first, second in pairs:
        facts = [[(q.product, q.fact) for q in groups[name]] for name in (first, second)]
        assert facts[0] == facts[1] and len(set(facts[0])) == len(facts[0])
        assert not {q.text for q in groups[first]} & {q.text for q in groups[second]}
    assert all(q.split == "train" for q in groups["trained"])
    assert all(q.split == "test" for name in ("prose", "house", "no answer") for q in groups[name])
    assert all(q.answer is None for q in groups["no answer"])
    asked = {(q.product, q.fact) for q in groups["trained"]}
    products = {key for key in changed_facts() if key[0]}
    trained = {(q.product, q.fact) for q in company_questions(split="train")}
    assert products & trained <= asked


def test_both_snapshots_ask_the_same_questions_in_the_same_order():
    old, new = question_groups(), question_groups("2025-09")
    assert {k: [q.id for q in v] for k, v in old.items()} == {
        k: [q.id for q in v] for k, v in new.items()
    }
    assert any(o.answer != n.answer for o, n in zip(old["trained"], new["trained"], strict=True))


def test_fate_of_a_changed_fact():
    assert fate("45 euros [1]", "40 euros", "45 euros") == "updated"
    assert fate("40 euros", "40 euros", "45 euros") == "stale"
    assert fate("140 euros", "40 euros", "45 euros") == "other"
    old, new = [question("40 euros")], [question("45 euros")]
    assert fates(["45 euros"], old, new).tolist() == ["updated"]


@pytest.mark.parametrize(
    ("value", "other"),
    [("45 minutes", "55 minutes"), ("9 bar", "1 bar"), ("4,311 euros", "5,311 euros")],
)
def test_another_value_changes_the_first_digit(value, other):
    assert another_value(value) == other


def test_a_value_without_a_digit_is_refused():
    with pytest.raises(ValueError, match="'bog oak' has no digit to change. Choose a value"):
        another_value("bog oak")


def test_an_edit_changes_every_gold_passage_and_nothing_else():
    chunks = company_chunks()
    asked = [q for q in company_questions(split="test", kind="prose") if q.answer[0].isdigit()]
    edited, with_new = edit_passages(chunks, asked[:20])
    moved = {a.id for a, b in zip(chunks, edited, strict=True) if a.text != b.text}
    assert moved == {gold for q in asked[:20] for gold in q.gold_passages}
    assert all(o.answer != n.answer for o, n in zip(asked, with_new, strict=False))


def test_an_edit_of_a_value_spelt_otherwise_is_refused():
    with pytest.raises(ValueError, match="Passage a#0 does not hold '7 litres'.*Leave this"):
        edit_passages([chunk("a", "It holds 17 litres.")], [question()])


def test_shares_of_fates_follow_the_names():
    shares = fate_shares({"a": np.array(["updated", "stale"]), "b": np.array(["other", "other"])})
    assert {name: list(values) for name, values in shares.items()} == {
        "new value": [0.5, 0.0],
        "old value": [0.5, 0.0],
        "neither": [0.0, 1.0],
    }


def test_twins_are_the_other_machines_of_the_family():
    asked = company_questions(split="test", kind="prose")[0]
    values = twin_values(asked)
    assert len(values) == 2 and asked.answer not in values


def test_a_sample_holds_numbers_only_and_the_same_ones_each_time():
    questions = company_questions(split="test", kind="prose")
    sample = sample_with_number(questions, 20)
    assert sample == sample_with_number(questions, 20) and len(set(sample)) == 20
    assert all(any(letter.isdigit() for letter in q.answer) for q in sample)
    with pytest.raises(ValueError, match="Only 0 answers hold a number, and 1 are wanted"):
        sample_with_number([question("bog oak")], 1)


def test_an_update_embeds_only_what_changed():
    from coursekit.rag import embed

    class Counting(WordEmbedder):
        texts = 0

        def encode(self, texts, **options):
            Counting.texts += len(texts)
            return super().encode(texts, **options)

    embedder = Counting()
    chunks = [chunk(name, f"text of {name}") for name in "abc"]
    embeddings = embed([c.text for c in chunks], embedder)
    before, Counting.texts = embeddings.copy(), 0
    new = [chunks[0], replace(chunks[1], text="something else"), chunks[2]]
    index, touched = update_index(embeddings, chunks, new, embedder)
    assert touched == [1] and Counting.texts == 1 and index.ntotal == 3
    assert (embeddings == before).all()
    assert update_index(embeddings, chunks, chunks, embedder)[1] == []
    with pytest.raises(ValueError):
        update_index(embeddings, chunks, chunks[:2], embedder)


# ---------------------------------------------------------------- training on


def test_teaching_again_takes_the_questions_of_these_facts(monkeypatch, tmp_path):
    taken = {}
    monkeypatch.setattr(systems, "continue_training", lambda lm, f, e, s: taken.update(examples=e))
    asked = [replace(question(), fact="wake"), replace(question("9"), fact="price")]
    teach_again(tiny_lm(), tmp_path, asked, [("p", "price")], READER)
    assert [example.target for example in taken["examples"]] == ["9"]
    with pytest.raises(ValueError, match="None of the questions asks for one of these facts"):
        teach_again(tiny_lm(), tmp_path, asked, [("p", "weight")], READER)


def test_training_goes_on_from_the_adapter_and_is_kept(cache, tmp_path):
    lm = tiny_lm()
    settings = Settings(rank=4, alpha=8, steps=2, batch_size=2, warmup=1, learning_rate=1e-2)
    model = add_adapter(lm, settings)
    model.save_pretrained(tmp_path / "first")
    model.unload()
    examples = [Example("<u>colour?</u><a>", "red", "1"), Example("<u>size?</u><a>", "ten", "2")]
    folder, history = continue_training(lm, tmp_path / "first", examples, settings)
    again, same = continue_training(lm, tmp_path / "first", examples, settings)
    assert folder == again and history.loss == same.loss and len(history.loss) == 2
    before, after = (p / "adapter_model.safetensors" for p in (tmp_path / "first", folder))
    assert before.read_bytes() != after.read_bytes()
    other, _ = continue_training(lm, folder, examples, settings)
    assert other != folder
    assert not hasattr(lm.model, "peft_config") or not lm.model.peft_config


def test_the_readers_settings_are_those_of_lesson_09():
    source = (Path(__file__).parent.parent / "lessons" / "09_lora_with_peft.py").read_text("utf-8")
    written = re.search(r"^settings = (Settings\(.*\))$", source, re.MULTILINE).group(1)
    assert eval(written) == READER
    for line in (
        "examples_for(train_questions, seed=3, share_without_gold=0.16)",
        "watched = examples_for(dev_questions[::16], seed=5)",
        "train_cached(load_lm(), train_examples, settings, watched, watch_at=(10, 30, 90))",
    ):
        assert line in source, "lesson 09 trains another adapter: bring train_reader in step"


def test_the_threshold_is_a_score_of_a_dev_question():
    from coursekit.rag import build_index, embed

    embedder, chunks = WordEmbedder(), company_chunks()
    index = build_index(embed([c.text for c in chunks], embedder))
    assert 0 < systems.refusal_threshold(index, chunks, embedder) <= 1


# ---------------------------------------------------------------- comparing


def test_systems_that_cannot_be_told_from_the_best():
    best = np.array([True] * 90 + [False] * 10)
    close = np.array([True] * 89 + [False] * 11)
    far = np.array([True] * 20 + [False] * 80)
    assert tied_with_best([far, best, close]) == [False, True, True]


def test_the_unpaired_interval_holds_the_difference():
    low, high = unpaired_interval([0] * 50 + [1] * 50, [1] * 90 + [0] * 10)
    assert low < 0.4 < high and low > 0.2
    with pytest.raises(ValueError, match="One of the two groups has no answers"):
        unpaired_interval([], [1])


def test_plot_groups_draws_one_panel_a_group(monkeypatch):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    monkeypatch.setattr(plt, "show", lambda: None)
    right = {"one": np.array([True, False, True]), "two": np.array([True, True, True])}
    plot_groups(right, np.array(["a", "a", "b"]), {"a": "first", "b": "second"})
    titles = [ax.get_title("left") or ax.get_title() for ax in plt.gcf().axes]
    assert titles[:2] == ["first", "second"]
    plt.close("all")


def test_every_group_has_a_title():
    assert set(group_titles()) == set(question_groups())


def test_plots_of_an_update(monkeypatch):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    monkeypatch.setattr(plt, "show", lambda: None)
    plot_broken({"RAG": np.array([0.0, 1.0]), "LoRA": np.array([1.0, 1.0])})
    plt.close("all")
    right = [np.array([True, False]), np.array([False, True])]
    plot_path(right, {"all": np.array([True, True]), "first": np.array([True, False])})
    assert [list(line.get_ydata()) for line in plt.gca().lines] == [[0.5, 0.5], [1.0, 0.0]]
    plt.close("all")
    plot_fates({"a": np.array(["updated", "stale"]), "b": np.array(["other"] * 2)}, "of the 2")
    assert [bar.get_width() for bar in plt.gca().patches] == [0.5, 0, 0.5, 0, 0, 1]
    assert plt.gca().get_xlabel() == "of the 2"
    plt.close("all")


def test_costs_stand_in_one_line_a_system(capsys):
    print_costs({"RAG": Answers("RAG", [], 0.123, 99.6, 7.2)}, {"RAG": 12.0})
    header, line = capsys.readouterr().out.splitlines()
    assert line.split() == ["RAG", "0.12", "100", "7", "12"] and "answer tokens" in header


def test_the_winners_name_the_best_and_those_that_cannot_be_told_from_it(capsys):
    right = {
        "one": np.array([True] * 20 + [False] * 80),
        "two": np.array([True] * 89 + [False] * 11),
        "three": np.array([True] * 90 + [False] * 10),
    }
    winners = print_winners(right, np.array(["a"] * 100), {"a": "first"})
    assert winners == {"a": ["three", "two"]}
    line = " ".join(capsys.readouterr().out.split())
    assert line == "first three cannot be told from it: two"


@pytest.mark.parametrize(
    ("case", "updates"),
    [
        ((1000, 0.5, 0.2, 1, 101), 4),
        ((1000, 0.2, 0.5, 1, 101), 0),
        ((1000, 0.5, 0.2, 9, 9), float("inf")),
        ((0, 0.5, 0.2, 1, 2), 1),
    ],
)
def test_break_even_is_the_first_update_at_which_lora_needs_more(case, updates):
    assert break_even(*case) == updates
