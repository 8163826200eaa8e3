# %% [markdown]
# # 11 · Head to head
# Four systems answer the same questions, then the facts change overnight, and the ten claims get the verdicts that your numbers support.

# %% [markdown]
# <!-- badges -->
#
# **What you will be able to do**
#
# - compare prompt, RAG, LoRA and RAG+LoRA fairly, kind of question by kind of question;
# - measure what a changed fact costs: seconds, stale answers, damage;
# - find out where an answer comes from by editing one passage;
# - turn numbers into a verdict by a rule that you fixed before.
#
# **You need** lessons 05 and 09. **Time:** 70 minutes with the exercises; running all cells takes about {{minutes_cpu}} min on two CPU cores once its trainings and answers are kept, and about {{minutes_first}} min the first time. The longest training alone took {{minutes_closed:.0f}} min where this page was made.

# %% tags=["setup"]
# The build writes the setup cell here.

# %% [markdown]
# ## Four systems, one model
#
# Lesson 01 named three levers: the prompt, the documents, the weights. Here all of them pull at the same small model. Two of the four systems see passages, two have been trained. What does each of them see at a question?

# %%
from coursekit import figure, record, t

figure("11_four_systems")

# %% [markdown]
# - **prompt**: the bare model and the question, no other line.
# - **RAG**: lesson 05's best prompt, with the first hit, and its line below which it refuses.
# - **LoRA**: trained **closed-book**, on questions and answers without any passage. The facts must go into the weights.
# - **RAG+LoRA**: lesson 09's adapter, trained to *read* two numbered passages.
#
# The same for all: the base model, the questions, the documents, the rule that judges an answer. *Not* the same: RAG reads one passage, RAG+LoRA two; the line of instruction differs in each prompt; the ranks are 32 and 16; LoRA trains on questions of the 18 taught machines without passages, RAG+LoRA on such questions with them. So a difference is one of whole systems.

# %% [markdown]
# ## First the rule, then the numbers
#
# A verdict should not depend on the mood of the day, so the rule comes first. Each claim is cut into **parts**: a value, and the side of a bound on which the claim puts it. A part *holds* if its whole interval lies on that side, *fails* if it lies on the other, and is *open* otherwise. All hold: supported. All fail: refuted. Some hold and some fail: it depends. Otherwise at least one part is open: cannot tell yet. Where all answers are the same, the bootstrap would give no width; there, the interval is **Wilson's**, which says what so few answers may have missed. Would you set these bounds?

# %%
from coursekit import show_source
from coursekit.verdicts import print_parts, state_of

show_source(state_of)
print_parts()

# %%
import numpy as np

from coursekit.corpus import company_chunks, training_questions
from coursekit.models import load_embedder, load_lm
from coursekit.rag import build_index, embed_cached, retrieve_all

chunks = company_chunks()
embedder = load_embedder()
embeddings = embed_cached([chunk.text for chunk in chunks], embedder)
index = build_index(embeddings)
lm = load_lm()

# %% [markdown]
# ## The budget of the training
#
# Closed-book training gets {{n_examples}} examples: the facts of the 18 training machines, each in two wordings, and questions without an answer, so that it can learn to refuse. A third wording of each fact is kept back for the test. It gets {{steps}} steps of 16 such short examples. That was chosen by time, not by quality: a coffee break on two cores. The result is kept, so you wait once.
#
# The reader of RAG+LoRA is lesson 09's run: same examples, same settings, read from the cache if you have done that lesson. Both adapters go onto a copy of the same model.

# %%
from coursekit.corpus import company_questions
from coursekit.lora import Settings, train_cached
from coursekit.systems import closed_book_examples

taught = training_questions(official=False)
refusals = company_questions(split="train", kind="unanswerable")
examples = closed_book_examples(taught + refusals, lm.tokenizer)
print(examples[0].prompt + examples[0].target)
settings = Settings(rank=32, alpha=64, steps=200, batch_size=16, micro_batch=16, learning_rate=2e-3, warmup=8)
closed_folder, closed_run = train_cached(lm, examples, settings)
record("n_examples", len(examples))
record("steps", settings.steps)
record("minutes_closed", closed_run.seconds / 60, tolerance=8.0)
assert closed_run.loss[-1] < 0.2 * closed_run.loss[0]

# %%
from coursekit.lora import load_adapter
from coursekit.systems import refusal_threshold, train_reader

reader_folder, reader_run = train_reader(lm, index, chunks, embedder)
models = {
    "prompt": lm,
    "RAG": lm,
    "LoRA": load_adapter(load_lm(), closed_folder),
    "RAG+LoRA": load_adapter(load_lm(), reader_folder),
}
threshold = refusal_threshold(index, chunks, embedder)

# %% [markdown]
# ## Seven groups of questions
#
# One average would hide what matters. So the questions come in groups: facts that the training taught, in a wording that it saw for this machine, and in one that it saw only for a twin, a machine of the same family; prose and tables about machines that no training saw; facts behind a **house term**, a word with a meaning of its own at Larkspur, asked for by that term and in everyday words; and questions without an answer. The facts of the house-term pair are also asked for in the prose and table groups, partly in the same words: these rows are not independent.

# %%
from coursekit.systems import group_titles, question_groups

groups = question_groups()
for name, questions in groups.items():
    print(f"{len(questions):3} {group_titles()[name]:40} {questions[0].text}")
asked = [question for questions in groups.values() for question in questions]

# %% [markdown]
# **Predict before you run**: which system wins each group? Write down seven names. Then let all four answer all questions. An answer counts as right if it contains the gold answer; without a gold answer, a refusal is right.

# %%
from coursekit.systems import SYSTEMS, answer_all, correct

group_of = np.array([name for name, questions in groups.items() for _ in questions])
hits = retrieve_all([question.text for question in asked], index, chunks, embedder, k=2)
answers = {s: answer_all(s, asked, hits, models[s], threshold=threshold) for s in SYSTEMS}
right = {s: correct(answers[s], asked) for s in SYSTEMS}

# %% [markdown]
# ## Who wins, and how sure is that?
#
# All four answered the *same* questions. So compare them question by question: the **paired interval** is the bootstrap interval of the differences. What is hard for everybody cancels out.
#
# ### Exercise 11.1 ●● First, second, or cannot tell
#
# *10 minutes.* **Contract:** `first` and `second` are lists of 0 and 1, one number for each question, in the same order. Draw as many questions as there are, with repetition, `draws` times; take the mean of the differences `second - first` each time. If the interval from the 2.5th to the 97.5th percentile lies above 0, return `"second"`; if it lies below 0, return `"first"`; otherwise return `"cannot tell"`. **Expected:** for `[0] * 50` and `[1] * 50`, `"second"`.

# %% tags=["exercise"]
def better(first, second, draws=1000, seed=0):
    """Return "first", "second" or "cannot tell" by the paired bootstrap interval."""
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    differences = np.asarray(second, dtype=float) - np.asarray(first, dtype=float)
    means = rng.choice(differences, size=(draws, len(differences))).mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    if low > 0:
        return "second"
    return "first" if high < 0 else "cannot tell"
    ### END SOLUTION

# %% tags=["check"]
from coursekit import check

check("11.1", better)

# %% [markdown]
# Now all groups at once. A dark bar is the best of its group, or cannot be told from the best by the paired interval; a light bar is worse. The thin lines are each system's own interval. Below the plot, the code answers the question "who wins each group?" by the paired interval.

# %% tags=["nbval-ignore-output"]
from coursekit.plots import use_course_style
from coursekit.systems import plot_groups, print_winners

use_course_style()
plot_groups(right, group_of)
assert "LoRA" not in print_winners(right, group_of)["reworded"]
for system, short in zip(SYSTEMS, ("prompt", "rag", "lora", "both")):
    for group in groups:
        share = right[system][group_of == group].mean()
        record(f"{short}_{group.replace(' ', '_')}", share, tolerance=0.12)

# %% [markdown]
# | | prompt | RAG | LoRA | RAG+LoRA |
# |---|---|---|---|---|
# | taught facts, wording from the training | {{prompt_trained:.0%}} | {{rag_trained:.0%}} | {{lora_trained:.0%}} | {{both_trained:.0%}} |
# | taught facts, in a twin's wording | {{prompt_reworded:.0%}} | {{rag_reworded:.0%}} | {{lora_reworded:.0%}} | {{both_reworded:.0%}} |
# | unseen machines, prose | {{prompt_prose:.0%}} | {{rag_prose:.0%}} | {{lora_prose:.0%}} | {{both_prose:.0%}} |
# | unseen machines, tables | {{prompt_tables:.0%}} | {{rag_tables:.0%}} | {{lora_tables:.0%}} | {{both_tables:.0%}} |
# | unseen machines, in house terms | {{prompt_house:.0%}} | {{rag_house:.0%}} | {{lora_house:.0%}} | {{both_house:.0%}} |
# | the same facts, in everyday words | {{prompt_ordinary:.0%}} | {{rag_ordinary:.0%}} | {{lora_ordinary:.0%}} | {{both_ordinary:.0%}} |
# | no answer in the documents | {{prompt_no_answer:.0%}} | {{rag_no_answer:.0%}} | {{lora_no_answer:.0%}} | {{both_no_answer:.0%}} |

# %% [markdown]
# Not told apart is not equal: more questions might tell. RAG+LoRA was trained with the questions of the first two rows: for it, they are no test. Its lead over RAG is the adapter *and* the second passage. Each adapter was trained once: the intervals speak of other questions, not seeds. Of 21 comparisons at 95 %, about one would be a false alarm among equal systems; lesson 13 mends that.
#
# ## Why does the trained model miss what it was taught?
#
# In the wording it was trained on, LoRA knows {{lora_trained:.0%}} of the facts. In a wording it knows from a twin, {{lora_reworded:.0%}}. Where do the wrong answers come from? Look at a few, beside the values of the machine's twins.

# %% tags=["nbval-ignore-output"]
from coursekit.scoring import contains_answer
from coursekit.systems import twin_values

rows = np.flatnonzero((group_of == "reworded") & ~right["LoRA"])
texts = answers["LoRA"].texts
from_twin = [any(contains_answer(texts[i], value) for value in twin_values(asked[i])) for i in rows]
assert record("from_twin", np.mean(from_twin), tolerance=0.2) > 0.4
for i in rows[:4]:
    print(f"{asked[i].text}\n   {texts[i]:18} should be {asked[i].answer}; twins: {twin_values(asked[i])}")

# %% [markdown]
# Of these wrong answers, {{from_twin:.0%}} are the value of a twin. It found the family, not the machine. Picking among the three machines by chance would be right in a third; LoRA is right in {{lora_reworded:.0%}}, *below* chance. Something pulls. The three wordings of a fact rotate over the three machines: the test wording of one machine is a training wording of both its twins. Probably the words lead to a twin, and the name, a few tokens, does not hold against them. It stored sentences, not a table of facts.
#
# On machines it never met, it is right in {{lora_prose:.0%}} of the questions about prose, although it refuses {{lora_no_answer:.0%}} of the questions that have no answer.

# %% [markdown]
# ## What each system costs
#
# Seconds to write the answer to one question, asked alone, without the search, the median of four questions; what is paid once; and what must be kept. The embedding of the passages is timed on every eighth of them.

# %% tags=["nbval-ignore-output"]
import time
from coursekit.rag import embed
from coursekit.systems import print_costs

embed(["warm up"], embedder)
started = time.perf_counter()
embed([chunk.text for chunk in chunks[::8]], embedder)
seconds_index = 8 * (time.perf_counter() - started)
once = {"prompt": 0, "RAG": seconds_index, "LoRA": closed_run.seconds}
print_costs(answers, once | {"RAG+LoRA": seconds_index + reader_run.seconds})
each = {system: answers[system].seconds_per_question for system in SYSTEMS}
assert record("times_faster", each["RAG"] / each["LoRA"], tolerance=4.0) > 1
record("memory_closed", closed_run.peak_memory_gb, tolerance=2.0)
record("mb_index", embeddings.nbytes / 1e6, tolerance=0.1)
for name, folder in (("closed", closed_folder), ("reader", reader_folder)):
    record(f"mb_{name}", (folder / "adapter_model.safetensors").stat().st_size / 1e6, tolerance=5)

# %% [markdown]
# Kept on disk, beside the base model: for RAG the passages, the embedder, and {{mb_index:.1f}} MB of vectors; for LoRA {{mb_closed:.0f}} MB of adapter (rank 32); for RAG+LoRA all that RAG keeps and {{mb_reader:.0f}} MB of reader (rank 16). The closed-book training needed at most {{memory_closed:.1f}} GB of memory.
#
# At each question, LoRA is {{times_faster:.1f}} times as fast as RAG: a short prompt, and a short answer that ends by itself. RAG+LoRA has the longest prompt to read. Prompts cost at every question, training costs once. Once? That depends on how often the facts change.

# %% [markdown]
# ### Exercise 11.2 ●● Choose by rule
#
# *10 minutes.* **Contract:** `table` is a dict: name of a system to a dict with `"right"`, `"refuses"` (shares from 0 to 1) and `"seconds"`. Leave out systems that refuse less than `min_refuses` of the questions without an answer, and systems slower than `max_seconds`. Of the rest, keep those at most `margin` behind the best of the rest. Return the name of the fastest of these, or `"none"` if none is left. Exactly at a limit, or exactly `margin` behind, still counts. **Expected:** `choose({"RAG": {"right": 0.7, "refuses": 0.8, "seconds": 1}}, 0.5, 2)` returns `"RAG"`.

# %% tags=["exercise"]
def choose(table, min_refuses, max_seconds, margin=0.05):
    """Return the fastest of the good enough systems that meet both limits, or "none"."""
    ### BEGIN SOLUTION
    allowed = {
        name: row
        for name, row in table.items()
        if row["refuses"] >= min_refuses and row["seconds"] <= max_seconds
    }
    if not allowed:
        return "none"
    best = max(row["right"] for row in allowed.values())
    good = [name for name, row in allowed.items() if row["right"] >= best - margin - 1e-9]
    return min(good, key=lambda name: allowed[name]["seconds"])
    ### END SOLUTION

# %% tags=["check"]
check("11.2", choose)

# %% [markdown]
# ## The facts change overnight
#
# > **Claim C5.** *When the data changes often, fine-tuning gets complicated.* Testable as: after several updates, more old values are still given than with RAG, and more answers that were right are now broken.
#
# Half a year passes at Larkspur. The company's second snapshot has new prices, new seals, new temperatures. You compare on the group in the *trained* wording, where LoRA is at its best.
#
# For RAG, the update is lesson 05's: embed the passages whose text changed, and build the index again.

# %%
from coursekit.systems import update_index

old, new = groups["trained"], question_groups("2025-09")["trained"]
changed = np.array([o.answer != n.answer for o, n in zip(old, new)])
record("n_changed", int(changed.sum()))
record("n_unchanged", int((~changed).sum()))
i = int(np.flatnonzero(changed)[0])
print(f"{changed.sum()} of {len(old)} answers changed: {old[i].text} {old[i].answer} -> {new[i].answer}")
new_chunks = company_chunks("2025-09")
started = time.perf_counter()
new_index, touched = update_index(embeddings, chunks, new_chunks, embedder)
seconds_reindex = time.perf_counter() - started
print(f"{len(touched)} of {len(chunks)} passages embedded again")
new_hits = retrieve_all([q.text for q in new], new_index, new_chunks, embedder, k=2)
assert record("seconds_reindex", seconds_reindex, tolerance=30.0) < seconds_index

# %% [markdown]
# For LoRA, there is nothing to embed. The adapter is trained further, on the changed facts in their two wordings with their new answers: 24 steps. One remedy is **rehearsal**: mix old examples in, so that the old knowledge stays; here, of as many other facts as changed, in 36 steps. Only facts that the test does *not* ask are rehearsed: it shows whether rehearsing some facts protects others. You try three ways: all changes at once; the same with rehearsal; and in three parts, one after the other, as life brings them.

# %%
from dataclasses import replace
from coursekit.systems import teach_again

facts_asked = [(q.product, q.fact) for q in old]
changing = [fact for fact, c in zip(facts_asked, changed) if c]
others = [f for f in dict.fromkeys((q.product, q.fact) for q in taught) if f not in facts_asked]
retaught = training_questions("2025-09", official=False)

def teach(folder, facts, steps):
    plan = replace(settings, steps=steps, learning_rate=1e-3, warmup=2)
    return teach_again(lm, folder, retaught, facts, plan)

at_once, run_at_once = teach(closed_folder, changing, 24)
rehearsed, run_rehearsed = teach(closed_folder, changing + others[::4][: len(changing)], 36)
first, run_first = teach(closed_folder, changing[0::3], 8)
second, run_second = teach(first, changing[1::3], 8)
third, run_third = teach(second, changing[2::3], 8)
runs = {"at_once": [run_at_once], "rehearsed": [run_rehearsed], "parts": [run_first, run_second, run_third]}
for name, of_name in runs.items():
    record(f"seconds_{name}", sum(run.seconds for run in of_name), tolerance=200.0)

# %% [markdown]
# A changed fact can be *updated* or *stale*, an unchanged one *broken*. Guess how many get broken.
#
# ### Exercise 11.3 ●● What became of an answer
#
# *10 minutes.* **Contract:** `old` and `new` are the gold answers before and after; `was_right` says whether the system was right before. If they differ, return `"updated"` if `answer` holds `new`, else `"stale"` if it holds `old`, else `"other"`. If they are the same and `answer` holds the value, return `"kept"` if it was right, else `"mended"`; without the value, `"broken"` if it was right, else `"still wrong"`. `holds(text, value)` says whether a text holds a value. **Expected:** `what_became("40 euros", "40 euros", "45 euros", True, holds)` returns `"stale"`.

# %% tags=["exercise"]
def what_became(answer, old, new, was_right, holds):
    """Return the fate of one answer after an update, as one of seven words."""
    ### BEGIN SOLUTION
    if old != new:
        if holds(answer, new):
            return "updated"
        return "stale" if holds(answer, old) else "other"
    if holds(answer, new):
        return "kept" if was_right else "mended"
    return "broken" if was_right else "still wrong"
    ### END SOLUTION

# %% tags=["check"]
check("11.3", what_became)

# %% [markdown]
# Ask all of them again: the two systems with a new index, and four states of the closed-book adapter.

# %%
from coursekit.systems import fates

later = {s: answer_all(s, new, new_hits, models[s], threshold, 0).texts for s in ("RAG", "RAG+LoRA")}
states = {t("LoRA, as it was"): closed_folder, t("LoRA, all at once"): at_once}
states |= {t("LoRA, rehearsed"): rehearsed, t("LoRA, three parts"): third}
for name, folder in states.items():
    tuned = load_adapter(load_lm(), folder)
    later[name] = answer_all("LoRA", new, new_hits, tuned, timed=0).texts
fate_of = {name: fates(texts, old, new)[changed] for name, texts in later.items()}

# %% [markdown]
# First the changed facts. Then the facts that did *not* change: how many were right before the update, and are wrong after it?

# %%
from coursekit.systems import plot_broken, plot_fates

plot_fates(fate_of, t("share of the {n} changed questions", n=int(changed.sum())))
before = {name: right[name if name in right else "LoRA"][group_of == "trained"] for name in later}
broken = {}
for name, texts in later.items():
    broken[name] = 1.0 * (before[name] & ~correct(texts, new))[~changed]
record("n_right", int((before["RAG"] & ~changed).sum()), tolerance=8)
record("n_right_lora", int((right["LoRA"][group_of == "trained"] & ~changed).sum()), tolerance=8)
plot_broken(broken)

# %% [markdown]
# And in three parts, as time goes by? After each part, look at two shares: the unchanged facts that are right, and the facts of the *first* part that still have their new value.

# %%
from coursekit.systems import plot_path

in_first = np.array([fact in changing[0::3] for fact in facts_asked])
stages = [load_adapter(load_lm(), folder) for folder in (closed_folder, first, second, third)]
path = [correct(answer_all("LoRA", new, new_hits, stage, timed=0), new) for stage in stages]
plot_path(path, {t("unchanged facts"): ~changed, t("facts of the first part"): in_first})

# %%
from coursekit.systems import break_even
from coursekit.verdicts import measure

measured = {}
wrong = {name: 1.0 * (values != "updated") for name, values in fate_of.items()}
stale = {name: 1.0 * (values == "stale") for name, values in fate_of.items()}
names = dict(zip(("rag", "both", "as_it_was", "at_once", "rehearsed", "parts"), fate_of))
for short, name in names.items():
    record(f"before_{short}", 1 - before[name][changed].mean(), tolerance=0.2)
    record(f"wrong_{short}", wrong[name].mean(), tolerance=0.2)
    record(f"broken_{short}", broken[name].mean(), tolerance=0.2)
three = names["parts"]
measure(measured, "stale_gap", stale[three] - stale["RAG"], 0.2, lowest=-1)
measure(measured, "damage", broken[three] - broken["RAG"], 0.2, lowest=-1)
measure(measured, "closed_wrong", wrong[names["as_it_was"]], 0.2)
worse = wrong["RAG+LoRA"] - 1.0 * ~before["RAG+LoRA"][changed]
measure(measured, "reader_worse", worse, 0.2, lowest=-1)
record("unchanged_end", path[3][~changed].mean(), tolerance=0.2)
record("first_then", path[1][in_first].mean(), tolerance=0.3)
record("first_now", path[3][in_first].mean(), tolerance=0.3)
seconds = (each["RAG"], each["LoRA"], seconds_reindex, run_at_once.seconds)
assert record("updates", break_even(1000, *seconds), tolerance=1e4) >= 0

# %% [markdown]
# | | changed facts wrong, before | after | unchanged facts broken | seconds |
# |---|---|---|---|---|
# | RAG, changed passages indexed again | {{before_rag:.0%}} | {{wrong_rag:.0%}} | {{broken_rag:.0%}} | {{seconds_reindex:.1f}} |
# | RAG+LoRA, the same index | {{before_both:.0%}} | {{wrong_both:.0%}} | {{broken_both:.0%}} | the same |
# | LoRA, as it was | {{before_as_it_was:.0%}} | {{wrong_as_it_was:.0%}} | {{broken_as_it_was:.0%}} | none |
# | LoRA, all at once | {{before_at_once:.0%}} | {{wrong_at_once:.0%}} | {{broken_at_once:.0%}} | {{seconds_at_once:.0f}} |
# | LoRA, rehearsed | {{before_rehearsed:.0%}} | {{wrong_rehearsed:.0%}} | {{broken_rehearsed:.0%}} | {{seconds_rehearsed:.0f}} |
# | LoRA, three parts | {{before_parts:.0%}} | {{wrong_parts:.0%}} | {{broken_parts:.0%}} | {{seconds_parts:.0f}} |
#
# Shares of the {{n_changed}} changed and of all {{n_unchanged}} unchanged questions; of the latter, RAG had {{n_right}} right before, LoRA {{n_right_lora}}. The {{closed_wrong:.0%}} of LoRA as it was may, for so few questions, be {{closed_wrong_low:.0%}} to {{closed_wrong_high:.0%}} (Wilson). Training again from scratch takes the {{minutes_closed:.1f}} minutes of the first time.

# %% [markdown]
# The new facts get in; the others suffer. Share of the unchanged facts that are broken after three updates, LoRA minus RAG: {{damage:.0%}} ({{damage_low:.0%}} to {{damage_high:.0%}}). All facts share the same numbers, so a step for one moves others along: **catastrophic forgetting**. Rehearsing *other* facts did not protect these: {{broken_rehearsed:.0%}} broken, against {{broken_at_once:.0%}}. A gentler training was not tried.
#
# The first part's facts: {{first_then:.0%}} right after their own training, {{first_now:.0%}} two updates later; the unchanged ones end at {{unchanged_end:.0%}}. Old values, LoRA minus RAG: {{stale_gap:+.0%}} ({{stale_gap_low:+.0%}} to {{stale_gap_high:+.0%}}). So the first half of C5 is not shown: once trained, LoRA's trouble is broken facts, not old values. RAG+LoRA, not trained again: wrong after minus before {{reader_worse:+.0%}} ({{reader_worse_low:+.0%}} to {{reader_worse_high:+.0%}}).

# %% [markdown]
# ### Exercise 11.4 ●● Break-even
#
# *10 minutes.* RAG pays at each question, LoRA at each update. With the seconds measured here and 1,000 questions a month, LoRA costs more from {{updates:.0f}} updates a month on. But time is not the argument: one update broke {{broken_at_once:.0%}} of the rest. **Contract:** in a month there are `questions` questions; RAG needs `rag_each` seconds for each and `reindex` seconds for each update, LoRA `lora_each` and `retrain`. Return the smallest whole number of updates in a month at which LoRA needs *more* seconds than RAG; 0 if it does so without any, and `float("inf")` if it never does. **Expected:** `break_even(1000, 0.5, 0.2, 1, 101)` returns `4`.

# %% tags=["exercise"]
import math

def break_even(questions, rag_each, lora_each, reindex, retrain):
    """Return the smallest number of updates a month at which LoRA costs more seconds than RAG."""
    ### BEGIN SOLUTION
    saved = questions * (rag_each - lora_each)
    if saved < 0:
        return 0
    if retrain <= reindex:
        return math.inf
    return math.floor(saved / (retrain - reindex) + 1e-9) + 1
    ### END SOLUTION

# %% tags=["check"]
check("11.4", break_even)

# %% [markdown]
# ## Where does the answer come from?
#
# > **Claim C6.** *When the answer must contain external data, RAG is the best choice.* Testable as: the answer follows when somebody edits a document.
#
# Take 40 questions about taught facts and 40 about unseen machines. In every passage that holds the answer, raise the first digit of the value: 45 minutes become 55. Nothing else changes. Which systems will say 55? **Guess** for all four, and twice for RAG+LoRA: it was trained with some of these passages.

# %%
from coursekit.systems import edit_passages, sample_with_number

sample = sample_with_number(groups["trained"], 40) + sample_with_number(groups["prose"], 40)
is_taught = np.arange(len(sample)) < 40
edited_chunks, edited = edit_passages(chunks, sample)
edited_index, moved = update_index(embeddings, chunks, edited_chunks, embedder)
edited_hits = retrieve_all([q.text for q in sample], edited_index, edited_chunks, embedder, k=2)
print(len(moved), "passages edited;", sample[0].text, sample[0].answer, "->", edited[0].answer)
follows, shown = {}, {}
for system in SYSTEMS:
    texts = answer_all(system, sample, edited_hits, models[system], threshold, timed=0).texts
    follows[system] = fates(texts, sample, edited)
    shown[f"{system}, {t('taught')}"] = follows[system][is_taught]
    shown[f"{system}, {t('unseen')}"] = follows[system][~is_taught]
plot_fates(shown, t("share of the 40 questions in each row"))

# %% [markdown]
# RAG follows the edit in {{follow_rag:.0%}} of the answers ({{follow_rag_low:.0%}} to {{follow_rag_high:.0%}}). Prompt and LoRA cannot follow: their prompt never held the passage. So this half of C6 is true by construction; measured is how often RAG follows. RAG minus LoRA: {{follow_gain:+.0%}} ({{follow_gain_low:+.0%}} to {{follow_gain_high:+.0%}}).
#
# RAG+LoRA: {{follow_both_taught:.0%}} of the answers about taught machines, {{follow_both_unseen:.0%}} about unseen ones. Had it learned its training passages by heart, the first would be far below the second.
#
# ## The ten verdicts
#
# For you, the rule stood before the numbers. For the authors not all of it did: the parts of C3, C5, C7, C8 and C9, and *cannot tell yet*, were cut anew after a first run. Other lessons' numbers come from their records.

# %%
def of(system, *names):
    return right[system][np.isin(group_of, names)].astype(float)

follow = {system: 1.0 * (values == "updated") for system, values in follows.items()}
unseen = ("prose", "tables")
measure(measured, "follow_rag", follow["RAG"], 0.12)
measure(measured, "follow_gain", follow["RAG"] - follow["LoRA"], 0.12, lowest=-1)
measure(measured, "unseen_gain", of("RAG", *unseen) - of("LoRA", *unseen), 0.12, lowest=-1)
for name in ("trained", "reworded"):
    measure(measured, f"{name}_gain", of("LoRA", name) - of("RAG", name), 0.15, lowest=-1)
measure(measured, "house_gain", of("RAG+LoRA", "house") - of("RAG", "house"), 0.15, lowest=-1)
measure(measured, "nuance", of("RAG", "house") - of("RAG", "ordinary"), 0.15, lowest=-1)
measure(measured, "tables_gap", of("RAG", "tables"), 0.15, minus=of("RAG", "prose"))
record("follow_both_taught", follow["RAG+LoRA"][is_taught].mean(), tolerance=0.15)
assert record("follow_both_unseen", follow["RAG+LoRA"][~is_taught].mean(), tolerance=0.15) > 0.5

# %% tags=["nbval-ignore-output"]
from coursekit.verdicts import verdict_table, verdicts

verdict_table(measured)
assert len(verdicts(measured)) == 10

# %% [markdown]
# Where a verdict differs from your guess in lesson 01, look at the part that decided it.
#
# C7 in its parts: about taught facts, LoRA minus RAG is {{trained_gain:+.0%}} ({{trained_gain_low:+.0%}} to {{trained_gain_high:+.0%}}) in a trained wording and {{reworded_gain:+.0%}} ({{reworded_gain_low:+.0%}} to {{reworded_gain_high:+.0%}}) in a twin's. House terms: RAG+LoRA minus RAG is {{house_gain:+.0%}} ({{house_gain_low:+.0%}} to {{house_gain_high:+.0%}}), while against everyday words they change RAG by {{nuance:+.0%}} ({{nuance_low:+.0%}} to {{nuance_high:+.0%}}). C2: tables minus prose {{tables_gap:+.0%}} ({{tables_gap_low:+.0%}} to {{tables_gap_high:+.0%}}). C6: unseen machines, RAG minus LoRA {{unseen_gain:+.0%}} ({{unseen_gain_low:+.0%}} to {{unseen_gain_high:+.0%}}).
#
# ## A chart to decide by
#
# RAG+LoRA leads RAG in everyday words, {{both_ordinary:.0%}} against {{rag_ordinary:.0%}}, as in house terms, {{both_house:.0%}} against {{rag_house:.0%}}. Form and style, dashed, belong to lesson 10.

# %%
figure("11_decide")

# %% [markdown]
# The chart ends where the measurements end. One small model, one company, a few dozen questions in each group, and a training of a few minutes. A larger model may read more passages, and more wordings or more time may help closed-book training; neither was measured. Lesson 13 runs these four on your own documents, RAG without its line of refusal.

# %% [markdown]
# ## Quiz
#
# <details><summary>LoRA answers every question about an unseen machine, with the right unit. What do you tell your boss?</summary>
#
# It learned what an answer looks like; the value is made up. Test on facts that were not taught.
#
# </details>
#
# <details><summary>Two systems reach 82 % and 79 % on the same 96 questions. Which one is better?</summary>
#
# Look at the paired interval of the difference. If it holds 0, ask more questions, or choose by cost.
#
# </details>
#
# <details><summary>Why does the reader of RAG+LoRA need no new training when the facts change?</summary>
#
# It learned how to read a passage, not what stands in it. The facts stay in the documents, and the documents are indexed again.
#
# </details>

# %% [markdown]
# ## Takeaways
#
# - Compare systems on the same questions, in groups, with paired intervals.
# - Closed-book training tied values to sentences: asked in a wording learned for a twin, LoRA often gave the twin's value.
# - Indexing changed passages again broke {{broken_rag:.0%}} of the facts that nobody touched; further training broke {{broken_at_once:.0%}}.
# - Fine-tuning helped where passages had to be read. Facts belong in documents.
# - Fix the rule of a verdict before you look at the number.
#
# <!-- next -->
