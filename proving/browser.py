"""Lessons in the JupyterLab that `make lab` starts, driven with a real browser.

    python -m proving browser --lessons 00 05
    python -m proving browser --language nl --pictures pictures

Chromium comes from the system's packages; Playwright drives it. The notebooks are copies in a
temporary folder, and so is the learner's progress.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import psutil

from authoring.project import AuthoringError, load_project

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
)
FLAGS = ("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")
FLAGS += ("--disable-background-networking", "--disable-component-update")
WINDOW = {"width": 1280, "height": 900}
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
# axe looks at what a lesson brings: its text, and what its cells print and draw. Left out are
# JupyterLab's menus, bars and code editors, which no lesson can change.
OURS = f"{PANEL} :is(.jp-RenderedMarkdown, .jp-RenderedHTML, .jp-RenderedText)"
# One rule beyond WCAG: headings go down one level at a time.
MORE_RULES = {"heading-order": {"enabled": True}}

# A plausible wrong answer to the first exercise of a lesson. The right one is in solutions/. Each
# takes the lowest scores for the highest, and the check must say so.
FAULT = "lowest"
WRONG = {
    "00": "def nearest(scores):\n    return scores.index(min(scores))",
    "05": "def top_k(query, embeddings, k):\n    return list((embeddings @ query).argsort()[:k])",
}

STATE = """() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  const cells = panel?.content?.widgets;
  if (!cells) return null;
  const code = cells.filter(cell => cell.model.type === 'code');
  const written = code.filter(cell => cell.model.sharedModel.getSource().trim());
  return {
    path: panel.context.path,
    drawn: cells.every(cell => cell.node.isConnected),
    kernel: panel.sessionContext.session?.kernel?.status ?? 'none',
    left: written.filter(cell => cell.model.executionCount === null).length,
    outputs: cells.map(cell => cell.model.type === 'code' ? cell.model.outputs.toJSON() : []),
    tags: cells.map(cell => cell.model.getMetadata('tags') ?? []),
  };
}"""

PAGE_PROBLEMS = """(root) => {
  const found = [];
  const shown = element => element.getClientRects().length > 0;
  const short = text => text.replace(/\\s+/g, ' ').trim().slice(0, 70);
  for (const image of root.querySelectorAll('img')) {
    if (!image.complete || image.naturalWidth === 0)
      found.push('a broken image: ' + short(image.src));
    if (!(image.getAttribute('alt') ?? '').trim()) found.push('an image without alt text');
  }
  for (const block of root.querySelectorAll('.jp-RenderedMarkdown')) {
    const copy = block.cloneNode(true);
    copy.querySelectorAll('code, pre, mjx-container, script, .MathJax').forEach(e => e.remove());
    const text = copy.textContent;
    const raw = text.match(/\\*\\*\\S|\\]\\(|(^|\\n)#{1,5} |\\{\\{|(^|\\n)\\|.*\\|/);
    if (raw && shown(block))
      found.push('Markdown that is not rendered: ' + short(text.slice(raw.index)));
  }
  const wide = element => element.scrollWidth > element.clientWidth + 1;
  const boxes = '.jp-WindowedPanel-outer, .jp-RenderedHTMLCommon, .jp-OutputArea-output, pre';
  for (const element of [root, ...root.querySelectorAll(boxes)])
    if (shown(element) && wide(element))
      found.push(`wider than the page by ${element.scrollWidth - element.clientWidth} pixels: `
        + short(element.textContent));
  return [...new Set(found)];
}"""


class BrowserError(RuntimeError):
    """Something could not be started or did not happen; the message says what to do."""


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its address, the token that opens it, and the folder it shows."""

    address: str
    token: str
    folder: Path

    def page_of(self, path: str) -> str:
        """The address that opens the document at `path`, and none of the tabs of before."""
        return f"{self.address}lab/tree/{urllib.parse.quote(path)}?reset&token={self.token}"


def find_chromium() -> str:
    """The system's Chromium.

    Raises:
        BrowserError: there is none.
    """
    for name in (*NAMES, *PLACES):
        path = shutil.which(name)
        if path:
            return path
    raise BrowserError(
        "No Chromium was found. Install your system's package (Debian: apt-get install chromium) "
        "and run this again."
    )


@contextmanager
def serve_lab(root: Path = ROOT, wait: float = 90) -> Iterator[Lab]:
    """JupyterLab on 127.0.0.1 over a copy of the notebooks, stopped with its kernels at the end.

    The learner's progress is kept in a folder of its own; the models come from the usual cache.

    Raises:
        BrowserError: the server does not answer within `wait` seconds.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder, own = Path(temporary) / "course", Path(temporary) / "own"
        for part in ("notebooks", "solutions"):
            shutil.copytree(root / part, folder / part)
        for edition in (root / "translations").glob("*/notebooks"):
            shutil.copytree(edition, folder / edition.relative_to(root))
        _ask_no_news(own / "settings")
        token = secrets.token_hex(16)
        environment = os.environ | {
            "COURSEKIT_STATE": str(own / "state"),
            "JUPYTER_CONFIG_DIR": str(own / "config"),
            "JUPYTERLAB_SETTINGS_DIR": str(own / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces"),
            "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
            "JUPYTER_TOKEN": token,
            "HF_HUB_OFFLINE": "1",
        }
        command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
        command += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"]
        command += ["--LabApp.expose_app_in_browser=True", "--log-level=ERROR"]
        with (Path(temporary) / "log").open("wb") as log:
            server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            yield Lab(_address(own / "runtime", server, token, wait), token, folder)
        finally:
            _stop(server)


def _ask_no_news(settings: Path) -> None:
    """Have JupyterLab ask nothing of the network, nor of the learner."""
    path = settings / "@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    path.parent.mkdir(parents=True)
    values = {"fetchNews": "false", "checkForUpdates": False}
    path.write_text(json.dumps(values), encoding="utf-8")


def _address(runtime: Path, server: subprocess.Popen, token: str, wait: float) -> str:
    until = time.monotonic() + wait
    while time.monotonic() < until and server.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            try:
                address = json.loads(path.read_text(encoding="utf-8"))["url"]
                with urllib.request.urlopen(f"{address}api/status?token={token}", timeout=5):
                    return address
            except (OSError, ValueError, KeyError):
                pass
        time.sleep(0.2)
    raise BrowserError(
        "JupyterLab did not start. Try `make lab`: it says what is missing, then run this again."
    )


def _stop(server: subprocess.Popen) -> None:
    """End the server and its kernels, and nothing else."""
    try:
        family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for end in (psutil.Process.terminate, psutil.Process.kill):
        for process in family:
            with suppress(psutil.NoSuchProcess):
                end(process)
        _, family = psutil.wait_procs(family, timeout=10)
    server.wait()


@contextmanager
def open_page() -> Iterator[Any]:
    """A page of the system's Chromium, 1280 by 900 pixels."""
    from playwright.sync_api import sync_playwright

    flags = [*FLAGS, "--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else [*FLAGS]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=flags)
        page = browser.new_page(viewport=WINDOW)
        try:
            yield page
        finally:
            browser.close()


def open_lesson(page: Any, lab: Lab, path: str, wait: float = 90) -> None:
    """Open a notebook and wait until its kernel is ready and all its cells are on the page."""
    page.goto(lab.page_of(path))
    _until(
        page,
        lambda s: s["path"] == path and s["kernel"] == "idle" and s["drawn"],
        f"{path} opens",
        wait,
    )


def _until(page: Any, holds: Any, what: str, wait: float) -> dict[str, Any]:
    until = time.monotonic() + wait
    while time.monotonic() < until:
        state = page.evaluate(STATE)
        if state is not None and holds(state):
            return state
        if state is not None and state["kernel"] in ("dead", "autorestarting"):
            raise BrowserError(f"The kernel of {state['path']} died: not enough memory, perhaps.")
        page.wait_for_timeout(250)
    raise BrowserError(f"Waited {wait:.0f} seconds for this, and it did not happen: {what}.")


def draw_all(page: Any) -> None:
    """Have JupyterLab draw all cells in full, not only those on the screen.

    Its default spares the drawing of what is off the screen; axe-core and a screenshot need it.
    """
    page.evaluate(
        """() => {
          const notebook = jupyterapp.shell.currentWidget.content;
          notebook.notebookConfig = {...notebook.notebookConfig, windowingMode: 'none'};
        }"""
    )
    page.wait_for_timeout(1000)


def choose(page: Any, menu: str, entry: str) -> None:
    """Click an entry of one of JupyterLab's menus."""
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(rf"^{menu}$")).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile(rf"^{entry}$")).first.click()


def run_all(page: Any, wait: float = 3600) -> dict[str, Any]:
    """Clear the stored outputs, run all cells, and return what the notebook holds then.

    A cell that raises ends the run, as it does for a learner.
    """
    choose(page, "Edit", "Clear Outputs of All Cells")
    _until(page, lambda s: s["left"] > 0 and not any(s["outputs"]), "the outputs are gone", 30)
    choose(page, "Run", "Run All Cells")
    return _until(
        page,
        lambda s: s["kernel"] == "idle" and (s["left"] == 0 or _errors(s)),
        "all cells have run",
        wait,
    )


def _errors(state: dict[str, Any]) -> list[str]:
    """What the cells raise: one sentence for each error among the outputs."""
    return [
        f"cell {number} raises {output['ename']}: {output['evalue']}"
        for number, outputs in enumerate(state["outputs"])
        for output in outputs
        if output["output_type"] == "error"
    ]


def lesson_problems(page: Any, state: dict[str, Any], stored: nbformat.NotebookNode) -> list[str]:
    """What a learner would stumble over on the page of a lesson that has run."""
    problems = _errors(state)
    for number, cell in enumerate(stored.cells):
        pictures = sum(_is_picture(output) for output in cell.get("outputs", []))
        fresh = sum(_is_picture(output) for output in state["outputs"][number])
        if fresh < pictures:
            problems.append(f"cell {number} shows {fresh} of {pictures} pictures")
    if not any(text_of(outputs).strip() for outputs in state["outputs"]):
        problems.append("no cell printed anything")
    page.wait_for_timeout(500)
    return problems + page_problems(page) + access_problems(page)


def _is_picture(output: dict[str, Any]) -> bool:
    data = output.get("data", {})
    html = data.get("text/html", "")
    return "<img" in ("".join(html) if isinstance(html, list) else html)


def text_of(outputs: list[dict[str, Any]]) -> str:
    """All text that the outputs of a cell print."""
    texts = []
    for output in outputs:
        text = output.get("text", "")
        texts.append(text if isinstance(text, str) else "".join(text))
    return "".join(texts)


def page_problems(page: Any) -> list[str]:
    """Broken images, missing alt texts, raw Markdown and what is wider than the page."""
    return page.locator(PANEL).first.evaluate(PAGE_PROBLEMS)


def access_problems(page: Any) -> list[str]:
    """What axe-core finds in the lesson's own text and outputs, by WCAG 2.1 A and AA."""
    import axe_playwright_python

    script = Path(axe_playwright_python.__file__).parent / "axe.min.js"
    page.evaluate(script.read_text(encoding="utf-8"))
    options = {
        "runOnly": {"type": "tag", "values": AXE_TAGS},
        "resultTypes": ["violations"],
        "rules": MORE_RULES,
    }
    found = page.evaluate(
        "([ours, options]) => axe.run({include: [...document.querySelectorAll(ours)]}, options)",
        [OURS, options],
    )
    return [
        f"{violation['id']}: {node['html'][:110]} ({violation['help']})"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@contextmanager
def dark_theme(page: Any) -> Iterator[None]:
    """JupyterLab in its dark colours for a while."""
    for name, light in (("JupyterLab Dark", "false"), ("JupyterLab Light", "true")):
        page.evaluate(
            "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", name
        )
        page.wait_for_selector(f'body[data-jp-theme-light="{light}"]', state="attached")
        page.wait_for_timeout(500)
        if light == "false":
            yield


def run_cell(page: Any, number: int) -> str:
    """Click into a cell, press Shift and Enter, and return what it prints."""
    count = f"jupyterapp.shell.currentWidget.content.widgets[{number}].model.executionCount"
    before = page.evaluate(f"() => {count}")
    _click_into(page, number)
    page.keyboard.press("Shift+Enter")
    page.wait_for_function(f"n => ![null, n].includes({count})", arg=before, timeout=60_000)
    state = _until(page, lambda s: s["kernel"] == "idle", "a cell has run", 60)
    return text_of(state["outputs"][number])


def _click_into(page: Any, number: int) -> None:
    cell = page.locator(f"{PANEL} .jp-Cell").nth(number)
    cell.scroll_into_view_if_needed()
    cell.locator(".cm-content").click()


def write_cell(page: Any, number: int, source: str) -> None:
    """Replace the source of a cell as a learner does: click, select all, type."""
    _click_into(page, number)
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text(source)


def solve_first_exercise(
    page: Any, state: dict[str, Any], wrong: str, solution: nbformat.NotebookNode
) -> dict[str, str]:
    """Answer the first exercise wrongly, then rightly.

    Returns what its check prints to the stub, the wrong and the right answer ("stub", "wrong",
    "right"), and what `progress()` prints in the end ("progress").
    """
    exercise = next(i for i, tags in enumerate(state["tags"]) if "exercise" in tags)
    check = next(i for i, tags in enumerate(state["tags"]) if "check" in tags)
    said = {"stub": text_of(state["outputs"][check])}
    for name, source in (("wrong", wrong), ("right", solution.cells[exercise].source)):
        write_cell(page, exercise, source)
        run_cell(page, exercise)
        said[name] = run_cell(page, check)
    last = len(state["tags"]) - 1
    page.evaluate(
        "n => { const nb = jupyterapp.shell.currentWidget.content; nb.activeCellIndex = n; }", last
    )
    page.evaluate("() => jupyterapp.commands.execute('notebook:insert-cell-below')")
    page.wait_for_timeout(300)
    write_cell(page, last + 1, "from coursekit import progress\nprogress()")
    said["progress"] = run_cell(page, last + 1)
    return said


def follow_link(page: Any, ending: str, wait: float = 60) -> str:
    """Click the link of the lesson whose address ends so; return the path of what opens."""
    link = page.locator(f'{PANEL} .jp-RenderedMarkdown a[href*="{ending}"]').last
    link.scroll_into_view_if_needed()
    link.click()
    state = _until(page, lambda s: s["path"].endswith(ending), f"the link to {ending} opens", wait)
    return state["path"]


def drive(
    page: Any, lab: Lab, stem: str, language: str = "en", pictures: Path | None = None
) -> list[str]:
    """Open a lesson, run it, look at it and follow its links; return the problems.

    In English, where `WRONG` has an answer for the lesson, its first exercise is answered too.
    """
    base = "" if language == "en" else f"translations/{language}/"
    path = f"{base}notebooks/{stem}.ipynb"
    stored = nbformat.read(lab.folder / path, as_version=4)
    open_lesson(page, lab, path)
    problems = [f"as it opens: {problem}" for problem in page_problems(page)]
    draw_all(page)
    state = run_all(page)
    problems += lesson_problems(page, state, stored)
    with dark_theme(page):
        problems += [f"in the dark: {problem}" for problem in access_problems(page)]
    if pictures is not None:
        _photograph(page, pictures, f"{language}_{stem}")
    number = stem.split("_")[0]
    if language == "en" and number in WRONG:
        solution = nbformat.read(lab.folder / f"solutions/{stem}.ipynb", as_version=4)
        problems += answer_problems(
            solve_first_exercise(page, state, WRONG[number], solution), number
        )
    stems = load_project(ROOT).stems
    after = stems.index(stem) + 1
    if after < len(stems):
        opened = follow_link(page, f"{stems[after]}.ipynb")
        if opened != f"{base}notebooks/{stems[after]}.ipynb":
            problems.append(f"the link to the next lesson opens {opened}")
        open_lesson(page, lab, path)
    follow_link(page, f"solutions/{stem}.ipynb")
    return problems


def answer_problems(said: dict[str, str], number: str) -> list[str]:
    """Hold what the check and the progress table said against what they must say."""
    problems = [
        f"the check says {said[name]!r} to the {name} answer"
        for name, mark in {"stub": "…", "wrong": "✗", "right": "✓"}.items()
        if not said[name].startswith(mark)
    ]
    if FAULT not in said["wrong"]:
        problems.append(f"the check does not name the fault, {FAULT!r}: {said['wrong']!r}")
    if not re.search(rf"^{number}\.1\s+right\s+2\b", said["progress"], re.MULTILINE):
        problems.append(f"the progress table does not show the right answer: {said['progress']!r}")
    return problems


def _photograph(page: Any, folder: Path, name: str) -> None:
    """The top of the lesson, and each diagram and plot by itself."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = page.locator(f"{PANEL} .jp-RenderedHTML img")
    for number in range(pictures.count()):
        pictures.nth(number).screenshot(path=folder / f"{name}_{number + 1:02}.png")
    page.locator(f"{PANEL} .jp-Cell").first.scroll_into_view_if_needed()
    page.screenshot(path=folder / f"{name}.png")


def main(arguments: list[str]) -> int:
    """Drive the lessons, print a line for each, and return 1 if any has a problem."""
    parser = argparse.ArgumentParser(prog="python -m proving browser", description=__doc__)
    project = load_project(ROOT)
    languages = ["en", *(language.code for language in project.languages)]
    parser.add_argument("--lessons", nargs="+", default=[], help="numbers (default: all)")
    parser.add_argument("--language", choices=languages, default="en")
    parser.add_argument("--pictures", type=Path, help="folder for screenshots")
    options = parser.parse_args(arguments)
    from playwright.sync_api import Error

    failed = 0
    try:
        chosen = project.select(options.lessons)
        with serve_lab() as lab, open_page() as page:
            for stem in chosen:
                started = time.monotonic()
                try:
                    problems = drive(page, lab, stem, options.language, options.pictures)
                except (BrowserError, Error) as error:
                    problems = [str(error).splitlines()[0]]
                word = f"{len(problems)} problems" if problems else "well"
                print(f"{stem}: {word}, {time.monotonic() - started:.0f} s", flush=True)
                for problem in problems:
                    print(f"   {problem}", flush=True)
                failed += bool(problems)
                page.evaluate("() => globalThis.jupyterapp?.serviceManager.sessions.shutdownAll()")
    except (BrowserError, AuthoringError) as error:
        print(error, file=sys.stderr)
        return 1
    return 1 if failed else 0
