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
# - mend eight faults that raise no error, and prove each cure on the same questions.
#
# **You need** lessons 05 and 09. **Time:** 75 minutes with the exercises; running all cells takes about {{minutes_cpu}} min on two CPU cores once its answers are kept, and some minutes more the first time.

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
# 1. **Symptom:** which metric is off, and which is not? What is sound leaves the list.
# 2. **Suspects:** at least two faults that would show this.
# 3. **Measurement:** one that would differ between them. Predict it, then take it in a cell of your own.
# 4. **Name** the fault, mend it, ask the same questions again.
#
# The list below holds every name; some belong to no patient. `diagnose` takes your own words, or a number. The patients are made in `coursekit/faults.py`: please do not open that file before the end.

# %%
from coursekit.diagnosis import diagnose, treat
from coursekit.faults import patient

diagnose("A")

# %% [markdown]
# ## Patient A: answers from nowhere
#
# The system of lesson 05, with one retrieved passage. Its chunks, vectors and index are those of the course, and so is the wording of the prompt. Only {{a_right:.0%}} of its answers are right.
#
# Retrieval or reading? Measure both sides of the border between them.

# %% tags=["nbval-ignore-output"]
import numpy as np
from coursekit import record
from coursekit.models import load_lm
from coursekit.scoring import contains_gold, gold_found

a = patient("A")
tokenizer = load_lm().tokenizer

def tokens(text):
    return len(tokenizer.encode(text, add_special_tokens=False))

for question, answer in list(zip(a.questions, a.answers))[:3]:
    print(f"{question.text} | {answer[:60]} | gold: {question.answer}")
assert record("a_right", a.right.mean(), tolerance=0.06) < 0.3
record("a_first", gold_found(a.hits, a.questions)[:, 0].mean(), tolerance=0.03)
record("a_prompt", np.median([tokens(prompt) for prompt in a.prompts]), tolerance=2)
passage_tokens = [tokens(hits[0].chunk.text) for hits in a.hits]
assert record("a_passage", np.median(passage_tokens), tolerance=2) > 50

# %% [markdown]
# The gold passage is the first hit for {{a_first:.0%}} of the questions. So retrieval is sound. A prompt has {{a_prompt:.0f}} tokens in the median, and a retrieved passage {{a_passage:.0f}}.
#
# ### Diagnosis A ●
#
# *5 minutes.* **Contract:** `fault_a()` returns the name of the fault as a text, or its number. **Expected:** `diagnose` says right or wrong, and why. `a.prompts`, `a.hits` and `a.answers` are yours to look at. Once the fault is named, `treat` mends it and draws the metric before and after. Here the mend is a setting; for four patients you will write it.

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
# The context never reached the prompt. `assemble_prompt` keeps a token budget, and leaves out whole passages that do not fit. Somebody had set that budget so low that none fitted: no passage, no error. With the usual budget, the share of right answers went from {{a_right:.0%}} to {{a_after:.0%}}.
#
# *Never again:* assert that the best passage stands in the prompt, in each one you build.
#
# </details>

# %% [markdown]
# ## Patient B: almost at home
#
# Retrieval alone, on all answerable test questions. The gold passage is first for {{b_right:.0%}} of them and among five for {{b_five:.0%}}. Patient A found gold first far more often. So B finds something: it is far better than chance, and far from good.
#
# The plot compares the scores of the best hits with those of patient A, whose retrieval is sound.

# %%
import matplotlib.pyplot as plt
from coursekit import t
from coursekit.plots import use_course_style

b = patient("B")
record("b_right", b.right.mean(), tolerance=0.04)
record("b_five", gold_found(b.hits, b.questions).any(axis=1).mean(), tolerance=0.04)
lengths = np.linalg.norm(b.embeddings, axis=1)
print(f"{b.embeddings.shape} vectors of length {lengths.min():.2f} to {lengths.max():.2f}")
use_course_style()
best_scores = [[hits[0].score for hits in p.hits] for p in (a, b)]
plt.hist(best_scores, bins=20, density=True, label=[t("patient A"), t("patient B")])
plt.xlabel(t("score of the best hit"))
plt.ylabel(t("density of questions"))
plt.legend()
plt.show()

# %% [markdown]
# ### Diagnosis B ●●
#
# *8 minutes.* All vectors have length 1 and the right number of dimensions. Yet even the best hits lie far away. What should the score be if you ask with the very text of a chunk? **Guess, then measure it:**
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
# A LoRA adapter, trained as in lesson 09 but on a few examples with one passage each. It answers in batches of 8, in the order of the questions, to save time. An answer counts if it is exactly the target: {{c_right:.0%}}.
#
# Somebody asks the first 16 questions again, one at a time, with the same weights and prompts. **How many are right then? Guess before you run.**

# %% tags=["nbval-ignore-output"]
from coursekit.faults import one_at_a_time

c = patient("C")
alone = one_at_a_time(c)
for start in range(0, 8):
    print(f"{tokens(c.prompts[start]):4} tokens | {c.answers[start][:40]!r}")
assert alone.mean() > c.right.mean()
record("c_right", c.right.mean(), tolerance=0.1)
assert record("c_alone", alone.mean(), tolerance=0.15) > 0.5

# %% [markdown]
# Alone: {{c_alone:.0%}}. The cell shows the first batch: the tokens of each prompt, and its answer in the batch. Which prompt comes off best?
#
# ### Exercise 12.1 ●● Mend patient C
#
# *10 minutes.* Name the fault in `fault_c()`, then write `mend_c`.
#
# <details><summary>The contract of the mend: open it once the fault is named</summary>
#
# **Contract:** `rows` are lists of token ids. Return the pair `(ids, mask)`: each row of `ids` as long as the longest, with `pad_id` put *in front* of shorter ones; `mask` has 0 for filling and 1 for a token of the prompt. `pad_id` may occur inside a prompt too. **Expected:** `mend_c([[5, 6], [7]], 0)` returns `([[5, 6], [0, 7]], [[1, 1], [0, 1]])`.
#
# </details>

# %% tags=["exercise"]
def fault_c():
    """Return the name of the fault, in your own words."""
    ### BEGIN SOLUTION
    return "prompts are padded on the right at generation"
    ### END SOLUTION

def mend_c(rows, pad_id):
    """Return the pair that the contract above asks for."""
    ### BEGIN SOLUTION
    longest = max(map(len, rows))
    gaps = [longest - len(row) for row in rows]
    ids = [[pad_id] * gap + list(row) for gap, row in zip(gaps, rows)]
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
# Prompts of a batch must be equally long, so the shorter ones are filled up: **padding**. Here the filling stood on the right. The model continues after the last token, and that was filling. Only the longest prompt of a batch needs none. On the left, the filling is out of the way: {{c_right:.0%}} became {{c_after:.0%}}, with the same weights.
#
# In training, padding on the right does no harm, since nothing is continued there. transformers prints a warning at generation; in a long log it is easily missed.
#
# </details>

# %% [markdown]
# ## Patient D: found next door
#
# Retrieval over the prose of the test machines and the company. A first hit counts if it holds the whole answer: {{d_right:.0%}}, and {{d_five:.0%}} among five. Besides, for {{d_nowhere:.0%}} of the questions the answer stands in no chunk at all.
#
# Is it patient B's trouble again? The cell asks with the text of each chunk, as you may have done for B.

# %%
from coursekit.chunks import answer_found, holds_answer
from coursekit.models import load_embedder
from coursekit.rag import embed_cached

def own_score(p):
    texts = [chunk.text for chunk in p.chunks]
    return (embed_cached(texts, load_embedder()) * p.embeddings).sum(axis=1).mean()

d = patient("D")
print(f"score of a chunk's own text: B {own_score(b):.2f}, D {own_score(d):.2f}")
record("d_right", d.right.mean(), tolerance=0.04)
record("d_five", answer_found(d.hits, d.questions).any(axis=1).mean(), tolerance=0.04)
held = [any(holds_answer(chunk, q) for chunk in d.chunks) for q in d.questions]
assert record("d_nowhere", 1 - np.mean(held), tolerance=0.02) > 0

# %% [markdown]
# ### Exercise 12.2 ●● Mend patient D
#
# *12 minutes.* Look at what is searched: `print(d.chunks[40].text)`, and some more. Name the fault in `fault_d()`, then write `mend_d`.
#
# <details><summary>The contract of the mend: open it once the fault is named</summary>
#
# **Contract:** `mend_d(text, size)` returns a list of texts that hold all of `text` in order. A piece is one or more whole sentences, with one space between them. It takes as many as fit into `size` characters, spaces counted; a single longer sentence stays whole. A sentence ends in `.`, `!` or `?` with a space or a line break behind it, so `2.5 bar` is no end; a rest without a mark is a sentence too. **Expected:** `mend_d("One. Two.", 5)` returns `["One.", "Two."]`.
#
# </details>

# %% tags=["exercise"]
def fault_d():
    """Return the name of the fault, in your own words."""
    ### BEGIN SOLUTION
    return "chunks are cut in the middle of sentences"
    ### END SOLUTION

import re

def mend_d(text, size):
    """Return the list that the contract above asks for."""
    ### BEGIN SOLUTION
    found = []
    for sentence in re.split(r"(?<=[.!?])\s+", text.strip()):
        if found and len(found[-1]) + 1 + len(sentence) <= size:
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
# Its chunks were cut every so many characters, wherever that fell: in the middle of sentences, of words, of answers. Whole sentences of about the same size brought {{d_right:.0%}} to {{d_after:.0%}}.
#
# Is that the sentences, or only a better luck with sizes? Both had the same limit, the same title line in front, and the same model. Lesson 03 tried four sizes, and size alone hardly mattered.
#
# *Never again:* read ten chunks aloud before you build an index.
#
# </details>

# %% [markdown]
# ## Patient E: the slow learner
#
# Another adapter. It saw the same examples, in the same order, with the same settings as C's. The gold passage stands in every prompt, and it answers one batch at a time with the padding as it should be. Its loss falls too. But only {{e_right:.0%}} of its answers are exactly the target.

# %%
e = patient("E")
record("e_right", e.right.mean(), tolerance=0.12)
record("e_contains", contains_gold(e.answers, e.questions).mean(), tolerance=0.15)
plt.plot(c.loss, marker="o", label=t("patient C"))
plt.plot(e.loss, marker="o", label=t("patient E"))
plt.xlabel(t("step"))
plt.ylabel(t("loss per labelled token"))
plt.legend()
plt.show()

# %% [markdown]
# The loss of E begins far *above* that of C. Both models were untouched at the start. Why should the same model, on the same examples, begin with another loss?
#
# ### Diagnosis E ●●
#
# *8 minutes.* The loss is a mean over the tokens with a label. `e.labelled` holds how many each training example has, `c.labelled` the same for C, and `e.train_prompts` the prompts. **Contract:** `fault_e()` returns the name of the fault. **Expected:** a right diagnosis, and a proof.

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
# The loss was computed on the prompt too. An example of E has {{e_labelled:.0f}} tokens with a label in the median, one of C {{c_labelled:.0f}}. Most of each step went into guessing manuals. The names and numbers in them are hard to guess for a model that has never seen them, so the loss began higher. With the prompt masked: {{e_right:.0%}} became {{e_after:.0%}}.
#
# Part of the lesson got through: {{e_contains:.0%}} of E's answers contain the right words. Whether many more steps would close the gap was not tried here.
#
# </details>

# %% [markdown]
# ## Patient F: the strange scores
#
# Retrieval once more, on the questions of patient B. Gold comes first for {{f_right:.0%}}, and among five for {{f_five:.0%}}: milder than B. Chunks and queries come from one model, and the chunks are the course's own. The mean score of the best hit is {{f_score:,.0f}}.

# %%
f = patient("F")
record("f_right", f.right.mean(), tolerance=0.04)
record("f_five", gold_found(f.hits, f.questions).any(axis=1).mean(), tolerance=0.04)
record("f_score", np.mean([hits[0].score for hits in f.hits]), tolerance=300)
print(f.embeddings.shape, "vectors,", f.queries.shape, "queries")

# %% [markdown]
# ### Exercise 12.3 ● Mend patient F
#
# *6 minutes.* A cosine lies between -1 and 1. What are these scores, then? Take one measurement on `f.embeddings`, and name the fault in `fault_f()`. Then write `mend_f`.
#
# <details><summary>The contract of the mend: open it once the fault is named</summary>
#
# **Contract:** `mend_f(vectors)` takes an array of shape `(n, dim)` and returns one of the same shape, in which each row points where it did before and has length 1. A row of zeros has no direction and stays as it is. **Expected:** `mend_f(np.array([[3.0, 4.0]]))` gives `[[0.6, 0.8]]`.
#
# </details>

# %% tags=["exercise"]
def fault_f():
    """Return the name of the fault, in your own words."""
    ### BEGIN SOLUTION
    return "the vectors are not normalised"
    ### END SOLUTION

def mend_f(vectors):
    """Return the array that the contract above asks for."""
    ### BEGIN SOLUTION
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths == 0, 1, lengths)
    ### END SOLUTION

# %% tags=["check"]
diagnose("F", fault_f)
check("12.3", mend_f)
treat("F", mend_f)

# %% [markdown]
# <details><summary>What patient F had</summary>
#
# The vectors were not normalised. They were sums of token vectors, so a chunk's length grew with its words, and the dot product rewards length. Chunks that are long won without pointing the right way. Divided by their lengths: {{f_right:.0%}} became {{f_after:.0%}}.
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
# ### Exercise 12.4 ●●● Mend patient G
#
# *12 minutes.* Whom does the model get right? Compare `g.right` with the meaning of the questions: `embed` both lists, take `nearest(test, train, k=1)` from `coursekit.vectors`, and read the closest pairs. Name the fault in `fault_g()`, then write `mend_g`.
#
# <details><summary>The contract of the mend: open it once the fault is named</summary>
#
# **Contract:** a question has a `product` (None for the company's own) and a `fact`; two questions ask for the same if both agree, whatever their words. Return the questions of `test` that no question of `train` asks for, in their order. **Expected:** with an empty `train`, `mend_g(train, test)` returns all of them.
#
# </details>

# %% tags=["exercise"]
def fault_g():
    """Return the name of the fault, in your own words."""
    ### BEGIN SOLUTION
    return "test questions leaked into training, in other words"
    ### END SOLUTION

def mend_g(train, test):
    """Return the questions that the contract above asks for."""
    ### BEGIN SOLUTION
    learned = {(q.product, q.fact) for q in train}
    return [q for q in test if (q.product, q.fact) not in learned]
    ### END SOLUTION

# %% tags=["check"]
diagnose("G", fault_g)
check("12.4", mend_g)
treat("G", mend_g)

# %% [markdown]
# <details><summary>What patient G had</summary>
#
# Test questions had leaked into training, reworded. Of the test questions, {{g_leaked:.0%}} ask for a fact that the training asked for in other words. On the others the adapter reaches {{g_after:.0%}}. So {{g_right:.0%}} was memory of the test.
#
# Here the cure makes the number smaller, and that is the proof. The other cure is to take the pairs out of the training, and train again. Splitting by product, as in lesson 09, prevents both.
#
# </details>

# %% [markdown]
# ## Patient H: back to chatting
#
# The adapter of patient C, once more. The weights are the same, the padding is right, and every prompt holds its gold passage. Exact match: {{h_right:.0%}}. A test prompt has {{h_tokens:.0f}} tokens in the median, a training prompt {{h_train_tokens:.0f}}.

# %% tags=["nbval-ignore-output"]
h = patient("H")
record("h_right", h.right.mean(), tolerance=0.12)
record("h_tokens", np.median([tokens(prompt) for prompt in h.prompts]), tolerance=3)
record("h_train_tokens", np.median([tokens(prompt) for prompt in h.train_prompts]), tolerance=3)
for answer in h.answers[:6]:
    print(repr(answer[:70]))
assert h.right.mean() < 0.6

# %% [markdown]
# Most answers chat, as the model did before its training in lesson 09. Some go on where they should end.
#
# ### Diagnosis H ●●
#
# *6 minutes.* Test and training ask the same kind of question about the same kind of passage. Put one prompt of each beside the other, from the first character to the last. **Contract:** `fault_h()` returns the name of the fault. **Expected:** a right diagnosis, and a proof.

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
# All but G, on the same questions each. For G the questions were the fault: the mend took the leaked ones away.

# %%
from coursekit.diagnosis import LETTERS
from coursekit.faults import mended
from coursekit.plots import PALETTE

well = {letter: mended(letter) for letter in LETTERS}
shares = [(patient(x).right.mean(), well[x].right.mean()) for x in LETTERS]
for place, (letter, (before, after)) in enumerate(zip(LETTERS, shares)):
    plt.plot([before, after], [place, place], color=PALETTE["light"], linewidth=4)
    plt.plot(before, place, "o", color=PALETTE["alarm"])
    plt.plot(after, place, "s", color=PALETTE["sea"])
    record(f"{letter.lower()}_after", after, tolerance=0.12)
record("e_labelled", np.median(e.labelled), tolerance=3)
record("c_labelled", np.median(c.labelled), tolerance=1)
record("g_leaked", 1 - len(well["G"].questions) / len(g.questions))
plt.yticks(range(8), LETTERS)
plt.gca().invert_yaxis()
plt.xlabel(t("metric of the patient: before (circle) and after (square)"))
plt.show()
assert all(after > before for x, (before, after) in zip(LETTERS, shares) if x != "G")

# %% [markdown]
# ## From symptom to first measurement
#
# | symptom | suspects | measure first |
# |---|---|---|
# | gold passage found, answers ignore it | context lost, template missing | the prompt as the model gets it |
# | all best scores low, vectors of length 1 | two models | a chunk's own text as the question |
# | scores above 1 | vectors not normalised | smallest and largest length |
# | right answer near, never whole | chunks cut badly | read ten chunks |
# | good alone, bad in a batch | padding | one prompt alone, and in a batch |
# | loss falls, answers poor | loss on the prompt, too few steps | labels per example |
# | answers chatty after training | adapter not loaded, template missing | adapter off and on |
# | too good to be true | leak | nearest training question |

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
