# %% [markdown]
# # 10 · Data decides
# You find out how much training data is enough, what bad data breaks, and whether house wording is better trained than asked for.

# %% [markdown]
# <!-- badges -->
#
# **What you will be able to do**
#
# - read a learning curve, and say how many examples are enough;
# - tell what wrong answers and what sloppy answers do to a model;
# - find copies, near copies and leaks before they flatter a score;
# - measure house wording, and compare a trained model with a prompt that states the rules;
# - check what a model forgot while it learned.
#
# **You need** lesson 09. **Time:** 60 minutes with the exercises; running all cells takes about {{minutes_cpu}} min on two CPU cores once its two training runs are kept, and about {{minutes_first}} min the first time.

# %% tags=["setup"]
# The build writes the setup cell here.

# %% [markdown]
# ## How much data?
#
# > **Claim C8.** *Fine-tuning needs a high-quality data set; with little data it makes little difference.* Two claims in one: quality counts, and a little data does little. You test each by itself.
#
# The task is that of lesson 09: two passages, a question, and the answer with its source, `45 minutes [2]`; exact match, on machines that the training never saw. Untrained, the model talks instead, as lesson 09 showed. Only {{share_without:.0%}} of the examples lose their gold passage here.

# %%
import numpy as np

from coursekit.corpus import company_chunks, company_questions, training_questions
from coursekit.models import load_embedder, load_lm
from coursekit.rag import build_index, embed, embed_cached, retrieve_all

chunks = company_chunks()
embedder = load_embedder()
index = build_index(embed_cached([chunk.text for chunk in chunks], embedder))
lm = load_lm()

kinds = ("prose", "table", "company", "unanswerable")
train_questions = [q for q in training_questions() if q.kind in kinds]
test_questions = [q for q in company_questions(split="test") if q.kind in kinds]

# %% [markdown]
# A **learning curve** shows the score over the number of training examples. To compare sizes fairly, all else must stay the same. So each run takes {{sweep_steps}} steps of 4 examples: {{sweep_draws}} draws, whatever the size. With 5 examples, each is drawn {{draws_of_five}} times; with {{sweep_draws}}, once. If small sets got fewer steps, you would measure the steps.
#
# Each size is trained three times. Another **seed** draws other examples and other starting weights for the adapter. That is too long for a lesson, so a script ran it, `benchmarks/data_size.py`, and its results come with the course. **Guess before you run:** how many examples lift the exact matches above one third?

# %%
from coursekit import figure, record, t
from coursekit.benchmarks import load_benchmark
from coursekit.data_quality import FACTS, SHARE_WITHOUT_GOLD, sweep_scores

sweep = load_benchmark("data_size")
settings = sweep["settings"]
record("sweep_steps", settings["steps"])
draws = record("sweep_draws", settings["steps"] * settings["batch_size"])
record("draws_of_five", draws // 5)
sizes = sorted({p["size"] for p in sweep["points"] if p["kind"] == "clean" and p["size"]})
record("share_without", SHARE_WITHOUT_GOLD)
print(len(sweep["points"]), "runs, of which clean: sizes", sizes)
assert len(sizes) >= 5

# %% [markdown]
# The scores of one size are a table: a row for each seed, a column for each of {{n_facts}} questions about facts. How sure is the mean of such a table? Two things could have been different, the questions and the seeds. So the bootstrap draws both. Three seeds are few: take such an interval as a rough one.

# %%
import matplotlib.pyplot as plt

from coursekit.data_quality import plot_learning_curve, two_way_interval
from coursekit.plots import bars_with_intervals, use_course_style

use_course_style()
record("n_facts", FACTS)
tables = {n: sweep_scores(sweep, "exact", size=n) for n in sizes}
curve = {n: (table.mean(), *two_way_interval(table)) for n, table in tables.items()}
plot_learning_curve(curve, np.array([table.mean(axis=1) for table in tables.values()]))
for n in (0, 1, 5, 20, 80):
    record(f"exact_{n}", sweep_scores(sweep, "exact", size=n).mean())
for n in (0, 1, 80):
    record(f"fact_{n}", sweep_scores(sweep, "fact", size=n).mean())
    record(f"form_{n}", sweep_scores(sweep, "form", size=n).mean())
    record(f"refusals_{n}", sweep_scores(sweep, "exact", size=n, facts=False).mean())
assert curve[80][0] > tables[1].mean() and curve[5][2] >= curve[80][1]

# %% [markdown]
# Untrained: {{exact_0:.0%}}. With *one* example, seen {{sweep_draws}} times: {{exact_1:.0%}}; with 5: {{exact_5:.0%}}; with 20: {{exact_20:.0%}}; with 80: {{exact_80:.0%}}.
#
# What does one example teach? Look at the **form**, the share of answers that are a few words and a number in brackets, or the refusal: {{form_0:.0%}} untrained, {{form_1:.0%}} after one example, {{form_80:.0%}} after 80. The form is a habit, and one example shows all of it. Then the right fact, anywhere in the answer: {{fact_0:.0%}}, {{fact_1:.0%}}, {{fact_80:.0%}}. Finding the fact is a skill, and it was partly there before. None of the single examples is a refusal; each set of 80 holds some. Of the unanswerable questions, {{refusals_0:.0%}} are refused untrained, {{refusals_1:.0%}} after one example, {{refusals_80:.0%}} after 80.

# %% [markdown]
# ### Exercise 10.1 ●● How many examples are enough?
#
# *8 minutes.* Labelled examples cost money. A first, rough rule: leave out the sizes whose interval lies wholly below that of the best. **Contract:** `curve` maps each size to `(share, low, high)`, in any order. The best size is the one with the highest share. Return the smallest size whose `high` is at least the best one's `low`. **Expected:** for `{5: (0.3, 0.2, 0.4), 50: (0.6, 0.5, 0.7), 500: (0.7, 0.6, 0.8)}`, 50.

# %% tags=["exercise"]
def smallest_good_size(curve):
    """Return the smallest size whose interval reaches that of the best size."""
    ### BEGIN SOLUTION
    best = max(curve, key=lambda size: curve[size][0])
    low_of_best = curve[best][1]
    return min(size for size, (share, low, high) in curve.items() if high >= low_of_best)
    ### END SOLUTION

# %% tags=["check"]
from coursekit import check

check("10.1", smallest_good_size)

# %% [markdown]
# Rough indeed: on our curve the intervals of 5 and of 80 examples overlap, so the rule does not leave out 5. Yet taken seed by seed and question by question, 80 examples lead by {{lead_80:.0%}} of the questions ({{lead_80_low:.0%}} to {{lead_80_high:.0%}}). Overlapping intervals do not show that two sizes are equal.
#
# ### One point, live
#
# A stored result deserves distrust. So train the largest clean run again, with a fourth seed: other examples, other starting weights. It should land among the three: between the lowest lower end and the highest upper end of their own intervals.

# %%
from dataclasses import replace

from coursekit.data_quality import SWEEP_SETTINGS, Run, run_examples, score_run, sweep_sample
from coursekit.lora import Example, Settings, load_adapter, make_examples, train_cached

hits = retrieve_all([q.text for q in train_questions], index, chunks, embedder, k=2)
clean_80 = run_examples(Run("clean", 80, seed=4), train_questions, hits, chunks, lm.tokenizer)
folder, _ = train_cached(lm, clean_80, replace(SWEEP_SETTINGS, seed=4))
reader = load_adapter(load_lm(), folder)
lead = tables[80] - tables[5]  # of the curve above, seed by seed and question by question
for name, value in zip(("", "_low", "_high"), (lead.mean(), *two_way_interval(lead))):
    record(f"lead_80{name}", value)

# %%
from coursekit.rag import generate_cached
from coursekit.scoring import bootstrap_interval

test_hits = retrieve_all([q.text for q in test_questions], index, chunks, embedder, k=2)
test_examples = make_examples(test_questions, test_hits, chunks, lm.tokenizer, seed=4)
rows = sweep_sample(test_questions)[:FACTS]
asked, wanted = [test_questions[i] for i in rows], [test_examples[i] for i in rows]
answers = generate_cached([example.prompt for example in wanted], reader, max_new_tokens=16)
live = np.mean(score_run(answers, wanted, asked)["exact"])
ends = np.array([bootstrap_interval(run) for run in tables[80]])
assert ends.min() <= record("exact_live", live, tolerance=0.12) <= ends.max()
print(f"the three stored runs: {ends.min():.0%} to {ends.max():.0%}")

# %% [markdown]
# The fourth seed reaches {{exact_live:.0%}}, inside the band. That point of the stored curve holds; the others were made by the same code.
#
# ## How good?
#
# Data can be bad in two ways. Somebody notes the value of a **twin**, a sister machine of the same family: the fact is wrong, and it looks right. Or somebody writes as the mood takes them: the fact is right, and the form is careless. Which of the two will do more harm?

# %%
from coursekit.data_quality import make_sloppy, swap_answers

figure("10_spoilt")
some, targets = train_questions[:60:20], clean_80[:3]
for row in zip(some, swap_answers(some, train_questions, 1.0, seed=1), targets, make_sloppy(targets, 1.0, seed=5)):
    print(f"swapped: {row[0].answer} -> {row[1].answer}\nsloppy:  {row[2].target} -> {row[3].target}")

# %% [markdown]
# The sweep spoilt *half* of 80 examples in each way, then *all* that can be spoilt: a swap needs a twin with another value, and a refusal stays. The questions and the number of steps are the same. Two scores tell facts and form apart: does the answer contain the right fact, and has it the form? **Predict** which bars fall.

# %%
cases = {t("clean"): ("clean", 0.0), t("half swapped"): ("swapped", 0.5), t("all swapped"): ("swapped", 1.0), t("half sloppy"): ("sloppy", 0.5), t("all sloppy"): ("sloppy", 1.0)}
for what, label in (("fact", t("fact right, mean of three runs, with 95 % interval")), ("form", t("form right, mean of three runs, with 95 % interval"))):
    bars = [sweep_scores(sweep, what, kind, 80, share) for kind, share in cases.values()]
    for (kind, share), table in zip(cases.values(), bars):
        record(f"{what}_{kind}_{share:.0%}".rstrip("%"), table.mean())
    bars_with_intervals(plt.gca(), list(cases), [b.mean() for b in bars], [two_way_interval(b) for b in bars])
    plt.xlabel(label)
    plt.show()

# %% [markdown]
# | 80 examples | fact right | form right |
# |---|---|---|
# | clean | {{fact_clean_0:.0%}} | {{form_clean_0:.0%}} |
# | half swapped | {{fact_swapped_50:.0%}} | {{form_swapped_50:.0%}} |
# | all swapped | {{fact_swapped_100:.0%}} | {{form_swapped_100:.0%}} |
# | half sloppy | {{fact_sloppy_50:.0%}} | {{form_sloppy_50:.0%}} |
# | all sloppy | {{fact_sloppy_100:.0%}} | {{form_sloppy_100:.0%}} |
#
# Swapped: where the fact is wrong and the form right, nothing in an answer warns its reader. Sloppy: the spoilt targets are spread over five careless forms. While half of the targets are clean, the house form is still the most common one; with all of them sloppy, no fact is shown in it.
#
# Now the claim in numbers: what half spoilt data cost in exact answers, what one example brings, and what 79 more bring. Each difference is taken seed by seed and question by question.

# %%
clean = sweep_scores(sweep, "exact")
lost = {kind: clean - sweep_scores(sweep, "exact", kind, 80, 0.5) for kind in ("swapped", "sloppy")}
differences = {
    "quality": (lost["swapped"] + lost["sloppy"]) / 2,
    "little": tables[1] - sweep_scores(sweep, "exact", size=0),
    "size": tables[80] - tables[1],
}
for name, table in differences.items():
    low, high = two_way_interval(table)
    record(f"c8_{name}", table.mean())
    record(f"c8_{name}_low", low)
    record(f"c8_{name}_high", high)
record("lost_swapped", lost["swapped"].mean())
assert record("lost_sloppy", lost["sloppy"].mean()) < 1 and differences["quality"].mean() > 0

# %% [markdown]
# Half swapped costs {{lost_swapped:.0%}} of all answers, half sloppy {{lost_sloppy:.0%}}. The mean is {{c8_quality:.0%}}; its interval and the other two differences stand in the verdict below.
#
# ## Copies and leaks
#
# A **leak** is a test question that has slipped into the training set. The model may then know it by heart. A copy is the obvious kind. The same question in other words is as bad, and harder to see. And a question about a twin looks almost like a copy, and is none.
#
# Make a leaky training set on purpose: 48 honest questions, then 24 test questions copied with other capitals and points, and 24 more in other words. The remaining 48 test questions stay clean.

# %%
import random

from coursekit.data_quality import plant_leaks

figure("10_leaks")

rng = random.Random(10)
exam = rng.sample([q for q in test_questions if q.kind in ("prose", "table")], 96)
honest = rng.sample([q for q in train_questions if q.product], 48)
other_words = training_questions(split="test", official=False)
leaky = plant_leaks(honest, exam[:24], exam[24:48], other_words)
print(exam[0].text, leaky[48].text, exam[24].text, leaky[72].text, sep="\n")

# %% [markdown]
# What does a leak do to a score? Ask the laziest model there is: it finds the training question nearest to yours, and repeats its answer. It reads nothing and understands nothing.

# %%
leaky_vectors, exam_vectors = (embed([q.text for q in some], embedder) for some in (leaky, exam))
nearest = (exam_vectors @ leaky_vectors.T).argmax(axis=1)
lazy = np.array([leaky[i].answer == q.answer for i, q in zip(nearest, exam)])
record("lazy_untouched", lazy[48:].mean(), tolerance=0.03)
assert record("lazy_all", lazy.mean(), tolerance=0.02) > 0.3 > lazy[48:].mean()

# %% [markdown]
# On paper this fraud scores {{lazy_all:.0%}}. On the questions that it could not have seen it scores {{lazy_untouched:.0%}}. A model that is trained long enough is such a memory too (lesson 11 makes one on purpose). So a leaky score says little about the next question.
#
# ### Exercise 10.2 ● Catch the copies
#
# *6 minutes.* **Contract:** `train` and `test` are lists of texts. Bring each into a plain form: lower case, then every run of characters other than a–z and 0–9 becomes one space; no space at the ends. Return the row numbers, counted from 0, of the test texts whose plain form is that of a training text, each row once. **Expected:** `leaked(["How hot?"], ["Why?", "how HOT"])` returns `[1]`.

# %% tags=["exercise"]
import re

def leaked(train, test):
    """Return the rows of the test texts that stand in the training texts."""
    ### BEGIN SOLUTION
    def plain(text):
        return " ".join(re.findall(r"[a-z0-9]+", text.lower()))

    seen = {plain(text) for text in train}
    return [row for row, text in enumerate(test) if plain(text) in seen]
    ### END SOLUTION

# %% tags=["check"]
check("10.2", leaked)

# %% [markdown]
# Now three detectors, from strict to lenient. The plain form, here without articles too, finds equal texts. The **n-gram overlap** is the share of runs of n words, here 3, that two texts have in common. The cosine of their embeddings compares what they are about. For each exam question, take the nearest training question. Will one of them set the leaks apart from the rest? Guess.

# %%
from coursekit.data_quality import exact_leaks, nearest_cosine, nearest_overlap

train_texts, exam_texts = [q.text for q in leaky], [q.text for q in exam]
equal = exact_leaks(train_texts, exam_texts)
overlap = nearest_overlap(train_texts, exam_texts, n=3)
cosine = nearest_cosine(leaky_vectors, exam_vectors)
assert equal[:24].all() and not equal[24:].any()

groups = ((t("copied"), slice(0, 24), "s"), (t("reworded"), slice(24, 48), "^"), (t("untouched"), slice(48, 96), "o"))
for name, rows, marker in groups:
    plt.scatter(overlap[rows], cosine[rows], marker=marker, label=name, alpha=0.8)
plt.xlabel(t("largest overlap of 3-grams with a training question"))
plt.ylabel(t("largest cosine"))
plt.legend()
plt.show()

# %%
worst = 48 + int(np.argmax(cosine[48:]))
print(exam[worst].text, leaky[nearest[worst]].text, sep="\n")
record("cosine_twin", cosine[worst], tolerance=0.01)
record("caught", (cosine[24:48] >= 0.8).mean(), tolerance=0.05)
assert record("false_alarm", (cosine[48:] >= 0.8).mean(), tolerance=0.05) > 0.1

# %% [markdown]
# The copies stand alone at the top right: the plain form finds all of them. The rewordings do not stand apart at all. A cosine of 0.8 or more catches {{caught:.0%}} of them, and raises the alarm for {{false_alarm:.0%}} of the clean questions. The two lines above are the worst false alarm: cosine {{cosine_twin:.2f}}, and they ask about two machines. Similarity sees the words, and a leak is about the *fact*.
#
# So use detectors to find what to look at, and a **split by group** to be safe: everything about one family goes to one side, before anybody writes a second wording. All splits of this course are made so.

# %% [markdown]
# ### Exercise 10.3 ●● Split by family
#
# *12 minutes.* **Contract:** `groups` holds the group of each row. Return the pair `(train_rows, test_rows)` of lists of row numbers. Each row is in one of them, no group is in both, and the test holds at least `share * len(groups)` rows. Add whole groups, in any order, and stop as soon as the test has enough. **Expected:** for `["a", "a", "b", "b"]` and 0.5, one group on each side.

# %% tags=["exercise"]
def split_by_group(groups, share):
    """Return (train_rows, test_rows), with no group on both sides."""
    ### BEGIN SOLUTION
    held_out = set()
    for group in dict.fromkeys(groups):
        if sum(g in held_out for g in groups) >= share * len(groups):
            break
        held_out.add(group)
    train_rows = [row for row, group in enumerate(groups) if group not in held_out]
    test_rows = [row for row, group in enumerate(groups) if group in held_out]
    return train_rows, test_rows
    ### END SOLUTION

# %% tags=["check"]
check("10.3", split_by_group)

# %% [markdown]
# Inside a training set, near copies do other harm: they waste steps, and whatever stands there often counts more. May a script delete one of each pair with a cosine of 0.9 or more? Guess how many of the pairs have the same answer.

# %%
from coursekit.data_quality import near_duplicates

near = near_duplicates(embed_cached([q.text for q in train_questions], embedder), threshold=0.9)
record("near_pairs", len(near), tolerance=30)
same = [train_questions[i].answer == train_questions[j].answer for i, j in near]
assert record("near_same", np.mean(same), tolerance=0.05) < 0.9

# %% [markdown]
# Of {{near_pairs}} such pairs, {{near_same:.0%}} have the same answer. The others ask about twins, and the model needs both. Look before you delete.
#
# ## House wording
#
# > **Claim C4.** *For precise terminology and wording, fine-tuning is the better choice.* Better than what? Here: than a prompt that states the rules, and than a prompt that shows examples.
#
# Larkspur's style guide knows ten house terms: a *customer* is a keeper, the *warranty* is the Long Promise. It wants at most 22 words in a sentence, no exclamation marks, no capitals for emphasis. The course ships pairs of an ordinary sentence and its house wording. The test sentences share the terms with the training, and no other run of five words.

# %%
from coursekit.data_quality import house_terms, search_and_replace, style_pairs

terms = house_terms()
pairs = {split: style_pairs(split) for split in ("train", "dev", "test", "new_terms")}
print({split: len(some) for split, some in pairs.items()})
for pair in pairs["train"][:2]:
    print(f"{pair.plain}\n   -> {pair.house}")
record("n_pairs", len(pairs["train"]))
record("n_style_test", len(pairs["test"]))

# %% [markdown]
# Count before you train. The exercise counts both kinds of words; the lesson then uses a stricter score.
#
# ### Exercise 10.4 ●● The share of house terms
#
# *10 minutes.* **Contract:** `terms` maps each house term to its ordinary word. Either may be several words, with a hyphen or capitals, such as `"warm-up time"` or `"Long Promise"`. Count every whole occurrence of both in `text`, in any case, with an optional s at its end. Return house terms / (house terms + ordinary words), and 1.0 if neither occurs. **Expected:** `house_share("Owners meet a keeper.", {"keeper": "owner"})` returns 0.5.

# %% tags=["exercise"]
def house_share(text, terms):
    """Return the share of house terms among house terms and ordinary words."""
    ### BEGIN SOLUTION
    def count(words):
        return sum(len(re.findall(rf"\b{re.escape(w)}s?\b", text, re.IGNORECASE)) for w in words)

    house, ordinary = count(terms), count(terms.values())
    return house / (house + ordinary) if house + ordinary else 1.0
    ### END SOLUTION

# %% tags=["check"]
check("10.4", house_share)

# %% [markdown]
# `score_style` looks for the terms that the house wording of a sentence holds. A term is used if one of its forms stands in the text as whole words, and none of the ordinary words that it replaces does: *keeper* beside *owner* is no hit. Four scores: these terms; the form; the **content kept** (the share of words common to both wordings that survive: numbers, things, verbs); and all at once, with three quarters of the content.
#
# Which prompt is the best rival? Try four on the dev sentences: the bare request, the rules with all ten terms, eight training pairs as earlier turns of the chat, and the four training pairs nearest to the sentence, retrieved as in RAG.

# %%
from coursekit.data_quality import nearest_pairs, score_style, style_prompt, style_rules

eight = pairs["train"][:8]
prompts = {
    "bare": lambda plain: style_prompt(plain, lm.tokenizer),
    "rules": lambda plain: style_prompt(plain, lm.tokenizer, style_rules()),
    "eight": lambda plain: style_prompt(plain, lm.tokenizer, shown=eight),
    "nearest": lambda plain: style_prompt(plain, lm.tokenizer, shown=nearest_pairs(plain, pairs["train"], embedder)),
}

def rewrite(split, prompt, model=lm):
    texts = [prompts[prompt](pair.plain) for pair in pairs[split]]
    return generate_cached(texts, model, max_new_tokens=40)

dev = {prompt: score_style(rewrite("dev", prompt), pairs["dev"])["terms"].mean() for prompt in prompts}
for prompt, share in dev.items():
    record(f"dev_{prompt}", share, tolerance=0.1)
assert max(dev, key=dev.get) == "nearest"

# %% [markdown]
# The bare request brings {{dev_bare:.0%}} of the terms, the rules {{dev_rules:.0%}}. Eight fixed pairs: {{dev_eight:.0%}}. The four nearest pairs: {{dev_nearest:.0%}}, the best on dev, and so the rival in the test. This model takes more from a fitting example than from a rule. A larger model may follow rules better; that was not measured here.
#
# Now train on the {{n_pairs}} pairs with the bare request, {{style_steps}} steps of 8, lesson 09's settings otherwise.

# %%
style_settings = Settings(steps=record("style_steps", 42), batch_size=8, micro_batch=8)
examples = [Example(prompts["bare"](p.plain), p.house, p.id) for p in pairs["train"]]
style_folder, history = train_cached(lm, examples, style_settings)
stylist = load_adapter(load_lm(), style_folder)
assert history.loss[-1] < 0.5 * history.loss[0]

# %% [markdown]
# One more rival needs no model at all: search for each ordinary word, and put the house term. The first plot counts the terms, the second asks for everything at once.

# %%
from coursekit.scoring import paired_interval

rewritten = {
    t("rules in the prompt"): rewrite("test", "rules"),
    t("nearest pairs in the prompt"): rewrite("test", "nearest"),
    t("fine-tuned"): rewrite("test", "bare", stylist),
    t("search and replace"): [search_and_replace(p.plain, terms) for p in pairs["test"]],
}
styles = [score_style(texts, pairs["test"]) for texts in rewritten.values()]
for score, label in (("terms", t("house terms used, with 95 % interval")), ("all", t("terms, form and content right, with 95 % interval"))):
    values = [style[score] for style in styles]
    intervals = [bootstrap_interval(v) for v in values]
    bars_with_intervals(plt.gca(), list(rewritten), [v.mean() for v in values], intervals)
    plt.xlabel(label)
    plt.show()
    for short, v in zip(("rules", "nearest", "tuned", "replace"), values):
        record(f"{score}_{short}", v.mean(), tolerance=0.15)
low, high = paired_interval(styles[1]["terms"], styles[2]["terms"])
record("c4_terms_low", low, tolerance=0.15)
record("c4_terms_high", high, tolerance=0.15)
record("content_tuned", styles[2]["content"].mean(), tolerance=0.08)
assert record("c4_terms", (styles[2]["terms"] - styles[1]["terms"]).mean(), tolerance=0.15) > 0

# %% [markdown]
# Fine-tuned: {{terms_tuned:.0%}} of the house terms, on {{n_style_test}} sentences never seen. The rules in the prompt: {{terms_rules:.0%}}; the nearest pairs: {{terms_nearest:.0%}}. Fine-tuned minus nearest pairs: {{c4_terms:+.0%}}, paired interval {{c4_terms_low:+.0%}} to {{c4_terms_high:+.0%}}. Search and replace gets {{terms_replace:.0%}} of the terms, as it must; exclamation marks and capitals stay. All at once: rules {{all_rules:.0%}}, nearest pairs {{all_nearest:.0%}}, search and replace {{all_replace:.0%}}, fine-tuned {{all_tuned:.0%}}.
#
# Then look at the content: {{content_tuned:.0%}} is kept after fine-tuning. And the sense? Read the sentences that hold a "no" or a "not". Does each still say what it said?

# %% tags=["nbval-ignore-output"]
for pair, text in zip(pairs["test"], rewritten[t("fine-tuned")]):
    if re.search(r"\b(not|no|nobody|without)\b", pair.plain, re.IGNORECASE):
        print(f"{pair.plain}\n   -> {text}")
assert len(styles[2]["content"]) == len(pairs["test"])

# %% [markdown]
# Where a "not" is lost, a warning turns into an invitation. No score above would see it: each counts words, and "not" is one of the little words that no content score counts. Search and replace cannot lose it. So read what a model writes before it goes to a keeper.
#
# And a term that is new? Two of the ten, *bench check* and *harbour price*, stand in no training pair. The rules name them.

# %%
for prompt in ("bare", "rules"):
    style = score_style(rewrite("new_terms", prompt, stylist), pairs["new_terms"])
    share = record(f"new_terms_{prompt}", style["terms"].mean(), tolerance=0.15)
    assert share < styles[2]["terms"].mean()

# %% [markdown]
# The tuned model uses {{new_terms_bare:.0%}} of the new terms with the bare request, {{new_terms_rules:.0%}} if the rules in its prompt name them, and {{terms_tuned:.0%}} of the eight terms that it was trained on. Training taught it those words. It did not teach it to look words up as surely.
#
# > **C4, what you saw.** For wording that the training shows: {{terms_tuned:.0%}} of the terms against {{terms_nearest:.0%}} for the best prompt, with this small model; a gain of {{c4_terms:.0%}}, interval {{c4_terms_low:.0%}} to {{c4_terms_high:.0%}}. An interval above zero supports the claim. For words that came later: {{new_terms_bare:.0%}}. The sense of a sentence was not scored: precise *words* are not precise *content*. Where only words are to be exchanged, search and replace is exact.

# %% [markdown]
# ## What the model forgets meanwhile
#
# Each adapter changes how the model answers everything, also what it was never trained on. Ask the forty general questions of lesson 01 three times: without an adapter, with the reader of this lesson, with the stylist. Then measure the **loss** on ordinary text, the pages of the Python reference: how much each token surprises the model.

# %%
from coursekit.corpus import python_reference
from coursekit.chunks import split_into_chunks
from coursekit.data_quality import text_losses
from coursekit.knowledge import general_questions, knows, quiz_answers

quiz = general_questions()
texts = [chunk.text for chunk in split_into_chunks(python_reference())[::80]]
known, losses = {}, {}
for name, model in {"base": lm, "reader": reader, "stylist": stylist}.items():
    known[name] = knows(quiz_answers([q.text for q in quiz], model), quiz)
    losses[name] = text_losses(texts, model)
    record(f"known_{name}", known[name].mean(), tolerance=0.08)
    record(f"loss_{name}", losses[name].mean(), tolerance=0.15)
for name in ("reader", "stylist"):
    low, high = paired_interval(known["base"], known[name])
    record(f"forgot_{name}_low", low, tolerance=0.1)
    record(f"forgot_{name}_high", high, tolerance=0.1)
    low, high = paired_interval(losses["base"], losses[name])
    record(f"surprise_{name}_low", low, tolerance=0.15)
    record(f"surprise_{name}_high", high, tolerance=0.15)
assert all(np.isfinite(values).all() for values in losses.values())
bars_with_intervals(plt.gca(), [t("no adapter"), t("reader"), t("stylist")], [v.mean() for v in known.values()], [bootstrap_interval(v) for v in known.values()])
plt.xlabel(t("general questions answered, with 95 % interval"))
plt.show()

# %% [markdown]
# | | general questions | change, 95 % interval | loss per token | change, 95 % interval |
# |---|---|---|---|---|
# | no adapter | {{known_base:.0%}} | | {{loss_base:.2f}} | |
# | reader | {{known_reader:.0%}} | {{forgot_reader_low:.0%}} to {{forgot_reader_high:.0%}} | {{loss_reader:.2f}} | {{surprise_reader_low:.2f}} to {{surprise_reader_high:.2f}} |
# | stylist | {{known_stylist:.0%}} | {{forgot_stylist_low:.0%}} to {{forgot_stylist_high:.0%}} | {{loss_stylist:.2f}} | {{surprise_stylist_low:.2f}} to {{surprise_stylist_high:.2f}} |
#
# Forty questions are a coarse measure: an interval that holds zero shows neither a loss nor its absence. The text tells more, for it has many tokens: where the interval of its change lies above zero, ordinary text became more surprising. An adapter sits beside every layer and takes part in every answer, also in those that are not Larkspur's business. It can be switched off, though: the weights below it never changed (lesson 09).

# %% [markdown]
# ## The verdict on C8
#
# > **C8, what you saw.** *It needs a high-quality data set*: half of the examples spoilt cost exact answers: {{c8_quality:.0%}} of all answers ({{c8_quality_low:.0%}} to {{c8_quality_high:.0%}}); an interval above zero supports this. *With little data it makes little difference*: one example brought {{c8_little:.0%}} ({{c8_little_low:.0%}} to {{c8_little_high:.0%}}), and the other 79 brought {{c8_size:.0%}} more ({{c8_size_low:.0%}} to {{c8_size_high:.0%}}). Lesson 11 calls up to 10 points little.
#
# How much data you need depends on what is missing: a habit, or a skill. New *facts* are a third thing; lesson 11 tries to teach those.

# %% [markdown]
# ## Quiz
#
# <details><summary>Why does each size get the same number of steps?</summary>
#
# Otherwise a larger set would also be trained longer, and the curve would show two causes as one.
#
# </details>
#
# <details><summary>Your labels are right, and every annotator has another style. What will suffer?</summary>
#
# The form, before the facts. With half of the targets sloppy, {{form_sloppy_50:.0%}} of the answers had the form here, with all sloppy {{form_sloppy_100:.0%}}. Look at both scores before you decide what to repair.
#
# </details>
#
# <details><summary>No test question is near to a training question. Is the test free of leaks?</summary>
#
# Not for certain. A fact can return in quite other words. Split by group, before a second wording is written.
#
# </details>

# %% [markdown]
# ## Takeaways
#
# - One example shows a form; a skill needs more. A wrong fact in the right form gives no sign.
# - Draw learning curves with the same number of steps, several seeds, and intervals.
# - Copies are found by text, leaks in other words are not: split by group.
# - Training teaches the words that it shows, and no score of words tells whether the sense was kept. Read the outputs.
# - Measure what you did not train, too.
#
# <!-- next -->
