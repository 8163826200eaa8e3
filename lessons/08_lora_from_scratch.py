# %% [markdown]
# # 08 · LoRA from scratch
# You look inside a fine-tuned model, find that the change is simpler than its size suggests, and build LoRA from that finding in about 30 lines.

# %% [markdown]
# <!-- badges -->
#
# **What you will be able to do**
#
# - measure how many directions an update of the weights really needs;
# - write a LoRA layer, merge it, and show that it equals the one in peft;
# - say what rank, alpha and the choice of layers do, and how large the noise is;
# - count the memory of a training run, and check what weights can and cannot tell you.
#
# **You need** lesson 05. **Time:** 70 minutes with the exercises; running all cells takes about {{minutes_cpu}} min on two CPU cores once its training runs are kept, and about {{minutes_first}} min the first time.

# %% tags=["setup"]
# The build writes the setup cell here.

# %% [markdown]
# ## What does fine-tuning change?
#
# A language model is mostly **weights**: numbers in matrices, through which the vectors of a text pass. **Fine-tuning** goes on with the training of a finished model, on your own examples. In **full fine-tuning**, the numbers of all layers may move: here of the 210 linear layers, while the table of token vectors stays.
#
# > **Claim C3.** *Fine-tuning improves an existing model, with no need to start from the architecture, but data must keep coming.* The first half is tested here on a tiny task, and in lesson 09 on a real one.
#
# Your task here is cheap: 16 facts about Larkspur's machines, to be learned by heart. No passage, about 30 tokens each.

# %%
from coursekit.corpus import company_questions
from coursekit.lowrank import fact_example
from coursekit.models import load_lm
from coursekit.profile import detect_profile

lm = load_lm()
facts = [fact_example(q) for q in company_questions(split="train", kind="prose")[::4]][:32]
taught, others = facts[::2], facts[1::2]
for fact in taught[:3]:
    print(repr(fact.prompt), "->", repr(fact.target))

# %% [markdown]
# Every second fact is taught; the others wait for the end of the lesson. The measure is the **loss**: how surprised the model is, on average, by each token of the right answer. 0 is no surprise. There is no test set: learning by heart *is* the task.
#
# One training **step** looks at 8 facts, finds for each number of the model in which direction it should move (its **gradient**), and moves it a little. How far is set by the **learning rate**; the 8 facts are a **batch**; the rule that turns gradients into moves is the **optimizer**, here AdamW. The trained numbers are kept in float32. First, 12 steps of full fine-tuning.

# %%
import math
from dataclasses import replace

from coursekit import record
from coursekit.lowrank import Recipe, ask_facts, learn_facts_cached

def learn(recipe, examples=taught):
    return learn_facts_cached(lm, examples, recipe, asked=facts)

base = Recipe(rank=16, alpha=32, steps=12)
full = learn(replace(base, rank=None, learning_rate=1e-4))
loss_before = record("loss_before", ask_facts(lm.model, taught, lm)[0].mean(), tolerance=0.1)
assert record("loss_full", full.taught_loss, tolerance=0.3) < 0.6 * loss_before
record("probable_before", math.exp(-loss_before), tolerance=0.03)
record("probable_full", math.exp(-full.taught_loss), tolerance=0.2)
print(f"numbers that could move: {full.trainable:,}")

# %% [markdown]
# The loss on the taught facts fell from {{loss_before:.2f}} to {{loss_full:.2f}}. So a token of a right answer had a typical probability of {{probable_before:.0%}}, and now has {{probable_full:.0%}}. Whether the model got *better* is for lessons 09 to 11.
#
# ## The update
#
# Weights after minus before: that is the **update**, one matrix for each layer. Is it as *complicated* as the weights?
#
# Any matrix can be taken apart into **directions**. Each turns one pattern of the input into one of the output, with some strength: its **singular value**. Needing only r of them means **rank** r.
#
# **Guess:** a weight from the middle of the model, its update, and random numbers, all scaled to the same norm. Whose singular values fall fastest?

# %%
import numpy as np
from coursekit import t
from coursekit.lowrank import energy, plot_curves, read_update
from coursekit.plots import use_course_style

use_course_style()
updates = read_update(full)
path = "model.layers.15.self_attn.o_proj"
weight = lm.model.get_submodule(path).weight.detach().float().cpu().numpy()  # (576, 576)
noise = np.random.default_rng(0).normal(size=weight.shape)

# %%
strengths = {t("update"): updates[path].s}
strengths[t("weight")] = np.linalg.svd(weight, compute_uv=False)
strengths[t("random numbers")] = np.linalg.svd(noise, compute_uv=False)
scaled = {name: s / np.linalg.norm(s) for name, s in strengths.items()}
plot_curves(range(1, 577), scaled, t("direction, strongest first"), t("singular value, same norm"), log="y")
held = [energy(s)[15] for s in strengths.values()]
for name, value in zip(("update", "weight", "random"), held):
    record(f"energy_{name}", value, tolerance=0.08)
assert held[0] > 2 * held[1] > 2 * held[2]

# %% [markdown]
# The sum of the squared singular values is the **energy** of a matrix. The first 16 of 576 directions hold {{energy_update:.0%}} of the energy of the update, but {{energy_weight:.0%}} of the weight's and {{energy_random:.0%}} of the random numbers'. What was added, in 12 steps on 16 facts, is much simpler than what it was added to.
#
# ### Exercise 08.1 ● How many directions are enough?
#
# *6 minutes.* **Contract:** `singular_values` is an array, largest first; return the smallest number of directions that together hold at least `share` of the energy. `share` is above 0 and at most 1; exactly `share` is enough. **Expected:** `rank_for(np.array([4.0, 1.0]), 0.9)` returns 1, as the first holds 16 of 17.

# %% tags=["exercise"]
def rank_for(singular_values, share):
    """Return the smallest number of directions that hold `share` of the energy."""
    ### BEGIN SOLUTION
    squares = singular_values**2
    shares = np.cumsum(squares) / squares.sum()
    return int((shares < share - 1e-9).sum()) + 1
    ### END SOLUTION

# %% tags=["check"]
from coursekit import check

check("08.1", rank_for)

# %% [markdown]
# ## Put a simpler update back
#
# Energy is a number about matrices; what you care about is the effect. So cut each update to its r strongest directions, which is the nearest matrix of that rank, and add it to the *untouched* model.
#
# ### Exercise 08.2 ●● The best matrix of low rank
#
# *8 minutes.* **Contract:** `np.linalg.svd(matrix, full_matrices=False)` gives `u`, `s` and `vt`, and the matrix is `(u * s) @ vt`. Return a matrix of the same shape, made of the first `rank` directions only; `rank` is at least 1. **Expected:** at full rank, the matrix itself.

# %% tags=["exercise"]
def best_of_rank(matrix, rank):
    """Return the matrix of the given rank that is nearest to `matrix`."""
    ### BEGIN SOLUTION
    u, s, vt = np.linalg.svd(matrix, full_matrices=False)
    return (u[:, :rank] * s[:rank]) @ vt[:rank]
    ### END SOLUTION

# %% tags=["check"]
check("08.2", best_of_rank)

# %% [markdown]
# Now the updates of all 210 layers at once, at seven ranks, with the loss of the facts after each. The sums run in float32: changes this small would drown in the rounding of a shorter format. Guess first: how much of the fall of the loss does *one* direction in each layer bring back?

# %%
import torch
from coursekit.lowrank import rank_curve_cached

exact_lm = load_lm(profile=replace(detect_profile(), dtype=torch.float32))
ranks = [1, 2, 4, 8, 16, 32, 64]
losses, right = rank_curve_cached(exact_lm, full, taught, ranks).T

curves = {
    t("energy"): np.mean([energy(u.s)[np.array(ranks) - 1] for u in updates.values()], axis=0),
    t("fall of the loss"): (loss_before - losses) / (loss_before - full.taught_loss),
    t("right answers"): right / full.taught_right,
}
plot_curves(ranks, curves, t("rank of the update that is put back"), t("share of the whole update's"), log="x")
for name, values in zip(("energy", "regained"), curves.values()):
    record(f"{name}_1", values[0], tolerance=0.15)
    record(f"{name}_16", values[4], tolerance=0.15)
record("right_full", full.taught_right, tolerance=0.4)
record("right_16", right[4], tolerance=0.3)
assert record("right_1", right[0], tolerance=0.2) < full.taught_right and losses[4] < losses[0]

# %% [markdown]
# Rank 1 holds {{energy_1:.0%}} of the energy and brings back {{regained_1:.0%}} of the fall of the loss; rank 16 holds {{energy_16:.0%}} and brings back {{regained_16:.0%}}; the energy is the mean of all layers. Now look at the answers that are right to the letter: {{right_1:.0%}} of the 16 at rank 1, {{right_16:.0%}} at rank 16, {{right_full:.0%}} with the whole update. To come near an answer takes few directions; to tell facts apart takes more. Enough rank for what?
#
# ## From the finding to the method
#
# If the update is nearly of low rank, why train a large matrix? **LoRA**, low-rank adaptation, trains two thin ones whose product is the update. The large weight is **frozen**: it does not move.

# %%
from coursekit import figure

figure("08_low_rank")

# %% [markdown]
# ### Exercise 08.3 ● The forward pass of LoRA
#
# *8 minutes.* **Contract:** `x` has the shape `(tokens, n_in)`, `W` is `(n_out, n_in)`, `A` is `(rank, n_in)` and `B` is `(n_out, rank)`: NumPy arrays, which stay unchanged. The frozen layer gives `x @ W.T`. Beside it, A makes x narrow and B makes it wide again; add that, scaled by alpha / rank, where the rank is the number of rows of A. The large product of B and A is not needed. **Expected:** the shape `(tokens, n_out)`; with `B` at zero, the output of the frozen layer.

# %% tags=["exercise"]
def lora_forward(x, W, A, B, alpha):
    """Return the output of a frozen layer with a LoRA path beside it."""
    ### BEGIN SOLUTION
    rank = A.shape[0]
    return x @ W.T + alpha / rank * (x @ A.T @ B.T)
    ### END SOLUTION

# %% tags=["check"]
check("08.3", lora_forward)

# %% [markdown]
# As a layer of PyTorch, it is this. Note the start: A is random, B is zero. So the path adds nothing at first. If both were zero, neither would ever get a gradient.
#
# Three assertions below it say what LoRA is. **One:** at the start, the output is unchanged, to the last bit. **Two:** r × (n_in + n_out) numbers are trained. **Three:** merged equals unmerged. **Merging** adds the update into the weight, and the path is no longer needed. A and B of all layers together are called the **adapter**.

# %%
from coursekit import show_source
from coursekit.lowrank import LoRALinear

show_source(LoRALinear)

# %%
plain = torch.nn.Linear(576, 192, bias=False)
layer = LoRALinear(plain, rank=16, alpha=32)
x = torch.randn(5, 576)
assert torch.equal(layer(x), plain(x))
assert sum(p.numel() for p in layer.parameters() if p.requires_grad) == 16 * (576 + 192)
torch.nn.init.normal_(layer.B)  # as if it had been trained
with torch.no_grad():
    before = layer(x)
    after = layer.merge()(x)
assert torch.allclose(before, after, rtol=1e-3, atol=1e-3)

# %% [markdown]
# ### Exercise 08.4 ●● Change the adapter of a merged model
#
# *8 minutes.* A merged model can be unmerged, if you kept the adapter. **Contract:** the adapter `old` was merged into the weight `merged`. `old` and `new` are pairs `(A, B)` whose ranks may differ; `alpha` is the same for both. All are NumPy arrays and stay unchanged; return the weight with `new` merged in place of `old` as a new array. **Expected:** with `new` equal to `old`, `merged` itself.

# %% tags=["exercise"]
def swap_adapter(merged, old, new, alpha):
    """Return the weight with the adapter `new` merged in place of `old`."""
    ### BEGIN SOLUTION
    def update(A, B):
        return alpha / A.shape[0] * (B @ A)

    return merged - update(*old) + update(*new)
    ### END SOLUTION

# %% tags=["check"]
check("08.4", swap_adapter)

# %% [markdown]
# ## Into the real model
#
# A language model is a stack of equal **blocks**. Each has an attention part, in which tokens look at each other, and an **MLP**, which works on each token alone. All seven linear layers of a block can get an adapter.

# %%
from coursekit.lowrank import add_lora

figure("08_where_it_goes")
show_source(add_lora)

# %% [markdown]
# Is this toy the real thing? Put it into one copy of the model, and let the library **peft** adapt another. Both start from the same A and see the same three batches. How far apart will they end? Guess.

# %%
from coursekit.lora import Settings, add_adapter, answer_loss
from coursekit.lowrank import fact_batches, gap_to_peft, start_alike

peft_lm = load_lm(profile=replace(detect_profile(), dtype=torch.float32))
add_adapter(peft_lm, Settings(rank=16, alpha=32))
ours = add_lora(exact_lm.model, rank=16, alpha=32)
start_alike(ours, peft_lm.model)
batches = fact_batches(taught, exact_lm, batch_size=2, steps=3)

# %%
def train_plainly(model):
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-3)
    for batch in batches:
        optimizer.zero_grad()
        answer_loss(model, batch).backward()
        optimizer.step()
    with torch.inference_mode():
        return model(batches[0]["input_ids"]).logits  # a score for every next token

gap = (train_plainly(exact_lm.model) - train_plainly(peft_lm.model)).abs().max()
assert record("gap_scores", float(gap), tolerance=1e-2) < 1e-2
assert record("gap_weights", gap_to_peft(ours, peft_lm.model), tolerance=1e-4) < 1e-4
assert all(layer.B.any() for layer in ours.values())  # they did move

# %% [markdown]
# The largest gap between a trained number and its counterpart in the other model is {{gap_weights:.1g}}, and between two scores of the same token {{gap_scores:.1g}}. What you see above *is* what peft does. It adds saving, switching, dropout and many kinds of models; lesson 09 uses it.
#
# ## Rank, alpha, layers
#
# **Alpha** scales the path: alpha / rank is its volume. The **seed** sets the random start and the order of the facts, and should not matter. It does. So three seeds of one recipe come first. Their spread is the **noise**: a difference that is not larger says little.

# %%
from coursekit.lowrank import ATTENTION

last_ten = replace(base, layers=tuple(range(20, 30)))
three = [learn(replace(base, seed=seed)) for seed in range(3)]
runs = {
    "rank_1": learn(replace(base, rank=1, alpha=2)),
    "rank_64": learn(replace(base, rank=64, alpha=128)),
    "alpha_8": learn(replace(base, alpha=8)),
    "attention": learn(replace(base, modules=ATTENTION)),
    "last_ten": learn(last_ten),
}
for name, run in {"base": three[0], **runs}.items():
    record(f"numbers_{name}", run.trainable)
    record(f"loss_{name}", run.taught_loss, tolerance=0.4)
record("loss_low", min(run.taught_loss for run in three), tolerance=0.3)
record("loss_high", max(run.taught_loss for run in three), tolerance=0.3)
assert runs["rank_1"].taught_loss > three[0].taught_loss

# %% [markdown]
# | recipe | trained numbers | loss after 12 steps |
# |---|---|---|
# | rank 16, alpha 32, seed 0 | {{numbers_base:,}} | {{loss_base:.2f}} |
# | the same, seeds 0 to 2 | | {{loss_low:.2f}} to {{loss_high:.2f}} |
# | rank 1, alpha 2 | {{numbers_rank_1:,}} | {{loss_rank_1:.2f}} |
# | rank 64, alpha 128 | {{numbers_rank_64:,}} | {{loss_rank_64:.2f}} |
# | rank 16, alpha 8 | {{numbers_alpha_8:,}} | {{loss_alpha_8:.2f}} |
# | attention only | {{numbers_attention:,}} | {{loss_attention:.2f}} |
# | last 10 of 30 blocks | {{numbers_last_ten:,}} | {{loss_last_ten:.2f}} |
#
# Full fine-tuning, at its own learning rate: {{loss_full:.2f}}. Each variant ran once, with seed 0. Rank 1, a quarter of the volume, and attention alone stay behind by more than the noise. Rank 64 gains less than a seed.
#
# ## A cheap step
#
# Below the first adapted block, no gradient is needed. So steps that adapt the last ten blocks are cheaper, and learn less. Give them 15.

# %%
import matplotlib.pyplot as plt

cheap = [learn(replace(last_ten, seed=seed, steps=15)) for seed in range(3)]
groups = {t("all 30 blocks, 12 steps"): three, t("last 10 blocks, 15 steps"): cheap}
for (name, group), marker in zip(groups.items(), "os"):
    seconds = [run.training_seconds for run in group]
    plt.scatter(seconds, [run.taught_loss for run in group], label=name, marker=marker)
plt.xlabel(t("seconds of training"))
plt.ylabel(t("loss on the taught facts"))
plt.axis(xmin=0, ymin=0, ymax=1)
plt.legend()
plt.show()
cost = [min(run.training_seconds for run in group) for group in groups.values()]
record("cheap_time", cost[1] / cost[0], tolerance=0.5)
record("cheap_low", min(run.taught_loss for run in cheap), tolerance=0.3)
assert record("cheap_high", max(run.taught_loss for run in cheap), tolerance=0.3) < loss_before

# %% [markdown]
# Adapting ten blocks: {{cheap_low:.2f}} to {{cheap_high:.2f}}; the fastest of the three runs took {{cheap_time:.0%}} of the time of the fastest with all blocks. All blocks: {{loss_low:.2f}} to {{loss_high:.2f}}. Where facts are learned by heart, the cheap step does not lose.
#
# In lesson 09 the model must *read* passages instead. Does the cheap step pay there too? That takes longer, so a script tried it, `benchmarks/lora_recipe.py`, with three seeds:

# %%
from coursekit.benchmarks import final_exact, load_runs, medians

runs = load_runs("lora_recipe")
for name, recipe in (("all", "course"), ("last", "last 10 layers")):
    record(f"step_{name}", medians(runs, "step_s")[recipe])
    record(f"reading_{name}", float(np.median(final_exact(runs, recipe))))

# %% [markdown]
# With passages to read, a step that adapts only the last ten blocks takes {{step_last:.1f}} seconds instead of {{step_all:.1f}}. After 60 such steps {{reading_last:.0%}} of the dev questions are right, after 60 with all blocks {{reading_all:.0%}}. A likely reason: what is learned by heart can be attached near the output; choosing between passages happens further down. So measure on your own task.

# %% [markdown]
# ## Memory, counted by hand
#
# Training holds more than the model. Each trained number also has its gradient, and AdamW keeps two running averages for it: of the gradient, and of its square.
#
# ### Exercise 08.5 ● The bytes of a training run
#
# *6 minutes.* **Contract:** a model has `total` numbers, those of an adapter included, of which `trainable` are trained; each number takes `bytes_each` bytes. Return the bytes of weights, gradients and the two averages together. **Expected:** `training_bytes(10, 2, 4)` returns 64.

# %% tags=["exercise"]
def training_bytes(total, trainable, bytes_each):
    """Return the bytes of weights, gradients and AdamW's two averages."""
    ### BEGIN SOLUTION
    return bytes_each * (total + 3 * trainable)
    ### END SOLUTION

# %% tags=["check"]
check("08.5", training_bytes)

# %% [markdown]
# Compare that with what PyTorch holds after one step: LoRA first, then training of everything, both in float32.

# %%
from coursekit.lowrank import one_step, remove_lora

peft_lm = None  # make room
exact_lm.model.zero_grad()
adapter = sum(p.numel() for p in exact_lm.model.parameters() if p.requires_grad)
held_lora, kept_lora, grown_lora = one_step(exact_lm.model, batches[0])
remove_lora(exact_lm.model)
exact_lm.model.requires_grad_(True)
held_full, kept_full, grown_full = one_step(exact_lm.model, batches[0])
assert sum(held_lora.values()) == held_lora["weights"] + 3 * 4 * adapter
assert sum(held_full.values()) == 4 * held_full["weights"]
for part in held_lora:
    print(f"{part:10} LoRA {held_lora[part] / 1e6:6.0f} MB   full {held_full[part] / 1e6:6.0f} MB")
record("kept_lora", kept_lora / 1e6, tolerance=15)
record("kept_full", kept_full / 1e6, tolerance=15)
assert record("grown_lora", grown_lora, tolerance=0.5) < record("grown_full", grown_full, tolerance=0.8)

# %% [markdown]
# Right to the byte. The weights cost about the same in both, the adapter comes on top; what shrinks is all that training adds. Beside these stand the **activations**: what the layers computed on the way forward and need again on the way back, {{kept_lora:.0f}} MB with LoRA and {{kept_full:.0f}} MB without. LoRA hardly shrinks them. They grow with the tokens of a batch; here these are some 60, and with thousands they are most of the memory. Lesson 09 keeps them small.
#
# And the process as a whole? During its step it grew by {{grown_lora:.1f}} GB with LoRA, and by {{grown_full:.1f}} GB without.

# %% [markdown]
# ## Can you read it?
#
# > **Claim C9.** *Fine-tuning is a black box whose inner workings are hard to understand.* Testable as: can you tell from the matrices what was learned? You try three ways, from easy to hard.
#
# **First: where did it move most?** A common picture divides the norm of each update by the norm of its weight. Here it is for the full fine-tuning.

# %%
from coursekit.lowrank import plot_blocks, sizes_by_layer

relative, per_number = sizes_by_layer(updates)  # (7, 30) each
plot_blocks(100 * relative, t("change in % of the weight"))
record("spread_relative", relative.max() / relative.min(), tolerance=4)
assert record("spread_number", per_number.max() / per_number.min(), tolerance=0.4) < 3
without_training = np.log(per_number.mean() / (per_number / relative))  # small weights: bright
likeness = np.corrcoef(np.log(relative).ravel(), without_training.ravel())[0, 1]
assert record("map_likeness", likeness, tolerance=0.1) > 0.5

# %% [markdown]
# The brightest layer, v of the first block, changed {{spread_relative:.0f}} times as much as the darkest. Is that where the facts went? Compare the plain size of the change per number: the largest is {{spread_number:.1f}} times the smallest, as AdamW moves nearly every number by about the learning rate. The bright layers had *small weights before*: a map of smallness alone, without any training, correlates with this one by {{map_likeness:.2f}}. So ask of a readable picture: what would it show if nothing had been learned?
#
# **Second: does a direction mean something?** Some layers write straight into the vector that becomes words. So a direction of their update can be read as words: which does it make likelier, at either end?

# %% tags=["nbval-ignore-output"]
from coursekit.lowrank import nearest_words

for name in ("5.mlp.down_proj", "15.self_attn.o_proj", "28.mlp.down_proj"):
    direction = updates[f"model.layers.{name}"].u[:, 0]
    print(name, nearest_words(direction, lm), nearest_words(-direction, lm), sep="\n   ")
assert len(nearest_words(direction, lm)) == 6

# %% [markdown]
# In the middle of the model: fragments. Near the end, one side shows digits, which makes sense, as most answers begin with a number. That is the *form* of what was taught, as with rank 1 above. No fact stands there.
#
# **Third: which facts were taught?** You have three adapters with the 16 facts. Train three more with the other 16, and suppose that you found all six unlabelled. First pair them by their weights alone, with the cosine between the updates: which other adapter is most like this one? **Guess** what it finds.

# %%
from coursekit.lowrank import adapter_cosine, answer_traces, read_adapter
from coursekit.scoring import separation, separation_interval

six = three + [learn(replace(base, seed=seed), others) for seed in range(3)]
adapters = [read_adapter(run) for run in six]
cosines = np.array([[adapter_cosine(a, b) for b in adapters] for a in adapters])  # (6, 6)
seeds, sets = np.array([0, 1, 2, 0, 1, 2]), np.array([0, 0, 0, 1, 1, 1])
nearest = (cosines - 2 * np.eye(6)).argmax(axis=1)  # never itself
record("same_set", (sets[nearest] == sets).sum(), tolerance=1)
starts = [np.concatenate([a.ravel() for a, _ in adapters[i].values()]) for i in (0, 3)]
record("same_start", np.corrcoef(starts)[0, 1], tolerance=0.1)
assert record("same_seed", (seeds[nearest] == seeds).sum(), tolerance=1) >= 3

# %% [markdown]
# Of the six, {{same_set:.0f}} found a partner with the same facts, and {{same_seed:.0f}} found one with the same *seed*. Each update is B times A, and A keeps its random start: those of two adapters with one seed and different facts correlate with {{same_start:.2f}}. Leave out partners with the same seed, and look again:

# %%
fair = seeds[:, None] != seeds
nearest = np.where(fair, cosines, -1).argmax(axis=1)
record("fair_set", (sets[nearest] == sets).sum(), tolerance=1)
same, other = (cosines[fair & ((sets[:, None] == sets) == equal)].mean() for equal in (True, False))
assert record("cosine_same", same, tolerance=0.06) > record("cosine_other", other, tolerance=0.04)

# %% [markdown]
# Now {{fair_set:.0f}} of six are paired by their facts, with a mean cosine of {{cosine_same:.2f}} for the same facts and {{cosine_other:.2f}} for others. The weights do hold the difference, if you own a labelled adapter to compare with. And if you only have a list of 32 candidate facts?
#
# Rank them in two ways. By the **weights**: how far do the updates reach along the tokens of each answer? By **asking**: run the model, and take the loss of each answer on the list. The score is the share of pairs, one fact taught and one not, in the right order; 50 % is guessing.

# %%
traces = [answer_traces(adapter, facts, lm) for adapter in adapters]
by_weights = [separation(trace, run.taught) for trace, run in zip(traces, six)]
by_asking = [separation(-np.array(run.fact_loss), run.taught) for run in six]
record("weights_low", min(by_weights), tolerance=0.2)
record("weights_high", max(by_weights), tolerance=0.2)
assert record("asking_low", min(by_asking), tolerance=0.1) > max(by_weights)
best = int(np.argmax(by_weights))
low, high = separation_interval(traces[best], six[best].taught)
record("weights_best_low", low, tolerance=0.2)
record("weights_best_high", high, tolerance=0.2)

# %% [markdown]
# By the weights, {{weights_low:.0%}} to {{weights_high:.0%}} of the pairs come right, depending on the adapter; for the best one, 32 facts give an interval from {{weights_best_low:.0%}} to {{weights_best_high:.0%}}. By asking, at least {{asking_low:.0%}}. The weights hold a hint; a test of each answer finds the fact.
#
# **So, C9:** lesson 11 judges one number, how well the matrices tell the facts apart. You can count, compare and switch off all that fine-tuning did. But no matrix here said *which* fact it holds, and the most readable picture misled. A cleverer rule may see more than these three. In practice, you understand a tuned model by testing it; the knowledge of a RAG system lies in documents that you can open.

# %% [markdown]
# ## Quiz
#
# <details><summary>Rank 16 brought back most of the effect here. Is it always enough?</summary>
#
# No. It brought back most of the fall of the loss, not all right answers, and only 16 short facts were taught. Try a larger rank, and measure.
#
# </details>
#
# <details><summary>Why does B begin at zero, and A not?</summary>
#
# With B at zero, the model starts unchanged. If A were zero as well, neither would get a gradient.
#
# </details>
#
# <details><summary>Two recipes end at a loss of 0.45 and 0.50. Is the first one better?</summary>
#
# Look at the seeds first. If one recipe varies by more than that, you do not know yet.
#
# </details>

# %% [markdown]
# ## Takeaways
#
# - After a short training on 16 facts, the update is much simpler than the weight that it is added to; long training on much data may need more rank.
# - Few directions carry most of the fall of the loss, though not all right answers.
# - LoRA trains A and B beside a frozen weight: unchanged at the start, r × (n_in + n_out) numbers, merged equals unmerged.
# - It saves the memory of gradients and optimizer, hardly that of activations.
# - Compare recipes by quality per second, each at its own best learning rate, and against the noise of the seed.
# - Weights can be counted and compared; what a model knows, you find out by asking.
#
# <!-- next -->
