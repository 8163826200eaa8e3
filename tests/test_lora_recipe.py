"""The benchmark of the LoRA recipe: what it computes from its runs, and a run on a tiny model."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest
from tiny_models import tiny_lm

from coursekit.benchmarks import steps_to
from coursekit.lora import Example
from coursekit.paths import data_dir

SOURCE = data_dir().parents[1] / "benchmarks" / "lora_recipe.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("lora_recipe", SOURCE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["lora_recipe"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["lora_recipe"]


def test_the_steps_to_a_quality_lie_on_straight_lines_between_the_looks():
    assert steps_to(0.8, {"10": 0.6, "20": 1.0}) == pytest.approx(15)
    assert steps_to(0.3, {"10": 0.6}) == pytest.approx(5)
    assert steps_to(0.6, {"20": 0.9, "10": 0.6}) == pytest.approx(10)
    assert steps_to(0.95, {"10": 0.6, "20": 0.9}) is None
    assert steps_to(0.5, {}) is None


def test_the_operations_of_a_token_are_counted_by_hand(bench):
    config = SimpleNamespace(
        hidden_size=8,
        num_attention_heads=2,
        num_key_value_heads=1,
        num_hidden_layers=3,
        intermediate_size=16,
    )
    weights = 3 * (8 * 8 + 8 * 8 + 2 * 8 * 4 + 3 * 8 * 16)
    scores = 3 * 4 * 10 * 8 / 2
    model = SimpleNamespace(config=config)
    assert bench.flops_per_token(model, 10) == pytest.approx(4 * weights + 3 * scores)


def point(recipe, kind, seed=1, **values):
    base = {"device": "cpu", "model": "135m", "first_step_s": 2.0, "step_s": 2.0}
    base |= {"tokens_per_s": 100.0, "peak_gb": 8.0, "exact": {}}
    return base | {"recipe": recipe, "kind": kind, "seed": seed} | values


def test_seconds_to_the_quality_count_the_steps_and_the_compiling(bench):
    points = [
        point("textbook", "speed", step_s=10.0, first_step_s=10.0),
        point("textbook", "quality", exact={"10": 0.4, "20": 0.8, "54": 0.9}),
        point("course", "speed", step_s=2.0, first_step_s=32.0),
        point("course", "quality", exact={"10": 0.8, "54": 0.85}),
        point("+ bfloat16", "speed", step_s=5.0, first_step_s=5.0),
        point("last 10 layers", "speed", step_s=1.0, first_step_s=1.0),
        point("last 10 layers", "quality", exact={"54": 0.4}),
        point("course", "speed", device="cuda", step_s=0.1),
    ]
    rows = {row["recipe"]: row for row in bench.summarise(points)}
    assert rows["textbook"]["seconds_to_quality"] == [pytest.approx(200)]
    assert rows["course"]["seconds_to_quality"] == [pytest.approx(30 + 20)]
    assert rows["+ bfloat16"]["seconds_to_quality"] == [pytest.approx(100)]
    assert rows["last 10 layers"]["seconds_to_quality"] == [None]
    assert rows["course"]["final"] == [0.85]


def test_each_recipe_adapts_the_blocks_that_it_names(bench):
    for name, variant in bench.RECIPES.items():
        if variant.layers is not None:  # the tiny model has two blocks
            variant = replace(variant, layers=1)
        lm = tiny_lm()
        model = bench.add_path(lm, variant, 1)
        adapted = {
            n.split(".layers.")[1].split(".")[0]
            for n, _ in model.named_parameters()
            if "lora_A" in n
        }
        assert adapted == ({"0", "1"} if variant.layers is None else {"1"}), name
        assert not any("lora_A" in n and "lm_head" in n for n, _ in model.named_parameters())


def test_without_a_ruler_there_is_no_table(bench, capsys):
    bench.show([point("course", "speed")], "cpu", "135m")
    assert "nothing to compare with" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["textbook", "+ answer logits", "course"])
@pytest.mark.filterwarnings("ignore")
def test_each_kind_of_loop_trains_and_looks(bench, monkeypatch, name):
    variant = replace(bench.RECIPES[name], dtype="float32", steps=3, compiled=False, rank=4)
    monkeypatch.setitem(bench.RECIPES, name, variant)
    monkeypatch.setattr(bench, "LOOKS", (3,))
    monkeypatch.setattr(bench, "load_model", lambda *_: tiny_lm())
    rows = [asdict(Example(f"<u>{i}?</u><a>", f"{i}", str(i))) for i in range(10)]
    done = bench.run(name, "quality", 1, "135m", {"train": rows, "dev": rows[:2]})
    assert list(done["exact"]) == ["3"]
    assert done["tokens_per_s"] > 0 and done["peak_gb"] > 0
