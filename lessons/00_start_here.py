# %% [markdown]
# # 00 · Start here
# In a few minutes you know that the course runs on your machine, and you have seen a language model answer from a document that it had never read.

# %% [markdown]
# <!-- badges -->

# %% [markdown]
# **What you will be able to do**
#
# - check that everything the course needs is here;
# - run a lesson, solve an exercise and ask for a hint;
# - explain why a language model invents an answer, and what a single passage changes.

# %% [markdown]
# **You need** Python, and no knowledge of retrieval or training. **Time:** 20 minutes with the exercises; running all cells takes about {{minutes_cpu}} min on two CPU cores. A GPU is not needed.

# %% tags=["setup"]
# The build writes the setup cell here.

# %% [markdown]
# ## Does it run here?
#
# A notebook is a page of text and **cells**: pieces of code that run here, one after the other. Click into the next cell and press *Shift* + *Enter*.

# %% tags=["nbval-ignore-output"]
from coursekit import preflight

report = preflight("00")
assert report.ok, "The table above names what is missing."

# %% [markdown]
# The table shows your Python, the packages, the **device** that computes (a CPU, or a GPU if you have one), and the **precision**: how many bits the machine spends on each number of a model. If something is missing, a sentence below the table says what to do.

# %% [markdown]
# ## How a lesson works
#
# Every lesson repeats one small loop: you predict, you run, you try it yourself.

# %%
from coursekit import figure

figure("00_how_a_lesson_works")

# %% [markdown]
# The outputs that you see were stored when this page was made. Run the cells yourself: that is the motto of the course. **Every claim is an experiment that you run.** In later lessons, a line that begins with *measured* shows the numbers of your run; the text below it quotes them from ours.

# %% [markdown]
# ## The company
#
# Most lessons share one fictional company, Larkspur Kitchen Works of Port Ellery. It makes machines for small cafés and bakeries, and it is built to be looked things up in: manuals, service procedures, policies, tables.

# %%
from coursekit.corpus import company_documents

documents = company_documents()
len(documents)

# %% [markdown]
# Why a fictional company? No language model can have read about it, so it cannot know the answers by heart. Whatever it gets right about Larkspur, it was told here. This is one of the documents:

# %%
kestrel = next(d for d in documents if d.id == "kestrel-2-manual")
print(kestrel.title)
print(kestrel.text[:420])

# %% [markdown]
# The Kestrel 2 is a deck oven, and it has two near-twins with other numbers. A baker wants to know one thing about hers:

# %%
question = "How long does the Kestrel 2 need to warm up?"

# %% [markdown]
# ## First: ask the model alone
#
# A **language model** continues a text, one small piece at a time. A piece is called a **token**: a word or a part of one. This course uses a small model, SmolLM2 with 135 million numbers inside, because it runs on any laptop.

# %%
from coursekit.models import load_lm

lm = load_lm()
print(lm.name, f"{lm.model.num_parameters():,}", "parameters")

# %% [markdown]
# **Predict, then run.** The model has never heard of the Kestrel 2. What will it say: that it does not know, or something else?

# %% tags=["nbval-ignore-output"]
from coursekit.rag import assemble_prompt, generate

prompt_alone = assemble_prompt(question, [], lm.tokenizer, answer_start="")
answer_alone = generate([prompt_alone], lm, max_new_tokens=60)[0]
print(answer_alone)
assert answer_alone

# %% [markdown]
# Fluent, confident, and invented. A language model is trained to continue a text in a likely way. Nothing in that training tells it to stop when it does not know. The course calls such an answer a **confident invention**; elsewhere you read *hallucination*.

# %% [markdown]
# ## Then: give it the right passage
#
# The answer stands in one of the documents. So first find the passage, then ask again with the passage in front of the question. This is **retrieval-augmented generation**, or **RAG**: retrieve, then generate.

# %%
figure("00_first_answer")

# %% [markdown]
# Documents are too long to hand over whole, so they are cut into **chunks**: passages of a few sentences that each keep the title of their document.

# %%
from coursekit.chunks import split_into_chunks

chunks = split_into_chunks(documents)
print(len(chunks), "chunks, for example:")
print(chunks[0].text)

# %% [markdown]
# To find the right one by meaning, a second model turns every chunk into an **embedding**: a list of numbers, such that texts with a similar meaning get similar numbers.

# %%
from coursekit.models import load_embedder
from coursekit.rag import embed_cached

embedder = load_embedder()
embeddings = embed_cached([chunk.text for chunk in chunks], embedder)
embeddings.shape

# %% [markdown]
# One row for each chunk, 384 numbers in each row. **FAISS** is a library that finds the nearest rows quickly. It keeps them in an **index**.

# %%
from coursekit.rag import build_index, retrieve

index = build_index(embeddings)
hits = retrieve(question, index, chunks, embedder, k=3)
for hit in hits:
    print(f"{hit.rank}  {hit.score:.2f}  {hit.chunk.id}")

# %% [markdown]
# The **score** says how similar question and chunk are: 1 would be the same direction, 0 unrelated. Look at the names: the runners-up belong to the twins. Their passages say nearly the same thing with another number, and a model that gets the wrong one gives a wrong answer with a straight face.

# %%
print(hits[0].chunk.text)

# %% [markdown]
# ## The first real answer
#
# The **prompt** is the text that the model gets: the passage, an instruction, the question, and the first words of the answer.

# %%
prompt = assemble_prompt(question, hits[:1], lm.tokenizer)
print(prompt[-330:])

# %% [markdown]
# The marks between `<|` and `|>` say who speaks. You meet them again in lesson 09. Now let the model go on from there, and compare:

# %% tags=["nbval-ignore-output"]
answer = generate([prompt], lm, max_new_tokens=20)[0]
print("alone:       ", answer_alone[:90])
print("with passage:", answer)
print("source:      ", hits[0].chunk.id)
assert "45 minutes" in answer and "45 minutes" not in answer_alone

# %% [markdown]
# The second answer can be checked: it names its source, and you can read it. Nothing inside the model has changed. That is the whole idea of RAG, and lesson 05 builds it with care.

# %% [markdown]
# ## Your turn
#
# Exercises look like this: a function with a description and an empty body. Write the body, run the cell, then run the cell below it. The check tries your function on inputs that you have not seen, and says what is wrong. You can try as often as you like, and nothing later depends on your answer.

# %% [markdown]
# ### Exercise 00.1 ● The nearest passage
#
# *3 minutes.* FAISS returned the passage with the highest score. Write that step. **Contract:** `scores` is a list of numbers; return the place of the highest one, counted from 0. **Expected:** `nearest([0.2, 0.9, 0.4])` returns `1`.

# %% tags=["exercise"]
def nearest(scores):
    """Return the place of the highest score, counted from 0."""
    ### BEGIN SOLUTION
    return max(range(len(scores)), key=lambda place: scores[place])
    ### END SOLUTION

# %% tags=["check"]
from coursekit import check

check("00.1", nearest)

# %% [markdown]
# Stuck? Each call of `hint` tells you one thing more. Take away the `#` and run the cell.

# %%
from coursekit import hint

# hint("00.1")

# %% [markdown]
# ### Exercise 00.2 ● A prompt with a passage
#
# *5 minutes.* **Contract:** given a question and a passage, return one string that holds both, complete and unchanged, with the passage before the question. The words around them are yours. **Expected:** for the question `"How long?"` and the passage `"It takes 45 minutes."`, for example `"Context: It takes 45 minutes. Question: How long?"`.

# %% tags=["exercise"]
def build_prompt(question, passage):
    """Return one string with the passage first and the question after it."""
    ### BEGIN SOLUTION
    return f"Context: {passage}\n\nQuestion: {question}"
    ### END SOLUTION

# %% tags=["check"]
check("00.2", build_prompt)

# %% [markdown]
# ### Exercise 00.3 ●● Does it name its source?
#
# *8 minutes.* Later, answers end with the number of their passage in square brackets, as in `45 minutes [2]`. **Contract:** return `True` if the answer ends with a whole number in square brackets, otherwise `False`; spaces at the very end do not count. **Expected:** `has_source("45 minutes [2]")` is `True`, `has_source("45 minutes")` is `False`.

# %% tags=["exercise"]
def has_source(answer):
    """Return True if the answer ends with a passage number such as [2]."""
    ### BEGIN SOLUTION
    import re

    return re.search(r"\[\d+\]\s*$", answer) is not None
    ### END SOLUTION

# %% tags=["check"]
check("00.3", has_source)

# %% [markdown]
# `progress` shows what you have done so far. It is kept on your machine, and nowhere else. On Colab a session forgets everything when it ends: there, run `from coursekit import keep_on_drive` and `keep_on_drive()` in a new cell, once in each session, and your Google Drive keeps your progress and what you trained.

# %%
from coursekit import progress

progress()

# %% [markdown]
# ## Quiz
#
# Answer in your head, then open the line.
#
# <details><summary>Why did the model invent an answer when it was asked alone?</summary>
#
# It continues a text in a likely way. A likely answer to "how long" is a time, and nothing tells the model that it does not know this one.
#
# </details>
#
# <details><summary>What was changed inside the model before it answered right?</summary>
#
# Nothing. The passage stood in the prompt. Changing the model itself is fine-tuning, and lesson 09 does it.
#
# </details>
#
# <details><summary>Where would you look first if an answer with a source is wrong?</summary>
#
# At the source. If the passage is about the wrong machine, the fault is in the retrieval; if the passage is right, the fault is in the reading.
#
# </details>

# %% [markdown]
# ## Takeaways
#
# - Alone, a language model answers questions about unknown things with confident inventions.
# - With the right passage in the prompt, the same model answers from it, and the source can be checked.
# - Retrieval finds the passage: chunks, embeddings, an index, the nearest neighbours of the question.
# - Twins with other numbers are the danger: the passage must be the *right* one.

# %% [markdown]
# <!-- next -->
