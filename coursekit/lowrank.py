"""LoRA by hand, and what a fine-tuning run leaves in the weights, for lesson 08:

facts -> batches -> a layer with a low-rank path -> training -> the update and its singular values

The course trains with peft (`coursekit.lora`); the layer here does the same, in the open.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from coursekit.cache import cached_folder, cached_json, digest
from coursekit.language import t
from coursekit.lora import (
    CALMER,
    IGNORE,
    Example,
    MasterAdamW,
    answer_loss,
    encode,
    length_grouped_batches,
    pad_batch,
)

if TYPE_CHECKING:
    from coursekit.corpus import Question
    from coursekit.models import LanguageModel

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
MLP = ("gate_proj", "up_proj", "down_proj")
Batch = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Recipe:
    """What a training run depends on besides its facts.

    `rank` None means full fine-tuning of the chosen linear layers, without an adapter. `layers`
    None means all blocks of the model; they are counted from 0.
    """

    rank: int | None = 16
    alpha: int = 32
    modules: tuple[str, ...] = ATTENTION + MLP
    layers: tuple[int, ...] | None = None
    steps: int = 30
    batch_size: int = 8
    learning_rate: float = 2e-3
    seed: int = 0


@dataclass(frozen=True)
class Run:
    """What is kept of a training run: loss and seconds of each step, and the result.

    `fact_loss` and `right` have one entry for each fact that was asked for after the last step;
    `taught` says which of these were in the training.
    """

    folder: Path
    loss: list[float]
    seconds: list[float]
    trainable: int
    fact_loss: list[float]
    right: list[bool]
    taught: list[bool]

    @property
    def taught_loss(self) -> float:
        """The loss per answer token, averaged over the taught facts."""
        return float(np.mean(np.array(self.fact_loss)[self.taught]))

    @property
    def taught_right(self) -> float:
        """The share of the taught facts that the model would write to the letter."""
        return float(np.mean(np.array(self.right)[self.taught]))

    @property
    def training_seconds(self) -> float:
        """Seconds of all steps, taken from the median step, so that one slow step says little."""
        return float(np.median(self.seconds)) * len(self.seconds)


class LoRALinear(nn.Module):
    """A frozen linear layer and a trained path of width `rank` beside it (Hu et al., 2021)."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.scale = alpha / rank
        like = {"dtype": base.weight.dtype, "device": base.weight.device}
        self.A = nn.Parameter(torch.empty(rank, base.in_features, **like))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, **like))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The frozen layer's output plus that of the path; x has the shape (..., n_in)."""
        return self.base(x) + self.scale * (x @ self.A.T @ self.B.T)

    def update(self) -> torch.Tensor:
        """What the path adds to the weight: one matrix of shape (n_out, n_in)."""
        return self.scale * (self.B @ self.A)

    def merge(self) -> nn.Linear:
        """The frozen layer with the update added into its weight, for good."""
        with torch.no_grad():
            self.base.weight += self.update()
        return self.base


def linear_layers(
    model: nn.Module,
    modules: Sequence[str] = ATTENTION + MLP,
    layers: Sequence[int] | None = None,
) -> dict[str, nn.Module]:
    """The linear layers of the chosen blocks and names, by their path in the model.

    Layers that are wrapped already are found under the same path.

    Raises:
        ValueError: no layer has such a name or stands in such a block.
    """
    found = {}
    for path, module in model.named_modules():
        parts = path.split(".")
        if parts[-1] not in modules or not isinstance(module, nn.Linear | LoRALinear):
            continue
        if layers is None or int(parts[parts.index("layers") + 1]) in layers:
            found[path] = module
    if not found:
        raise ValueError(
            f"The model has no linear layer {', '.join(modules)} in the blocks that you chose: "
            "print the model to see its names, and count blocks from 0."
        )
    return found


def add_lora(
    model: nn.Module,
    rank: int,
    alpha: float,
    modules: Sequence[str] = ATTENTION + MLP,
    layers: Sequence[int] | None = None,
) -> dict[str, LoRALinear]:
    """Freeze the model and put a `LoRALinear` in the place of each chosen layer."""
    model.requires_grad_(False)
    wrapped = {}
    for path, base in linear_layers(model, modules, layers).items():
        parent, name = path.rsplit(".", 1)
        wrapped[path] = LoRALinear(base, rank, alpha)
        setattr(model.get_submodule(parent), name, wrapped[path])
    return wrapped


def remove_lora(model: nn.Module, merge: bool = False) -> None:
    """Put the linear layers back in their places, with their updates if `merge` is set."""
    for path, module in list(model.named_modules()):
        if isinstance(module, LoRALinear):
            parent, name = path.rsplit(".", 1)
            plain = module.merge() if merge else module.base
            setattr(model.get_submodule(parent), name, plain)


# ---------------------------------------------------------------- a short task


def fact_example(question: Question) -> Example:
    """A question and its answer without any passage, in as few tokens as possible."""
    return Example(f"Question: {question.text}\nAnswer:", f" {question.answer}", question.id)


def fact_batches(
    examples: Sequence[Example], lm: LanguageModel, batch_size: int, steps: int, seed: int = 0
) -> list[Batch]:
    """`steps` padded batches; the same arguments give the same batches in the same order."""
    encoded = [encode(example, lm.tokenizer) for example in examples]
    order = length_grouped_batches([len(ids) for ids, _ in encoded], batch_size, steps, seed)
    pad = lm.tokenizer.pad_token_id
    batches = [pad_batch([encoded[i] for i in rows], pad) for rows in order]
    return [{name: rows.to(lm.device) for name, rows in batch.items()} for batch in batches]


def tune(
    model: nn.Module, batches: Sequence[Batch], learning_rate: float
) -> tuple[list[float], list[float], MasterAdamW]:
    """One AdamW step for each batch, with a learning rate that falls in a line to zero.

    Returns: the loss per answer token and the seconds of each step, and the optimizer, whose
    `masters` are float32 copies of the trained weights.
    """
    optimizer = MasterAdamW([p for p in model.parameters() if p.requires_grad])
    losses, seconds = [], []
    for step, batch in enumerate(batches):
        started = time.perf_counter()
        labelled = int((batch["labels"] != IGNORE).sum())
        loss = answer_loss(model, batch)
        loss.backward()
        optimizer.add_gradients()
        if not optimizer.step(learning_rate * (1 - step / len(batches)), scale=labelled):
            raise FloatingPointError(f"The gradient is no number at step {step}. {CALMER}")
        losses.append(loss.item() / labelled)
        seconds.append(time.perf_counter() - started)
    return losses, seconds, optimizer


def ask_facts(
    model: nn.Module, examples: Sequence[Example], lm: LanguageModel
) -> tuple[np.ndarray, np.ndarray]:
    """How well the model knows each fact, in one pass over all of them.

    Returns: the loss per answer token of each fact, shape (facts,), and whether the model would
    write that answer to the letter: if each of its tokens is the most likely one, given those
    before it, then greedy generation writes them all.
    """
    encoded = [encode(example, lm.tokenizer) for example in examples]
    batch = pad_batch(encoded, lm.tokenizer.pad_token_id)
    batch = {name: rows.to(lm.device) for name, rows in batch.items()}
    chosen = batch["labels"][:, 1:] != IGNORE
    with torch.inference_mode():
        hidden = model.model(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False
        ).last_hidden_state[:, :-1]
        losses, right = [], []
        for states, labels, rows in zip(hidden, batch["labels"][:, 1:], chosen, strict=True):
            logits = model.lm_head(states[rows]).float()
            losses.append(nn.functional.cross_entropy(logits, labels[rows]).item())
            right.append(bool((logits.argmax(dim=-1) == labels[rows]).all()))
    return np.array(losses), np.array(right)


def learn_facts_cached(
    lm: LanguageModel,
    examples: Sequence[Example],
    recipe: Recipe,
    asked: Sequence[Example] | None = None,
) -> Run:
    """Teach `examples` once by this recipe, then read the result; `lm` itself stays as it was.

    `asked` are the facts to ask for afterwards; None means those that were taught. The folder of
    the run holds `adapter.npz` (see `read_adapter`) or, for full fine-tuning, `update.npz` (see
    `read_update`).
    """
    asked = examples if asked is None else asked
    texts = [[e.prompt + e.target for e in group] for group in (examples, asked)]
    key = {
        "recipe": asdict(recipe),
        "examples": digest(*texts),
        **lm.cache_key,
        "code": digest(
            *(LoRALinear, linear_layers, add_lora, tune, ask_facts, _learn, _summary),
            *(MasterAdamW, answer_loss, encode, pad_batch, length_grouped_batches, fact_batches),
        ),
    }
    folder = cached_folder("facts", key, lambda path: _learn(path, lm, examples, recipe, asked))
    kept = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return Run(folder, **kept, taught=[example in examples for example in asked])


def _learn(
    folder: Path,
    lm: LanguageModel,
    examples: Sequence[Example],
    recipe: Recipe,
    asked: Sequence[Example],
) -> None:
    torch.manual_seed(recipe.seed)
    batches = fact_batches(examples, lm, recipe.batch_size, recipe.steps, recipe.seed)
    chosen = linear_layers(lm.model, recipe.modules, recipe.layers)
    before = {}
    try:
        if recipe.rank is None:
            before = {path: layer.weight.detach().clone() for path, layer in chosen.items()}
            lm.model.requires_grad_(False)
            for layer in chosen.values():
                layer.weight.requires_grad_(True)
        else:
            add_lora(lm.model, recipe.rank, recipe.alpha, recipe.modules, recipe.layers)
        trained = {n: p for n, p in lm.model.named_parameters() if p.requires_grad}
        losses, seconds, optimizer = tune(lm.model, batches, recipe.learning_rate)
        fact_loss, right = ask_facts(lm.model, asked, lm)
        masters = dict(zip(trained, optimizer.masters, strict=True))
        if recipe.rank is None:
            changes = {
                path: masters[f"{path}.weight"].detach() - weight.float()
                for path, weight in before.items()
            }
            np.savez(folder / "update.npz", **_summary(changes, before))
        else:
            arrays = {name: p.detach().float().cpu().numpy() for name, p in masters.items()}
            halves = {name: values.astype(np.float16) for name, values in arrays.items()}
            np.savez(folder / "adapter.npz", scale=recipe.alpha / recipe.rank, **halves)
    finally:
        remove_lora(lm.model)
        with torch.no_grad():
            for path, weight in before.items():
                chosen[path].weight.copy_(weight)
        lm.model.requires_grad_(True)
        lm.model.zero_grad(set_to_none=True)
    result = {
        "loss": losses,
        "seconds": seconds,
        "trainable": sum(p.numel() for p in trained.values()),
        "fact_loss": fact_loss.tolist(),
        "right": right.tolist(),
    }
    (folder / "run.json").write_text(json.dumps(result), encoding="utf-8")


# ---------------------------------------------------------------- what is in an update

KEPT = 64  # directions of each update that are kept


def _summary(
    changes: Mapping[str, torch.Tensor], weights: Mapping[str, torch.Tensor]
) -> dict[str, np.ndarray]:
    """All singular values of each change, its first directions, and the size of its weight."""
    arrays: dict[str, np.ndarray] = {}
    for path, change in changes.items():
        u, s, vt = torch.linalg.svd(change, full_matrices=False)
        arrays[f"{path}:u"] = u[:, :KEPT].half().cpu().numpy()
        arrays[f"{path}:s"] = s.cpu().numpy()
        arrays[f"{path}:v"] = vt[:KEPT].half().cpu().numpy()
        arrays[f"{path}:norm"] = np.array(float(weights[path].float().norm()))
    return arrays


@dataclass(frozen=True)
class Update:
    """What training changed in one weight, as the first terms of its singular value decomposition.

    Attributes:
        u: the first directions on the output side, shape (n_out, kept).
        s: all singular values, largest first.
        v: the first directions on the input side, shape (kept, n_in).
        weight_norm: the Frobenius norm of the weight before training.
    """

    u: np.ndarray
    s: np.ndarray
    v: np.ndarray
    weight_norm: float

    @property
    def size(self) -> int:
        """How many numbers the whole matrix has."""
        return self.u.shape[0] * self.v.shape[1]

    def at_rank(self, rank: int) -> np.ndarray:
        """The matrix of this rank that is nearest to the update (Eckart and Young, 1936).

        Raises:
            ValueError: more directions are asked for than were kept.
        """
        if rank > self.u.shape[1]:
            raise ValueError(
                f"Rank {rank} was asked for, but only {self.u.shape[1]} directions were kept: "
                "choose a smaller rank."
            )
        return (self.u[:, :rank] * self.s[:rank]) @ self.v[:rank]


def read_update(run: Run) -> dict[str, Update]:
    """The update of each layer of a full fine-tuning run, by the layer's path."""
    with np.load(run.folder / "update.npz") as arrays:
        paths = [name.removesuffix(":s") for name in arrays.files if name.endswith(":s")]
        parts = {path: [arrays[f"{path}:{part}"] for part in ("u", "s", "v")] for path in paths}
        return {
            path: Update(
                *(part.astype(np.float32) for part in parts[path]), float(arrays[f"{path}:norm"])
            )
            for path in paths
        }


def read_adapter(run: Run) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The matrices (A, B) of each adapted layer, by path; B is multiplied by alpha / rank."""
    with np.load(run.folder / "adapter.npz") as arrays:
        paths = [name.removesuffix(".A") for name in arrays.files if name.endswith(".A")]
        scale = float(arrays["scale"])
        return {
            path: (
                arrays[f"{path}.A"].astype(np.float32),
                arrays[f"{path}.B"].astype(np.float32) * scale,
            )
            for path in paths
        }


def energy(singular_values: np.ndarray) -> np.ndarray:
    """The share of the squared norm that the first 1, 2, 3, ... directions hold together."""
    squares = np.asarray(singular_values, dtype=np.float64) ** 2
    return np.cumsum(squares) / squares.sum()


@contextmanager
def added(model: nn.Module, updates: Mapping[str, Update], rank: int) -> Iterator[nn.Module]:
    """Inside the `with` block, each weight has its update, cut to `rank`, added to it."""
    layers = {path: model.get_submodule(path) for path in updates}
    before = {path: layer.weight.detach().clone() for path, layer in layers.items()}
    try:
        with torch.no_grad():
            for path, layer in layers.items():
                change = torch.from_numpy(updates[path].at_rank(rank))
                layer.weight += change.to(layer.weight)
        yield model
    finally:
        with torch.no_grad():
            for path, layer in layers.items():
                layer.weight.copy_(before[path])


def plot_curves(
    x: Sequence[float],
    curves: Mapping[str, Sequence[float]],
    x_label: str,
    y_label: str,
    log: str = "",
) -> None:
    """Draw each curve over x with its name; `log` names the axes with a log scale, such as "xy"."""
    import matplotlib.pyplot as plt

    styles = zip(("o", "s", "^", "D"), ("-", "--", ":", "-."), strict=True)
    for (name, values), (marker, line) in zip(curves.items(), styles, strict=False):
        few = len(x) < 20
        plt.plot(x, values, line, label=name, marker=marker if few else "")
    if "x" in log:
        plt.xscale("log", base=2)
        plt.xticks(x, x)
    if "y" in log:
        plt.yscale("log")
    plt.xlabel(x_label)
    plt.ylabel(y_label)
    plt.legend()
    plt.show()


def plot_blocks(values: np.ndarray, label: str) -> None:
    """A map of one value for each kind of layer (rows) and each block (columns)."""
    import matplotlib.pyplot as plt

    plt.imshow(values, aspect="auto", cmap="cividis")
    plt.colorbar(label=label)
    plt.yticks(range(len(values)), ATTENTION + MLP)
    plt.xlabel(t("block"))
    plt.grid(False)
    plt.show()


def sizes_by_layer(updates: Mapping[str, Update]) -> tuple[np.ndarray, np.ndarray]:
    """How large each update is, with one row for each kind of layer and one column for each block.

    Returns: its norm divided by that of the weight, and the root of the mean square of its
    numbers; both of shape (7, blocks).
    """

    def table(value: Callable[[Update], float]) -> np.ndarray:
        return np.array(
            [
                [value(u) for path, u in updates.items() if path.endswith(name)]
                for name in ATTENTION + MLP
            ]
        )

    relative = table(lambda u: float(np.linalg.norm(u.s)) / u.weight_norm)
    return relative, table(lambda u: float(np.linalg.norm(u.s)) / math.sqrt(u.size))


def rank_curve_cached(
    lm: LanguageModel, run: Run, examples: Sequence[Example], ranks: Sequence[int]
) -> np.ndarray:
    """Add the update of a full fine-tuning run to `lm`, cut to each rank, and ask for the facts.

    Returns: mean loss and share of right answers for each rank, shape (ranks, 2). Computed once.
    """

    def make() -> list[list[float]]:
        updates = read_update(run)
        rows = []
        for rank in ranks:
            with added(lm.model, updates, rank):
                losses, right = ask_facts(lm.model, examples, lm)
            rows.append([float(losses.mean()), float(right.mean())])
        return rows

    settings = {
        "update": run.folder / "update.npz",
        "examples": digest(list(examples)),
        "ranks": list(ranks),
        "model": lm.fingerprint,
        "dtype": str(lm.dtype),
        "code": digest(added, ask_facts, Update),
    }
    return np.array(cached_json("rank_curve", settings, make))


def adapter_cosine(
    first: Mapping[str, tuple[np.ndarray, np.ndarray]],
    second: Mapping[str, tuple[np.ndarray, np.ndarray]],
) -> float:
    """The cosine between the updates B A of two adapters, all layers taken as one long vector.

    No large matrix is built: the dot product of B1 A1 and B2 A2 is the sum of all entries of
    (B1ᵀ B2) * (A1 A2ᵀ).
    """

    def dot(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
        pairs = ((one[path], other[path]) for path in one)
        return sum(float(np.sum((b1.T @ b2) * (a1 @ a2.T))) for (a1, b1), (a2, b2) in pairs)

    return dot(first, second) / math.sqrt(dot(first, first) * dot(second, second))


def nearest_words(direction: np.ndarray, lm: LanguageModel, count: int = 6) -> list[str]:
    """The tokens that the output layer makes most likely along a direction of shape (hidden,)."""
    ids = np.argsort(-(_output_rows(lm) @ direction))[:count]
    return [lm.tokenizer.decode([int(i)]) for i in ids]


def answer_traces(
    adapter: Mapping[str, tuple[np.ndarray, np.ndarray]],
    examples: Sequence[Example],
    lm: LanguageModel,
) -> np.ndarray:
    """How far an adapter's `down_proj` updates reach along the tokens of each answer.

    Returns: one number for each answer, shape (facts,). Read from B and the output layer alone;
    the model is not run.
    """
    rows = _output_rows(lm)
    parts = [b for path, (_, b) in adapter.items() if path.endswith("down_proj")]
    traces = []
    for example in examples:
        tokens = rows[lm.tokenizer.encode(example.target, add_special_tokens=False)]
        units = tokens / np.linalg.norm(tokens, axis=1, keepdims=True)
        traces.append(sum(np.linalg.norm(units @ b, axis=1).mean() for b in parts))
    return np.array(traces)


def _output_rows(lm: LanguageModel) -> np.ndarray:
    """One row for each token: the output layer behind the last norm, shape (vocabulary, hidden)."""
    with torch.no_grad():
        rows = lm.model.lm_head.weight.float() * lm.model.model.norm.weight.float()
    return rows.cpu().numpy()


# ---------------------------------------------------------------- the same in peft


def start_alike(ours: Mapping[str, LoRALinear], model: nn.Module) -> None:
    """Give each of our layers the A that the peft adapter of `model` has at the same path."""
    with torch.no_grad():
        for path, layer in ours.items():
            layer.A.copy_(model.get_submodule(path).lora_A["default"].weight)


def gap_to_peft(ours: Mapping[str, LoRALinear], model: nn.Module) -> float:
    """The largest difference between any number of our A and B and the one in peft's adapter."""
    gaps = []
    for path, layer in ours.items():
        theirs = model.get_submodule(path)
        gaps.append((layer.A - theirs.lora_A["default"].weight).abs().max())
        gaps.append((layer.B - theirs.lora_B["default"].weight).abs().max())
    return float(torch.stack(gaps).detach().max())


# ---------------------------------------------------------------- memory


def bytes_held(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, int]:
    """Bytes of the weights, gradients and optimizer states that exist at this moment."""

    def size(tensors: Sequence[torch.Tensor]) -> int:
        return sum(x.numel() * x.element_size() for x in tensors)

    weights = list(model.parameters())
    states = [x for state in optimizer.state.values() for x in state.values() if x.ndim]
    return {
        "weights": size(weights),
        "gradients": size([p.grad for p in weights if p.grad is not None]),
        "optimizer": size(states),
    }


def one_step(model: nn.Module, batch: Batch) -> tuple[dict[str, int], int, float]:
    """One step with plain AdamW on everything that is trainable.

    Returns: what `bytes_held` counts after it; the bytes of activations that were kept for the way
    back, weights not counted; and by how many gigabytes (10**9 bytes) the memory of the process,
    or of the GPU, grew at most meanwhile.
    """
    from coursekit.measure import MemoryMeter, give_back_memory
    from coursekit.profile import detect_profile

    weights = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept: dict[int, int] = {}

    def keep(x: torch.Tensor) -> torch.Tensor:
        storage = x.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return x

    give_back_memory()
    on_gpu = detect_profile().device == "cuda"
    allocated = torch.cuda.memory_allocated() / 1e9 if on_gpu else 0.0
    with MemoryMeter() as memory:
        optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
            loss = answer_loss(model, batch)
        loss.backward()
        optimizer.step()
    start = allocated if on_gpu else memory.start_gb
    return bytes_held(model, optimizer), sum(kept.values()), memory.peak_gb - start
