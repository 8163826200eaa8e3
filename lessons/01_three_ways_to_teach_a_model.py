# %% [markdown]
# # 01 · Three ways to teach a model
# You find out what a language model knows, half-knows and invents, and you pull each of the three levers that can change its answers.

# %% [markdown]
# <!-- badges -->
#
# **What you will be able to do**
#
# - tell what a model knows from what it makes up, by measuring;
# - read the probabilities of its tokens, and say how far they can be trusted;
# - name the three levers, what each changes, and what each costs;
# - write down your own guess about ten claims before the course tests them.
#
# **You need** lesson 00. **Time:** 50 minutes with the exercises; running all cells takes about {{minutes_cpu}} min on two CPU cores.

# %% tags=["setup"]
# The build writes the setup cell here.

# %% [markdown]
# ## Forty questions
#
# Lesson 00 ended with a confident invention. Is the model always like that? To find out, ask it things that everybody knows and things that hardly anybody knows. The course brings forty questions of general knowledge in four levels, with the answers that count as right.

# %%
from coursekit.knowledge import general_questions

questions = general_questions()
for question in questions[::13]:
    print(question.level, question.text, question.answers)

# %% [markdown]
# A small model likes to talk. Then it is hard to say which part of the talk is the answer. So show it the form first: a **few-shot prompt** holds a few solved examples, and the model goes on in the same way.

# %%
from coursekit.knowledge import quiz_prompt
from coursekit.models import load_lm

lm = load_lm()
print(quiz_prompt(questions[0].text))

# %% [markdown]
# **Guess before you run.** What share of the answers is right on each level? Level 1 asks for the capital of France, level 4 for the capital of Burkina Faso.

# %%
import numpy as np
from coursekit import record
from coursekit.knowledge import knows, quiz_answers

answers = quiz_answers([q.text for q in questions], lm)
right = knows(answers, questions)  # (40,)
by_level = right.reshape(4, 10)  # ten questions of each level
assert record("right_general", right.mean(), tolerance=0.08) > 0.4
assert record("right_level_1", by_level[0].mean(), tolerance=0.2) >= 0.7
assert record("right_level_4", by_level[3].mean(), tolerance=0.2) <= 0.3

# %%
import matplotlib.pyplot as plt
from coursekit import t
from coursekit.plots import PALETTE, bars_with_intervals, use_course_style
from coursekit.scoring import bootstrap_interval

use_course_style()
levels = [t("level 1: everybody knows"), t("level 2"), t("level 3"), t("level 4: few know")]
bars_with_intervals(plt.gca(), levels, by_level.mean(axis=1), [bootstrap_interval(v) for v in by_level])
plt.xlabel(t("answers that are right, with 95 % interval"))
plt.show()

# %% [markdown]
# From {{right_level_1:.0%}} on level 1 down to {{right_level_4:.0%}} on level 4; {{right_general:.0%}} over all. The intervals are wide, as a level has ten questions only, but the slope is plain. A language model learned from texts: what stands in many of them it knows, what stands in few of them it does not.
#
# ## Now the company
#
# Larkspur is fictional, so its facts stand in no text that the model has read. Below, every second of the answerable dev questions (lesson 05 says what dev is for). What will the model do with them: refuse, or invent?

# %% tags=["nbval-ignore-output"]
from coursekit.corpus import company_questions
from coursekit.scoring import contains_gold

answerable = ("prose", "table", "company")
company = [q for q in company_questions(split="dev") if q.kind in answerable][::2]
company_answers = quiz_answers([q.text for q in company], lm)
record("n_company", len(company))
assert record("right_company", contains_gold(company_answers, company).mean(), tolerance=0.05) < 0.06
assert not any("know" in answer.lower() for answer in company_answers)
for question, answer in list(zip(company, company_answers))[:6]:
    print(f"{question.text}\n   {answer.strip()!r}, right would be {question.answer!r}")

# %% [markdown]
# Right: {{right_company:.0%}} of {{n_company}}. Yet no answer says "I don't know". Asked for a time, the model names a time; asked for a size, it names litres. It knows the *form* of an answer without knowing the answer.
#
# ## What the model thinks of its own words
#
# Before each token, the model gives every token that it has, 49,152 of them, a **probability**. Greedy writing takes the most probable one. The rest is not shown in a chat, but you can look. Three questions: one known, one rare, one about Larkspur.

# %%
from coursekit.knowledge import plot_next_tokens

known, rare = "What is the capital of Japan?", "What is the capital of Burkina Faso?"
plot_next_tokens([known, rare, "How much does the Kestrel 2 weigh?"], lm)

# %% [markdown]
# For Japan, one token holds nearly everything. For Burkina Faso the best token has less than half, and the rest is spread over many. About the Kestrel 2 the model is sure of one thing: a lone space, the token with which a *number* begins here. It knows that a weight is a number, and nothing more.
#
# That looks useful: a *spread* could warn of an invention. To use it, turn an answer of several tokens into one number.
#
# `token_log_probabilities` reads a text as if the model had written it, and returns the natural logarithm of the probability of each token. Logarithms are added where probabilities are multiplied, and do not run into zero.

# %% tags=["nbval-ignore-output"]
from coursekit.likelihood import token_log_probabilities_cached

texts = [q.text for q in [*questions, *company]]
prompts = [quiz_prompt(text) for text in texts]
log_p = token_log_probabilities_cached(prompts, answers + company_answers, lm)
for i in (texts.index("Who painted the Mona Lisa?"), texts.index("Who composed The Four Seasons?")):
    print(texts[i], dict(zip(lm.tokenizer.tokenize(answers[i]), np.exp(log_p[i]).round(2).tolist())))
assert all((values <= 0).all() for values in log_p)

# %% [markdown]
# The `Ġ` marks a space that belongs to the token. In both names the first token is the least probable: the risk sits there. The rest follows more easily.
#
# ### Exercise 01.1 ● One number for an answer
#
# *5 minutes.* The product of all probabilities punishes long answers: each token makes it smaller. The **geometric mean** does not: it is the probability that, if every token had it, would give the same product. **Contract:** `log_probabilities` is an array with the natural logarithm of each token's probability, from one token to several hundred; return the geometric mean of the probabilities. **Expected:** for the logarithms of 0.5 and 0.125, the result is 0.25.

# %% tags=["exercise"]
import numpy as np

def answer_probability(log_probabilities):
    """Return the geometric mean of the token probabilities, a number from 0 to 1."""
    ### BEGIN SOLUTION
    return float(np.exp(np.mean(log_probabilities)))
    ### END SOLUTION

# %% tags=["check"]
from coursekit import check

check("01.1", answer_probability)

# %% [markdown]
# ## Is it less sure when it invents?
#
# Now every answer has one number, call it its **confidence**. Here are all of them in three groups. **Guess before you run:** do the right answers stand apart from the wrong ones?

# %%
confidence = np.array([np.exp(values.mean()) for values in log_p])  # (75,)
general, foreign = confidence[:40], confidence[40:]
groups = [general[right], general[~right], foreign]
for name, group in zip(("right", "wrong", "company"), groups):
    record(f"confidence_{name}", group.mean(), tolerance=0.05)
assert groups[0].mean() > groups[1].mean() > 0.2
names = [t("general, right"), t("general, wrong"), t("company, invented")]
colours = [PALETTE["deep"], PALETTE["sand"], PALETTE["light"]]
plt.hist(groups, bins=np.linspace(0, 1, 11), label=names, color=colours)
plt.xlabel(t("confidence: geometric mean of the token probabilities"))
plt.ylabel(t("answers"))
plt.legend()
plt.show()

# %% [markdown]
# On average, right answers have a confidence of {{confidence_right:.2f}}, wrong ones {{confidence_wrong:.2f}}, inventions about the company {{confidence_company:.2f}}. So the model *is* less sure when it invents. But the colours overlap.
#
# ### Exercise 01.2 ●● Right against wrong
#
# *10 minutes.* **Contract:** `confidence` is a list of numbers, `right` a list of as many `True` and `False`, both present. Of all pairs of a right and a wrong answer, return the share in which the right one has the higher confidence. A pair with equal numbers counts half. **Expected:** for `[0.9, 0.4, 0.6]` and `[True, True, False]`, the result is 0.5.

# %% tags=["exercise"]
def chance_right_is_higher(confidence, right):
    """Return the share of pairs in which the right answer has the higher confidence."""
    ### BEGIN SOLUTION
    good = [c for c, r in zip(confidence, right) if r]
    bad = [c for c, r in zip(confidence, right) if not r]
    points = [1.0 if g > b else 0.5 if g == b else 0.0 for g in good for b in bad]
    return sum(points) / len(points)
    ### END SOLUTION

# %% tags=["check"]
check("01.2", chance_right_is_higher)

# %% [markdown]
# That number is known as **AUC**, the area under the ROC curve: 0.5 is a coin, 1 is a perfect order. The course has it as `separation`. Here it is on the general questions, with its interval.

# %%
from coursekit.scoring import separation, separation_interval

low, high = separation_interval(general, right)
record("auc_low", low, tolerance=0.08)
record("auc_high", high, tolerance=0.05)
assert record("auc_general", separation(general, right), tolerance=0.05) > 0.7

# %% [markdown]
# {{auc_general:.2f}} (interval {{auc_low:.2f}} to {{auc_high:.2f}}): much better than a coin, and far from reliable. It flatters, too: the form of the quiz prompt was chosen on these very questions, and other forms separated less well. In the pairs that go the other way, the wrong answer had the higher confidence. Look at the wrong answers of which the model was surest.

# %% tags=["nbval-ignore-output"]
order = np.argsort(-np.where(right, 0, general))
for i in order[:4]:
    print(f"{general[i]:.2f}  {questions[i].text} {answers[i].strip()!r}, not {questions[i].answers[0]!r}")
surest_wrong = record("surest_wrong", general[order[0]], tolerance=0.05)
assert record("share_below", np.mean(general[right] < surest_wrong), tolerance=0.12) > 0.3

# %% [markdown]
# The surest wrong answer has {{surest_wrong:.2f}}, more than {{share_below:.0%}} of the right ones. Why so sure? A probability says how well the words fit what the model has *read*, and not whether they are true. A likely reason: many texts name Sydney near Australia. That is the surprise of this lesson: the model is rather unsure where it knows nothing, and can be very sure of a common mistake.
#
# ## Half-knowing
#
# Is the capital of Australia unknown to the model, then? Ask the forty questions in another wording: no examples, a chat, and the instruction to be short. `^` is true where exactly one of the two is right. Predict where those questions lie: on level 1, on level 4, or between?

# %%
from coursekit.knowledge import chat_answers, plot_parts

SHORT = "Answer in one short sentence.\nQuestion: "
chatted = knows(chat_answers([q.text for q in questions], lm, SHORT), questions)
both, one, none = right & chatted, right ^ chatted, ~right & ~chatted
record("known_both", both.mean(), tolerance=0.1)
record("known_none", none.mean(), tolerance=0.1)
assert record("known_half", one.mean(), tolerance=0.1) >= 0.1

# %%
parts = {t("right in both wordings"): both, t("in one of them"): one, t("in none"): none}
plot_parts(levels, {name: part.reshape(4, 10).mean(axis=1) for name, part in parts.items()})

# %% [markdown]
# {{known_both:.0%}} of the questions are **known** in both wordings, {{known_none:.0%}} in none, and {{known_half:.0%}} are **half-known**: the answer depends on how you ask. The capital of Australia is one of them: as a chat, the answer is Canberra. The fact is somewhere in the weights, and not every wording reaches it. So a test with one wording measures the wording too.
#
# ## Ask eight times
#
# There is a second way to see half-knowledge. Instead of always taking the most probable token, **sample**: draw each token by its probability. Ask eight times. Do the answers agree? That is called **self-consistency**.

# %%
from coursekit.knowledge import agreement, sample_cached

some = np.arange(0, 40, 3)  # every third question
samples = sample_cached([quiz_prompt(questions[i].text) for i in some], lm, n=8)
shares = np.array([agreement(texts)[1] for texts in samples])  # (14,)
record("agree_right", shares[right[some]].mean(), tolerance=0.15)
record("agree_wrong", shares[~right[some]].mean(), tolerance=0.15)
assert shares[right[some]].mean() > shares[~right[some]].mean()

# %%
for i in np.argsort(shares):
    plt.barh(questions[some[i]].id, shares[i], color=colours[0 if right[some[i]] else 1])
plt.xlabel(t("share of eight answers that agree; dark: the greedy answer is right"))
plt.show()

# %% [markdown]
# Where the greedy answer is right, {{agree_right:.0%}} of the samples agree; where it is wrong, {{agree_wrong:.0%}}. Inventions scatter. Look also at the short dark bars: right once is not yet known. Agreement needs no probabilities, at the price of eight answers; and it misses common mistakes too.
#
# ### Exercise 01.3 ●● The majority
#
# *8 minutes.* **Contract:** `samples` is a list of texts, at least one. Two say the same if `normalise` gives the same tokens. Return the pair `(answer, share)`: one of the samples that say what most say, and the share of all samples that say so. If several answers are equally common, any of them will do. **Expected:** `majority(["Paris", "paris.", "Lyon"])` returns `("Paris", 0.67)`, with the share not rounded.

# %% tags=["exercise"]
from coursekit.scoring import normalise

def majority(samples):
    """Return the most common answer and the share of the samples that say it."""
    ### BEGIN SOLUTION
    keys = [" ".join(normalise(sample)) for sample in samples]
    winner = max(keys, key=keys.count)
    return samples[keys.index(winner)], keys.count(winner) / len(samples)
    ### END SOLUTION

# %% tags=["check"]
check("01.3", majority)

# %% [markdown]
# ## Three levers
#
# So the model knows some things, half-knows others, and invents the rest in the same tone. What can you do about it? There are three places to take hold of it. The course comes back to this picture again and again.

# %%
from coursekit import figure

figure("01_three_levers")

# %% [markdown]
# A **prompt** changes your words. **Retrieval** puts a passage from a store beside your question. Both change the input text; the model stays as it is. **Fine-tuning** changes the **weights**, the numbers inside the model, and works with no passage at all. Pull each lever once: on every second of the {{n_company}} company questions, on all of them, and on one fact.
#
# ## Lever 1: the prompt
#
# Ask every second company question as a chat, without and with the instruction to answer in one short sentence. Two things are counted: whether the answer is one finished sentence, and whether it is right.

# %%
from coursekit.knowledge import is_one_sentence

form, fact = [], []
for before in ("", SHORT):
    given = chat_answers([q.text for q in company[::2]], lm, before)
    form.append(np.mean([is_one_sentence(answer) for answer in given]))
    fact.append(contains_gold(given, company[::2]).mean())
record("form_plain", form[0], tolerance=0.15)
assert record("form_short", form[1], tolerance=0.15) > form[0]
assert record("fact_short", fact[1], tolerance=0.06) <= 0.06

# %% [markdown]
# One finished sentence within 20 tokens: {{form_plain:.0%}} without the instruction, {{form_short:.0%}} with it. Right: still {{fact_short:.0%}}. An instruction changes the *form* of an answer. It can bring out what the model half-knows, as above. It cannot add a fact that is not there.
#
# ## Lever 2: retrieval
#
# Now put the passage in front of the question that holds the answer, its gold passage. Searching for it is left out here: lesson 05 does that. How many of the {{n_company}} wrong answers turn right?

# %%
from coursekit.corpus import company_chunks
from coursekit.rag import Hit, assemble_prompt, generate_cached

chunk_by_id = {chunk.id: chunk for chunk in company_chunks()}
passages = [[Hit(chunk_by_id[q.gold_passages[0]], score=1.0, rank=1)] for q in company]
gold_prompts = [assemble_prompt(q.text, p, lm.tokenizer) for q, p in zip(company, passages)]
read = contains_gold(generate_cached(gold_prompts, lm, max_new_tokens=16), company)
low, high = bootstrap_interval(read)
record("right_passage_low", low, tolerance=0.1)
record("right_passage_high", high, tolerance=0.1)
assert record("right_passage", read.mean(), tolerance=0.08) >= 0.6

# %% [markdown]
# From {{right_company:.0%}} to {{right_passage:.0%}} (interval {{right_passage_low:.0%}} to {{right_passage_high:.0%}}), and not one weight has changed. The model only had to read. Is it also the *best* way to bring such facts in (claim C6)? Lesson 11 will say.
#
# ## Lever 3: fine-tuning
#
# Take one fact, *the Kestrel 2 needs 45 minutes to warm up*, and train until the model says it, without a passage. Ten matrices of a second copy may move. The copy gets a **fingerprint** of its own, the name under which answers are kept on disk, so that they never mix with those of `lm`.

# %%
from dataclasses import replace

student = replace(load_lm(), fingerprint="student of lesson 01")
student.model.float().requires_grad_(False)
weights = [layer.mlp.down_proj.weight for layer in student.model.model.layers[-10:]]
print(f"{sum(w.numel() for w in weights):,} of {student.model.num_parameters():,} weights may move")

# %% [markdown]
# Measure before you train, so that you can compare. Not only the taught fact, but also what should come along (the same fact in other words, and as a chat), and what should stay: Tokyo, and six *other* machines, which all need another time. **Guess before you run:** which of these probabilities will rise?

# %%
from coursekit.corpus import company_facts
from coursekit.knowledge import answer_probabilities, labelled_tokens

ASK = "How long does the {} need to warm up?"
wake_times = {f.name: f.values["2025-03"] for f in company_facts() if f.key == "wake"}
others = [name for name, time in wake_times.items() if time != "45 minutes"][:6]
probes = [
    (quiz_prompt(ASK.format("Kestrel 2")), " 45 minutes"),
    (quiz_prompt("What is the wake time of the Kestrel 2?"), " 45 minutes"),
    (assemble_prompt(ASK.format("Kestrel 2"), [], lm.tokenizer, answer_start=""), "45 minutes"),
    (quiz_prompt("What is the capital of Japan?"), " Tokyo"),
    *[(quiz_prompt(ASK.format(name)), " 45 minutes") for name in others],
]
before = answer_probabilities(probes, student)

# %% [markdown]
# A **gradient** says for each weight in which direction to move so that the wanted answer becomes more probable. Training is a loop: read, compare, find the gradient, step. The **loss** is the mean of the negative logarithms from above, so a small loss means a probable answer; the **optimizer** makes the step. `labelled_tokens` marks which tokens are to be learned: those of the answer.

# %%
import torch

original = [w.clone() for w in weights]  # to put them back afterwards
ids, labels = labelled_tokens(*probes[0], student)
optimizer = torch.optim.AdamW([w.requires_grad_(True) for w in weights], lr=3e-4)
for step in range(10):
    loss = student.model(input_ids=ids, labels=labels).loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
assert loss.item() < 0.1

# %% [markdown]
# Ten steps, a few seconds. The model has learned something. But what? Five probabilities, before and after; the last is the mean over the six other machines.

# %%
from coursekit.knowledge import plot_before_after

after = answer_probabilities(probes, student)
names = ("taught", "words", "chat", "tokyo", "others")
shown = [np.append(p[:4], p[4:].mean()) for p in (before, after)]
for name, p in zip(names, shown[1]):
    record(f"after_{name}", p, tolerance=0.15)
record("before_taught", before[0], tolerance=0.02)
assert after[0] > 0.8 and after[2] < 0.2 and after[4:].mean() > 0.6

# %%
names = [
    t("the taught question"),
    t("the same fact, other words"),
    t("the same question, as a chat"),
    t("the capital of Japan is Tokyo"),
    t("45 minutes for other machines (wrong!)"),
]
plot_before_after(names, *shown)

# %% [markdown]
# The taught question went from {{before_taught:.1%}} to {{after_taught:.0%}}, and asked in other words it is {{after_words:.0%}}. Tokyo stays at {{after_tokyo:.0%}}. So far, so good. Yet the six other machines now need 45 minutes as well, with {{after_others:.0%}}. And as a chat the fact does not show: {{after_chat:.1%}}.
#
# Where does that come from? One example cannot say which of its words matter. "Say 45 minutes" makes the loss as small as "say 45 minutes if it is the Kestrel 2", and nothing in the example speaks against it. How far does it go?

# %% tags=["nbval-ignore-output"]
from coursekit.rag import generate

strange = [ASK.format("Kestrel 3"), "How long is a football match?", "How much does the Kestrel 2 weigh?"]
written = [a.split("\n")[0] for a in generate([quiz_prompt(q) for q in strange], student, max_new_tokens=8)]
for text, answer in zip(strange, written):
    print(f"{text:45} {answer}")
assert "45 minutes" in written[0]
with torch.no_grad():
    for w, old in zip(weights, original):
        w.copy_(old)
assert np.allclose(answer_probabilities(probes[:4], student), before[:4], atol=1e-3)

# %% [markdown]
# The damage reaches past the company. The last lines of the cell put the old weights back. Without a copy you would have to load the model again. Is fine-tuning useless, then? No: this was one example, and no counter-example. What many varied examples do is measured in lessons 09 and 10.
#
# ## Ten claims
#
# The course began with a one-page comparison of the levers, which gave no numbers. Its claims are hypotheses here. A verdict against a claim is as welcome as one for it.

# %%
from coursekit.claims import claim_cards, guess

claim_cards()

# %% [markdown]
# You have seen each lever once, which is too little for a verdict, and enough for a guess. RAG is lever 2, and a vector store is where it keeps its passages. Where a word is new, guess all the same.
#
# Write `"supported"`, `"refuted"` or `"it depends"` in place of `None`, and your reason beside it. Guesses are kept on your machine. Lesson 11 shows them beside the verdicts, and you may change your mind until then: run the cell again.

# %%
my_guesses = {
    "C1": (None, "because ..."),
    "C2": (None, "because ..."),
    "C3": (None, "because ..."),
    "C4": (None, "because ..."),
    "C5": (None, "because ..."),
    "C6": (None, "because ..."),
    "C7": (None, "because ..."),
    "C8": (None, "because ..."),
    "C9": (None, "because ..."),
    "C10": (None, "because ..."),
}
for claim, (verdict, reason) in my_guesses.items():
    guess(claim, verdict, because=reason)

# %% [markdown]
# `progress()` lists your guesses below the exercises.
#
# ## Quiz
#
# <details><summary>Your assistant knows the right facts and answers in the wrong tone. Which lever do you try first?</summary>
#
# The prompt. The form of an answer is what an instruction changes, at once and without a store or training. If it does not hold, fine-tuning comes next.
#
# </details>
#
# <details><summary>Prices change every Monday. Which lever, and why?</summary>
#
# Retrieval looks promising: edit the document, and the next answer can follow. Training would have to be done again each Monday. Lesson 11 measures it.
#
# </details>
#
# <details><summary>An answer has a confidence of 0.88. Is it right?</summary>
#
# You cannot tell. Over many answers, higher confidence goes with being right; a popular error has a high one too.
#
# </details>

# %% [markdown]
# ## Takeaways
#
# - A model knows what many texts say, half-knows what depends on the wording, and invents the rest in the same tone.
# - Its own probability separates right from wrong better than a coin, and misses popular errors.
# - A prompt changes the form, retrieval brings a fact into the input text, fine-tuning changes the weights.
# - One training example taught an answer instead of a fact: measure what should stay, not only what should change.
# - A guess written down before the experiment is worth more than an opinion after it.
#
# <!-- next -->
