"""Checks of lesson 09, lora_with_peft."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from coursekit.exercises import Wrong, call, exercise
from coursekit.language import t


def _number(got: Any) -> float:
    try:
        return float(got)
    except (TypeError, ValueError):
        raise Wrong(t("You returned {got}; one number is needed.", got=repr(got)[:80])) from None


@exercise(
    "09.1",
    title=lambda: t("Mask the prompt"),
    hints=lambda: [
        t("The labels are as long as prompt and answer together."),
        t("A list can be repeated: `[-100] * 3` is `[-100, -100, -100]`."),
        t("`[-100] * len(prompt_ids) + list(answer_ids)`"),
    ],
)
def check_mask_prompt(mask_prompt: Callable[..., Any]) -> None:
    for prompt_ids, answer_ids in (
        ([11, 12, 13, 14], [21, 22]),
        ([5], [6, 7, 8]),
        ([9, 9, 9], [9]),
        (list(range(100, 130)), [1, 2, 3, 4]),
    ):
        got = call(mask_prompt, list(prompt_ids), list(answer_ids))
        try:
            labels = [int(v) for v in got]
        except (TypeError, ValueError):
            raise Wrong(t("You returned {got}; a list of numbers is needed.", got=repr(got)[:80])) from None
        right = [-100] * len(prompt_ids) + answer_ids
        if labels == right:
            continue
        n = len(prompt_ids)
        if len(labels) != len(right):
            fault = t(
                "{got} labels for {right} tokens; every token needs one",
                got=len(labels),
                right=len(right),
            )
        elif labels == prompt_ids + answer_ids:
            fault = t("nothing is masked, so the model also learns to write prompts")
        elif labels[:n] == prompt_ids:
            fault = t("the answer is masked and the prompt is not; it must be the other way round")
        elif set(labels[:n]) == {0}:
            fault = t("0 is a token like any other; only -100 is left out of the loss")
        elif labels[n:] != answer_ids:
            fault = t("some of the answer is masked or moved; the model shifts the labels by itself")
        else:
            fault = t("every prompt token needs the label -100")
        raise Wrong(
            t(
                "For {n} prompt tokens and {m} answer tokens: {fault}.",
                n=n,
                m=len(answer_ids),
                fault=fault,
            )
        )


@exercise(
    "09.2",
    title=lambda: t("Count the adapter"),
    hints=lambda: [
        t("A layer that maps `n_in` numbers to `n_out` gets two small matrices, A and B."),
        t("A has `rank * n_in` entries and B has `n_out * rank`."),
        t("`sum(rank * (n_in + n_out) for n_in, n_out in layers)`"),
    ],
)
def check_lora_parameters(lora_parameters: Callable[..., Any]) -> None:
    for layers, rank in (
        ([(576, 576)], 8),
        ([(576, 1536), (1536, 576), (576, 192)], 16),
        ([(10, 20), (30, 5)], 1),
    ):
        right = sum(rank * (i + o) for i, o in layers)
        got = _number(call(lora_parameters, list(layers), rank))
        if got == right:
            continue
        if got == sum(i * o for i, o in layers):
            fault = t("that counts the full matrices, not the adapter")
        elif got == sum(rank * i * o for i, o in layers):
            fault = t("the two sizes are added, not multiplied: A and B are separate")
        elif got == sum(rank * i for i, _ in layers) or got == sum(rank * o for _, o in layers):
            fault = t("that is one of the two matrices; A and B both count")
        elif got == sum(i + o for i, o in layers):
            fault = t("each size is taken `rank` times")
        elif got == rank * sum(layers[0]):
            fault = t("that is the first layer only; add up all layers")
        else:
            fault = t("r * (in + out), summed over the layers, is {right}", right=right)
        raise Wrong(
            t(
                "For the layers {layers} at rank {rank} you returned {got}: {fault}.",
                layers=layers,
                rank=rank,
                got=f"{got:.0f}",
                fault=fault,
            )
        )


@exercise(
    "09.3",
    title=lambda: t("A learning rate that warms up and fades"),
    hints=lambda: [
        t("Two cases: `step < warmup`, and everything after it."),
        t("While warming up: `peak * (step + 1) / warmup`."),
        t("After it: `peak * (steps - step) / (steps - warmup)`."),
    ],
)
def check_learning_rate(learning_rate: Callable[..., Any]) -> None:
    for steps, peak, warmup in ((80, 1e-3, 4), (50, 2e-4, 10), (20, 1.0, 0)):

        def right_at(step: int, steps=steps, peak=peak, warmup=warmup) -> float:
            if step < warmup:
                return peak * (step + 1) / warmup
            return peak * (steps - step) / (steps - warmup)

        for step in sorted({0, 1, warmup, warmup + 1, steps // 2, steps - 1}):
            got = _number(call(learning_rate, step, steps, peak, warmup))
            right = right_at(step)
            if abs(got - right) <= 1e-6 * peak + 1e-12:
                continue
            if step < warmup and abs(got - peak * step / warmup) < 1e-9:
                fault = t("the first step would have rate 0 and learn nothing: count from step + 1")
            elif step < warmup and got >= 0.9 * peak:
                fault = t("the rate must rise slowly during the first {warmup} steps", warmup=warmup)
            elif step >= warmup and got == peak and step > warmup:
                fault = t("the rate must fall after the warm-up")
            elif got < 0:
                fault = t("a rate is never negative")
            else:
                fault = t("it should be {right}", right=f"{right:.6g}")
            raise Wrong(
                t(
                    "At step {step} of {steps} (peak {peak}, warm-up {warmup}) you returned {got}: {fault}.",
                    step=step,
                    steps=steps,
                    peak=peak,
                    warmup=warmup,
                    got=f"{got:.6g}",
                    fault=fault,
                )
            )


@exercise(
    "09.4",
    title=lambda: t("Read the answer"),
    hints=lambda: [
        t("First the refusal: a text without any `[number]` in it has no source."),
        t("`re.fullmatch(r\"(.*?)\\s*\\[(\\d+)\\]\", text.strip())` splits answer and number."),
        t("Give the number back as an `int`, and None where there is none."),
    ],
)
def check_read_answer(read_answer: Callable[..., Any]) -> None:
    for text, right, why in (
        ("38 minutes [2]", ("38 minutes", 2), t("the answer stands before the bracket")),
        ("slate blue [12]", ("slate blue", 12), t("a number may have two digits")),
        ("  4,310 euros [1] ", ("4,310 euros", 1), t("spaces around it do not count")),
        ("beech[3]", ("beech", 3), t("the space before the bracket may be missing")),
        ("38 minutes", ("38 minutes", None), t("no source is named, so the number is None")),
        ("I don't know.", (None, None), t("a refusal has neither answer nor source")),
    ):
        got = call(read_answer, text)
        if not isinstance(got, (tuple, list)) or len(got) != 2:
            raise Wrong(t("You returned {got}; a pair (answer, number) is needed.", got=repr(got)[:80]))
        answer, number = got
        if answer == right[0] and number == right[1] and not isinstance(number, str):
            continue
        if isinstance(number, str) and number == str(right[1]):
            fault = t("the number is still a text; `int(...)` makes it a number")
        elif isinstance(answer, str) and "[" in answer:
            fault = t("the bracket still stands in the answer")
        elif isinstance(answer, str) and right[0] and answer.strip() == right[0] != answer:
            fault = t("there are spaces left at the end of the answer")
        else:
            fault = why
        raise Wrong(
            t(
                "For {text!r} you returned {got!r}, not {right!r}: {fault}.",
                text=text,
                got=tuple(got),
                right=right,
                fault=fault,
            )
        )


@exercise(
    "09.5",
    title=lambda: t("Merge by hand"),
    hints=lambda: [
        t("The update is a product of two matrices: B has the output size, A the input size."),
        t("`B @ A` has the shape of the weight. Scale it before you add it."),
        t("`weight + (alpha / rank) * (B @ A)`, where `rank = A.shape[0]`."),
    ],
)
def check_merge(merge: Callable[..., Any]) -> None:
    rng = np.random.default_rng(95)
    for n_out, n_in, rank, alpha in ((6, 6, 2, 4), (8, 5, 3, 6), (4, 7, 1, 2)):
        weight = rng.normal(size=(n_out, n_in))
        a, b = rng.normal(size=(rank, n_in)), rng.normal(size=(n_out, rank))
        update = b @ a
        before = weight.copy()
        got = np.asarray(call(merge, weight, a, b, alpha), dtype=float)
        right = before + alpha / rank * update
        shapes = t(
            "weight {weight}, A {a}, B {b}, alpha {alpha}",
            weight=before.shape,
            a=a.shape,
            b=b.shape,
            alpha=alpha,
        )
        if got.shape != right.shape:
            fault = t("the result has shape {got}, the weight {right}", got=got.shape, right=right.shape)
        elif np.allclose(got, right):
            if np.allclose(weight, before):
                continue
            fault = t("the numbers are right, but your function also changed the weight it was given")
        elif np.allclose(got, alpha / rank * update):
            fault = t("that is the update alone; add it to the weight")
        elif np.allclose(got, before + update):
            fault = t("the scale alpha / rank is missing")
        elif np.allclose(got, before + alpha * update):
            fault = t("the scale is alpha / rank, not alpha")
        elif np.allclose(got, before - alpha / rank * update):
            fault = t("the update is added, not taken away")
        else:
            fault = t("it should be weight + (alpha / rank) * (B @ A)")
        raise Wrong(t("With {shapes}: {fault}.", shapes=shapes, fault=fault))
