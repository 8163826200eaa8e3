"""Hold workshop/hub/values.yaml against the schema of the Zero to JupyterHub chart.

helm repo add jupyterhub https://hub.jupyter.org/helm-chart/
helm pull jupyterhub/jupyterhub --untar
python -m proving hub_values --schema jupyterhub/values.schema.json
"""

from __future__ import annotations

import argparse
from pathlib import Path

import jsonschema
import yaml

VALUES = Path(__file__).resolve().parent.parent / "workshop" / "hub" / "values.yaml"
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def size(text: str) -> float:
    """Bytes of a size as the chart writes it, such as "2G" or "512M"."""
    return float(text[:-1]) * UNITS[text[-1]] if text[-1] in UNITS else float(text)


def main(arguments: list[str]) -> int:
    """Print each place where the values leave the schema; 1 if there is one."""
    parser = argparse.ArgumentParser(prog="python -m proving hub_values", description=__doc__)
    parser.add_argument("--schema", type=Path, required=True, help="JSON or YAML")
    options = parser.parse_args(arguments)
    schema = yaml.safe_load(options.schema.read_text(encoding="utf-8"))
    values = yaml.safe_load(VALUES.read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    faults = sorted(validator.iter_errors(values), key=lambda fault: fault.json_path)
    for fault in faults:
        print(f"{fault.json_path.removeprefix('$.')}: {fault.message}")
    print(f"{len(faults)} faults" if faults else "the values fit the schema")
    return 1 if faults else 0
