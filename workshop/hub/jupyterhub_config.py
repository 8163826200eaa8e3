"""JupyterHub for a class on one Linux server. README.md, beside this file, says how to set it up.

Learners are users of the system, in the group that `COURSE_HUB_GROUP` names, and log in with
their password. Each server runs as its learner, in a systemd unit with limits of its own. Models
and results that the lessons need first are read from one shared cache.

| Variable | What it says | Default |
|---|---|---|
| `COURSE_HUB_COURSE` | folder of the course, with `.venv` | `/srv/course` |
| `COURSE_HUB_SHARED` | the shared cache | `/srv/course-cache` |
| `COURSE_HUB_URL` | where the hub listens; a TLS proxy stands in front | `http://127.0.0.1:8000` |
| `COURSE_HUB_GROUP` | the group of the learners | `learners` |
| `COURSE_HUB_ADMINS` | the group of the instructors | `instructors` |
| `COURSE_HUB_LEARNERS` | how many may work at once | 30 |
| `COURSE_HUB_MEMORY`, `COURSE_HUB_CORES` | limits of one learner | `6G`, 2 |
| `COURSE_HUB_LANGUAGE` | edition that opens: `en`, `nl`, `de`, `es`, `zh-CN` | `en` |
"""

import os
import subprocess
import sys
from pathlib import Path


def copy_notebooks(home: str, course: Path, **rights) -> None:
    """Run prepare_home.py in a process with these rights, as `subprocess.run` takes them.

    Nothing of the hub's environment is passed on, as it holds the hub's secrets.
    """
    script = Path(course) / "workshop/hub/prepare_home.py"
    command = [sys.executable, "-I", str(script), str(home), str(course)]
    subprocess.run(command, cwd="/", env={}, umask=0o077, timeout=60, check=True, **rights)


def before_spawn(spawner) -> None:
    """Called by the hub, as root, before a learner's server starts.

    The copying has the learner's own rights: root would follow a link that the learner made, and
    write where it leads.
    """
    import pwd  # only where JupyterHub runs: this file is read on Windows too, by its tests

    user = pwd.getpwnam(spawner.user.name)
    rights = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    copy_notebooks(user.pw_dir, COURSE, **rights)


COURSE = Path(os.environ.get("COURSE_HUB_COURSE", "/srv/course"))
SHARED = os.environ.get("COURSE_HUB_SHARED", "/srv/course-cache")
LEARNERS = int(os.environ.get("COURSE_HUB_LEARNERS", "30"))
ADMINS = os.environ.get("COURSE_HUB_ADMINS", "instructors")
LANGUAGE = os.environ.get("COURSE_HUB_LANGUAGE", "en")
EDITION = "" if LANGUAGE == "en" else f"translations/{LANGUAGE}/"

c = get_config()  # noqa: F821

# Who may come in. No name is let in that is not in one of the two groups, and both must exist.
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {os.environ.get("COURSE_HUB_GROUP", "learners"), ADMINS}
c.PAMAuthenticator.admin_groups = {ADMINS}
c.PAMAuthenticator.open_sessions = False

# Where it listens: on this machine only. A proxy with a certificate stands in front of it.
c.JupyterHub.bind_url = os.environ.get("COURSE_HUB_URL", "http://127.0.0.1:8000")
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.cleanup_servers = True

# What a learner gets.
c.JupyterHub.spawner_class = "systemd"
c.SystemdSpawner.isolate_tmp = True
c.SystemdSpawner.isolate_devices = True
c.SystemdSpawner.disable_user_sudo = True
c.Spawner.cmd = [str(COURSE / ".venv/bin/jupyterhub-singleuser")]
c.Spawner.notebook_dir = "~"
c.Spawner.default_url = f"/lab/tree/course/{EDITION}notebooks/00_start_here.ipynb"
c.Spawner.mem_limit = os.environ.get("COURSE_HUB_MEMORY", "6G")
c.Spawner.cpu_limit = float(os.environ.get("COURSE_HUB_CORES", "2"))
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120
c.Spawner.pre_spawn_hook = before_spawn
c.Spawner.environment = {
    "COURSEKIT_SHARED": SHARED,
    "HF_HUB_OFFLINE": "1",
    # With more threads than its share of the cores, each learner slows all the others.
    "OMP_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}

# How many at once, and what becomes of a server that nobody uses.
c.JupyterHub.active_server_limit = LEARNERS + 5  # with room for instructors
c.JupyterHub.concurrent_spawn_limit = LEARNERS  # a class comes in at one moment
c.JupyterHub.services = [
    {
        "name": "cull-idle",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=10800"],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "cull-idle",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["cull-idle"],
    }
]
