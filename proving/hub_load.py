"""Learners on one JupyterHub, from the login to the first answer of lesson 05.

    python -m proving hub_load --learners 30

The hub is the one of workshop/hub/jupyterhub_config.py, with two things changed for the test: all
servers run as one user of the system, in folders of their own, and a password for the class
takes the place of system accounts. Everything listens on 127.0.0.1 and is stopped at the end.
It needs what workshop/hub/requirements.txt names, and the npm package configurable-http-proxy.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import psutil

from coursekit.paths import cache_dir, write_atomically
from coursekit.profile import total_memory
from proving.prove import memory_of_tree

ROOT = Path(__file__).resolve().parent.parent
HUB = ROOT / "workshop" / "hub"
ANSWERS = "generate_stream("  # the first cell of lesson 05 with it gives the first answer
TARGET_MB = 400
TEST_CONFIG = """\
exec(compile(open({config!r}, encoding="utf-8").read(), {config!r}, "exec"))
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = {password!r}
c.SharedPasswordAuthenticator.admin_password = {password!r} + "-of-the-instructor"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r} + "/{{username}}"
def prepare(spawner):
    home = Path({homes!r}) / spawner.user.name
    home.mkdir(exist_ok=True)
    copy_notebooks(home, {course!r})
c.Spawner.pre_spawn_hook = prepare
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"]
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.cookie_secret_file = {folder!r} + "/cookie_secret"
c.JupyterHub.db_url = "sqlite:///" + {folder!r} + "/hub.sqlite"
c.JupyterHub.pid_file = {folder!r} + "/hub.pid"
c.ConfigurableHTTPProxy.pid_file = {folder!r} + "/proxy.pid"
c.JupyterHub.services = [*c.JupyterHub.services, {{"name": "load", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [*c.JupyterHub.load_roles, {{
    "name": "load", "services": ["load"],
    "scopes": ["admin:users", "admin:servers", "access:servers", "tokens"],
}}]
"""


class HubError(RuntimeError):
    """The hub or a learner's server did not do what it should; the message says what."""


@dataclass(frozen=True)
class Hub:
    """A running hub: its address, the token of the test, the class's password, its process."""

    address: str
    token: str
    password: str
    homes: Path
    process: subprocess.Popen

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"token {self.token}"}


def find_proxy() -> str:
    """The program configurable-http-proxy.

    Raises:
        HubError: it is not installed.
    """
    path = shutil.which("configurable-http-proxy")
    if path:
        return path
    raise HubError(
        "configurable-http-proxy was not found. It comes from npm (npm install --global "
        "configurable-http-proxy); put it on the PATH and run this again."
    )


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextmanager
def running_hub(learners: int, shared: Path, wait: float = 60) -> Iterator[Hub]:
    """The hub of the workshop on 127.0.0.1, with folders of its own; stopped at the end.

    Args:
        learners: how many may work at once.
        shared: the cache that all of them read.

    Raises:
        HubError: the proxy is missing, or the hub does not answer within `wait` seconds.
    """
    import requests

    proxy = find_proxy()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True, prefix="hub-") as temporary:
        folder = Path(temporary)
        homes = folder / "homes"
        homes.mkdir()
        port, hub_port, proxy_port = _free_ports(3)
        token, password = secrets.token_hex(16), secrets.token_hex(24)
        config = TEST_CONFIG.format(
            config=str(HUB / "jupyterhub_config.py"),
            password=password,
            homes=str(homes),
            course=str(ROOT),
            proxy=proxy,
            proxy_port=proxy_port,
            port=port,
            hub_port=hub_port,
            folder=str(folder),
            token=token,
        )
        (folder / "config.py").write_text(config, encoding="utf-8")
        environment = os.environ | {
            "COURSE_HUB_SHARED": str(shared),
            "COURSE_HUB_LEARNERS": str(learners),
            "PYTHONPATH": str(ROOT),
        }
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "--config", str(folder / "config.py")],
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=log,
            )
        hub = Hub(f"http://127.0.0.1:{port}", token, password, homes, process)
        try:
            until = time.monotonic() + wait
            while True:
                try:
                    requests.get(f"{hub.address}/hub/api/", timeout=5).raise_for_status()
                    break
                except requests.RequestException:
                    if time.monotonic() > until or process.poll() is not None:
                        tail = (folder / "log").read_text(errors="replace")[-1500:]
                        raise HubError(f"The hub did not start. It said:\n{tail}") from None
                    time.sleep(0.3)
            yield hub
        finally:
            family = []
            with suppress(psutil.NoSuchProcess):  # it may have ended by itself
                family = [psutil.Process(process.pid)]
                family += family[0].children(recursive=True)
                process.terminate()
            _, alive = psutil.wait_procs(family, timeout=30)
            for one in alive:
                one.kill()


def log_in(hub: Hub, name: str, password: str) -> Any:
    """Log in through the hub's page, as a browser does; returns the session with its cookies.

    Raises:
        HubError: the hub does not let this name and password in.
    """
    import requests

    session = requests.Session()
    session.get(f"{hub.address}/hub/login", timeout=60)
    fields = {"username": name, "password": password, "_xsrf": session.cookies.get("_xsrf")}
    done = session.post(f"{hub.address}/hub/login", data=fields, timeout=60, allow_redirects=False)
    if done.status_code != 302:
        raise HubError(f"{name} could not log in: the hub answered {done.status_code}.")
    return session


def start_server(hub: Hub, name: str, wait: float = 180) -> str:
    """Start the learner's server and return its address when it answers.

    Raises:
        HubError: it does not start within `wait` seconds.
    """
    import requests

    user = f"{hub.address}/hub/api/users/{name}"
    requests.post(f"{user}/server", headers=hub.headers(), timeout=wait).raise_for_status()
    until = time.monotonic() + wait
    while time.monotonic() < until:
        server = requests.get(user, headers=hub.headers(), timeout=60).json()["servers"].get("")
        if server and server["ready"]:
            return f"{hub.address}/user/{name}"
        time.sleep(0.5)
    raise HubError(f"The server of {name} did not start within {wait:.0f} seconds.")


class Kernel:
    """A kernel in a learner's server, spoken to as JupyterLab does."""

    def __init__(self, hub: Hub, server: str) -> None:
        import requests
        import websocket

        made = requests.post(f"{server}/api/kernels", headers=hub.headers(), timeout=180)
        made.raise_for_status()
        address = f"{server}/api/kernels/{made.json()['id']}/channels"
        self.socket = websocket.create_connection(
            address.replace("http", "ws", 1), header=hub.headers(), timeout=600
        )

    def run(self, code: str) -> str:
        """Run code and return what it prints.

        Raises:
            HubError: the code raises.
        """
        number = uuid.uuid4().hex
        header = {"msg_id": number, "msg_type": "execute_request", "username": "", "version": "5.3"}
        header |= {"session": number, "date": ""}
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        content |= {"allow_stdin": False, "stop_on_error": True}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        self.socket.send(json.dumps(message | {"channel": "shell", "buffers": []}))
        printed = []
        while True:
            answer = json.loads(self.socket.recv())
            if answer["parent_header"].get("msg_id") != number:
                continue
            kind, content = answer["msg_type"], answer["content"]
            if kind == "stream" and content["name"] == "stdout":
                printed.append(content["text"])
            if kind == "error":
                raise HubError(f"A cell raised {content['ename']}: {content['evalue']}")
            if kind == "status" and content["execution_state"] == "idle":
                return "".join(printed)


def first_cells() -> list[str]:
    """The code of lesson 05, as a learner finds it, up to the first answer of the model."""
    notebook = nbformat.read(ROOT / "notebooks" / "05_rag_end_to_end.ipynb", as_version=4)
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    last = next(i for i, source in enumerate(sources) if ANSWERS in source)
    return sources[: last + 1]


def learn(hub: Hub, name: str, cells: Sequence[str], go: threading.Barrier) -> dict[str, Any]:
    """One learner: log in, open the lesson, ask. Returns the seconds of each part, or the fault."""
    try:
        started = time.monotonic()
        log_in(hub, name, hub.password)
        kernel = Kernel(hub, start_server(hub, name))
        opened = time.monotonic() - started
    except Exception as error:
        go.abort()
        return {"learner": name, "fault": f"{type(error).__name__}: {error}"}
    try:
        go.wait(timeout=600)
        started = time.monotonic()
        for cell in cells:
            answer = kernel.run(cell)
        if not answer.strip():
            raise HubError("The first answer is empty.")
        return {
            "learner": name,
            "open_s": round(opened, 1),
            "answer_s": round(time.monotonic() - started, 1),
        }
    except Exception as error:
        return {"learner": name, "fault": f"{type(error).__name__}: {error}"}


def climb(hub: Hub, waves: Sequence[int], cells: Sequence[str]) -> list[dict[str, Any]]:
    """Let learners come in waves, each wave at once, all staying; one dict for each wave.

    Each holds the number of "learners" so far, their "runs" and the "memory_mb" of all of them.
    """
    found, there = [], 0
    for size in waves:
        go = threading.Barrier(size)
        names = [f"learner{there + i + 1:02d}" for i in range(size)]
        with ThreadPoolExecutor(size) as pool:
            runs = list(pool.map(lambda name, go=go: learn(hub, name, cells, go), names))
        there += size
        memory = memory_of_tree(hub.process.pid) / 1e6
        found.append({"learners": there, "runs": runs, "memory_mb": round(memory)})
        print(f"{there} learners: {memory:.0f} MB, {_told(runs)}", flush=True)
    return found


def _told(runs: Sequence[dict[str, Any]]) -> str:
    faults = [run["fault"] for run in runs if "fault" in run]
    # Whoever waits for a learner that failed fails too; the cause is told first.
    faults.sort(key=lambda fault: fault.startswith("BrokenBarrierError"))
    seconds = [run["answer_s"] for run in runs if "fault" not in run]
    shown = f"first answer after {statistics.median(seconds):.0f} s" if seconds else "no answer"
    return f"{shown}, {len(faults)} failed" + (f" ({faults[0]})" if faults else "")


def per_learner_mb(waves: Sequence[dict[str, Any]]) -> float:
    """Memory of one further learner in 10^6 bytes: the slope of a line through the waves.

    Raises:
        ValueError: there are fewer than two waves.
    """
    if len(waves) < 2:
        raise ValueError("One wave has no slope: let learners come in at least two.")
    learners = [wave["learners"] for wave in waves]
    return float(np.polyfit(learners, [wave["memory_mb"] for wave in waves], 1)[0])


def report(result: dict[str, Any]) -> str:
    """The page `workshop/hub/load_test.md`, from what the test measured."""
    machine, waves = result["machine"], result["waves"]
    lines = [
        "# How many learners one server carries",
        "",
        f"Measured on {result['date']} on {machine['cores']} cores ({machine['processor']}) with "
        f"{machine['memory_gb']} GB of memory. Learners came in waves; each wave logged in, opened "
        "its servers, and then ran lesson 05 at the same moment, up to the first answer of the "
        "model. All stayed until the end. Models and results came from the shared cache.",
        "",
        "| Learners there | In this wave | Median s to the first answer | Slowest | Failed "
        "| Memory of all (MB) |",
        "|---|---|---|---|---|---|",
    ]
    for wave in waves:
        seconds = [run["answer_s"] for run in wave["runs"] if "fault" not in run]
        failed = len(wave["runs"]) - len(seconds)
        middle = f"{statistics.median(seconds):.0f}" if seconds else "-"
        slowest = f"{max(seconds):.0f}" if seconds else "-"
        lines.append(
            f"| {wave['learners']} | {len(wave['runs'])} | {middle} | {slowest} | {failed} "
            f"| {wave['memory_mb']} |"
        )
    slope = per_learner_mb(waves)
    failures = sum("fault" in run for wave in waves for run in wave["runs"])
    share = max(len(wave["runs"]) for wave in waves) / machine["cores"]
    lines += [
        "",
        f"**One further learner takes {slope:.0f} MB** beyond the pages that all share (aim: at "
        f"most {TARGET_MB}), counted as proportional set size. **Failures: {failures}.**",
        "",
        f"In the largest wave {share:.0f} learners shared a core. The seconds grow with that "
        "number: with twice the cores they are about half. The memory of a learner does not "
        "depend on the cores.",
        "",
        "The test changes two things of the configuration: all servers run as one system user, "
        "and no limit of systemd holds them. Run it on your own server before the day: "
        "`python -m proving hub_load --learners 30`. It writes this page.",
        "",
    ]
    return "\n".join(lines)


def waves_of(learners: int) -> list[int]:
    """Sizes of the waves: one learner, then a fifth, a third, and the rest."""
    sizes = [1, max(1, learners // 5), max(1, learners // 3)]
    return [*sizes, learners - sum(sizes)] if learners > sum(sizes) else [1, learners - 1]


def main(arguments: list[str]) -> int:
    """Run the test and write its page; 1 if a learner failed."""
    parser = argparse.ArgumentParser(prog="python -m proving hub_load", description=__doc__)
    parser.add_argument("--learners", type=int, default=30)
    parser.add_argument("--shared", type=Path, default=cache_dir(), help="a filled cache")
    parser.add_argument("--table", action="store_true", help="write the page again, run nothing")
    options = parser.parse_args(arguments)
    stored = HUB / "load_test.json"
    if not options.table:
        if options.learners < 2:
            print("Two learners are the least: the test measures a further one.", file=sys.stderr)
            return 1
        try:
            with running_hub(options.learners, options.shared) as hub:
                waves = climb(hub, waves_of(options.learners), first_cells())
        except HubError as error:
            print(error, file=sys.stderr)
            return 1
        machine = {
            "cores": os.cpu_count(),
            "processor": _processor(),
            "memory_gb": round(total_memory() / 1e9),
            "python": platform.python_version(),
        }
        result = {"date": date.today().isoformat(), "machine": machine, "waves": waves}
        write_atomically(stored, json.dumps(result, indent=1) + "\n")
    result = json.loads(stored.read_text(encoding="utf-8"))
    write_atomically(HUB / "load_test.md", report(result))
    print(f"written: {(HUB / 'load_test.md').relative_to(ROOT).as_posix()}")
    return int(any("fault" in run for wave in result["waves"] for run in wave["runs"]))


def _processor() -> str:
    from coursekit.profile import detect_profile

    return detect_profile().device_name
