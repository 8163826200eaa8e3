# %% [markdown]
# # 12 · Break and diagnose
# Eight systems are broken, each in one place. You find the fault from what it shows, name it, mend it, and prove the cure with a number.

# %% [markdown]
# <!-- badges -->
#
# **What you will be able to do**
#
# - read the symptoms of a system, and list the suspects;
# - choose the measurement that tells two suspects apart;
# - mend eight faults that raise no error, and prove each cure with a number.
#
# **You need** lessons 05 and 09. **Time:** 75 minutes with the exercises; running all cells takes about {{minutes_cpu}} min on two CPU cores once its answers are kept, and about {{minutes_first}} min the first time.

# %% tags=["setup"]
# The build writes the setup cell here.

# %% [markdown]
# ## Where it breaks
#
# A crash is easy: it names its line. The faults below raise no error. The system runs, answers, and is wrong.
#
# The map shows eight places where such a fault can sit, and below each the **instrument**, the measurement that shows it. It does not say which patient has which.

# %%
from coursekit import figure

figure("12_where_it_breaks")

# %% [markdown]
# ## How you work here
#
# Each **patient** is a system with one fault. Keep to this order.
#
# 1. **Symptom:** which metric is off? What is sound leaves the list.
# 2. **Suspects:** note two, and a reading in which they would differ.
# 3. **Measurement:** predict that reading, then take it in a cell of your own.
# 4. **Name** the fault, mend it, and ask again.
#
# | fields of `p = patient("A")` | what they hold |
# |---|---|
# | `questions`, `right` | for each question 1 if `p.metric` holds, else 0 |
# | `chunks`, `embeddings`, `queries`, `hits` | what is searched and found |
# | `prompts`, `answers` | what goes into the model and comes out |
# | `train_questions`, `train_prompts` | what it was trained on |
# | `labelled`, `loss` | per training example: tokens with a label; per step: loss |

# %%
from coursekit.diagnosis import diagnose, treat
from coursekit.faults import patient

diagnose("A")

# %% [markdown]
# This list holds every name; some belong to no patient. `diagnose` takes your own words, or a number. The patients are made in `coursekit/faults.py`: please do not open that file before the end.
#
# ## Patient A: answers from nowhere
#
# The system of lesson 05, with one retrieved passage. Its chunks, vectors and index are those of the course, and so is the wording of the prompt. Of its answers to {{a_n:.0f}} questions, {{a_right:.0%}} are right.
#
# Is it the retrieval or the reading? The cell takes a first reading.

# %% tags=["nbval-ignore-output"]
import numpy as np
from coursekit import record
from coursekit.models import load_lm
from coursekit.scoring import bootstrap_interval, contains_gold, gold_found

a = patient("A")
tokenizer = load_lm().tokenizer

def tokens(text):
    return len(tokenizer.encode(text, add_special_tokens=False))

for question, answer in list(zip(a.questions, a.answers))[:3]:
    print(f"{question.text} | {answer[:60]} | gold: {question.answer}")
record("a_n", len(a.questions))
record("a_first", gold_found(a.hits, a.questions)[:, 0].mean(), tolerance=0.03)
assert record("a_right", a.right.mean(), tolerance=0.06) < 0.3

# %% [markdown]
# The gold passage is the first hit for {{a_first:.0%}} of the questions. So retrieval is sound.
#
# **Name two suspects before you go on,** and a reading of `a` in which they would differ. `tokens` counts the tokens of a text.
#
# ### Diagnosis A ●
#
# *5 minutes.* **Contract:** `fault_a()` returns the name of the fault as a text, or its number. **Expected:** `diagnose` says right or wrong, and why. Once the fault is named, `treat` mends it and draws the metric before and after. Here the mend is a setting; for four patients you will write it.

# %% tags=["exercise"]
def fault_a():
    """Return the name of the fault, in your own words."""
    ### BEGIN SOLUTION
    return "the context never reaches the prompt"
    ### END SOLUTION

# %% tags=["check"]
diagnose("A", fault_a)
treat("A")

# %% [markdown]
# <details><summary>What patient A had</summary>
#
# The context never reached the prompt. `assemble_prompt` keeps a token budget, and leaves out whole passages that do not fit. Somebody had set that budget so low that none fitted: no passage, no error. A prompt had {{a_prompt:.0f}} tokens in the median, a retrieved passage {{a_passage:.0f}}. With the usual budget, the share of right answers went from {{a_right:.0%}} to {{a_after:.0%}}.
#
# *Never again:* assert that the best passage stands in the prompt, in each one you build.
#
# </details>

# %% [markdown]
# ## Patient B: almost at home
#
# Retrieval alone, on all {{b_n:.0f}} answerable test questions. The gold passage is first for {{b_right:.0%}} of them, and among five for {{b_five:.0%}}. A chunk drawn by chance would be gold for {{b_chance:.1%}}. Patient A found gold first far more often. So B finds something, but too little.
#
# The plot compares the scores of the best hits with those of patient A, whose retrieval is sound.

# %%
import matplotlib.pyplot as plt
from coursekit import t
from coursekit.plots import bars_with_intervals, use_course_style

b = patient("B")
record("b_n", len(b.questions))
record("b_right", b.right.mean(), tolerance=0.04)
record("b_five", gold_found(b.hits, b.questions).any(axis=1).mean(), tolerance=0.04)
record("b_chance", np.mean([len(q.gold_passages) for q in b.questions]) / len(b.chunks))
lengths = np.linalg.norm(b.embeddings, axis=1)
print(f"{b.embeddings.shape} vectors of length {lengths.min():.2f} to {lengths.max():.2f}")
use_course_style()
for p, name in ((a, t("patient A")), (b, t("patient B"))):
    best, share = [hits[0].score for hits in p.hits], 1 / len(p.hits)
    plt.hist(best, np.linspace(0, 1, 26), weights=[share] * len(best), alpha=0.6, label=name)
plt.gca().yaxis.set_major_formatter("{x:.0%}")
plt.xlabel(t("score of the best hit"))
plt.ylabel(t("share of the questions"))
plt.legend()
plt.show()

# %% [markdown]
# All vectors have length 1 and the right number of dimensions. Yet even the best hits lie far away. **Name two suspects before you go on.**
#
# ### Diagnosis B ●●
#
# *8 minutes.* One reading tells many suspects apart. What should the score be if you ask with the very text of a chunk? **Guess, then measure it:**
#
# `embed([b.chunks[7].text], load_embedder())[0] @ b.embeddings[7]`
#
# (`embed` stands in `coursekit.rag`, `load_embedder` in `coursekit.models`.)
#
# **Contract:** `fault_b()` returns the name of the fault. **Expected:** a right diagnosis, and a proof from `treat`.

# %% tags=["exercise"]
def fault_b():
    """Return the name of the fault, in your own words."""
    ### BEGIN SOLUTION
    return "query and index come from different models"
    ### END SOLUTION

# %% tags=["check"]
diagnose("B", fault_b)
treat("B")

# %% [markdown]
# <details><summary>What patient B had</summary>
#
# Query and index came from different models. The index was built with a quick model that averages word vectors and knows no context; the questions go through all-MiniLM-L6-v2. Both give 384 numbers, so nothing complained. Part of it still worked, most likely because the quick model took its word vectors from the other one. With one model on both sides: {{b_right:.0%}} became {{b_after:.0%}}.
#
# *Never again:* store the model's name and a mark of its weights beside the index, and compare them on loading, as `load_index` does.
#
# </details>

# %% [markdown]
# ## Patient C: good alone, bad in company
#
# A LoRA adapter, trained as in lesson 09 but on a few examples with one passage each. It answers in batches of 8, in the order of the questions, to save time. An answer counts if it is exactly the target: {{c_right:.0%}} of {{c_n:.0f}}.
#
# Somebody asks the first 16 questions again, one at a time, with the same weights and prompts. **How many are right then? Guess before you run.**

# %% tags=["nbval-ignore-output"]
from coursekit.faults import one_at_a_time

c = patient("C")
alone = one_at_a_time(c)
for start in range(0, 8):
    print(f"{tokens(c.prompts[start]):4} tokens | {c.answers[start][:40]!r}")
record("c_n", len(c.questions))
record("c_right", c.right.mean(), tolerance=0.1)
record("c_alone", alone.mean(), tolerance=0.15)
assert alone.mean() > c.right.mean()

# %% [markdown]
# Alone: {{c_alone:.0%}}. The lines show the first batch, with the length of each prompt. Which prompt comes off best? **Name two suspects before you go on.**
#
# ### Exercise 12.1 ●● Mend patient C
#
# *10 minutes.* Name the fault in `fault_c()`, then write `mend_c`.
#
# <details><summary>The contract of the mend: open it once the fault is named</summary>
#
# **Contract:** `rows` holds at least one plain list of token ids. Return the pair `(ids, mask)` of lists: all rows of `ids` as long as the longest, with the token id `fill` *in front* of shorter ones; `mask` has 0 for filling, 1 for prompt tokens. `fill` may occur in a prompt too. **Expected:** `mend_c([[5, 6], [7]], 0)` returns `([[5, 6], [0, 7]], [[1, 1], [0, 1]])`.
#
# </details>

# %% tags=["exercise"]
def fault_c():
    """Return the name of the fault, in your own words."""
    ### BEGIN SOLUTION
    return "prompts are padded on the right at generation"
    ### END SOLUTION

def mend_c(rows, fill):
    """Return the pair that the contract above asks for."""
    ### BEGIN SOLUTION
    longest = max(map(len, rows))
    gaps = [longest - len(row) for row in rows]
    ids = [[fill] * gap + list(row) for gap, row in zip(gaps, rows)]
    return ids, [[0] * gap + [1] * len(row) for gap, row in zip(gaps, rows)]
    ### END SOLUTION

# %% tags=["check"]
from coursekit import check

diagnose("C", fault_c)
check("12.1", mend_c)
treat("C", mend_c)

# %% [markdown]
# <details><summary>What patient C had</summary>
#
# Prompts of a batch must be equally long, so shorter ones are filled up: **padding**. Here the filling stood on the right, and the model continues after the last token. Only the longest prompt of a batch needs none. So {{c_whole:.0f}} of the {{c_n:.0f}} prompts had no filling: {{c_whole_right:.0f}} of them were right, and {{c_filled_right:.0f}} of all others.
#
# On the left, the filling is out of the way: {{c_right:.0%}} became {{c_after:.0%}}, with the same weights. The first 16, alone {{c_alone:.0%}}, now reach {{c_sixteen:.0%}} in their batches.
#
# In training, padding on the right does no harm, since nothing is continued there. transformers prints a warning at generation; in a long log it is easily missed.
#
# </details>

# %% [markdown]
# ## Patient D: found next door
#
# Retrieval over the prose of the test machines and the company. A first hit counts if it holds the whole answer: {{d_right:.0%}} of {{d_n:.0f}} questions, and {{d_five:.0%}} among five. Besides, for {{d_nowhere:.0%}} of the questions the answer stands in no chunk at all.
#
# **Name two suspects before you go on.** Is it patient B's trouble again? The cell asks with the text of each chunk, as you may have done for B.

# %%
from coursekit.chunks import answer_found, holds_answer
from coursekit.models import load_embedder
from coursekit.rag import embed_cached

def own_score(p):
    texts = [chunk.text for chunk in p.chunks]
    return (embed_cached(texts, load_embedder()) * p.embeddings).sum(axis=1).mean()

def nowhere(p):
    return np.mean([not any(holds_answer(c, q) for c in p.chunks) for q in p.questions])

d = patient("D")
record("d_n", len(d.questions))
record("d_right", d.right.mean(), tolerance=0.04)
record("d_five", answer_found(d.hits, d.questions).any(axis=1).mean(), tolerance=0.04)
record("d_nowhere", nowhere(d), tolerance=0.02)
print(f"score of a chunk's own text: B {own_score(b):.2f}, D {own_score(d):.2f}")

# %% [markdown]
# ### Exercise 12.2 ●● Mend patient D
#
# *12 minutes.* Look at what is searched: `print(d.chunks[40].text)`, and some more. Name the fault in `fault_d()`, then write `mend_d`.
#
# <details><summary>The contract of the mend: open it once the fault is named</summary>
#
# **Contract:** `mend_d(text, limit)` returns a list of texts that hold all of `text` in order. A piece is one or more whole sentences, joined by one space, and takes as many as fit into `limit` characters, spaces counted; a longer sentence stays whole. An empty text gives `[]`. A sentence ends in `.`, `!` or `?` with a space or line break behind it, so `2.5 bar` is no end; a rest without a mark is a sentence too. **Expected:** `mend_d("One. Two.", 5)` returns `["One.", "Two."]`.
#
# </details>

# %% tags=["exercise"]
def fault_d():
    """Return the name of the fault, in your own words."""
    ### BEGIN SOLUTION
    return "chunks are cut in the middle of sentences"
    ### END SOLUTION

import re

def mend_d(text, limit):
    """Return the list that the contract above asks for."""
    ### BEGIN SOLUTION
    found = []
    for sentence in filter(None, re.split(r"(?<=[.!?])\s+", text.strip())):
        if found and len(found[-1]) + 1 + len(sentence) <= limit:
            found[-1] += " " + sentence
        else:
            found.append(sentence)
    return found
    ### END SOLUTION

# %% tags=["check"]
diagnose("D", fault_d)
check("12.2", mend_d)
treat("D", mend_d)

# %% [markdown]
# <details><summary>What patient D had</summary>
#
# Its chunks were cut every so many characters, wherever that fell: in the middle of sentences, of words, of answers. Whole sentences of about the same size brought {{d_right:.0%}} to {{d_after:.0%}}. {{d_chunks:,.0f}} chunks became {{d_chunks_after:,.0f}}. The share of questions whose answer stands in no chunk went from {{d_nowhere:.0%}} to {{d_nowhere_after:.0%}}.
#
# Is that the sentences, or just better luck with sizes? The sick system and the mended one cut the same sections, with the same limit and the same title line in front, and use the same model. Lesson 03 tried four sizes, and size alone hardly mattered.
#
# *Never again:* read ten chunks aloud before you build an index.
#
# </details>

# %% [markdown]
# ## Patient E: the slow learner
#
# Another adapter. It saw the same examples, in the same order, with the same settings as C's. The gold passage stands in every prompt, and it answers one batch at a time with the padding as it should be. Its loss falls too. But of its {{e_n:.0f}} answers, {{e_right:.0%}} are exactly the target.

# %%
e = patient("E")
record("e_n", len(e.questions))
record("e_start", e.loss[0], tolerance=0.3)
record("e_end", e.loss[-1], tolerance=0.4)
record("c_start", c.loss[0], tolerance=0.3)
record("e_right", e.right.mean(), tolerance=0.12)
record("e_contains", contains_gold(e.answers, e.questions).mean(), tolerance=0.15)
plt.plot(c.loss, marker="o", label=t("patient C"))
plt.plot(e.loss, marker="o", label=t("patient E"))
plt.xlabel(t("step"))
plt.ylabel(t("loss"))
plt.legend()
plt.show()
assert e.loss[-1] > c.loss[0]

# %% [markdown]
# The loss of E begins at {{e_start:.1f}}, far above that of C, and ends at {{e_end:.1f}}. That is still above the *start* of C, {{c_start:.1f}}. At the first step both models were untouched.
#
# | suspect | reading that would differ |
# |---|---|
# | 1: | |
# | 2: | |
#
# ### Diagnosis E ●●
#
# *8 minutes.* Compare `e` with `c`: the table at the top names the fields of the training. **Contract:** `fault_e()` returns the name of the fault. **Expected:** a right diagnosis, and a proof.

# %% tags=["exercise"]
def fault_e():
    """Return the name of the fault, in your own words."""
    ### BEGIN SOLUTION
    return "the loss is computed on the prompt too"
    ### END SOLUTION

# %% tags=["check"]
diagnose("E", fault_e)
treat("E")

# %% [markdown]
# <details><summary>What patient E had</summary>
#
# The loss was computed on the prompt too. An example of E has {{e_labelled:.0f}} tokens with a label in the median, one of C {{c_labelled:.0f}}. So most of each step went into guessing the prompt, manual and all.
#
# The first loss is that of the untouched model: {{e_start:.1f}} per token of prompt and answer, {{c_start:.1f}} per token of the answer alone. The prompt was harder to guess, so the curve began higher. With the prompt masked, {{e_right:.0%}} became {{e_after:.0%}}.
#
# The right words stand in {{e_contains:.0%}} of E's answers; exact match asks for the trained form too. Whether many more steps would close the gap was not tried here.
#
# </details>

# %% [markdown]
# ## Patient F: second best
#
# Retrieval once more, on the {{b_n:.0f}} questions of patient B. Gold comes first for {{f_right:.0%}}, and among five for {{f_five:.0%}}: milder than B. Chunks and queries come from one model, and the chunks are the course's own.

# %%
f = patient("F")
record("f_right", f.right.mean(), tolerance=0.04)
record("f_five", gold_found(f.hits, f.questions).any(axis=1).mean(), tolerance=0.04)
print(f.embeddings.shape, "vectors,", f.queries.shape, "queries")

# %% [markdown]
# **Name two suspects before you go on,** and a reading of `f` in which they would differ.
#
# ### Exercise 12.3 ● Mend patient F
#
# *6 minutes.* Take that reading, compare it with the same one of `b`, and name the fault in `fault_f()`. Then write `mend_f`.
#
# <details><summary>The contract of the mend: open it once the fault is named</summary>
#
# **Contract:** `mend_f(values)` takes an array of shape `(n, dim)`, of integers or floats, and returns a new one of the same shape; the input stays as it was. Each row points where it did before and has length 1. A row of zeros has no direction and stays as it is. **Expected:** `mend_f(np.array([[3.0, 4.0]]))` gives `[[0.6, 0.8]]`.
#
# </details>

# %% tags=["exercise"]
def fault_f():
    """Return the name of the fault, in your own words."""
    ### BEGIN SOLUTION
    return "the vectors are not normalised"
    ### END SOLUTION

def mend_f(values):
    """Return the array that the contract above asks for."""
    ### BEGIN SOLUTION
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(lengths == 0, 1, lengths)
    ### END SOLUTION

# %% tags=["check"]
diagnose("F", fault_f)
check("12.3", mend_f)
treat("F", mend_f)

# %% [markdown]
# <details><summary>What patient F had</summary>
#
# The vectors were not normalised, so the scores were no cosines: the best ones had a mean of {{f_score:,.0f}}. The vectors were sums of token vectors. A vector's length grew with the words of its chunk, and the dot product rewards length. Where the mend changed the first hit, that hit had {{f_long:.0f}} tokens before and {{f_short:.0f}} after, in the median. Divided by their lengths: {{f_right:.0%}} became {{f_after:.0%}}.
#
# The lengths of the *queries* do no harm: one query is compared with all chunks, so its length changes no order.
#
# *Never again:* `build_index` in lesson 05 refuses such vectors. This system had its own search.
#
# </details>

# %% [markdown]
# ## Patient G: too good
#
# An adapter that should know Larkspur's facts by heart: its prompts hold the question alone, no passage. A colleague reports {{g_right:.0%}} exact match on {{g_n}} questions. In lesson 05 the model without a passage had next to nothing.
#
# The colleague has taken care: no test question stands in the training data. The cell confirms it.

# %%
g = patient("G")
record("g_right", g.right.mean(), tolerance=0.12)
record("g_n", len(g.questions))
train_texts = {question.text for question in g.train_questions}
print("test questions that stand in the training:", sum(q.text in train_texts for q in g.questions))
print(len(g.train_questions), "training questions, loss", "falls" if g.loss[-1] < 0.5 * g.loss[0] else "stays")

# %% [markdown]
# **Name two suspects before you go on.**
#
# ### Exercise 12.4 ●●● Mend patient G
#
# *12 minutes.* Print the questions that the model gets right. From where could it know just these? Name the fault in `fault_g()`, then write `mend_g`.
#
# <details><summary>The contract of the mend: open it once the fault is named</summary>
#
# **Contract:** a question has a `product` (None for the company's own) and a `fact`; two questions ask for the same if both agree, whatever their words. `first` holds training questions, `second` test questions. Return those of `second` that none of `first` asks for, in their order; duplicates within `second` stay. **Expected:** with an empty `first`, `mend_g(first, second)` returns all of `second`.
#
# </details>

# %% tags=["exercise"]
def fault_g():
    """Return the name of the fault, in your own words."""
    ### BEGIN SOLUTION
    return "test questions leaked into training, in other words"
    ### END SOLUTION

def mend_g(first, second):
    """Return the questions that the contract above asks for."""
    ### BEGIN SOLUTION
    learned = {(q.product, q.fact) for q in first}
    return [q for q in second if (q.product, q.fact) not in learned]
    ### END SOLUTION

# %% tags=["check"]
diagnose("G", fault_g)
check("12.4", mend_g)
treat("G", mend_g)

# %% [markdown]
# <details><summary>What patient G had</summary>
#
# Test questions had leaked into training, reworded. Of the {{g_leaked:.0f}} leaked questions {{g_leaked_right:.0f}} are right, of the {{g_clean:.0f}} others {{g_clean_right:.0f}}. So the reported {{g_right:.0%}} was memory of the test. `treat` shows first all {{g_n:.0f}} questions, then the others alone.
#
# Embeddings suggest such pairs, with twins among them, as lesson 10 showed: `nearest(test, train, k=1)` from `coursekit.vectors` gives the closest training question of each test question. Read the best pairs, and compare product and fact.
#
# Here the cure makes the number smaller, and that is the proof. The other cure is to take the pairs out of the training, and train again. Split by product, as in lesson 09, and you need neither.
#
# </details>

# %% [markdown]
# ## Patient H: back to chatting
#
# The adapter of patient C, once more. The same adapter is loaded, the padding is right, and every prompt holds its gold passage.
#
# The cell prints answers with the adapter on, and to the same prompts with the adapter switched off (`h.answers_off`). If the adapter were not loaded, how many of the answers would differ? And how many are exactly the target? **Guess before you run.**

# %% tags=["nbval-ignore-output"]
h = patient("H")
differ = [on != off for on, off in zip(h.answers, h.answers_off)]
for on, off in list(zip(h.answers, h.answers_off))[:4]:
    print(f"on:  {on[:70]!r}\noff: {off[:70]!r}")
record("h_n", len(h.questions))
record("h_differ", sum(differ), tolerance=10)
record("h_right", h.right.mean(), tolerance=0.12)
record("h_tokens", np.median([tokens(prompt) for prompt in h.prompts]), tolerance=3)
record("h_train_tokens", np.median([tokens(prompt) for prompt in h.train_prompts]), tolerance=3)
assert any(differ) and h.right.mean() < 0.6

# %% [markdown]
# With the adapter off, {{h_differ:.0f}} of the {{h_n:.0f}} answers are others. So it is loaded, and does something. Yet {{h_right:.0%}} are exactly the target: most answers chat, and some go on where they should end.
#
# A test prompt has {{h_tokens:.0f}} tokens in the median, a training prompt {{h_train_tokens:.0f}}. Both ask the same kind of question about the same kind of passage. **Name two suspects before you go on.**
#
# ### Diagnosis H ●●
#
# *6 minutes.* Where do the tokens differ? **Contract:** `fault_h()` returns the name of the fault. **Expected:** a right diagnosis, and a proof.

# %% tags=["exercise"]
def fault_h():
    """Return the name of the fault, in your own words."""
    ### BEGIN SOLUTION
    return "the chat template is missing"
    ### END SOLUTION

# %% tags=["check"]
diagnose("H", fault_h)
treat("H")

# %% [markdown]
# <details><summary>What patient H had</summary>
#
# The chat template was missing. In the training, marks said who speaks and where a turn ends. In the test stood the user's words alone, so for the model nobody had finished speaking. With `apply_chat_template` on both sides: {{h_right:.0%}} became {{h_after:.0%}}.
#
# *Never again:* build the prompts of training and use with one function, as `make_example` does.
#
# </details>
#
# ## Before and after
#
# Seven patients answered the same questions before and after, and each cure raised their metric. For G the questions were the fault. So the plot splits its questions into those that the training asked for too and the others.

# %%
from coursekit.faults import mended

well = {letter: mended(letter) for letter in "ABCDEFGH"}
for letter in "ABCDEFH":
    record(f"{letter.lower()}_after", well[letter].right.mean(), tolerance=0.12)
    assert well[letter].right.mean() > patient(letter).right.mean()
clean = np.isin([q.id for q in g.questions], [q.id for q in well["G"].questions])
parts = [g.right[~clean], g.right[clean]]
for name, part in zip(("leaked", "clean"), parts):
    record(f"g_{name}", len(part))
    record(f"g_{name}_right", part.sum(), tolerance=4)
names = [t("asked for in the training"), t("not asked for")]
shares, intervals = [part.mean() for part in parts], [bootstrap_interval(part) for part in parts]
bars_with_intervals(plt.subplots(figsize=(7.2, 1.7))[1], names, shares, intervals)
plt.xlabel(t("answers of patient G that match the gold answer"))
plt.show()

# %%
# The readings that the texts on the patients quote
record("a_prompt", np.median([tokens(prompt) for prompt in a.prompts]), tolerance=2)
record("a_passage", np.median([tokens(hits[0].chunk.text) for hits in a.hits]), tolerance=2)
sizes = np.array([tokens(prompt) for prompt in c.prompts])
whole = sizes == sizes.reshape(-1, 8).max(axis=1).repeat(8)
record("c_whole", whole.sum())
record("c_whole_right", c.right[whole].sum(), tolerance=2)
record("c_filled_right", c.right[~whole].sum(), tolerance=3)
record("c_sixteen", well["C"].right[:16].mean(), tolerance=0.15)
record("d_nowhere_after", nowhere(well["D"]), tolerance=0.02)
record("d_chunks", len(d.chunks))
record("d_chunks_after", len(well["D"].chunks))
record("e_labelled", np.median(e.labelled), tolerance=3)
record("c_labelled", np.median(c.labelled), tolerance=1)
record("f_score", np.mean([hits[0].score for hits in f.hits]), tolerance=300)
firsts = [(x[0].chunk.text, y[0].chunk.text) for x, y in zip(f.hits, well["F"].hits)]
sizes = [(tokens(before), tokens(after)) for before, after in firsts if before != after]
long, short = np.median(sizes, axis=0)
assert record("f_long", long, tolerance=8) > record("f_short", short, tolerance=8)

# %% [markdown]
# ## From symptom to first measurement
#
# | symptom | suspects | measure first |
# |---|---|---|
# | gold found, answers ignore it | lost context, no template | one whole prompt |
# | low scores, unit vectors | two models | score of own text |
# | scores above 1 | no normalisation | lengths of vectors |
# | answer near, never whole | badly cut chunks | read ten chunks |
# | gold close behind first hits | too few passages (no patient) | recall at 1, 5, 10 |
# | good alone, bad in batches | padding | one prompt alone |
# | loss falls, answers poor | loss on prompt, few steps | labels per example |
# | loss jumps or rises | learning rate too high (no patient) | half the rate |
# | as chatty as before training | adapter not loaded (no patient), no template | adapter off and on |
# | too good | leak | nearest training question |

# %% [markdown]
# ## Quiz
#
# <details><summary>Recall is fine and the answers are wrong. What do you print first?</summary>
#
# One whole prompt, exactly as the model gets it. It shows a lost passage, a missing template and a wrong instruction at once.
#
# </details>
#
# <details><summary>After training, the answers are letter for letter those of before. Which fault of the list is that?</summary>
#
# The adapter was saved but not loaded. Generate once with the adapter and once with it switched off: equal answers give it away. None of the eight patients had it.
#
# </details>
#
# <details><summary>Why did the check for equal texts not find the leak?</summary>
#
# The questions were reworded. Compare what is asked for, or the embeddings, not the letters.
#
# </details>

# %% [markdown]
# ## Takeaways
#
# - The worst faults raise no error. They show in numbers, if you take them.
# - First find what is sound: it takes most suspects off the list.
# - Choose the measurement whose outcome differs between the suspects that remain.
# - A cure is proven with a number, and not every cure makes it larger.
# - A result that is too good is a symptom too.
#
# <!-- next -->
