"""What a language model thinks of a text: the probability of each of its tokens.

Lesson 01 reads them beside the answers; lesson 07 compares them with and without the passage.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from coursekit.cache import cached_json, digest

if TYPE_CHECKING:
    from coursekit.models import LanguageModel


def token_log_probabilities(
    prompts: Sequence[str], texts: Sequence[str], lm: LanguageModel, batch_size: int = 8
) -> list[np.ndarray]:
    """The natural log of the probability of each token of each text, given its prompt.

    Args:
        prompts: what stands before each text, in the model's chat format.
        texts: what the model reads as its own answer; not empty.

    Returns: for each text a float64 array with one value for each of its tokens, all <= 0.
    `np.exp(values)` are the probabilities, `np.exp(values.mean())` their geometric mean.

    Raises:
        ValueError: a text is empty, so no probability belongs to it.
    """
    import torch

    for number, text in enumerate(texts):
        if not text:
            raise ValueError(f"Text {number} is empty, so it has no probability. Leave it out.")

    def ids(text: str) -> list[int]:
        return lm.tokenizer.encode(text, add_special_tokens=False)

    pairs = [(ids(p), ids(text)) for p, text in zip(prompts, texts, strict=True)]
    causal_lm = lm.model.get_base_model() if hasattr(lm.model, "get_base_model") else lm.model
    order = sorted(range(len(pairs)), key=lambda i: len(pairs[i][0]) + len(pairs[i][1]))
    values: list[np.ndarray] = [np.empty(0)] * len(pairs)
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        rows = [torch.tensor(pairs[i][0] + pairs[i][1]) for i in batch]
        tokens = torch.nn.utils.rnn.pad_sequence(
            rows, batch_first=True, padding_value=lm.tokenizer.pad_token_id
        ).to(lm.device)
        lengths = torch.tensor([len(row) for row in rows], device=lm.device)
        mask = torch.arange(tokens.shape[1], device=lm.device) < lengths[:, None]
        with torch.inference_mode():
            hidden = causal_lm.model(input_ids=tokens, attention_mask=mask.long())[0]
            for row, i in enumerate(batch):
                first, last = len(pairs[i][0]), len(pairs[i][0]) + len(pairs[i][1])
                # Position p predicts the token at p + 1.
                logits = causal_lm.lm_head(hidden[row, first - 1 : last - 1]).float()
                wanted = tokens[row, first:last, None]
                chosen = logits.log_softmax(dim=-1).gather(1, wanted)[:, 0]
                values[i] = chosen.cpu().double().numpy()  # Apple's GPUs have no float64
    return values


def token_log_probabilities_cached(
    prompts: Sequence[str], texts: Sequence[str], lm: LanguageModel
) -> list[np.ndarray]:
    """`token_log_probabilities`, computed once for these texts and this model."""
    settings = {
        "prompts": digest(*prompts),
        "texts": digest(*texts),
        **lm.cache_key,
    }
    rows = cached_json(
        "log_probabilities",
        settings,
        lambda: [row.tolist() for row in token_log_probabilities(prompts, texts, lm)],
    )
    return [np.array(row) for row in rows]
