# %% [markdown]
# # 09 · LoRA with peft
# You fine-tune a real language model on your own machine, in minutes, and measure what it learned on products that it has never seen.

# %% [markdown]
# <!-- badges -->
#
# **What you will be able to do**
#
# - turn questions into training examples: chat template, target, label mask;
# - add a LoRA adapter with peft, train it, and read the loss curve;
# - look at wrong answers early, and measure the right ones on unseen products;
# - save, load, merge, and switch an adapter off and on.

# %% [markdown]
# **You need** lesson 05. **Time:** 60 minutes with the exercises; running all cells takes about {{minutes_cpu}} min on two CPU cores once the training run is kept, and about {{minutes_first}} min the first time. The training alone took {{minutes_training:.0f}} min where this page was made.

# %% tags=["setup"]
# The build writes the setup cell here.

# %% [markdown]
# ## The task
#
# Lesson 05 left two wishes. Larkspur's style guide asks for a short answer with the number of its passage: `45 minutes [2]`. And where no passage holds the answer, the model should say so: `I don't know.` You will see that asking for it in the prompt is not enough. So now the model itself is changed.
#
# > **Claim C3.** *Fine-tuning improves an existing model, with no need to start from the architecture, but data must keep coming.* The first half is tested here; the second half in lessons 10 and 11.

# %%
from coursekit.corpus import company_chunks, company_questions, training_questions
from coursekit.models import load_embedder, load_lm
from coursekit.rag import build_index, embed_cached, retrieve_all

chunks = company_chunks()
embedder = load_embedder()
index = build_index(embed_cached([chunk.text for chunk in chunks], embedder))
lm = load_lm()

# %% [markdown]
# ## Questions that the model is tested on stay unseen
#
# If the test asked about machines from the training, a good result could be plain memory. So the questions are split by product family: whole families are kept away from training. Questions about the company belong to no family and are split by document.

# %%
kinds = ("prose", "table", "company", "unanswerable")
train_questions = [q for q in training_questions() if q.kind in kinds]
test_questions = [q for q in company_questions(split="test") if q.kind in kinds]
families = {
    "train": {q.family for q in train_questions if q.family},
    "test": {q.family for q in test_questions if q.family},
}
assert not families["train"] & families["test"]
families

# %% [markdown]
# ## A question becomes an example
#
# An **example** is a prompt and the **target**, the text that should follow it. The two best hits go into the prompt, shuffled and numbered, so that the position gives nothing away; if the gold passage is not among them, it replaces the second-best hit before the shuffling. In about one example of six the gold passage is taken out: then the right target is the refusal. Fewer refusals in the training make invented answers likelier: lesson 10 takes it out less often, and its model refuses less.

# %%
from coursekit.lora import make_examples

def examples_for(questions, seed, share_without_gold=0.0):
    hits = retrieve_all([q.text for q in questions], index, chunks, embedder, k=2)
    return make_examples(questions, hits, chunks, lm.tokenizer, seed, share_without_gold)

train_examples = examples_for(train_questions, seed=3, share_without_gold=0.16)
test_examples = examples_for(test_questions, seed=4)
print(train_examples[0].prompt)
print("TARGET:", train_examples[0].target)

# %% [markdown]
# The marks `<|im_start|>` and `<|im_end|>` are the model's **chat template**. It was trained with them, so you must train and ask with them too. In the test, every answerable question has its gold passage among the two; retrieval was lesson 05's business.
#
# ### Exercise 09.1 ●● Read the answer
#
# *8 minutes.* The format is only useful if a program can read it. **Contract:** return the pair `(answer, number)`. A text that ends in `[number]` gives the text before it and the number as an `int`; a text without it gives `(text, None)`; the refusal `"I don't know."` gives `(None, None)`. Spaces at both ends, and before the bracket, do not count. **Expected:** `read_answer("45 minutes [2]")` returns `("45 minutes", 2)`.

# %% tags=["exercise"]
import re

def read_answer(text):
    """Return (answer, passage number); None for what is not there."""
    ### BEGIN SOLUTION
    text = text.strip()
    if text == "I don't know.":
        return None, None
    match = re.fullmatch(r"(.*?)\s*\[(\d+)\]", text, re.DOTALL)
    return (match.group(1), int(match.group(2))) if match else (text, None)
    ### END SOLUTION

# %% tags=["check"]
from coursekit import check

check("09.1", read_answer)

# %% [markdown]
# ## Before: what does the model do now?
#
# Measure before you change anything. Otherwise you never know whether the training did it, or a lucky prompt.
#
# An answer counts only if it is **exactly** the target: the words, the number, nothing more. Predict the share before training; the last line prints it.

# %% tags=["nbval-ignore-output"]
import numpy as np

from coursekit import record
from coursekit.lora import exact_matches

exact_before, answers_before = exact_matches(lm, test_examples)
is_fact = np.array([q.kind in ("prose", "table") for q in test_questions])
unanswerable = np.array([q.answer is None for q in test_questions])
assert record("em_before", exact_before[is_fact].mean(), tolerance=0.05) <= 0.10
for answer, example in list(zip(answers_before, test_examples))[:4]:
    print(f"{answer[:60]!r:65} should be {example.target!r}")
print(f"exact: {exact_before[is_fact].mean():.0%}")
assert len(answers_before) == len(test_examples)

# %% [markdown]
# Exact match: {{em_before:.0%}}. The model has read the instruction, and talks. It knows language; it does not know this job. The instruction asks for exactly this format, and the model does not keep to it.
#
# ## The label mask: learn the answer, not the prompt
#
# Training compares the model's guess for each next token with the true one, the **label**. The prompt is given, so there is nothing to learn from guessing it. Its tokens get the label -100, which means: leave this one out of the **loss**, the number that training makes small.

# %%
from coursekit import figure

figure("09_label_mask")

# %%
from coursekit.lora import IGNORE, encode

ids, labels = encode(train_examples[0], lm.tokenizer)
learned = [label for label in labels if label != IGNORE]
print(len(ids), "tokens, of which the loss sees", len(learned))
print(lm.tokenizer.convert_ids_to_tokens(learned))

# %% [markdown]
# The last token is the end mark. Without it in the target, the model would never learn to stop. It also has to be the mark at which generation stops. When a library named us another one, the tuned model gave its answers rightly and went on talking: not one exact match.
#
# ### Exercise 09.2 ● Mask the prompt
#
# *5 minutes.* **Contract:** both arguments are lists of token ids; return the list of labels for prompt and answer together: -100 for every prompt token, and each answer token as it is. **Expected:** `mask_prompt([5, 6], [7])` returns `[-100, -100, 7]`.

# %% tags=["exercise"]
def mask_prompt(prompt_ids, answer_ids):
    """Return the labels of a prompt followed by its answer."""
    ### BEGIN SOLUTION
    return [-100] * len(prompt_ids) + list(answer_ids)
    ### END SOLUTION

# %% tags=["check"]
check("09.2", mask_prompt)

# %% [markdown]
# ## LoRA: leave the model alone, add a little
#
# A **linear layer** multiplies its input by a matrix of numbers, the **weights** W. **LoRA** leaves all W as they are (*frozen*) and adds a small path beside each: A makes the input narrow, B wide again. Only A and B are trained. Their width is the **rank**. B starts at zero, so at first nothing changes at all. Together, all the A and B are the **adapter**.

# %%
figure("09_adapter")

# %%
from coursekit import show_source
from coursekit.lora import Settings, add_adapter

show_source(add_adapter)
settings = Settings(rank=16, alpha=32, steps=90, batch_size=4, learning_rate=1e-3)
tuned = add_adapter(load_lm(), settings)
trainable, total = tuned.get_nb_trainable_parameters()
print(f"trainable: {trainable:,} of {total:,}, or {record('share_trainable', trainable / total):.1%}")

# %% [markdown]
# The source shows peft's two calls, `LoraConfig` and `get_peft_model`: {{share_trainable:.1%}} of the numbers are trained. They sit beside *every* linear layer of the model: adapting fewer layers makes a step cheaper, and lesson 08 shows when that pays. More rank, more room to learn, more numbers to train. **Alpha** is the volume of the path: it is multiplied by alpha / rank before it is added. Twice the rank is a usual choice.
#
# ### Exercise 09.3 ● Count the adapter
#
# *5 minutes.* Count an adapter yourself. **Contract:** `layers` is a list of pairs `(n_in, n_out)`. For each, A has `rank` times `n_in` numbers and B has `n_out` times `rank`. Return the sum over all layers. **Expected:** `lora_parameters([(576, 576)], 16)` returns `18432`.

# %% tags=["exercise"]
def lora_parameters(layers, rank):
    """Return how many numbers the adapter of these layers has."""
    ### BEGIN SOLUTION
    return sum(rank * (n_in + n_out) for n_in, n_out in layers)
    ### END SOLUTION

# %% tags=["check"]
check("09.3", lora_parameters)

# %% [markdown]
# ## One training step, slowly
#
# A step takes a few examples, computes the loss, walks **backward** through the model to find how each trainable number should move (its **gradient**), and lets the **optimizer** move them a little.

# %%
import torch

from coursekit.lora import MasterAdamW, answer_loss, pad_batch

rows = [encode(example, lm.tokenizer) for example in train_examples[:2]]
batch = {k: v.to(lm.device) for k, v in pad_batch(rows, lm.tokenizer.pad_token_id).items()}
labelled = int((batch["labels"] != IGNORE).sum())
optimizer = MasterAdamW([p for p in tuned.parameters() if p.requires_grad])

losses = []
for _ in range(3):
    loss = answer_loss(tuned, batch)
    losses.append(loss.item() / labelled)
    loss.backward()
    optimizer.add_gradients()
    optimizer.step(learning_rate=1e-3, scale=labelled)
assert losses[2] < losses[0]

# %% [markdown]
# Three steps on the same two examples, and their loss fell. That is all training is; the rest is doing it often, on varied examples, without wasting time or memory.
#
# ## Where time and memory go
#
# The recipe differs from what most tutorials do, in six steps.
#
# 1. **Logits only where labels are.** For each token, the output layer gives all 49,152 tokens of the vocabulary a score, its **logit**. Only answer tokens need that. `answer_loss` selects them first:

# %%
figure("09_memory_of_a_step")
show_source(answer_loss)

# %% [markdown]
# 2. **Half the bits** (bfloat16), where the setup cell's probe found them faster.
# 3. **A float32 copy for the optimizer.** bfloat16 keeps 8 significant bits; a small step would be rounded away. `MasterAdamW` keeps exact copies of the adapter only.
# 4. **Micro-batches.** The gradient of 4 examples is the sum of their 4 gradients, so two of them in memory are enough.
# 5. **Compiled layers.** `torch.compile` joins the small operations between the matrix products: {{ladder_compile:.0f}} seconds first, so for long runs only.
# 6. **Smaller batches.** A step looks at 4 examples instead of 8: a rougher gradient, in half the time.

# %% [markdown]
# The first five change what is learned only by rounding. The sixth changes it, so it is judged by right answers for the time they took. A script, `benchmarks/lora_recipe.py`, climbed the whole ladder, each rung a process of its own.

# %%
from coursekit.benchmarks import final_exact, load_runs, medians, seconds_to
from coursekit.plots import plot_recipes, use_course_style

use_course_style()
ladder = load_runs("lora_recipe")
plot_recipes(ladder)
speed, memory = medians(ladder, "tokens_per_s"), medians(ladder, "peak_gb")
record("ladder_bits", speed["+ bfloat16"] / speed["textbook"])
record("ladder_five", speed["+ compiled layers"] / speed["textbook"])
record("ladder_memory", memory["course"] / memory["textbook"])
first, step = medians(ladder, "first_step_s"), medians(ladder, "step_s")
record("ladder_compile", first["course"] - step["course"])
for name in ("textbook", "course"):
    seconds = seconds_to(0.8, ladder, name)  # one number for each seed
    for what, value in (("low", min(seconds)), ("seconds", np.median(seconds)), ("high", max(seconds))):
        record(f"ladder_{what}_{name}", float(value))
    record(f"ladder_final_{name}", float(np.median(final_exact(ladder, name))))

# %% [markdown]
# Five steps together: {{ladder_five:.1f}} times the tokens per second. With the sixth, {{ladder_memory:.0%}} of the memory, and {{ladder_seconds_course:.0f}} seconds of training until 80 % of 60 dev questions were right ({{ladder_low_course:.0f}} to {{ladder_high_course:.0f}} in three runs) instead of {{ladder_seconds_textbook:.0f}} ({{ladder_low_textbook:.0f}} to {{ladder_high_textbook:.0f}}). After 60 steps, {{ladder_final_course:.0%}} were right, and {{ladder_final_textbook:.0%}} with the tutorial's recipe. One rung deserves a second look. With eight examples at once, half the bits alone made training only {{ladder_bits:.2f}} times as fast: the logits of all tokens still filled time and memory, as the next row shows. With two, as below, those logits are a quarter as large, and half the bits gain more. Another processor, other gains, so measure yours: here the first two steps.

# %% tags=["nbval-ignore-output"]
import time
from dataclasses import replace
from coursekit.profile import detect_profile

def full_logits_loss(model, batch):
    return model(**batch, use_cache=False).loss

def seconds_per_step(model, loss_function, repeats=4):
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        loss_function(model, batch).backward()
        if torch.accelerator.is_available():
            torch.accelerator.synchronize()  # Python runs ahead of a GPU
        times.append(time.perf_counter() - started)
        model.zero_grad()
    return min(times)

float32 = replace(detect_profile(), dtype=torch.float32)
models = {"float32": add_adapter(load_lm(profile=float32), settings), "course": tuned}
seconds = {}
for name, model in models.items():
    seconds[f"{name}, all logits"] = seconds_per_step(model, full_logits_loss)
    seconds[f"{name}, answer logits"] = seconds_per_step(model, answer_loss)
for name, value in seconds.items():
    print(f"{value:6.2f} s  {seconds['float32, all logits'] / value:4.1f} times as fast  {name}")
assert seconds["course, answer logits"] < 1.5 * seconds["float32, all logits"]

# %% [markdown]
# ### Exercise 09.4 ●● A learning rate that warms up and fades
#
# *10 minutes.* The **learning rate** is the size of a step. It starts small, because the first gradients are rough, and fades, so that the end settles. **Contract:** during the first `warmup` steps it rises in equal parts, `peak / warmup` at step 0 and `peak` at step `warmup - 1`; from step `warmup` on it is `peak * (steps - step) / (steps - warmup)`. `warmup` may be 0. **Expected:** `learning_rate(0, 50, 1e-3, 4)` returns `0.00025`.

# %% tags=["exercise"]
def learning_rate(step, steps, peak, warmup):
    """Return the learning rate at a step, counted from 0."""
    ### BEGIN SOLUTION
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (steps - step) / (steps - warmup)
    ### END SOLUTION

# %% tags=["check"]
check("09.4", learning_rate)

# %% [markdown]
# ## Train
#
# Now the whole run: {{steps}} steps of 4 examples. A few dev questions are answered along the way, because a loss curve alone does not show *what* is still wrong. The first time, this cell takes a few minutes and shows a progress bar.

# %%
from coursekit.lora import train_cached

tuned = models = model = None  # make room
record("steps", settings.steps)
dev_questions = [q for q in company_questions(split="dev") if q.kind in kinds]
watched = examples_for(dev_questions[::16], seed=5)
folder, history = train_cached(load_lm(), train_examples, settings, watched, watch_at=(10, 30, 90))
record("minutes_training", history.seconds / 60, tolerance=6.0)
record("memory_training", history.peak_memory_gb, tolerance=2.0)
assert history.loss[-1] < 0.5 * history.loss[0]

# %%
import matplotlib.pyplot as plt
from coursekit import t
from coursekit.plots import bars_with_intervals, plot_training

plot_training(history.loss, history.learning_rate)

# %% [markdown]
# On the machine that made this page the run took {{minutes_training:.1f}} minutes and at most {{memory_training:.1f}} GB of memory. Most of the fall is in the first steps: that is the *format*. The slow rest is the choice of the right passage. The curve is rough because each step sees only 4 examples, some easy, some about twins. Judge the trend over ten steps, not a single point. And do not compare losses of different tasks: short answers have few tokens, and one wrong digit weighs much.

# %% tags=["nbval-ignore-output"]
for look in history.looks:
    print(f"after {look['step']} steps")
    for answer, example in zip(look["answers"], watched):
        print(f"   {answer == example.target!s:6} {answer[:34]:36}| {example.target}")
assert len(history.looks) == 3

# %% [markdown]
# Read the wrong ones. An answer in the old chatty style, a number from the twin's passage, a refusal that is not due, and an answer where a refusal is due need different cures: more steps, harder examples, fewer refusals in the training data, more of them. That is why you look before you tune any setting.
#
# ## After: the same test
#
# `save_pretrained` wrote only the adapter to a folder. Load it onto a fresh model, and ask the same questions as before.

# %%
from coursekit.lora import load_adapter
from coursekit.rag import REFUSAL
from coursekit.scoring import bootstrap_interval, contains_gold

tuned_lm = load_adapter(load_lm(), folder)
exact_after, answers_after = exact_matches(tuned_lm, test_examples)
for name, answers in (("before", answers_before), ("after", answers_after)):
    record(f"contains_{name}", contains_gold(answers, test_questions)[is_fact].mean(), tolerance=0.08)
wrongly_refused = np.array(answers_after)[is_fact] == REFUSAL
record("wrongly_refused", wrongly_refused.mean(), tolerance=0.06)
assert record("em_after", exact_after[is_fact].mean(), tolerance=0.08) >= 0.70
assert record("refusals", exact_after[unanswerable].mean(), tolerance=0.15) >= 0.55

# %%
bars = {
    t("facts, before"): exact_before[is_fact],
    t("facts, after"): exact_after[is_fact],
    t("refusals, before"): exact_before[unanswerable],
    t("refusals, after"): exact_after[unanswerable],
}
intervals = [bootstrap_interval(values) for values in bars.values()]
means = [values.mean() for values in bars.values()]
bars_with_intervals(plt.gca(), list(bars), means, intervals)
plt.xlabel(t("exact match on unseen products, with 95 % interval"))
record("em_low", intervals[1][0], tolerance=0.09)
record("em_high", intervals[1][1], tolerance=0.09)
plt.show()

# %% [markdown]
# Exact match on the questions about unseen products: from {{em_before:.0%}} to {{em_after:.0%}} (interval {{em_low:.0%}} to {{em_high:.0%}}). Of the unanswerable questions, {{refusals:.0%}} are refused; of the answerable ones, {{wrongly_refused:.0%}} are refused without need.
#
# This is not memory: the test machines were never in the training. Answers that *contain* the right words went from {{contains_before:.0%}} to {{contains_after:.0%}} with this prompt. With lesson 05's prompt and one passage the untrained model reads better, as lesson 11 shows. Exact matches were gained largely by form, source, and coping with two passages. The first half of claim C3 is supported: an existing model, {{share_trainable:.1%}} of its numbers trained, a few minutes.
#
# The whole system, with retrieval on its own and nothing put in by hand:

# %%
from coursekit.lora import make_example

hits = retrieve_all([q.text for q in test_questions], index, chunks, embedder, k=2)
examples = [make_example(q, h, lm.tokenizer) for q, h in zip(test_questions, hits)]
missed = np.array([e.target == REFUSAL for e in examples]) & ~unanswerable
right = exact_matches(tuned_lm, examples)[0] & ~missed
assert record("end_to_end", right.mean(), tolerance=0.09) > 0.5

# %% [markdown]
# Right answer with the right source, or a due refusal: {{end_to_end:.0%}} of all test questions. Compare that with lesson 05: there, an answer counted as right if it *contained* the gold answer, whatever else it said, and its questions all had an answer. Here the words, the source and the refusal must all be right. What is still lost: passages that retrieval missed, twins, answers invented where a refusal was due, and refusals without need.
#
# ## Off and on
#
# The model's own weights were never touched. So the adapter can be switched off, for one block of code:

# %% tags=["nbval-ignore-output"]
from coursekit.rag import generate

shown = int(np.flatnonzero(exact_after & is_fact)[0])
prompt = test_examples[shown].prompt
with tuned_lm.model.disable_adapter():
    answer_off = generate([prompt], tuned_lm, max_new_tokens=24)[0]
answer_on = generate([prompt], tuned_lm, max_new_tokens=24)[0]
print("off:", answer_off[:70], "\non: ", answer_on)
assert answer_on == test_examples[shown].target != answer_off
megabytes = (folder / "adapter_model.safetensors").stat().st_size / 1e6
assert record("mb_adapter", megabytes, tolerance=12) < 30

# %% [markdown]
# And the adapter is small: {{mb_adapter:.0f}} MB on disk. One base model can serve many adapters, one for each job or customer, and switch between them from one question to the next.
#
# ## Merge
#
# The side path costs a little time at each token. **Merging** adds it into the weights once and for all: W plus alpha / rank times B A.
#
# ### Exercise 09.5 ●● Merge by hand
#
# *8 minutes.* **Contract:** `weight` has the shape `(n_out, n_in)`, `A` has `(rank, n_in)`, `B` has `(n_out, rank)`. Return `weight + alpha / rank * (B @ A)` as a new array and leave `weight` as it was. **Expected:** with `B` at zero the result equals `weight`.

# %% tags=["exercise"]
def merge(weight, A, B, alpha):
    """Return the weight with the adapter added to it."""
    ### BEGIN SOLUTION
    rank = A.shape[0]
    return weight + alpha / rank * (B @ A)
    ### END SOLUTION

# %% tags=["check"]
check("09.5", merge)

# %% [markdown]
# peft does the same for every layer. Is the merged model really the same? Compare the scores that both give for the next token, in float32, where rounding is small.

# %%
exact = load_adapter(load_lm(profile=float32), folder)
inputs = lm.tokenizer(prompt, return_tensors="pt", add_special_tokens=False).to(lm.device)
with torch.inference_mode():
    separate = exact.model(**inputs).logits[0, -1]
    merged = exact.model.merge_and_unload()(**inputs).logits[0, -1]
difference = float((separate - merged).abs().max())
assert record("merge_difference", difference, tolerance=0.01) < 0.01

# %% [markdown]
# The largest difference among 49,152 scores is {{merge_difference:.5f}}: rounding, nothing else.
#
# ## On a GPU
#
# Nothing above names a device: the profile chose it. On a GPU without bfloat16, such as Colab's T4, the frozen weights are float16 and the adapter stays in float32, because float16 loses small gradients; `train` scales the loss for the same reason. **QLoRA** goes further and keeps the frozen weights in 4 bits. It needs the package bitsandbytes:

# %%
from coursekit.lora import load_lm_4bit

try:
    small = load_lm_4bit()
    print(f"4 bits: {small.model.get_memory_footprint() / 1e6:.0f} MB")
except RuntimeError as error:
    print(error)
assert lm.device

# %% [markdown]
# ## Quiz
#
# <details><summary>The loss is near zero after a few steps. Is the model done?</summary>
#
# No. The format is learned first and makes most of the loss. Look at the answers: the choice of the passage comes later.
#
# </details>
#
# <details><summary>Why are the test products not in the training data?</summary>
#
# Otherwise a right answer could be memory. Unseen products show whether the skill was learned.
#
# </details>
#
# <details><summary>A price changes tomorrow. Must this adapter be trained again?</summary>
#
# No. It learned to read passages, not prices. Change the document and index it again.
#
# </details>

# %% [markdown]
# ## Takeaways
#
# - A training example is a prompt in the chat template and a target; only the target gets labels.
# - LoRA trains a few per cent of the numbers beside a frozen model; it can be switched off, saved alone, or merged.
# - Compute logits only where labels are, use the precision your machine is fast in, and keep the optimizer exact.
# - Look at wrong answers early, and measure on products that were never seen.
#
# <!-- next -->
