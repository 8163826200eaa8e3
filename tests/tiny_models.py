"""Models of a few thousand numbers, for tests of what the course does with a model."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from coursekit.chunks import Chunk
from coursekit.models import LanguageModel

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

CHAT = (
    "{% for message in messages %}<u>{{ message['content'] }}</u>{% endfor %}"
    "{% if add_generation_prompt %}<a>{% endif %}"
)


class WordEmbedder:
    """Embeds a text as the counts of its words: texts with the same words are near.

    Its window is 256 tokens, and a token is a word.
    """

    course_name = "word counts"
    fingerprint = "0123456789abcdef"
    max_seq_length = 256

    def __init__(self, dim: int = 64) -> None:
        self.dim = dim

    def get_embedding_dimension(self) -> int:
        return self.dim

    @staticmethod
    def tokenizer(text: str, **_: object) -> dict[str, list[int]]:
        return {"input_ids": [zlib.crc32(word.encode()) for word in text.split()]}

    def encode(self, texts: Sequence[str], **_: object) -> np.ndarray:
        rows = np.zeros((len(texts), self.dim))
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().replace("?", " ").replace(".", " ").split():
                row[zlib.crc32(word.encode()) % self.dim] += 1
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """One token for each byte, so that a text of n ASCII letters has n tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = {word: i for i, word in enumerate(["<pad>", "</s>", *letters])}
    tokenizer = Tokenizer(models.BPE(vocab=words, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", chat_template=CHAT
    )


def tiny_lm(seed: int = 0) -> LanguageModel:
    """A random Llama of two layers in float32, with its tokenizer."""
    import torch
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    tokenizer = tiny_tokenizer()
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.5,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=True,
    )
    model = LlamaForCausalLM(config).eval()
    model.generation_config = GenerationConfig(
        do_sample=False, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    return LanguageModel(model, tokenizer, "tiny", "cpu", torch.float32, f"tiny-{seed}")


def chunk(name: str, text: str) -> Chunk:
    """A chunk with the id `name#0`."""
    return Chunk(f"{name}#0", text, name, name, "", "manual", None, None, 0)
