"""The hub of a workshop: its limits, its login, and that no learner reads another's files."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from proving import hub_load, hub_values

CONFIG = hub_load.HUB / "jupyterhub_config.py"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="JupyterHub does not run on Windows")


class Bag(SimpleNamespace):
    """Stands for traitlets' config: any section is there when it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        setattr(self, name, Bag())
        return getattr(self, name)


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    for name in [name for name in os.environ if name.startswith("COURSE_HUB_")]:
        monkeypatch.delenv(name)
    names: dict[str, Any] = {"get_config": Bag}
    exec(compile(CONFIG.read_text(encoding="utf-8"), str(CONFIG), "exec"), names)
    return names


def test_the_hub_listens_here_only_asks_for_a_login_and_has_limits(config):
    c = config["c"]
    assert c.JupyterHub.bind_url == "http://127.0.0.1:8000"
    assert c.JupyterHub.hub_ip == "127.0.0.1"
    assert c.JupyterHub.authenticator_class == "pam"
    assert c.PAMAuthenticator.allowed_groups == {"learners", "instructors"}
    assert c.PAMAuthenticator.admin_groups == {"instructors"}
    assert "allow_all" not in vars(c.Authenticator)
    assert (c.Spawner.mem_limit, c.Spawner.cpu_limit) == ("6G", 2.0)
    assert c.JupyterHub.concurrent_spawn_limit == 30
    assert c.JupyterHub.active_server_limit > 30  # the instructors come in when the room is full
    assert any("jupyterhub_idle_culler" in s["command"] for s in c.JupyterHub.services)
    assert c.Spawner.environment["COURSEKIT_SHARED"] == "/srv/course-cache"
    assert c.Spawner.environment["OMP_NUM_THREADS"] == "1"


def test_the_culler_may_only_stop_servers(config):
    (role,) = config["c"].JupyterHub.load_roles
    assert not [scope for scope in role["scopes"] if scope.startswith("admin")]


@POSIX
def test_a_learner_gets_the_notebooks_in_a_home_that_is_closed_to_others(config, tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    config["copy_notebooks"](home, hub_load.ROOT)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    lesson = home / "course" / "notebooks" / "05_rag_end_to_end.ipynb"
    assert (home / "course/translations/nl/notebooks/05_rag_end_to_end.ipynb").is_file()
    lesson.write_text("my answers", encoding="utf-8")
    config["copy_notebooks"](home, hub_load.ROOT)
    assert lesson.read_text(encoding="utf-8") == "my answers"


@pytest.fixture
def spawn_ada(config, monkeypatch, tmp_path):
    """Her home folder, and what the hub does as root before her server starts."""
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if getattr(os, "geteuid", lambda: 1)() != 0 or python is None:
        pytest.skip("Only root changes users, and they need a Python that they may run.")
    for folder in [tmp_path, *tmp_path.parents]:
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    course, home = tmp_path / "course", tmp_path / "ada"
    for name in ("notebooks", "solutions", "workshop/hub"):
        shutil.copytree(hub_load.ROOT / name, course / name)
    subprocess.run(["chmod", "-R", "a+rX", str(course)], check=True)
    home.mkdir()
    os.chown(home, 54321, 54321)
    config["COURSE"] = course
    monkeypatch.setattr(config["sys"], "executable", python)
    ada = SimpleNamespace(pw_dir=str(home), pw_uid=54321, pw_gid=54321)
    monkeypatch.setattr("pwd.getpwnam", lambda name: ada)
    return home, lambda: config["before_spawn"](SimpleNamespace(user=SimpleNamespace(name="ada")))


@POSIX
def test_the_hub_writes_nothing_where_a_learner_could_not(spawn_ada, tmp_path):
    home, spawn = spawn_ada
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o755)
    (home / "course").mkdir()
    (home / "course" / "notebooks").symlink_to(closed)
    os.chown(home / "course", 54321, 54321)
    with pytest.raises(subprocess.CalledProcessError):
        spawn()
    assert not list(closed.iterdir())


@POSIX
def test_another_user_of_the_system_cannot_read_a_learners_files(spawn_ada):
    home, spawn = spawn_ada
    spawn()
    lesson = home / "course" / "notebooks" / "00_start_here.ipynb"
    for user, expected in ((54321, 0), (54322, 1)):
        done = subprocess.run(
            ["cat", str(lesson)], user=user, group=user, extra_groups=[], capture_output=True
        )
        assert done.returncode == expected


def needed(what: str) -> None:
    """Skip loudly, or fail where the tests of the hub are asked for."""
    if os.environ.get("COURSE_HUB_TEST"):
        pytest.fail(what)
    pytest.skip(f"THE HUB WAS NOT STARTED. {what}")


@POSIX
def test_a_hub_that_does_not_start_says_why(tmp_path, monkeypatch):
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho No module named jupyterhub\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(hub_load, "find_proxy", lambda: "proxy")
    monkeypatch.setattr(hub_load.sys, "executable", str(program))
    said = "did not start. It said:\nNo module named jupyterhub"
    with pytest.raises(hub_load.HubError, match=said), hub_load.running_hub(1, tmp_path):
        pytest.fail("there is no hub")


@POSIX
def test_the_hub_asks_for_a_login_and_keeps_learners_apart(tmp_path):
    if importlib.util.find_spec("jupyterhub") is None:
        needed("Install workshop/hub/requirements.txt to test it.")
    try:
        hub_load.find_proxy()
    except hub_load.HubError as error:
        needed(str(error))
    import requests

    with hub_load.running_hub(2, tmp_path) as hub:
        stranger = requests.get(f"{hub.address}/user/ada/lab", allow_redirects=True, timeout=30)
        assert "/hub/login" in stranger.url
        with pytest.raises(hub_load.HubError, match="could not log in"):
            hub_load.log_in(hub, "ada", "a guess")
        tokens = {}
        for name in ("ada", "bob"):
            session = hub_load.log_in(hub, name, hub.password)
            made = session.post(
                f"{hub.address}/hub/api/users/{name}/tokens",
                headers={"X-XSRFToken": session.cookies.get("_xsrf", path="/hub/")},
                timeout=30,
            )
            tokens[name] = made.json()["token"]
        hub_load.start_server(hub, "ada")

        def files_of_ada(name: str) -> int:
            headers = {"Authorization": f"token {tokens[name]}"}
            address = f"{hub.address}/user/ada/api/contents/course/notebooks"
            return requests.get(address, headers=headers, timeout=30).status_code

        assert files_of_ada("ada") == 200
        assert files_of_ada("bob") in (403, 404)
    assert hub.process.poll() is not None


# ---------------------------------------------------------------- the load test


def wave(learners: int, size: int, memory: int, fault: bool = False) -> dict[str, Any]:
    runs = [{"learner": f"{i}", "open_s": 3.0, "answer_s": 10.0 + i} for i in range(size)]
    if fault:
        runs[0] = {"learner": "0", "fault": "HubError: no"}
    return {"learners": learners, "runs": runs, "memory_mb": memory}


def test_a_further_learner_is_the_slope_and_not_the_mean():
    waves = [wave(1, 1, 1300), wave(3, 2, 1900), wave(5, 2, 2500)]
    assert hub_load.per_learner_mb(waves) == pytest.approx(300)
    with pytest.raises(ValueError, match="at least two"):
        hub_load.per_learner_mb(waves[:1])


def test_the_waves_add_up():
    for learners in (2, 3, 7, 30):
        assert sum(hub_load.waves_of(learners)) == learners
        assert len(hub_load.waves_of(learners)) >= 2


def test_the_page_tells_failures_and_the_slowest():
    machine = {"cores": 2, "processor": "a processor", "memory_gb": 25, "python": "3.12"}
    result = {"date": "2026-01-01", "machine": machine}
    page = hub_load.report(result | {"waves": [wave(1, 1, 1000), wave(4, 3, 1900, fault=True)]})
    assert "| 4 | 3 | 12 | 12 | 1 | 1900 |" in page
    assert "**Failures: 1.**" in page
    assert "takes 300 MB" in page


def test_the_stored_page_is_made_from_the_stored_run():
    stored = json.loads((hub_load.HUB / "load_test.json").read_text(encoding="utf-8"))
    page = (hub_load.HUB / "load_test.md").read_text(encoding="utf-8")
    assert page == hub_load.report(stored), "run python -m proving hub_load --table"


def test_the_lesson_is_run_up_to_the_first_answer():
    cells = hub_load.first_cells()
    assert len(cells) > 5
    assert [hub_load.ANSWERS in cell for cell in cells].index(True) == len(cells) - 1


# ---------------------------------------------------------------- Kubernetes


def test_the_values_have_a_login_limits_and_no_secret():
    values = yaml.safe_load(hub_values.VALUES.read_text(encoding="utf-8"))
    assert values["hub"]["config"]["JupyterHub"]["authenticator_class"] != "dummy"
    memory = values["singleuser"]["memory"]
    guarantee, limit = (float(memory[key].removesuffix("G")) for key in ("guarantee", "limit"))
    assert guarantee <= limit
    assert values["singleuser"]["cpu"]["guarantee"] <= values["singleuser"]["cpu"]["limit"]
    assert values["cull"]["enabled"] is True
    assert values["proxy"]["https"]["enabled"] is True
    text = hub_values.VALUES.read_text(encoding="utf-8").lower()
    assert "password:" not in text and "secret:" not in text


def test_nobody_can_become_administrator_by_a_name_that_stands_in_the_repository():
    values = yaml.safe_load(hub_values.VALUES.read_text(encoding="utf-8"))
    assert values["hub"]["config"]["Authenticator"]["admin_users"] == []


def test_the_volume_of_a_learner_is_mounted_where_the_image_has_its_home():
    values = yaml.safe_load(hub_values.VALUES.read_text(encoding="utf-8"))
    recipe = hub_values.VALUES.with_name("Dockerfile").read_text(encoding="utf-8")
    user = re.search(r"^USER (\w+)$", recipe, re.MULTILINE).group(1)
    assert values["singleuser"]["storage"]["homeMountPath"] == f"/home/{user}"
    assert recipe.rindex(f"WORKDIR /home/{user}") > recipe.rindex("WORKDIR /opt/course")


def test_values_are_laid_over_those_of_the_chart():
    base = {"a": {"b": 1, "c": 2}, "d": [1, 2], "e": 3}
    over = {"a": {"b": 5}, "d": [7], "e": None, "f": 6}
    assert hub_values.merged(base, over) == {"a": {"b": 5, "c": 2}, "d": [7], "f": 6}
    assert base["a"] == {"b": 1, "c": 2}


def test_values_that_break_a_schema_are_told(tmp_path, capsys):
    (tmp_path / "values.yaml").write_text("cull: {concurrency: 10}\n", encoding="utf-8")
    schema = tmp_path / "values.schema.json"
    schema.write_text('{"properties": {"cull": {"required": ["sooner"]}}}', encoding="utf-8")
    assert hub_values.main(["--chart", str(tmp_path)]) == 1
    assert "cull: 'sooner' is a required property" in capsys.readouterr().out
    schema.write_text(
        '{"properties": {"cull": {"required": ["concurrency", "timeout"]}}}', encoding="utf-8"
    )
    assert hub_values.main(["--chart", str(tmp_path)]) == 0
