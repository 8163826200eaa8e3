"""Google Drive as a folder that `STAND_IN_DRIVE` names; without it, the learner said no."""

import os
from pathlib import Path


def mount(mountpoint: str) -> None:
    """Let `mountpoint` lead to the folder, or raise what Colab raises."""
    folder = os.environ.get("STAND_IN_DRIVE")
    if not folder:
        raise ValueError("mount failed")
    drive = Path(folder) / "MyDrive"
    drive.mkdir(parents=True, exist_ok=True)
    place = Path(mountpoint)
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        place.symlink_to(folder, target_is_directory=True)
