"""Hold workshop/hub/values.yaml against the schema of the Zero to JupyterHub chart.

helm repo add jupyterhub https://hub.jupyter.org/helm-chart/
helm pull jupyterhub/jupyterhub --untar
python -m proving hub_values --chart jupyterhub
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import jsonschema
import yaml

VALUES = Path(__file__).resolve().parent.parent / "workshop" / "hub" / "values.yaml"


def merged(base: Any, over: Any) -> Any:
    """`over` on top of `base`, as Helm does it: dicts key by key, all else replaced.

    A None in `over` takes the key away.
    """
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    both = {key: merged(base.get(key), value) for key, value in over.items()}
    return {key: value for key, value in {**base, **both}.items() if over.get(key, 0) is not None}


def main(arguments: list[str]) -> int:
    """Print each place where the values leave the schema; 1 if there is one."""
    parser = argparse.ArgumentParser(prog="python -m proving hub_values", description=__doc__)
    parser.add_argument("--chart", type=Path, required=True, help="folder of the unpacked chart")
    folder = parser.parse_args(arguments).chart
    base, schema, values = (
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in (folder / "values.yaml", folder / "values.schema.json", VALUES)
    )
    validator = jsonschema.validators.validator_for(schema)(schema)
    faults = sorted(validator.iter_errors(merged(base, values)), key=lambda fault: fault.json_path)
    for fault in faults:
        print(f"{fault.json_path.removeprefix('$.')}: {fault.message}")
    print(f"{len(faults)} faults" if faults else "the values fit the schema")
    return 1 if faults else 0
