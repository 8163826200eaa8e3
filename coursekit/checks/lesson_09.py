"""Checks of lesson 09, lora_with_peft."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from coursekit.exercises import Wrong, as_list, as_number, call, exercise
from coursekit.language import t


@exercise(
    "09.2",
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
        ([9, 3, 9], [9, 4]),
        (list(range(100, 130)), [1, 2, 0, 4]),
        ([], [7, 8]),
        ([7, 8], []),
    ):
        got = as_list(call(mask_prompt, list(prompt_ids), list(answer_ids)))
        if any(isinstance(label, list | tuple) or np.ndim(label) for label in got):
            raise Wrong(
                t(
                    "You returned {got}, with a list inside; one flat list of numbers is needed.",
                    got=repr(got)[:80],
                )
            )
        labels = [as_number(label) for label in got]
        n, tokens = len(prompt_ids), prompt_ids + answer_ids
        right = [-100] * n + answer_ids
        if labels == right:
            continue
        if len(labels) != len(right):
            fault = t(
                "{got} labels for {right} tokens; the labels are as long as both together",
                got=len(labels),
                right=len(right),
            )
        elif labels == tokens:
            fault = t("nothing is -100, so the model also learns to write prompts")
        elif set(labels) == {-100}:
            fault = t("the answer is masked too, so there is nothing to learn from")
        elif labels == prompt_ids + [-100] * len(answer_ids):
            fault = t("the answer is masked and the prompt is not; it must be the other way round")
        elif labels == answer_ids + [-100] * n:
            fault = t("the answer comes first; the prompt comes first, with -100 for each token")
        elif labels == [-100 if token in prompt_ids else token for token in tokens]:
            fault = t("the answer may hold the same tokens as the prompt: mask by place")
        elif set(labels[:n]) == {0}:
            fault = t("0 is a token like any other; only -100 is left out of the loss")
        elif labels == [-100] * (n + 1) + answer_ids[1:]:
            fault = t("the first token of the answer is masked; the model must learn it too")
        elif labels[n:] == answer_ids and labels[: n - 1] == [-100] * (n - 1):
            fault = t("the last token of the prompt needs the label -100 too")
        elif labels[n:] == answer_ids:
            fault = t("every prompt token needs the label -100")
        else:
            fault = t("the answer is moved or changed; the model shifts the labels by itself")
        raise Wrong(
            t(
                "For {n} prompt tokens and {m} answer tokens: {fault}.",
                n=n,
                m=len(answer_ids),
                fault=fault,
            )
        )


@exercise(
    "09.3",
    title=lambda: t("Count the adapter"),
    hints=lambda: [
        t("A layer that maps `n_in` numbers to `n_out` gets two small matrices, A and B."),
        t("A has `rank * n_in` entries and B has `n_out * rank`."),
        t("`sum(rank * (n_in + n_out) for n_in, n_out in layers)`"),
    ],
)
def check_lora_parameters(lora_parameters: Callable[..., Any]) -> None:
    for layers, rank in (
        ([(576, 192)], 8),
        ([(576, 1536), (1536, 576), (576, 192)], 16),
        ([(10, 20), (30, 5)], 1),
        ([], 4),
    ):
        sum_in, sum_out = sum(i for i, _ in layers), sum(o for _, o in layers)
        full = sum(i * o for i, o in layers)
        right = rank * (sum_in + sum_out)
        got = as_number(call(lora_parameters, list(layers), rank))
        if got == right:
            continue
        if got == full:
            fault = t("that counts the full matrices, not the adapter")
        elif got == full + right:
            fault = t("that counts the full matrices as well; they stay frozen and do not count")
        elif got == rank * full:
            fault = t("the two sizes are added, not taken times each other: A and B are separate")
        elif got == sum(rank * i * rank * o for i, o in layers):
            fault = t("A and B are two matrices: their sizes are added, not taken times each other")
        elif got in (rank * sum_in, rank * sum_out):
            fault = t("that is one of the two matrices; A and B both count")
        elif got in (2 * rank * sum_in, 2 * rank * sum_out):
            fault = t("a layer need not be square: A has rank * n_in numbers, B has n_out * rank")
        elif got == sum_in + sum_out:
            fault = t("each size is taken `rank` times")
        elif got in (rank * sum_in + sum_out, sum_in + rank * sum_out):
            fault = t("both sizes are taken `rank` times")
        elif got == right + sum_out:
            fault = t("an adapter has no bias, only A and B")
        elif got == 4 * right:
            fault = t("that looks like bytes; count the numbers")
        elif len(layers) > 1 and got == rank * sum(layers[0]):
            fault = t("that is the first layer only; add up all layers")
        elif len(layers) > 1 and got == rank * sum(layers[-1]):
            fault = t("that is the last layer only; add up all layers")
        elif len(layers) > 1 and got == rank * sum(layers[0]) * len(layers):
            fault = t("the layers differ in size; add up each one")
        else:
            fault = t("rank * (n_in + n_out), summed over the layers, is {right}", right=right)
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
    "09.4",
    title=lambda: t("A learning rate that warms up and fades"),
    hints=lambda: [
        t("Two cases: `step < warmup`, and everything after it."),
        t("While warming up: `peak * (step + 1) / warmup`."),
        t("After it: `peak * (steps - step) / (steps - warmup)`."),
    ],
)
def check_learning_rate(learning_rate: Callable[..., Any]) -> None:
    for steps, peak, warmup in ((80, 1e-3, 4), (50, 2e-4, 10), (20, 1.0, 0)):
        rates = [as_number(call(learning_rate, step, steps, peak, warmup)) for step in range(steps)]
        found = _rate_fault(np.array(rates) / peak, steps, warmup)
        if found is None:
            continue
        step, fault = found
        raise Wrong(
            t(
                "At step {step} of {steps} (peak {peak}, warmup {warmup}) you returned {got}: "
                "{fault}.",
                step=step,
                steps=steps,
                peak=peak,
                warmup=warmup,
                got=f"{rates[step]:.6g}",
                fault=fault,
            )
        )


def _rate_fault(rates: np.ndarray, steps: int, warmup: int) -> tuple[int, str] | None:
    """The first step at which `rates` (in parts of the peak) go wrong and why, or None."""
    close = 1e-5
    if rates.max() > 1 + close:
        return int(rates.argmax()), t("no rate is above the peak")
    for step in range(warmup):
        right = (step + 1) / warmup
        if abs(rates[step] - right) <= close:
            continue
        if rates[0] == 0 and step == 0:
            return step, t("step 0 would learn nothing: count from step + 1, and divide with `/`")
        if rates[step] > right:
            return step, t(
                "in the warmup the rate rises in {warmup} equal parts, so {right} of the peak is "
                "needed",
                warmup=warmup,
                right=f"{right:g}",
            )
        return step, t("{right} of the peak is needed in the warmup", right=f"{right:g}")
    after = rates[warmup:]
    left = steps - np.arange(warmup, steps)
    # Whether the line starts from the peak at the first step after the warmup or at the last step
    # within it, the contract leaves open.
    for length in (steps - warmup, steps - warmup + 1):
        if np.allclose(after, left / length, rtol=0, atol=close):
            return None
    slopes = np.diff(after)
    bent = np.abs(slopes - slopes[0]) > close
    if bent.any():
        bend = int(bent.argmax()) + 1
        return warmup + bend, t("the rate must fall in a straight line, in equal parts")
    if slopes[0] >= 0:
        return warmup + 1, t("the rate must fall after the warmup")
    if after[0] < 1 - 1.5 / (steps - warmup):
        return warmup, t(
            "the rate makes a jump; the line must start from the peak after the warmup"
        )
    return steps - 1, t("the line must reach 0 at step `steps`, which is {steps}", steps=steps)


@exercise(
    "09.1",
    title=lambda: t("Read the answer"),
    hints=lambda: [
        t("First the refusal: a text without any `[number]` in it has no source."),
        t('`re.fullmatch(r"(.*?)\\s*\\[(\\d+)\\]", text.strip())` splits answer and number.'),
        t("Give the number back as an `int`, and None where there is none."),
    ],
)
def check_read_answer(read_answer: Callable[..., Any]) -> None:
    plain = t("no number in brackets stands at the end, so the number is None")
    for given, right, why in (
        ("38 minutes [2]", ("38 minutes", 2), t("the answer stands before the bracket")),
        ("slate blue [12]", ("slate blue", 12), t("a number may have two digits")),
        ("4,310 euros [1] ", ("4,310 euros", 1), t("spaces around it do not count")),
        ("  4,310 euros [1]", ("4,310 euros", 1), t("spaces around it do not count")),
        ("Beech[3]", ("Beech", 3), t("the space before the bracket may be missing")),
        ("38 minutes", ("38 minutes", None), plain),
        ("about 45", ("about 45", None), plain),
        ("Oak [see manual]", ("Oak [see manual]", None), plain),
        ("[1] says beech", ("[1] says beech", None), plain),
        ("As [1] says, oak [2]", ("As [1] says, oak", 2), t("only the last bracket counts")),
        ("I don't know.", (None, None), t("a refusal has neither answer nor source")),
        (" I don't know. ", (None, None), t("it is the refusal, and spaces do not count")),
    ):
        try:
            got = call(read_answer, given)
        except Wrong as error:
            if right != (None, None) or error.__cause__:
                raise
            raise Wrong(f"{error} {t('A refusal is the pair (None, None).')}") from error
        if not isinstance(got, tuple | list) or len(got) != 2:
            raise Wrong(
                t(
                    "For {given!r} you returned {got}; a pair (answer, number) is needed, also for "
                    "a refusal: (None, None).",
                    given=given,
                    got=repr(got)[:80],
                )
            )
        answer, number = got
        if answer == right[0] and number == right[1]:
            continue
        if (number, answer) == right:
            fault = t("the order is answer first, number second")
        elif isinstance(number, str) and number == str(right[1]):
            fault = t("the number is still a text; `int(...)` makes it a number")
        elif answer == right[0] and isinstance(number, int) and right[1] is not None:
            fault = t("the number is the one in the brackets, as it stands there")
        elif isinstance(number, list):
            fault = t("the number is a list; one `int` is needed")
        elif isinstance(answer, str) and right[0] and answer.strip() == right[0] != answer:
            fault = t("there are spaces left around the answer")
        elif isinstance(answer, str) and right[0] and answer.lower() == right[0].lower():
            fault = why if answer == right[0] else t("the answer itself must stay unchanged")
        elif answer == given.strip() and number == right[1] is not None:
            fault = t("{bracket} still stands in the answer", bracket=f"[{number}]")
        elif right[1] is None and right[0] is not None and answer is None:
            fault = t("an answer without a number is still an answer; only the refusal is None")
        else:
            fault = why
        raise Wrong(
            t(
                "For {given!r} you returned {got!r}, not {right!r}: {fault}.",
                given=given,
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
    for n_out, n_in, rank, alpha in ((6, 6, 2, 5), (8, 5, 3, 6), (4, 7, 1, 2)):
        weight = rng.normal(size=(n_out, n_in))
        a, b = rng.normal(size=(rank, n_in)), rng.normal(size=(n_out, rank))
        update = b @ a
        before = weight.copy()
        try:
            result = call(merge, weight, a.copy(), b.copy(), alpha)
        except Wrong as error:
            if not isinstance(error.__cause__, ValueError):
                raise
            fault = t("The product with the shape of the weight is `B @ A`.")
            raise Wrong(f"{error} {fault}") from error
        try:
            got = np.asarray(result, dtype=float)
        except (TypeError, ValueError):
            raise Wrong(
                t(
                    "You returned a value of type {kind}; an array with the shape of the weight "
                    "is needed.",
                    kind=type(result).__name__,
                )
            ) from None
        fault = _merge_fault(got, before, update, alpha, rank)
        if fault is None and not np.array_equal(weight, before):
            fault = t(
                "the numbers are right, but your function also changed the weight it was given, "
                "which must stay unchanged; make a new array"
            )
        if fault is None:
            continue
        shapes = t(
            "weight {weight}, A {a}, B {b}, alpha {alpha}",
            weight=before.shape,
            a=a.shape,
            b=b.shape,
            alpha=alpha,
        )
        raise Wrong(t("With {shapes}: {fault}.", shapes=shapes, fault=fault))


def _merge_fault(
    got: np.ndarray, weight: np.ndarray, update: np.ndarray, alpha: float, rank: int
) -> str | None:
    """What is wrong with a merged weight, or None. `update` is B @ A, not scaled."""

    def same(right: np.ndarray) -> bool:
        return np.allclose(got, right, rtol=1e-4, atol=1e-4)  # single precision is enough

    scale = alpha / rank
    if got.shape != weight.shape:
        return t(
            "the result has shape {got}, the weight {right}", got=got.shape, right=weight.shape
        )
    if same(weight + scale * update):
        return None
    if same(weight):
        return t("that is the weight without any update; add (alpha / rank) * (B @ A)")
    if same(scale * update):
        return t("that is the update alone; add it to the weight")
    if same(weight + update):
        return t("the scale alpha / rank is missing")
    if same(weight + alpha * update):
        return t("the scale is alpha / rank, not alpha")
    if same(weight - scale * update):
        return t("the update is added, not taken away")
    if same(scale * (weight + update)):
        return t("only the update is scaled, not the weight")
    factor = float(np.sum((got - weight) * update) / np.sum(update**2))
    if same(weight + factor * update):
        return t(
            "you scaled the update by {factor}, but alpha / rank is {scale}; the rank is the "
            "number of rows of A, and `/` divides, not `//`",
            factor=f"{factor:.4g}",
            scale=f"{scale:.4g}",
        )
    if np.allclose(got, weight + scale * update, atol=0.1):
        return t("that is near, but not exact; do not round")
    return t("it should be weight + (alpha / rank) * (B @ A)")
