"""Right and wrong answers to the exercises of lesson 09."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import torch

from mutations import right, wrong

# 09.2 The label mask


@right("09.2", "a loop over both")
def mask_loop(prompt_ids, answer_ids):
    labels = []
    for _ in prompt_ids:
        labels.append(-100)
    for token in answer_ids:
        labels.append(token)
    return labels


@right("09.2", "a copy, overwritten")
def mask_overwrite(prompt_ids, answer_ids):
    labels = list(prompt_ids) + list(answer_ids)
    for i in range(len(prompt_ids)):
        labels[i] = -100
    return labels


@right("09.2", "a torch tensor")
def mask_torch(prompt_ids, answer_ids):
    labels = torch.tensor([*prompt_ids, *answer_ids], dtype=torch.long)
    labels[: len(prompt_ids)] = -100
    return labels


@right("09.2", "recursion")
def mask_recursive(prompt_ids, answer_ids):
    if not prompt_ids:
        return list(answer_ids)
    return [-100] + mask_recursive(prompt_ids[1:], answer_ids)


right("09.2", "a NumPy array")(
    lambda prompt_ids, answer_ids: np.array([-100] * len(prompt_ids) + list(answer_ids), dtype=int)
)
right("09.2", "a tuple")(lambda prompt_ids, answer_ids: (*(-100 for _ in prompt_ids), *answer_ids))
right("09.2", "by place")(
    lambda prompt_ids, answer_ids: [
        -100 if i < len(prompt_ids) else np.int64(t) for i, t in enumerate(prompt_ids + answer_ids)
    ]
)


@wrong("09.2", "masks by token, not by place", "place")
def mask_by_token(prompt_ids, answer_ids):
    return [-100 if token in prompt_ids else token for token in prompt_ids + answer_ids]


@wrong("09.2", "the answer as one item", "list inside")
def mask_append(prompt_ids, answer_ids):
    labels = [-100] * len(prompt_ids)
    labels.append(answer_ids)
    return labels


@wrong("09.2", "extend returns nothing", "None")
def mask_extend(prompt_ids, answer_ids):
    return ([-100] * len(prompt_ids)).extend(answer_ids)


@wrong("09.2", "zip cuts to the shorter", "long")
def mask_zip(prompt_ids, answer_ids):
    return [-100 for _, _ in zip(prompt_ids, answer_ids)] + list(answer_ids)  # noqa: B905


@wrong("09.2", "crashes without a prompt", "IndexError")
def mask_crash(prompt_ids, answer_ids):
    labels = list(prompt_ids) + list(answer_ids)
    labels[len(prompt_ids) - 1] = prompt_ids[-1] and -100
    return [-100] * len(prompt_ids) + list(answer_ids)


wrong("09.2", "masks the answer", "prompt")(
    lambda prompt_ids, answer_ids: list(prompt_ids) + [-100] * len(answer_ids)
)
wrong("09.2", "masks everything", "answer")(
    lambda prompt_ids, answer_ids: [-100] * (len(prompt_ids) + len(answer_ids))
)
wrong("09.2", "masks nothing", "-100")(lambda prompt_ids, answer_ids: prompt_ids + answer_ids)
wrong("09.2", "only the answer", "long")(lambda prompt_ids, answer_ids: list(answer_ids))
wrong("09.2", "only the prompt's part", "long")(
    lambda prompt_ids, answer_ids: [-100] * len(prompt_ids)
)
wrong("09.2", "zero", "-100")(
    lambda prompt_ids, answer_ids: [0] * len(prompt_ids) + list(answer_ids)
)
wrong("09.2", "100", "-100")(
    lambda prompt_ids, answer_ids: [100] * len(prompt_ids) + list(answer_ids)
)
wrong("09.2", "-1", "-100")(
    lambda prompt_ids, answer_ids: [-1] * len(prompt_ids) + list(answer_ids)
)
wrong("09.2", "answer first", "first")(
    lambda prompt_ids, answer_ids: list(answer_ids) + [-100] * len(prompt_ids)
)
wrong("09.2", "one -100 for the prompt", "long")(
    lambda prompt_ids, answer_ids: [-100] + list(answer_ids)
)
wrong("09.2", "one masked too few", "last token of the prompt")(
    lambda prompt_ids, answer_ids: (
        [-100] * (len(prompt_ids) - 1) + prompt_ids[-1:] + list(answer_ids)
    )
)
wrong("09.2", "one masked too many", "first token of the answer")(
    lambda prompt_ids, answer_ids: (
        [-100] * len(prompt_ids) + [-100] * bool(answer_ids) + list(answer_ids[1:])
    )
)
wrong("09.2", "shifted by one", "shift")(
    lambda prompt_ids, answer_ids: ([-100] * len(prompt_ids) + list(answer_ids))[1:] + [-100]
)
wrong("09.2", "two lists", "list inside")(
    lambda prompt_ids, answer_ids: [[-100] * len(prompt_ids), list(answer_ids)]
)
wrong("09.2", "text", "text")(
    lambda prompt_ids, answer_ids: str([-100] * len(prompt_ids) + list(answer_ids))
)
wrong("09.2", "the numbers as text", "text")(
    lambda prompt_ids, answer_ids: ["-100"] * len(prompt_ids) + [str(t) for t in answer_ids]
)

# 09.3 The size of an adapter


@right("09.3", "a loop with both matrices")
def lora_loop(layers, rank):
    total = 0
    for n_in, n_out in layers:
        size_a = rank * n_in
        size_b = n_out * rank
        total = total + size_a + size_b
    return total


@right("09.3", "makes the matrices and counts")
def lora_matrices(layers, rank):
    count = 0
    for layer in layers:
        count += np.zeros((rank, layer[0])).size
        count += np.zeros((layer[1], rank)).size
    return np.int64(count)


@right("09.3", "recursion")
def lora_recursive(layers, rank):
    if len(layers) == 0:
        return 0
    return rank * layers[0][0] + rank * layers[0][1] + lora_recursive(layers[1:], rank)


right("09.3", "one sum")(lambda layers, rank: rank * sum(a + b for a, b in layers))
right("09.3", "NumPy sum")(lambda layers, rank: np.array(layers).sum() * rank)
right("09.3", "sum of sums")(lambda layers, rank: sum(map(sum, layers)) * rank)
right("09.3", "a torch tensor")(
    lambda layers, rank: torch.tensor(layers, dtype=torch.long).sum() * rank
)


@wrong("09.3", "returns in the loop", "layer")
def lora_first(layers, rank):
    for n_in, n_out in layers:
        return rank * (n_in + n_out)
    return 0


@wrong("09.3", "only the last layer", "layer")
def lora_last(layers, rank):
    total = 0
    for n_in, n_out in layers:
        total = rank * (n_in + n_out)
    return total


@wrong("09.3", "crashes without layers", "IndexError")
def lora_crash(layers, rank):
    total = rank * (layers[0][0] + layers[0][1])
    for n_in, n_out in layers[1:]:
        total += rank * (n_in + n_out)
    return total


@wrong("09.3", "no return without layers", "None")
def lora_none(layers, rank):
    if layers:
        return rank * sum(a + b for a, b in layers)


@wrong("09.3", "all layers like the first", "layer")
def lora_like_first(layers, rank):
    return rank * sum(layers[0]) * len(layers) if layers else 0


@wrong("09.3", "prints", "return")
def lora_prints(layers, rank):
    print(rank * sum(a + b for a, b in layers))


wrong("09.3", "the full matrices", "full")(lambda layers, rank: sum(a * b for a, b in layers))
wrong("09.3", "the full matrices, rank times", "times")(
    lambda layers, rank: sum(a * b * rank for a, b in layers)
)
wrong("09.3", "A times B", "times")(
    lambda layers, rank: sum((rank * a) * (b * rank) for a, b in layers)
)
wrong("09.3", "only A", "B")(lambda layers, rank: sum(rank * a for a, b in layers))
wrong("09.3", "only B", "A")(lambda layers, rank: sum(rank * b for a, b in layers))
wrong("09.3", "A twice", "square")(lambda layers, rank: sum(2 * rank * a for a, b in layers))
wrong("09.3", "B twice", "square")(lambda layers, rank: sum(2 * rank * b for a, b in layers))
wrong("09.3", "without the rank", "rank")(lambda layers, rank: sum(a + b for a, b in layers))
wrong("09.3", "with the rank only once", "rank")(
    lambda layers, rank: sum(rank * a + b for a, b in layers)
)
wrong("09.3", "the full matrices as well", "frozen")(
    lambda layers, rank: sum(a * b + rank * (a + b) for a, b in layers)
)
wrong("09.3", "with a bias", "bias")(
    lambda layers, rank: sum(rank * (a + b) + b for a, b in layers)
)
wrong("09.3", "with rank by rank between", "rank")(
    lambda layers, rank: sum(rank * (a + b) + rank * rank for a, b in layers)
)
wrong("09.3", "a list by layer", "one number")(
    lambda layers, rank: [rank * (a + b) for a, b in layers]
)
wrong("09.3", "text", "text")(lambda layers, rank: str(rank * sum(a + b for a, b in layers)))
wrong("09.3", "text with separators", "text")(
    lambda layers, rank: f"{rank * sum(a + b for a, b in layers):,}"
)
wrong("09.3", "always the same", "summed over")(lambda layers, rank: 1000)
wrong("09.3", "bytes of float32", "bytes")(
    lambda layers, rank: 4 * rank * sum(a + b for a, b in layers)
)

# 09.4 The learning rate


@right("09.4", "two branches")
def rate_branches(step, steps, peak, warmup):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (steps - step) / (steps - warmup)


@right("09.4", "adds up in steps")
def rate_loop(step, steps, peak, warmup):
    rate = 0.0
    for now in range(step + 1):
        if now < warmup:
            rate = rate + peak / warmup
        elif now == warmup:
            rate = peak
        else:
            rate = rate - peak / (steps - warmup)
    return rate


@right("09.4", "the lower of two lines")
def rate_min(step, steps, peak, warmup):
    up = (step + 1) / max(warmup, 1)
    down = (steps - step) / (steps - warmup)
    return np.float32(peak * min(up, down)) if step >= warmup else peak * up


@right("09.4", "interpolation")
def rate_interp(step, steps, peak, warmup):
    if step < warmup:
        return np.interp(step + 1, [0, warmup], [0, peak])
    return np.interp(step, [warmup, steps], [peak, 0])


@right("09.4", "a torch tensor")
def rate_torch(step, steps, peak, warmup):
    rising = torch.linspace(0, peak, warmup + 1)[1:]
    falling = torch.linspace(peak, 0, steps - warmup + 1)
    return torch.cat([rising, falling])[step]


@right("09.4", "the line starts at the last step of the warmup")
def rate_from_last(step, steps, peak, warmup):
    if step < warmup:
        return peak / warmup * (step + 1)
    return peak - (step - warmup + 1) * peak / (steps - warmup + 1)


@wrong("09.4", "starts at zero", "step 0")
def rate_from_zero(step, steps, peak, warmup):
    if step < warmup:
        return peak * step / warmup
    return peak * (steps - step) / (steps - warmup)


@wrong("09.4", "crashes without warmup", "ZeroDivisionError")
def rate_crash(step, steps, peak, warmup):
    rising = peak * (step + 1) / warmup
    falling = peak * (steps - step) / (steps - warmup)
    return rising if step < warmup else falling


@wrong("09.4", "no return after the warmup", "None")
def rate_none(step, steps, peak, warmup):
    if step < warmup:
        return peak * (step + 1) / warmup


@wrong("09.4", "one step too many in the warmup", "peak")
def rate_long_warmup(step, steps, peak, warmup):
    if step <= warmup and warmup:
        return peak * (step + 1) / warmup
    return peak * (steps - step) / (steps - warmup)


@wrong("09.4", "stays at the peak", "fall")
def rate_constant(step, steps, peak, warmup):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak


@wrong("09.4", "jumps down after the warmup", "jump")
def rate_jump(step, steps, peak, warmup):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (steps - step) / steps


@wrong("09.4", "falls by steps since the start", "jump")
def rate_remaining(step, steps, peak, warmup):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (1 - step / (steps - warmup))


@wrong("09.4", "reaches zero one step early", "step `steps`")
def rate_early_zero(step, steps, peak, warmup):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (steps - 1 - step) / (steps - 1 - warmup)


@wrong("09.4", "a cosine", "straight")
def rate_cosine(step, steps, peak, warmup):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * 0.5 * (1 + np.cos(np.pi * (step - warmup) / (steps - warmup)))


@wrong("09.4", "halves", "straight")
def rate_halves(step, steps, peak, warmup):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * 0.5 ** (step - warmup)


@wrong("09.4", "without the peak", "peak")
def rate_factor(step, steps, peak, warmup):
    if step < warmup:
        return (step + 1) / warmup
    return (steps - step) / (steps - warmup)


@wrong("09.4", "whole division", "divide with `/`")
def rate_floor(step, steps, peak, warmup):
    if step < warmup:
        return peak * ((step + 1) // warmup)
    return peak * ((steps - step) // (steps - warmup))


@wrong("09.4", "peak during the warmup", "warmup")
def rate_no_warmup(step, steps, peak, warmup):
    if step < warmup:
        return peak
    return peak * (steps - step) / (steps - warmup)


@wrong("09.4", "ignores the warmup", "warmup")
def rate_only_falls(step, steps, peak, warmup):
    return peak * (steps - step) / steps


@wrong("09.4", "rounds", "equal parts")
def rate_rounds(step, steps, peak, warmup):
    return round(rate_branches(step, steps, peak, warmup), 4)


@wrong("09.4", "rises during the second part", "fall")
def rate_rises(step, steps, peak, warmup):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (step - warmup) / (steps - warmup)


@wrong("09.4", "falls on below one more", "step `steps`")
def rate_late_zero(step, steps, peak, warmup):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (steps - step + 1) / (steps - warmup + 1)


@wrong("09.4", "text", "text")
def rate_text(step, steps, peak, warmup):
    return f"{rate_branches(step, steps, peak, warmup):.2e}"


@wrong("09.4", "all rates", "one number")
def rate_list(step, steps, peak, warmup):
    return [rate_branches(s, steps, peak, warmup) for s in range(steps)]


@wrong("09.4", "always the peak", "warmup")
def rate_peak(step, steps, peak, warmup):
    return peak


# 09.1 Reading an answer


class Reading(NamedTuple):
    text: str | None
    number: int | None


@right("09.1", "a regular expression")
def read_regex(text):
    text = text.strip()
    if text == "I don't know.":
        return None, None
    found = re.fullmatch(r"(.*?)\s*\[(\d+)\]", text, flags=re.DOTALL)
    if found:
        return found.group(1), int(found.group(2))
    return text, None


@right("09.1", "the last opening bracket, as a list")
def read_rfind(text):
    text = text.strip()
    if text == "I don't know.":
        return [None, None]
    if text.endswith("]"):
        start = text.rfind("[")
        if start >= 0 and text[start + 1 : -1].isdigit():
            return [text[:start].strip(), int(text[start + 1 : -1])]
    return [text, None]


@right("09.1", "partition and try, as a named tuple")
def read_partition(text):
    text = text.strip()
    if text == "I don't know.":
        return Reading(None, None)
    before, bracket, inside = text.rpartition("[")
    if bracket and inside.endswith("]"):
        try:
            return Reading(before.rstrip(), np.int64(inside[:-1]))
        except ValueError:
            pass
    return Reading(text, None)


@right("09.1", "walks back through the digits")
def read_walk(text):
    text = text.strip()
    answer, number = text, None
    if text == "I don't know.":
        answer = None
    elif text and text[-1] == "]":
        digits = ""
        place = len(text) - 2
        while place >= 0 and text[place] in "0123456789":
            digits = text[place] + digits
            place -= 1
        if digits != "" and place >= 0 and text[place] == "[":
            answer = text[:place].strip()
            number = int(digits)
    return (answer, number)


@wrong("09.1", "the number as text", "int")
def read_text_number(text):
    answer, number = read_regex(text)
    return answer, number if number is None else str(number)


@wrong("09.1", "keeps the number in the text", "[2]")
def read_keeps(text):
    return text.strip() if read_regex(text)[0] else read_regex(text)[0], read_regex(text)[1]


@wrong("09.1", "one digit only", "12")
def read_one_digit(text):
    text = text.strip()
    if text == "I don't know.":
        return None, None
    if text[-3:-2] == "[" and text[-2:-1].isdigit() and text.endswith("]"):
        return text[:-3].strip(), int(text[-2])
    return text, None


@wrong("09.1", "a number anywhere", "end")
def read_anywhere(text):
    text = text.strip()
    if text == "I don't know.":
        return None, None
    found = re.search(r"\[(\d+)\]", text)
    return (text[: found.start()].strip(), int(found.group(1))) if found else (text, None)


@wrong("09.1", "cuts at the first bracket", "last")
def read_first_bracket(text):
    text = text.strip()
    if text == "I don't know.":
        return None, None
    found = re.search(r"\[(\d+)\]$", text)
    return (text.split("[")[0].strip(), int(found.group(1))) if found else (text, None)


@wrong("09.1", "does not know the refusal", "refusal")
def read_no_refusal(text):
    text = text.strip()
    found = re.fullmatch(r"(.*?)\s*\[(\d+)\]", text)
    return (found.group(1), int(found.group(2))) if found else (text, None)


@wrong("09.1", "the refusal with spaces is missed", "spaces")
def read_refusal_spaces(text):
    if text == "I don't know.":
        return None, None
    text = text.strip()
    found = re.fullmatch(r"(.*?)\s*\[(\d+)\]", text)
    return (found.group(1), int(found.group(2))) if found else (text, None)


@wrong("09.1", "one None for the refusal", "the pair (None, None)")
def read_one_none(text):
    return None if text.strip() == "I don't know." else read_regex(text)


@wrong("09.1", "no number gives 0", "None")
def read_zero(text):
    answer, number = read_regex(text)
    return answer, number or (0 if answer is not None else None)


@wrong("09.1", "no number is a refusal", "without")
def read_all_refused(text):
    answer, number = read_regex(text)
    return (answer, number) if number is not None else (None, None)


@wrong("09.1", "the text stays at the refusal", "refusal")
def read_refusal_text(text):
    answer, number = read_regex(text)
    return text.strip() if answer is None else answer, number


@wrong("09.1", "crashes without a number", "AttributeError")
def read_crash(text):
    if text.strip() == "I don't know.":
        return None, None
    found = re.search(r"^(.*?)\s*\[(\d+)\]\s*$", text)
    return found.group(1).strip(), int(found.group(2))


@wrong("09.1", "crashes on a word in brackets", "ValueError")
def read_crash_word(text):
    text = text.strip()
    if text == "I don't know.":
        return None, None
    if text.endswith("]"):
        return text[: text.rfind("[")].strip(), int(text[text.rfind("[") + 1 : -1])
    return text, None


@wrong("09.1", "spaces stay before the number", "spaces")
def read_space(text):
    text = text.strip()
    if text == "I don't know.":
        return None, None
    found = re.fullmatch(r"(.*)\[(\d+)\]", text, flags=re.DOTALL)
    return (found.group(1), int(found.group(2))) if found else (text, None)


@wrong("09.1", "spaces at the end hide the number", "spaces")
def read_no_strip(text):
    if text.strip() == "I don't know.":
        return None, None
    found = re.fullmatch(r"\s*(.*?)\s*\[(\d+)\]", text)
    return (found.group(1), int(found.group(2))) if found else (text.strip(), None)


@wrong("09.1", "a number without brackets", "bracket")
def read_bare(text):
    text = text.strip()
    if text == "I don't know.":
        return None, None
    found = re.fullmatch(r"(.*?)\s*\[?(\d+)\]?", text)
    return (found.group(1), int(found.group(2))) if found else (text, None)


@wrong("09.1", "forgets the plain answer", "None")
def read_forgets(text):
    text = text.strip()
    if text == "I don't know.":
        return None, None
    found = re.fullmatch(r"(.*?)\s*\[(\d+)\]", text)
    if found:
        return found.group(1), int(found.group(2))


@wrong("09.1", "counts from 0", "in the brackets")
def read_minus_one(text):
    answer, number = read_regex(text)
    return answer, number if number is None else number - 1


wrong("09.1", "number first", "order")(lambda text: read_regex(text)[::-1])
wrong("09.1", "only the text", "pair")(lambda text: read_regex(text)[0] or "")
wrong("09.1", "a dictionary", "pair")(
    lambda text: dict(zip(("text", "number"), read_regex(text), strict=True))
)
wrong("09.1", "text of a pair", "pair")(lambda text: str(read_regex(text)))
wrong("09.1", "the example's answer", "before the bracket")(lambda text: ("45 minutes", 2))
wrong("09.1", "a list of numbers", "int")(
    lambda text: (read_regex(text)[0], [int(n) for n in re.findall(r"\[(\d+)\]", text)] or None)
)
wrong("09.1", "lower case", "unchanged")(
    lambda text: (
        read_regex(text)[0] and read_regex(text)[0].lower(),
        read_regex(text)[1],
    )
)

# 09.5 Merging an adapter


@right("09.5", "three loops")
def merge_loops(weight, A, B, alpha):
    rank = len(A)
    merged = weight.copy()
    for i in range(weight.shape[0]):
        for j in range(weight.shape[1]):
            for r in range(rank):
                merged[i, j] += alpha / rank * B[i, r] * A[r, j]
    return merged


@right("09.5", "a copy, then added in place")
def merge_copy(weight, A, B, alpha):
    rank = B.shape[1]
    merged = weight.copy()
    merged += (alpha / rank) * np.matmul(B, A)
    return merged


@right("09.5", "a sum of outer products")
def merge_outer(weight, A, B, alpha):
    update = sum(np.outer(B[:, r], A[r]) for r in range(A.shape[0]))
    return weight + update * alpha / A.shape[0]


right("09.5", "one line")(lambda weight, A, B, alpha: weight + alpha / A.shape[0] * (B @ A))
right("09.5", "einsum")(
    lambda weight, A, B, alpha: np.add(weight, np.einsum("or,ri->oi", B, A) * (alpha / len(A)))
)
right("09.5", "transposed twice")(
    lambda weight, A, B, alpha: (weight.T + (A.T @ B.T) * alpha / B.shape[-1]).T
)
right("09.5", "single precision")(
    lambda weight, A, B, alpha: (weight + alpha / len(A) * (B @ A)).astype(np.float32)
)
right("09.5", "a torch tensor")(
    lambda weight, A, B, alpha: (
        torch.tensor(weight) + alpha / len(A) * (torch.tensor(B) @ torch.tensor(A))
    )
)


@wrong("09.5", "adds in place", "unchanged")
def merge_in_place(weight, A, B, alpha):
    weight += alpha / A.shape[0] * (B @ A)
    return weight


@wrong("09.5", "in place under another name", "unchanged")
def merge_alias(weight, A, B, alpha):
    merged = np.asarray(weight)
    merged += alpha / A.shape[0] * (B @ A)
    return merged


@wrong("09.5", "in place, then a copy", "unchanged")
def merge_late_copy(weight, A, B, alpha):
    weight += alpha / A.shape[0] * (B @ A)
    return weight.copy()


@wrong("09.5", "in place, returns nothing", "return")
def merge_nothing(weight, A, B, alpha):
    weight += alpha / A.shape[0] * (B @ A)


wrong("09.5", "without alpha over rank", "alpha")(lambda weight, A, B, alpha: weight + B @ A)
wrong("09.5", "alpha alone", "rank")(lambda weight, A, B, alpha: weight + alpha * (B @ A))
wrong("09.5", "divides by the rank alone", "alpha")(
    lambda weight, A, B, alpha: weight + (B @ A) / len(A)
)
wrong("09.5", "alpha times rank", "rank")(
    lambda weight, A, B, alpha: weight + alpha * len(A) * (B @ A)
)
wrong("09.5", "rank over alpha", "alpha / rank")(
    lambda weight, A, B, alpha: weight + len(A) / (alpha or 1) * (B @ A)
)
wrong("09.5", "n_in for the rank", "rank")(
    lambda weight, A, B, alpha: weight + alpha / A.shape[1] * (B @ A)
)
wrong("09.5", "n_out for the rank", "rank")(
    lambda weight, A, B, alpha: weight + alpha / B.shape[0] * (B @ A)
)
wrong("09.5", "the square root of the rank", "rank")(
    lambda weight, A, B, alpha: weight + alpha / np.sqrt(len(A)) * (B @ A)
)
wrong("09.5", "whole division", "//")(
    lambda weight, A, B, alpha: weight + alpha // len(A) * (B @ A)
)
wrong("09.5", "A first", "`B @ A`")(lambda weight, A, B, alpha: weight + alpha / len(A) * (A @ B))
wrong("09.5", "element by element", "`B @ A`")(
    lambda weight, A, B, alpha: weight + alpha / len(A) * B * A
)
wrong("09.5", "transposed", "B @ A")(
    lambda weight, A, B, alpha: weight + alpha / len(A) * (B @ A).T
)
wrong("09.5", "subtracts", "add")(lambda weight, A, B, alpha: weight - alpha / len(A) * (B @ A))
wrong("09.5", "without the weight", "weight")(lambda weight, A, B, alpha: alpha / len(A) * (B @ A))
wrong("09.5", "scales the weight too", "weight")(
    lambda weight, A, B, alpha: alpha / len(A) * (weight + B @ A)
)
wrong("09.5", "the weight as it was", "B @ A")(lambda weight, A, B, alpha: weight.copy())
wrong("09.5", "rounds", "round")(
    lambda weight, A, B, alpha: np.round(weight + alpha / len(A) * (B @ A), 2)
)
wrong("09.5", "one number", "shape")(
    lambda weight, A, B, alpha: (weight + alpha / len(A) * (B @ A)).sum()
)
wrong("09.5", "flat", "shape")(
    lambda weight, A, B, alpha: (weight + alpha / len(A) * (B @ A)).ravel()
)
wrong("09.5", "text", "array")(lambda weight, A, B, alpha: str(weight + alpha / len(A) * (B @ A)))
wrong("09.5", "a pair", "array")(
    lambda weight, A, B, alpha: (weight + alpha / len(A) * (B @ A), alpha / len(A))
)
