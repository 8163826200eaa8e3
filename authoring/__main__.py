"""`python -m authoring COMMAND`: build, check, test, records, translations, language, publish."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from authoring.build import build, compare_records, load_lessons, load_translations
from authoring.check import check_project
from authoring.fonts import make_font
from authoring.project import AuthoringError, Project, load_project
from authoring.runner import run_tests
from authoring.translate import add_language, overview


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when all is well, 1 with the problems printed."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    parser = argparse.ArgumentParser(prog="python -m authoring", description=__doc__)
    parser.add_argument("--root", type=Path, help="the repository (default: this one)")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("build", help="run stale lessons and write all made files")
    command.add_argument("lessons", nargs="*", help="numbers of the lessons to run (default: all)")
    command.add_argument("--force", action="store_true", help="run them even if nothing changed")
    commands.add_parser("check", help="say what drifted, and which file to edit")
    commands.add_parser("test", help="run all that CI runs: lint, unit tests, every notebook")
    command = commands.add_parser("records", help="compare a fresh run's numbers with the stored")
    command.add_argument("--fresh", type=Path, required=True, help="folder with the fresh records")
    commands.add_parser("translations", help="print the state of every language")
    command = commands.add_parser("language", help="begin a new language")
    command.add_argument("code", help="such as fr or pt-BR")
    command = commands.add_parser("font", help="cut the signs that a language's plots need")
    command.add_argument("code", help="such as zh-CN")
    command = commands.add_parser("publish", help="stamp the repository's address and rebuild")
    command.add_argument("repository", help="owner/name")
    options = parser.parse_args(arguments)
    try:
        return _run(options, load_project(options.root))
    except AuthoringError as error:
        print(error, file=sys.stderr)
        return 1


def _run(options: argparse.Namespace, project: Project) -> int:
    if options.command == "build":
        written = build(project, options.lessons, options.force)
        print(f"{len(written)} files written" if written else "nothing to do: all is in sync")
        return 0
    if options.command == "check":
        problems, notes = check_project(project)
        return _report(problems, notes, "all is in sync and in style")
    if options.command == "test":
        return run_tests(project)
    if options.command == "records":
        return _report(compare_records(project, options.fresh), [], "all records hold")
    if options.command == "translations":
        print(overview(project, load_translations(project, load_lessons(project))))
        return 0
    if options.command == "language":
        name = add_language(project, options.code)
        build(load_project(project.root), [])
        print(f"{name} is begun: translate the files translations/{options.code}/*.po")
        return 0
    if options.command == "font":
        loaded = load_translations(project, load_lessons(project))
        translation = next((tr for tr in loaded if tr.language.code == options.code), None)
        if translation is None:
            raise AuthoringError(f"The course has no edition in {options.code!r}.")
        for path in make_font(project, options.code, translation.catalogs["strings"]):
            print(f"{path.relative_to(project.root)}: {path.stat().st_size / 1e3:.0f} kB")
        return 0
    return _publish(options, project)


def _publish(options: argparse.Namespace, project: Project) -> int:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", options.repository):
        raise AuthoringError(f"{options.repository!r} is no repository: write it as owner/name.")
    path = project.root / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    stamped, count = re.subn(
        r'(?m)^repository = ".*?"', f'repository = "{options.repository}"', text, count=1
    )
    if not count:
        raise AuthoringError('pyproject.toml has no line repository = "" in [tool.course]: add it.')
    path.write_text(stamped, encoding="utf-8", newline="\n")
    written = build(load_project(project.root), [])
    print(f"badges and setup cells lead to {options.repository}: {len(written)} files written")
    return 0


def _report(problems: list[str], notes: list[str], well: str) -> int:
    for note in notes:
        print(f"note: {note}")
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems" if problems else well)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
