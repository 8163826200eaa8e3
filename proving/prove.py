"""Run learners' notebooks on this machine as on a smaller one, and keep what happened.

    python -m proving prove                                    every lesson, two cores
    python -m proving prove --cold                             the same, with nothing kept yet
    python -m proving prove --profile small --lessons 00 05    one core and 4 GB of memory
    python -m proving prove --table                            write the tables again, run nothing

Each notebook runs in a fresh kernel and an empty folder, with nobody's progress. Minutes and
memory go to `proving/results/`, and from there into PROVEN.md and the table in README.md.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from authoring.execute import COLOUR, TIMEOUT, kernel_environment
from authoring.project import AuthoringError, Project, load_project
from authoring.runner import OFFLINE
from coursekit.models import MODELS, ModelFetchError, fetch_models, model_folder
from coursekit.paths import CacheError, write_atomically
from proving.results import (
    FIRST_RUN,
    FOLDER,
    ROOT,
    Result,
    fill_readme,
    load_all,
    save,
    table,
)

COMMAND = "python -m proving prove --table"
SMALL_BYTES = 4_000_000_000
LOOK_EVERY_S = 0.25
CORES = {"cpu2": 2, "small": 1}
GPU_NAME = "import torch; print(torch.cuda.get_device_name(0) if torch.cuda.is_available() else '')"
PAGE = f"""# Where the course has been run

Every row is one learner's notebook, run by a program from its first cell to its last in a fresh kernel, with its exercises unsolved and an empty folder for progress. Minutes count from the start of the kernel. Memory is the most that the kernel and the processes it started held at once; pages that several processes share are divided among them. GB are 10^9 bytes. The machine was faster on some days than on others, and other programs ran beside some of these runs: compare rows of one table, not tables.

`make prove` runs the lessons on your machine and writes this page; CONTRIBUTING.md says how to choose lessons, editions and machines. Nobody types these numbers: `{COMMAND}` makes the page from the files in `proving/results/`.

"""  # noqa: E501


class ProvingError(Exception):
    """A run cannot be made here; the message says why and what to do."""


# ---------------------------------------------------------------- memory and cores


def memory_of_tree(pid: int) -> int:
    """Bytes that a process and its descendants hold; 0 when they are gone.

    Shared pages are divided among the processes that share them (PSS) where the system counts
    that; elsewhere each process counts them whole (RSS).
    """
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    return sum(_memory_of(one) for one in family)


def _memory_of(process: psutil.Process) -> int:
    try:
        for line in (Path("/proc") / str(process.pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        with contextlib.suppress(psutil.Error):
            return process.memory_info().rss
    return 0


def resident_of_tree(pid: int) -> int:
    """Bytes of a process and its descendants with shared pages counted for each: quick to read."""
    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                total += one.memory_info().rss
    return total


class Watch:
    """Looks at the memory of a process tree four times a second, and ends it above a limit.

    To count shared pages once, the system has to walk all of them, which would slow down what is
    watched. So that is done only where the quick count has reached a new height.

    Attributes:
        peak: most bytes seen so far.
        stopped: whether the limit was passed and the processes were killed.
    """

    def __init__(self, pid: int, limit: int | None = None) -> None:
        self.pid, self.limit = pid, limit
        self.peak, self.stopped = 0, False
        self._highest = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while True:
            if (resident := resident_of_tree(self.pid)) > self._highest:
                self._highest = resident
                self.peak = max(self.peak, memory_of_tree(self.pid))
            if self.limit is not None and self.peak > self.limit and not self.stopped:
                self.stopped = True
                with contextlib.suppress(psutil.Error):
                    process = psutil.Process(self.pid)
                    for one in [*process.children(recursive=True), process]:
                        with contextlib.suppress(psutil.Error):
                            one.kill()
            if self._over.wait(LOOK_EVERY_S):
                return

    def stop(self) -> None:
        self._over.set()
        self._thread.join()


@contextlib.contextmanager
def cores(wanted: int | None) -> Iterator[str]:
    """Within the block, this process and those it starts may use so many cores; says how many.

    Raises:
        ProvingError: the machine has fewer.
    """
    there = os.cpu_count() or 1
    if wanted is None or not hasattr(os, "sched_setaffinity"):
        yield f"{there} cores" + ("" if wanted is None else ", which this system cannot limit")
        return
    before = os.sched_getaffinity(0)
    if len(before) < wanted:
        raise ProvingError(
            f"This profile needs {wanted} cores and {len(before)} may be used here: choose "
            "--profile small, or another machine."
        )
    os.sched_setaffinity(0, set(sorted(before)[:wanted]))
    try:
        yield f"{wanted} core" + ("s" if wanted > 1 else "")
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def memory_group(limit: int, system: Path = Path("/")) -> Iterator[Path | None]:
    """A control group (cgroup v2) with that memory limit, or None where none can be made.

    A process is put into it by writing its number to `cgroup.procs`. The group is removed at the
    end of the block; its processes must have ended.

    Args:
        limit: bytes.
        system: root of the file system; tests give a folder.
    """
    group = None
    try:
        own = (system / "proc/self/cgroup").read_text(encoding="utf-8").strip()
        here = system / "sys/fs/cgroup" / own.removeprefix("0::").strip("/")
        if own.startswith("0::") and "\n" not in own:
            for parent in (here, here.parent):
                shared = (parent / "cgroup.subtree_control").read_text(encoding="utf-8")
                if "memory" in shared.split():
                    group = parent / f"course-{os.getpid()}"
                    group.mkdir()
                    (group / "memory.max").write_text(str(limit), encoding="utf-8")
                    break
    except OSError:
        if group is not None:
            with contextlib.suppress(OSError):
                group.rmdir()
        group = None
    try:
        yield group
    finally:
        if group is not None:
            with contextlib.suppress(OSError):
                group.rmdir()


# ---------------------------------------------------------------- one notebook


def run_notebook(
    notebook: Path,
    environment: dict[str, str],
    group: Path | None = None,
    limit: int | None = None,
    kernel: str = "python3",
    files: Sequence[Path] = (),
) -> tuple[float, int, str]:
    """Run all cells of a stored notebook in a fresh kernel and an empty folder.

    Args:
        notebook: the file; it is read and never written.
        environment: all variables of the kernel.
        group: control group for the kernel, from `memory_group`.
        limit: bytes above which the kernel is killed; None for no limit.
        kernel: name of the kernel, as Jupyter knows it.
        files: what else the folder holds, as copies.

    Returns: minutes, most bytes of memory, and a line on what went wrong, "" if nothing did.
    """
    content = nbformat.read(notebook, as_version=4)
    watches: list[Watch] = []
    begun: list[int] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for file in files:
            shutil.copy(file, folder)
        client = NotebookClient(
            content,
            timeout=TIMEOUT,
            kernel_name=kernel,
            record_timing=False,
            extra_arguments=["--log-level=40"],
            resources={"metadata": {"path": folder}},
        )

        def on_start(**_: object) -> None:
            pid = client.km.provisioner.pid
            if group is not None:
                (group / "cgroup.procs").write_text(str(pid), encoding="utf-8")
            watches.append(Watch(pid, limit))

        client.on_notebook_start = on_start
        client.on_cell_start = lambda cell_index, **_: begun.append(cell_index)
        started = time.monotonic()
        fault = ""
        try:
            client.execute(env=environment)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            fault = _fault(error, content.cells[begun[-1]].id if begun else "the first cell")
        finally:
            for watch in watches:
                watch.stop()
        minutes = (time.monotonic() - started) / 60
    peak = max((watch.peak for watch in watches), default=0)
    if fault and any(watch.stopped for watch in watches):
        fault = f"passed {limit / 1e9:.1f} GB of memory in {_cell(content, begun)}"
    return minutes, peak, fault


def _cell(content: nbformat.NotebookNode, begun: list[int]) -> str:
    return f"cell {content.cells[begun[-1]].id}" if begun else "the first cell"


def _fault(error: Exception, cell: str) -> str:
    if isinstance(error, CellTimeoutError):
        return f"cell {cell} ran for more than {TIMEOUT / 60:.0f} minutes"
    if isinstance(error, DeadKernelError):
        return f"the kernel died in cell {cell}; memory may have run out"
    lines = [line for line in COLOUR.sub("", str(error)).splitlines() if line.strip()]
    arrows = [line.split(maxsplit=2)[2] for line in lines if re.match(r"-+> \d+ \S", line)]
    where = f" (at: {arrows[0].strip()})" if arrows else ""
    return f"cell {cell}: {lines[-1].strip()[:200]}{where}"


# ---------------------------------------------------------------- the command


def prove_lesson(
    project: Project, stem: str, edition: str, profile: str, cache: Path | None
) -> Result:
    """Run one learner's notebook under a profile and say how it went.

    Args:
        edition: "en" or the code of a language.
        profile: "cpu2", "small" or "gpu".
        cache: folder for what the lessons make; None for the user's own cache.

    Raises:
        ProvingError: the notebook or the machine for it is not there.
    """
    folder = "notebooks" if edition == "en" else f"translations/{edition}/notebooks"
    notebook = project.root / folder / f"{stem}.ipynb"
    if not notebook.is_file():
        raise ProvingError(f"{folder}/{stem}.ipynb does not exist: run make build first.")
    limit = SMALL_BYTES if profile == "small" else None
    with contextlib.ExitStack() as stack:
        temporary = stack.enter_context(
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True, prefix="course-")
        )
        environment = kernel_environment(project, Path(temporary)) | OFFLINE
        environment |= {"COURSEKIT_LESSON": stem, "COURSEKIT_DEVICE": "cpu"}
        if cache is not None:
            environment["COURSEKIT_CACHE"] = str(cache)
        about = [stack.enter_context(cores(CORES.get(profile)))]
        if profile == "gpu":
            about += [_gpu_name(), "second run" if cache is None else "first run"]
            del environment["COURSEKIT_DEVICE"]
        group = None
        if limit is not None:
            environment["MEM_LIMIT"] = str(limit)
            group = stack.enter_context(memory_group(limit))
            held = "a control group" if group else "a watchdog that ends the kernel"
            about.append(f"{limit / 1e9:.0f} GB held by {held}")
        about += [
            f"{platform.system()} {platform.machine()}",
            f"Python {platform.python_version()}",
        ]
        about.append(f"torch {metadata.version('torch')}")
        minutes, peak, fault = run_notebook(notebook, environment, group, limit)
    return Result(
        lesson=stem.split("_")[0],
        edition=edition,
        profile=_profile_name(profile, cache),
        date=datetime.date.today().isoformat(),
        minutes=round(minutes, 2),
        peak_gb=round(peak / 1e9, 2),
        passed=not fault,
        detail="; ".join(filter(None, [fault, ", ".join(about)])),
    )


def _profile_name(profile: str, cache: Path | None) -> str:
    if profile == "cpu2":
        return "two cores, second run" if cache is None else FIRST_RUN
    return {"small": "one core, 4 GB", "gpu": "GPU"}[profile]


def _gpu_name() -> str:
    done = subprocess.run([sys.executable, "-c", GPU_NAME], capture_output=True, text=True)
    if name := done.stdout.strip():
        return name
    raise ProvingError(
        "The profile gpu needs an NVIDIA GPU, and torch finds none here: install a torch with "
        "CUDA on a machine with a GPU, or choose --profile cpu2."
    )


@contextlib.contextmanager
def first_run_cache() -> Iterator[Path]:
    """A cache that holds the user's models, as links where the system has them, and no more."""
    fetch_models()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True, prefix="course-cache-") as folder:
        models = Path(folder) / "models"
        models.mkdir()
        for name in MODELS:
            here, there = models / model_folder(name).name, model_folder(name)
            try:
                here.symlink_to(there)
            except OSError:  # Windows allows links to some users only
                shutil.copytree(there, here)
        yield Path(folder)


def proven_files(root: Path = ROOT, folder: Path = FOLDER) -> dict[Path, str]:
    """PROVEN.md and every README with its table, by path relative to `root`, as they should be."""
    results = load_all(folder)
    files = {Path("PROVEN.md"): PAGE + table(results)}
    for path in sorted([root / "README.md", *root.glob("translations/*/README.md")]):
        text = path.read_text(encoding="utf-8")
        files[path.relative_to(root)] = fill_readme(text, results)
    return files


def write_tables(root: Path = ROOT, folder: Path = FOLDER) -> list[Path]:
    """Write PROVEN.md and the tables of the READMEs where they differ; return those paths."""
    written = []
    for path, text in proven_files(root, folder).items():
        target = root / path
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            write_atomically(target, text)
            written.append(path)
    return written


def main(arguments: list[str]) -> int:
    """`python -m proving prove`: 0 when every notebook passed, 1 when one failed."""
    parser = argparse.ArgumentParser(
        prog="python -m proving prove", description="Run learners' notebooks and write PROVEN.md."
    )
    parser.add_argument(
        "--profile",
        choices=("cpu2", "small", "gpu"),
        default="cpu2",
        help="two cores (the default), one core with 4 GB of memory, or an NVIDIA GPU",
    )
    parser.add_argument(
        "--cold",
        action="store_true",
        help="begin with a cache that holds the models only; small always does",
    )
    parser.add_argument("--lessons", nargs="+", default=[], help="numbers; all by default")
    parser.add_argument("--edition", nargs="+", default=["en"], help="en (the default), nl, ...")
    parser.add_argument("--table", action="store_true", help="run nothing, write the tables")
    parser.add_argument(
        "--out",
        type=Path,
        default=FOLDER,
        help="folder for the results; with any but the course's own, the tables stay as they are",
    )
    chosen = parser.parse_args(arguments)
    try:
        return _prove(chosen)
    except (ProvingError, AuthoringError, ModelFetchError, CacheError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1


def _prove(chosen: argparse.Namespace) -> int:
    failed = 0
    if not chosen.table:
        project = load_project()
        cold = chosen.cold or chosen.profile == "small"
        with first_run_cache() if cold else contextlib.nullcontext() as cache:
            for edition in chosen.edition:
                for stem in project.select(chosen.lessons):
                    result = prove_lesson(project, stem, edition, chosen.profile, cache)
                    save(result, chosen.out)
                    if chosen.out == FOLDER:
                        write_tables()
                    failed += not result.passed
                    print(
                        f"{stem} ({edition}): {'passed' if result.passed else 'FAILED'} in "
                        f"{result.minutes:.1f} minutes, {result.peak_gb:.1f} GB, {result.detail}",
                        flush=True,
                    )
    for path in write_tables() if chosen.out == FOLDER else ():
        print(f"{path.as_posix()}: written")
    return 1 if failed else 0
