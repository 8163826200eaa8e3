"""What the course does to a Colab runtime, and lessons run with a runtime's packages.

    python -m proving colab --runtime 2026.07 --lessons 00 05

A test holds the first part on every run: of all packages that a runtime has, the setup cell
changes none. The command is the second part: it needs the runtime's Python and a package index.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from authoring.project import AuthoringError, load_project
from proving.results import FOLDER, Result, save

ROOT = Path(__file__).resolve().parent.parent
PLATFORM = "x86_64-manylinux_2_28"
STAND_INS = ROOT / "tests" / "stand_ins"
# What a notebook needs to be run at all; the runtime has its own.
KERNEL = ("ipykernel", "nbclient", "nbformat", "setuptools", "pip")


class ColabError(RuntimeError):
    """A runtime could not be imitated; the message says what to do."""


def versions() -> dict:
    """The table of runtimes: {"additions": {name: why}, "runtimes": {name: {...}}}."""
    return tomllib.loads((ROOT / "proving" / "colab_versions.toml").read_text(encoding="utf-8"))


def wanted() -> list[str]:
    """The requirements that the setup cell makes pip satisfy: those of coursekit."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["dependencies"]


def changes(
    python: str, present: Mapping[str, str], requirements: Sequence[str]
) -> dict[str, list[str]]:
    """What installing `requirements` would do where the packages `present` are installed.

    Args:
        python: version of the interpreter, such as "3.12.13".
        present: version of each package that is there.
        requirements: as pip takes them.

    Returns: {"added": names, "removed": names}; a package that is replaced stands in both.

    Raises:
        ColabError: the packages cannot be resolved, or no package index answers.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, version in present.items():
            info = Path(folder) / f"{name.replace('-', '_')}-{version}.dist-info"
            info.mkdir()
            metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            (info / "METADATA").write_text(metadata, encoding="utf-8")
            (info / "RECORD").touch()
        command = [sys.executable, "-m", "uv", "pip", "install", "--dry-run", "--target", folder]
        command += ["--python-version", python, "--python-platform", PLATFORM, *requirements]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ColabError(
            f"uv could not tell what would be installed:\n{done.stderr}\n"
            "Without a package index it cannot; else a range in pyproject.toml leaves the runtime."
        )
    lines = [line.split() for line in done.stderr.splitlines()]
    said = {
        sign: sorted(words[1].split("==")[0] for words in lines if words[:1] == [sign])
        for sign in "+-"
    }
    return {"added": said["+"], "removed": said["-"]}


def find_python(wanted: str) -> tuple[str, str]:
    """An interpreter, one of pyenv or found by uv, and its version, such as "3.12".

    Args:
        wanted: a version such as "3.12", or the path of an interpreter.

    Raises:
        ColabError: this machine has none.
    """
    named = wanted
    if wanted[:1].isdigit():  # pyenv's own starters refuse a version that is not switched on
        pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
        named = str(max(pyenv.glob(f"versions/{wanted}*/bin/python"), default=wanted))
    command = [sys.executable, "-m", "uv", "python", "find", "--no-python-downloads", named]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ColabError(
            f"This machine has no Python {wanted} that runs: name one with --python PATH."
        )
    path = done.stdout.strip()
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"
    return path, subprocess.run([path, "-c", asked], capture_output=True, text=True).stdout.strip()


def make_environment(interpreter: str, packages: Mapping[str, str], folder: Path) -> Path:
    """An environment with these packages and what they need; returns its interpreter.

    The course and what the setup cell adds are left out: the setup cell has to bring them.

    Raises:
        ColabError: Python or a package of that version is missing.
    """
    python = folder / "bin" / "python"
    _uv("venv", "--quiet", "--python", interpreter, str(folder))
    pins = [f"{name}=={version}" for name, version in packages.items() if version]
    extra = [name for name in KERNEL if name not in packages]
    pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    _uv("pip", "install", "--quiet", "--python", str(python), "pip")
    # What these need beyond the table comes in the version that pip finds; torch brings its GPU
    # libraries, as on Colab.
    _run(*pip, *pins, *extra)
    return python


def _uv(*words: str) -> None:
    _run(sys.executable, "-m", "uv", *words)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = "\n".join(done.stderr.splitlines()[-8:])
        raise ColabError(f"{Path(command[0]).name} {' '.join(command[1:5])} failed:\n{last}")


@contextmanager
def kernel_of(python: Path, folder: Path) -> Iterator[str]:
    """Within the block, Jupyter knows a kernel that runs `python`; gives its name."""
    # The option keeps the kernel's debugger from warning about Python's own frozen modules.
    command = [str(python), "-Xfrozen_modules=off", "-m", "ipykernel_launcher"]
    spec = {"argv": [*command, "-f", "{connection_file}"]}
    spec |= {"display_name": "Colab", "language": "python"}
    place = folder / "kernels" / "colab"
    place.mkdir(parents=True)
    (place / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    before = os.environ.get("JUPYTER_PATH")
    os.environ["JUPYTER_PATH"] = str(folder)
    try:
        yield "colab"
    finally:
        if before is None:
            del os.environ["JUPYTER_PATH"]
        else:
            os.environ["JUPYTER_PATH"] = before


def lesson_environment(folder: Path, wheels: Path) -> dict[str, str]:
    """The variables of a kernel that takes itself for Colab, with a home of its own."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith(("COURSEKIT", "PYTHON"))},
        "COLAB_RELEASE_TAG": "sim",
        "COURSEKIT_DEVICE": "cpu",
        "HOME": str(home),
        "COURSEKIT_CACHE": str(folder / "cache"),
        "COURSEKIT_STATE": str(folder / "state"),
        "COURSEKIT_WHEELS": str(wheels),
        "PYTHONPATH": str(STAND_INS),
        "HF_HUB_OFFLINE": "1",
    }


def main(arguments: list[str]) -> int:
    """Make a runtime's environment, run lessons in it, save a result for each; 1 if one fails.

    The tables of PROVEN.md and README.md are written anew.
    """
    from proving.bundle import BundleError, build_wheel
    from proving.prove import run_notebook, write_tables

    parser = argparse.ArgumentParser(prog="python -m proving colab", description=__doc__)
    parser.add_argument("--runtime", choices=sorted(versions()["runtimes"]), action="append")
    parser.add_argument("--lessons", nargs="+", help="numbers (default: all)")
    parser.add_argument(
        "--replace",
        nargs="*",
        default=[],
        metavar="NAME==VERSION",
        help="take this version instead of the table's; the result says so",
    )
    parser.add_argument(
        "--python", help="a version or a path, in place of the runtime's; the result says so"
    )
    parser.add_argument("--wheels", type=Path, default=Path(), help="folder with the models")
    parser.add_argument("--out", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    try:
        chosen = load_project(ROOT).select(options.lessons or [])
    except AuthoringError as error:
        print(error, file=sys.stderr)
        return 1
    replace = dict(pair.split("==") for pair in options.replace)
    failed = 0
    for runtime_name in options.runtime or sorted(versions()["runtimes"]):
        runtime = versions()["runtimes"][runtime_name]
        own = ".".join(runtime["python"].split(".")[:2])
        try:
            interpreter, version = find_python(options.python or own)
        except ColabError as error:
            print(error, file=sys.stderr)
            return 1
        taken = [f"Python {version}"]
        if version != own:
            taken[0] += f" in place of {own}"
        taken += [
            f"{name} {version} in place of {runtime['packages'].get(name, 'none')}"
            for name, version in replace.items()
        ]
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
            folder = Path(temporary)
            try:
                packages = {**runtime["packages"], **replace}
                python = make_environment(interpreter, packages, folder / "python")
                (folder / "dist").mkdir()
                wheel = build_wheel(ROOT, folder / "dist")
            except (ColabError, BundleError) as error:
                print(error, file=sys.stderr)
                return 1
            environment = lesson_environment(folder, options.wheels.absolute())
            with kernel_of(python, folder / "jupyter") as kernel:
                for stem in chosen:
                    notebook = ROOT / "notebooks" / f"{stem}.ipynb"
                    minutes, peak, fault = run_notebook(
                        notebook, environment, kernel=kernel, files=[wheel]
                    )
                    result = Result(
                        lesson=stem.split("_")[0],
                        edition="en",
                        profile=f"Colab {runtime_name} on CPU",
                        date=date.today().isoformat(),
                        minutes=round(minutes, 2),
                        peak_gb=round(peak / 1e9, 2),
                        passed=not fault,
                        detail="; ".join(filter(None, [fault, *taken])),
                    )
                    save(result, options.out)
                    print(f"{runtime_name} {stem}: {fault or 'passed'}", flush=True)
                    failed += bool(fault)
    if options.out == FOLDER:
        write_tables()
    return 1 if failed else 0
