"""Set up the course "RAG or Fine-Tuning?" from its offline bundle: no internet is needed.

    python install.py                  install everything into the folder of this file
    python install.py --into FOLDER    the same into FOLDER, for a bundle on a stick or a share
    python install.py --lab            install what is missing, then open JupyterLab

It writes nothing outside that one folder: the packages go to `.venv`, the models to `cache`.
Delete the folder and the course is gone. Run this again whenever you like: what is done is not
done twice, what was interrupted is finished, and a notebook that you changed stays as it is.

It needs nothing but Python, of the version that the bundle was made with.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

MANIFEST = "MANIFEST.json"
PINS = "requirements.txt"
WHEELS = "wheels"
FIRST_LESSON = "notebooks/00_start_here.ipynb"
# What the installer reads or runs. The rest belongs to the learner, who may change it.
FIXED = (f"{WHEELS}/", PINS, "install.py")
DISK_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
DISK_FULL_SIGNS = ("No space left on device", "not enough space on the disk")
WINDOWS_LONGEST_PATH = 259
SETTINGS = '''"""Where this copy of the course keeps its files; written by install.py."""

import os
import sys

FOLDER = os.path.dirname(sys.prefix)
os.environ.setdefault("COURSEKIT_CACHE", os.path.join(FOLDER, "cache"))
os.environ.setdefault("COURSEKIT_STATE", os.path.join(FOLDER, "progress"))
os.environ.setdefault("COURSEKIT_WHEELS", os.path.join(FOLDER, {wheels!r}))
'''


class InstallError(Exception):
    """The course cannot be installed; the message says why and what to do."""


# ---------------------------------------------------------------- does the bundle fit?


def platform_name() -> str:
    """System and processor in short: "linux-x86_64", "macos-arm64", "windows-x86_64"."""
    system, machine = platform.system().lower(), platform.machine().lower()
    system = {"darwin": "macos"}.get(system, system)
    machine = {"amd64": "x86_64", "aarch64": "arm64"}.get(machine, machine)
    return f"{system}-{machine}"


def read_manifest(bundle: Path) -> dict:
    """What the bundle says about itself: its platform, its Python, and its files.

    Raises:
        InstallError: the file is missing or damaged.
    """
    try:
        manifest = json.loads((bundle / MANIFEST).read_text(encoding="utf-8"))
        needed = ("version", "python", "platform", "needs_bytes", "longest_path", "files")
        if all(key in manifest for key in needed):
            return manifest
    except (OSError, ValueError):
        pass
    raise InstallError(
        f"{bundle / MANIFEST} is missing or damaged: unpack the whole archive again, and run the "
        "install.py that lies in its folder."
    )


def check_machine(manifest: dict, folder: Path) -> None:
    """Hold this Python, this system and the path of the folder against the bundle.

    Raises:
        InstallError: one of them does not fit.
    """
    wanted, found = manifest["python"], "{}.{}".format(*sys.version_info)
    if found != wanted:
        program = f"py -{wanted}" if os.name == "nt" else f"python{wanted}"
        raise InstallError(
            f"This bundle is for Python {wanted}, and this is Python {platform.python_version()}: "
            f"run `{program} install.py`. If that Python is not here, install it, or ask for the "
            f"bundle that was made with Python {found}."
        )
    if platform_name() != manifest["platform"]:
        raise InstallError(
            f"This bundle is for {manifest['platform']}, and this machine is {platform_name()}: "
            "ask for the bundle that was made on a machine like this one."
        )
    if os.pathsep in str(folder):
        raise InstallError(
            f"The path {folder} contains a {os.pathsep!r}, which no Python environment can live "
            "with: rename that folder, or name another one with --into FOLDER."
        )
    longest = len(str(folder)) + 1 + manifest["longest_path"]
    if os.name == "nt" and longest > WINDOWS_LONGEST_PATH:
        raise InstallError(
            f"The path {folder} is {longest - WINDOWS_LONGEST_PATH} signs too long for Windows: "
            "move the folder to a short path, such as C:\\course, and run this again there."
        )


def verify(bundle: Path, manifest: dict) -> list[str]:
    """Hold every file of the bundle against its SHA-256, and name the course files that differ.

    A notebook or another file of the course may differ, since a learner may have changed it.

    Raises:
        InstallError: a file is missing, or one that is installed from is not the bundled one.
    """
    if not (bundle / WHEELS).is_dir():
        raise InstallError(
            f"{bundle} holds no {WHEELS}: run the install.py of the bundle itself. If the course "
            f'was installed here from a stick or a share, add --into "{bundle}".'
        )
    changed = []
    for name, expected in manifest["files"].items():
        path = bundle / name
        if not path.is_file():
            raise InstallError(
                f"{name} is missing, so the bundle is incomplete: unpack the archive again, and "
                "see that it ends without an error."
            )
        if path.stat().st_size == expected["bytes"] and _sha256(path) == expected["sha256"]:
            continue
        if name.startswith(FIXED):
            raise InstallError(
                f"{name} is not the file that was bundled: the copy is damaged. Copy the archive "
                "again, unpack it, and run this once more."
            )
        changed.append(name)
    return changed


def _sha256(path: Path) -> str:
    hasher = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            hasher.update(block)
    return hasher.hexdigest()


def check_space(manifest: dict, folder: Path) -> None:
    """Hold the free space at `folder` against what the installed course needs.

    Raises:
        InstallError: the disk is too full.
    """
    needs, free = manifest["needs_bytes"], shutil.disk_usage(folder).free
    if free < needs:
        raise InstallError(
            f"The course needs {needs / 1e9:.1f} GB in {folder}, and {free / 1e9:.1f} GB are "
            "free: free some space, or name a folder on another disk with --into FOLDER."
        )


# ---------------------------------------------------------------- the steps


def copy_course(bundle: Path, folder: Path, manifest: dict) -> None:
    """Copy the notebooks and all else but the wheels to `folder`, over no file that is there.

    Raises:
        InstallError: the folder is in use for something else, or for another bundle.
    """
    mark = folder / MANIFEST
    if mark.is_file():
        if _sha256(mark) != _sha256(bundle / MANIFEST):
            raise InstallError(
                f"{folder} holds the course from another bundle: name a new folder with --into, "
                "so that nothing of yours is lost."
            )
    elif folder.is_dir() and any(path != _part_of(mark) for path in folder.iterdir()):
        raise InstallError(
            f"{folder} is not empty and holds no course: name a new folder with --into."
        )
    for name in (MANIFEST, *manifest["files"]):
        target = folder / name
        if name.startswith(f"{WHEELS}/") or target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(bundle / name, _part_of(target))
        _part_of(target).replace(target)


def _part_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.part")


def python_of(folder: Path) -> Path:
    """The Python of the environment in `folder`, there or not."""
    name = "python.exe" if os.name == "nt" else "python"
    return Path(_venv_path(folder, "scripts")) / name


def _venv_path(folder: Path, what: str) -> str:
    base = str(folder / ".venv")
    return sysconfig.get_path(what, "venv", {"base": base, "platbase": base})


def is_installed(bundle: Path, folder: Path) -> bool:
    """Whether the packages of this bundle are in `folder`, whole, with a Python that starts."""
    try:
        done = (folder / ".venv" / "bundle.sha256").read_text(encoding="utf-8")
    except OSError:
        return False
    if done != _sha256(bundle / MANIFEST):
        return False
    try:
        started = subprocess.run([python_of(folder), "-c", ""], capture_output=True)
    except OSError:
        return False
    return started.returncode == 0


def install_packages(bundle: Path, folder: Path) -> None:
    """Make `.venv` anew and install the pinned wheels into it, from nowhere but the bundle.

    The last thing written is the mark that `is_installed` looks for.

    Raises:
        InstallError: pip could not install a wheel, or the environment could not be made.
    """
    environment, wheels = folder / ".venv", bundle / WHEELS
    pins = (bundle / PINS).read_text(encoding="utf-8").split()
    print(f"Installing {len(pins)} packages: two to ten minutes.", flush=True)
    try:
        venv.EnvBuilder(clear=True, symlinks=os.name != "nt").create(environment)
    except PermissionError as error:
        raise InstallError(
            f"{error.filename or environment} is in use or may not be written: close JupyterLab "
            "and every terminal that uses this folder, and run this again."
        ) from error
    # pip runs out of its own wheel, so that neither an old pip nor a missing one is in the way.
    pip = next(name for name in pins if name.startswith("pip==")).split("==")[1]
    command = [python_of(folder), wheels / f"pip-{pip}-py3-none-any.whl" / "pip", "install"]
    command += ["--no-index", "--no-cache-dir", "--no-input"]
    command += ["--disable-pip-version-check", "--no-warn-script-location", "--progress-bar=off"]
    command += ["--find-links", wheels, "-r", bundle / PINS]
    # pip asks the programs it finds for their versions, and one of them may write to your home.
    nothing_else = {"PATH": str(python_of(folder).parent)}
    log = folder / "install.log"
    with log.open("w", encoding="utf-8") as file:
        code = subprocess.run(
            command,
            cwd=folder,
            env={**clean_environment(), **nothing_else},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        ).returncode
    if code:
        raise pip_error(log.read_text(encoding="utf-8", errors="replace"), folder)
    packages = Path(_venv_path(folder, "purelib"))
    where = WHEELS if bundle == folder else str(wheels)
    (packages / "course_bundle.py").write_text(SETTINGS.format(wheels=where), encoding="utf-8")
    (packages / "course_bundle.pth").write_text("import course_bundle\n", encoding="utf-8")
    part = environment / "bundle.sha256.part"
    part.write_text(_sha256(bundle / MANIFEST), encoding="utf-8")
    part.replace(environment / "bundle.sha256")


def clean_environment() -> dict[str, str]:
    """This process's variables without those that lead pip or Python elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"):
        kept.pop(name, None)
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PYTHONUTF8": "1"}


def pip_error(log: str, folder: Path) -> InstallError:
    """What to tell a person, judging by what pip printed."""
    if any(sign in log for sign in DISK_FULL_SIGNS):
        return disk_full(folder)
    missing = re.search(r"No matching distribution found for (\S+)", log)
    if missing:
        return InstallError(
            f"{WHEELS} holds no {missing[1]} that this system can use: its system is older than, "
            "or differs from, the one that the bundle was made on. Ask for a bundle that was made "
            f"on a machine like this one. What pip said is in {folder / 'install.log'}."
        )
    errors = [line for line in log.splitlines() if line.startswith("ERROR:")] or ["ERROR: nothing"]
    return InstallError(
        f"pip could not install the packages. It says: {errors[-1][7:207].rstrip('.')}. Run this "
        f"again; if it stops again, show {folder / 'install.log'} to your instructor."
    )


def disk_full(folder: Path) -> InstallError:
    """What to tell a person when the disk that holds `folder` is full."""
    return InstallError(
        f"The disk that holds {folder} is full: free some space and run this again, or name a "
        "folder on another disk with --into FOLDER."
    )


def unpack_models(bundle: Path, folder: Path) -> None:
    """Let the course take its two models out of the wheels, into the cache in `folder`.

    Raises:
        InstallError: the course said why it could not.
    """
    environment = clean_environment()
    if (bundle / WHEELS).is_dir():  # not so in a folder that was filled with --into
        environment["COURSEKIT_WHEELS"] = str(bundle / WHEELS)
    done = subprocess.run(
        [python_of(folder), "-m", "coursekit.models", "fetch"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        raise InstallError(f"The models could not be unpacked. The course says: {said}")


def open_lab(folder: Path) -> int:
    """Run JupyterLab on the first lesson until it is closed; return its exit code."""
    command = [python_of(folder), "-m", "jupyterlab", FIRST_LESSON]
    try:
        return subprocess.run(command, cwd=folder).returncode
    except KeyboardInterrupt:
        return 0


def start_line(folder: Path) -> str:
    """The line that opens JupyterLab, typed as it stands in any shell of this system."""
    wanted = "{}.{}".format(*sys.version_info)
    launcher = ["py", f"-{wanted}"] if os.name == "nt" else [f"python{wanted}"]
    if not shutil.which(launcher[0]):
        launcher = [sys.executable]
    command = [*launcher, str(folder / "install.py"), "--lab"]
    return subprocess.list2cmdline(command) if os.name == "nt" else shlex.join(command)


# ---------------------------------------------------------------- the command


def install(bundle: Path, folder: Path) -> None:
    """Do what is still to do, from the check of the machine to the models in the cache.

    Args:
        bundle: the unpacked archive.
        folder: where the course is to live; may be `bundle` itself.

    Raises:
        InstallError: a step cannot be done.
    """
    manifest = read_manifest(bundle)
    check_machine(manifest, folder)
    try:
        installed = is_installed(bundle, folder)
        if not installed:
            print("Checking the files of the bundle.", flush=True)
            changed = verify(bundle, manifest)
            if changed:
                print(
                    f"Kept as they are, though they differ from the bundle: {', '.join(changed)}. "
                    "If you did not change them, copy the archive again."
                )
        folder.mkdir(parents=True, exist_ok=True)
        if folder != bundle:
            copy_course(bundle, folder, manifest)
        if not installed:
            shutil.rmtree(folder / ".venv", ignore_errors=True)  # its space is free again
            check_space(manifest, folder)
            install_packages(bundle, folder)
        print("Preparing the models: up to a minute.", flush=True)
        unpack_models(bundle, folder)
    except OSError as error:
        if error.errno in DISK_FULL or getattr(error, "winerror", None) == 112:
            raise disk_full(folder) from error
        raise InstallError(
            f"{error.filename or folder} could not be used ({error.strerror or error}): check "
            "that you may write there, or name another folder with --into FOLDER."
        ) from error


def main(arguments: list[str] | None = None) -> int:
    """Install, and open JupyterLab if asked; 0 when all is well."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    parser = argparse.ArgumentParser(description="Set up the course without internet.")
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="install there, not here")
    parser.add_argument("--lab", action="store_true", help="open JupyterLab when all is ready")
    chosen = parser.parse_args(arguments)
    bundle = Path(__file__).resolve().parent
    folder = (chosen.into or bundle).expanduser().resolve()
    try:
        install(bundle, folder)
    except InstallError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. Run the same line again, and it will finish.", file=sys.stderr)
        return 130
    if chosen.lab:
        return open_lab(folder)
    print(f"All is ready. This line opens the first lesson:\n  {start_line(folder)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
