"""`python -m proving COMMAND`: each command is a module of this package; `COMMAND --help`."""

from __future__ import annotations

import importlib
import sys

COMMANDS = {
    "browser": "drive lessons in JupyterLab with Chromium",
    "bundle": "make or prove the archive that installs without internet",
    "colab": "run lessons with the packages of a Colab runtime",
    "handouts": "write the workshop's hand-outs and schedules",
    "hub_load": "thirty learners on one JupyterHub",
    "hub_values": "check the Kubernetes values against the chart's schema",
    "prove": "run lessons on this machine and write PROVEN.md",
    "slides": "export lessons as slides",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command with the arguments behind it; 0 when all is well."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    words = sys.argv[1:] if arguments is None else arguments
    if not words or words[0] not in COMMANDS:
        print("usage: python -m proving COMMAND [--help]\n", file=sys.stderr)
        for name, what in COMMANDS.items():
            print(f"  {name:<12}{what}", file=sys.stderr)
        return 2
    return importlib.import_module(f"proving.{words[0]}").main(words[1:])


if __name__ == "__main__":
    sys.exit(main())
