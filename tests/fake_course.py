"""A course of two small lessons in a folder of its own, for the tests of the build."""

from __future__ import annotations

import shutil
from pathlib import Path

from authoring.project import Project, load_project

ROOT = Path(__file__).resolve().parent.parent

PYPROJECT = """\
[tool.course]
title = "A small course"
repository = ""
lessons = ["01_count_words", "02_the_end"]

[tool.course.languages.nl]
name = "Nederlands"
released = true
reviewed_by = ""
style = "je"

[tool.other]
kept = true
"""

LESSON = '''\
# %% [markdown]
# # 01 · Count words
# You will count words and **measure** how many there are.

# %% [markdown]
# <!-- badges -->
#
# **Time:** 7 minutes with the exercises.

# %% tags=["setup"]
# The build writes this cell.

# %% [markdown]
# ## Words in a text
#
# What does the machine see? A text is a list of words. See the [end](02_the_end.ipynb).

# %%
from coursekit import figure, record, t

figure("01_words")

# %% [markdown]
# Of the words, {{share:.0%}} are short, or {{words:,}} in all, at $x^2$ with `len(words)`.
#
# | Language | Words |
# | --- | --- |
# | Plain English text | 1,234 |

# %%
words = "the net loft has a cat called Gasket".split() * 200
share = record("share", sum(len(word) < 4 for word in words) / len(words), tolerance=0.01)
print(t("{count} words", count=record("words", len(words))))

# %% [markdown]
# ### Exercise 01.1 · Count · • · 2 minutes
# Write `count_words`, which returns the number of words in a text.

# %% tags=["exercise"]
def count_words(text: str) -> int:
    """The number of words in `text`."""
    ### BEGIN SOLUTION
    return len(text.split())
    ### END SOLUTION


# %% tags=["check"]
print(count_words("a cat called Gasket"))

# %% [markdown]
# <details>
# <summary>What is a word?</summary>
#
# A run of letters, for us.
#
# </details>
#
# <!-- next -->
'''

LAST_LESSON = """\
# %% [markdown]
# # 02 · The end
# You will see that it ends.

# %% [markdown]
# <!-- badges -->

# %% tags=["setup"]
# The build writes this cell.

# %%
print("the end")

# %% [markdown]
# <!-- next -->
"""

FIGURE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 100">
  <title>From text to words</title>
  <desc>An arrow leads from a text to its words.</desc>
  <rect x="10" y="10" width="150" height="60" fill="none" stroke="#333"/>
  <text x="85" y="45" font-size="16" text-anchor="middle">A text</text>
  <text x="300" y="45" font-size="16"><tspan>Its words</tspan></text>
</svg>
"""

PACKAGE = """\
from coursekit.figures import figure
from coursekit.language import set_language, t
from coursekit.records import record


def setup():
    print(t("Lesson ready"))
"""

README = """\
# A small course

Two lessons. Begin with [the first](notebooks/01_count_words.ipynb), or [contribute](GUIDE.md).

## The lessons

| No | Lesson | Question | Minutes | First | Run | Answers |
|---|---|---|---|---|---|---|
| 01 | [Count words](notebooks/01_count_words.ipynb) | How many? | 99 | 99 | 99 | here |
| 02 | The end | What next? | | | | here |
| 03 | To come | What then? | | | | on the way |

See [above](#a-small-course).
"""

GLOSSARY = "term,rule,note,nl\nword,translate,,woord\nretrieval,keep,,\n"


def make_course(root: Path) -> Project:
    """Write the sources of the small course into `root`, with a coursekit that needs no model."""
    files = {
        "pyproject.toml": PYPROJECT,
        "requirements.txt": "numpy\n",
        "README.md": README,
        "GUIDE.md": "# Guide\n",
        "lessons/01_count_words.py": LESSON,
        "lessons/02_the_end.py": LAST_LESSON,
        "images/01_words.svg": FIGURE,
        "translations/glossary.csv": GLOSSARY,
        "coursekit/__init__.py": PACKAGE,
    }
    for name, text in files.items():
        write(root, name, text)
    for name in ("figures", "language", "paths", "records"):
        shutil.copy(ROOT / "coursekit" / f"{name}.py", root / "coursekit" / f"{name}.py")
    return load_project(root)


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def edit(root: Path, name: str, old: str, new: str) -> None:
    """Replace `old`, which must be there, in one file."""
    text = (root / name).read_text(encoding="utf-8")
    assert old in text, f"{name} does not hold {old!r}"
    write(root, name, text.replace(old, new))
