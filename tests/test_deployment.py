"""The files of docs/deploy/, as far as a machine without Docker, a Mac or a cluster can judge them.

Every `newsletter` command in them and in the documentation exists, with its options.
"""

from __future__ import annotations

import plistlib
import re
import shlex
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import trustme
import yaml

from newsletter.cli import main
from newsletter.config.schema import SETTINGS
from newsletter.errors.installation import CONTAINER_MARK
from newsletter.sources import all_sources
from newsletter.sources.settings import declared, variable_of

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "docs" / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
TEXTS = [
    *sorted(path for path in DEPLOY.rglob("*") if path.is_file()),
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "README.md",
    ROOT / "Dockerfile",
]
#: Commands that are being made for this release; a name is taken out once the command is there.
COMING = {"backup", "restore", "status", "schedule"}


# -- commands -----------------------------------------------------------------------------------------

_COMMAND = re.compile(r"(?:^|[\s\"'`|(>/\\])newsletter(?:\.exe)?\\?\"?\s+((?:--site|-{1,2}\w|[a-z])[^`\n]*)")


def commands_in(path: Path) -> Iterator[list[str]]:
    """Yield the words of each `newsletter` command in a file: in the code of Markdown, or in the lines of others."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".plist":
        program, *words = plistlib.loads(text.encode())["ProgramArguments"]
        assert program.endswith("/newsletter")
        yield words
        return
    if path.suffix == ".md":
        blocks = re.findall(r"^```(?:sh|console|cron|ini|text|yaml|toml)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        inline = re.findall(r"`(newsletter [^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
        lines = [line for block in blocks for line in block.splitlines() if re.search(r"newsletter (--|[a-z])", line)]
        lines += [" ".join(one.split()) for one in inline]
    else:
        lines = [line for line in text.splitlines() if not line.lstrip().startswith(("#", "rem ", "Description"))]
    for line in lines:
        for found in _COMMAND.findall(line.partition("   #")[0]):
            found = found.replace('\\"', '"').replace("%USERPROFILE%\\", "~/")  # noqa: PLW2901
            words = re.split(r"\s(?:&&|\|\||>|<|\|)\s|[;]|\s#\s", found)[0]
            try:
                yield shlex.split(words, comments=True)
            except ValueError:  # a quotation that began before the command
                yield words.replace('"', " ").replace("'", " ").split()


def why_wrong(words: list[str]) -> str | None:
    """Return what of a command does not exist, or None; words that are no command at all are not judged."""
    command: click.Command = main
    left = [word.rstrip(",.:") for word in words]
    while left:
        word = left.pop(0)
        if word.startswith("-") and len(word) > 1:
            name = word.partition("=")[0]
            option = next((p for p in command.params if name in (*p.opts, *p.secondary_opts)), None)
            if option is None and name not in ("--help", "-h"):
                return f"{command.name}: {name}"
            if isinstance(option, click.Option) and not option.is_flag and "=" not in word:
                left = left[option.nargs :]
        elif isinstance(command, click.Group) and word in command.commands:
            command = command.commands[word]
        elif command is main:
            return None if word in COMING or word == "…" else f"no command {word}"
    return None


def is_prose(words: list[str]) -> bool:
    """Whether words after "newsletter" in a file are no command: a table of shells, a sentence, a placeholder."""
    return not words or words[0].isupper() or words[0] in ("…", "COMMAND", "init:")


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_exists_with_its_options(path: Path) -> None:
    found = [words for words in commands_in(path) if not is_prose(words)]

    assert [(reason, words) for words in found if (reason := why_wrong(words))] == []


def test_the_files_have_commands_to_judge() -> None:
    judged = {path.name: [*commands_in(path)] for path in TEXTS}

    for name in (
        "newsletter.service",
        "newsletter-run.service",
        "newsletter.yml",
        "aliases",
        "Procfile",
        "newsletter.cmd",
    ):
        assert judged[name], name
    assert why_wrong(["run", "--no-such-option"]) == "run: --no-such-option"
    assert why_wrong(["frobnicate"]) == "no command frobnicate"


def test_every_environment_variable_is_one_of_ours() -> None:
    known = {setting.variable for setting in SETTINGS}
    known |= {variable_of(source, name) for source in all_sources().values() for name in declared(source)}
    for path in TEXTS:
        named = set(re.findall(r"\bNEWSLETTER_[A-Z_0-9]+[A-Z0-9]\b", path.read_text(encoding="utf-8")))
        numbered = {one for one in named if re.fullmatch(r"NEWSLETTER_(RELAY|MAILBOX)_[1-9]_PASSWORD", one)}
        tables = {"NEWSLETTER_SITE", "NEWSLETTER_ARXIV_FEED"}
        assert named - known - numbered - tables == set(), path


# -- systemd ------------------------------------------------------------------------------------------

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@needs_systemd
def test_systemd_accepts_every_unit(tmp_path: Path) -> None:
    for unit in UNITS:  # the program is installed elsewhere here
        text = unit.read_text(encoding="utf-8").replace("/opt/newsletter/bin/newsletter", "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / unit.name) for unit in UNITS)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    about_ours = [line for line in ran.stderr.splitlines() if str(tmp_path) in line or "newsletter" in line]
    assert (about_ours, ran.returncode) == ([], 0)


@needs_systemd
@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name)
def test_a_service_may_do_little_else_than_its_work(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=30", str(unit)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert ran.returncode == 0, ran.stdout[-300:]  # an exposure of at most 3.0 of 10


def test_each_timer_has_its_service() -> None:
    for timer in (unit for unit in UNITS if unit.suffix == ".timer"):
        assert timer.with_suffix(".service") in UNITS
        assert "Persistent=yes" in timer.read_text(encoding="utf-8")
    run = (DEPLOY / "systemd" / "newsletter-run.service").read_text(encoding="utf-8")
    assert re.search(r"^SuccessExitStatus=75 143$", run, re.MULTILINE)


# -- containers ---------------------------------------------------------------------------------------


def instructions(text: str) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile, as (name, arguments)."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in joined.splitlines() if line.strip()]


def test_the_image_is_small_runs_without_root_and_says_whether_it_is_well() -> None:
    found = instructions((ROOT / "Dockerfile").read_text(encoding="utf-8"))
    known = {"FROM", "COPY", "WORKDIR", "RUN", "USER", "VOLUME", "ENV", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK",
             "ENTRYPOINT", "CMD"}  # fmt: skip
    last = max(number for number, (name, _) in enumerate(found) if name == "FROM")
    final = found[last:]

    assert {name for name, _ in found} <= known
    assert all(re.fullmatch(r"python:3\.\d+-slim-\w+( AS \w+)?", value) for name, value in found if name == "FROM")
    assert dict(final)["USER"] == "papers"
    assert "/healthz" in dict(final)["HEALTHCHECK"]
    assert f"touch /opt/newsletter/{CONTAINER_MARK}" in " ".join(value for _, value in found)
    assert all(value.startswith("--from=build ") for name, value in final if name == "COPY")
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert kept[0] == "*"  # what is not named stays out: sites, keys, .git
    for needed in ("pyproject.toml", "requirements.lock", "newsletter", "templates", "docs", "README.md", "LICENSE"):
        assert f"!{needed}" in kept


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_compose_file_builds_this_checkout_and_locks_the_container_up() -> None:
    path = DEPLOY / "docker" / "compose.yaml"
    compose = load(path)
    service = compose["services"]["newsletter"]

    assert (path.parent / service["build"]["context"]).resolve() == ROOT
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    volumes = {volume.partition(":")[0] for one in compose["services"].values() for volume in one["volumes"]}
    assert volumes == set(compose["volumes"])
    assert compose["services"]["relay"]["profiles"] == ["relay"]  # only if it is asked for


def test_the_cluster_never_runs_two_on_one_database() -> None:
    service, pod = yaml.safe_load_all((DEPLOY / "kubernetes" / "newsletter.yaml").read_text(encoding="utf-8"))
    spec = pod["spec"]["template"]["spec"]
    (container,) = spec["containers"]

    assert pod["spec"]["replicas"] == 1
    assert service["spec"]["selector"] == pod["spec"]["selector"]["matchLabels"]
    assert pod["spec"]["template"]["metadata"]["labels"] == pod["spec"]["selector"]["matchLabels"]
    assert pod["spec"]["volumeClaimTemplates"][0]["spec"]["accessModes"] == ["ReadWriteOncePod"]
    assert why_wrong(container["args"]) is None
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    named = {port["name"] for port in container["ports"]}
    assert {container["livenessProbe"]["httpGet"]["port"], service["spec"]["ports"][0]["targetPort"]} <= named
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in spec["volumes"]} | {"site"}
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True


# -- GitHub Actions -----------------------------------------------------------------------------------

_EVENTS = {"schedule", "workflow_dispatch", "push", "pull_request", "release"}
_WORKFLOW_KEYS = {"name", "on", "permissions", "concurrency", "env", "jobs"}
_JOB_KEYS = {"name", "runs-on", "container", "timeout-minutes", "steps", "needs", "permissions", "env", "if",
             "strategy", "continue-on-error", "environment"}  # fmt: skip
_STEP_KEYS = {"name", "id", "uses", "run", "with", "env", "if", "working-directory", "shell"}
WORKFLOWS = [*sorted((ROOT / ".github" / "workflows").glob("*.yml")), DEPLOY / "github" / "newsletter.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_the_keys_of_its_schema(path: Path) -> None:
    workflow = load(path)
    workflow["on"] = workflow.pop(True)  # YAML 1.1 reads `on` as a boolean
    assert set(workflow) <= _WORKFLOW_KEYS
    assert set(workflow["on"]) <= _EVENTS
    assert all(re.fullmatch(r"(\S+ ){4}\S+", one["cron"]) for one in workflow["on"].get("schedule", []))
    for job in workflow["jobs"].values():
        assert set(job) <= _JOB_KEYS
        assert isinstance(job["timeout-minutes"], int)
        needed = job.get("needs", [])
        assert {needed} if isinstance(needed, str) else set(needed) <= set(workflow["jobs"])
        for step in job["steps"]:
            assert set(step) <= _STEP_KEYS
            assert ("uses" in step) != ("run" in step)
            assert "uses" not in step or re.fullmatch(r"[\w-]+/[\w./-]+@[\w./-]+", step["uses"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_the_shell_of_a_workflow_parses_and_holds_no_text_of_strangers(path: Path) -> None:
    for job in load(path)["jobs"].values():
        for step in job["steps"]:
            script = step.get("run", "")
            assert "${{" not in script  # a value in a script is code; in `env` it is a value
            checked = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
            assert (checked.returncode, checked.stderr) == (0, ""), script


def test_the_workflow_of_one_subscriber_keeps_its_state_whatever_happens() -> None:
    workflow = load(DEPLOY / "github" / "newsletter.yml")
    (job,) = workflow["jobs"].values()
    run, keep, alive = job["steps"][-3:]

    assert workflow["concurrency"]["cancel-in-progress"] is False
    assert "newsletter --site site run" in run["run"]
    assert keep["if"] == alive["if"] == "always()"
    assert "git push" in keep["run"]
    assert workflow["permissions"] == {"contents": "write", "actions": "write"}
    # The last step names this very file, by the name under which it is to be copied.
    assert f"workflows/{(DEPLOY / 'github' / 'newsletter.yml').name}/enable" in alive["run"]


def test_the_state_is_committed_with_the_database_and_without_the_lock(tmp_path: Path) -> None:
    """Run the step in a real repository, with a real remote."""
    (job,) = load(DEPLOY / "github" / "newsletter.yml")["jobs"].values()
    keep = next(step["run"] for step in job["steps"] if step.get("name", "").startswith("Keep the state"))
    remote, clone = tmp_path / "remote.git", tmp_path / "clone"
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}

    def git(*words: str, folder: Path = clone) -> str:
        done = subprocess.run(["git", *words], cwd=folder, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    git("init", "--quiet", "--bare", str(remote), folder=tmp_path)
    git("clone", "--quiet", str(remote), str(clone), folder=tmp_path)
    (clone / "site").mkdir()
    (clone / "site" / "newsletter.toml").touch()
    git("config", "user.name", "x")
    git("config", "user.email", "x@example.org")
    git("checkout", "--quiet", "--orphan", "state")
    git("add", "site")
    git("commit", "--quiet", "-m", "state")
    git("push", "--quiet", "origin", "state")

    for round_ in range(2):
        (clone / "site" / "newsletter.lock").touch()
        (clone / "site" / f"made-{round_}").touch()
        script = keep.replace("python -c", "python3 -c")
        subprocess.run(["bash", "-e", "-c", script], cwd=clone, env=environment, check=True, capture_output=True)
        git("fetch", "--quiet")

    kept = git("ls-tree", "-r", "--name-only", "origin/state").split()
    assert kept == ["site/made-0", "site/made-1", "site/newsletter.db", "site/newsletter.toml"]
    assert git("rev-list", "--count", "origin/state").strip() == "1"  # it does not grow by every run


# -- web servers, and the rest ------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("nginx", path="/usr/sbin:/usr/bin:/bin") is None, reason="nginx is not installed")
def test_nginx_accepts_its_file(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("papers.example.org")
    folder = tmp_path / "live"
    folder.mkdir()
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(folder / "fullchain.pem", append=True)
    certificate.private_key_pem.write_to_path(folder / "privkey.pem")
    assert ssl.create_default_context() is not None
    text = (DEPLOY / "nginx" / "newsletter.conf").read_text(encoding="utf-8")
    text = text.replace("/etc/letsencrypt/live/papers.example.org", str(folder)).replace(
        "/var/log/nginx", str(tmp_path)
    )
    text = text.replace("listen 80;", "listen 127.0.0.1:8090;").replace("listen 443", "listen 127.0.0.1:8453")
    main_file = f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{text}\n}}\n"
    (tmp_path / "nginx.conf").write_text(main_file, encoding="utf-8")

    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/bin")
    assert nginx is not None
    command = [nginx, "-t", "-q", "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path), "-e", "stderr"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert ran.returncode == 0, ran.stderr


def test_both_web_servers_hide_the_same_pages_in_their_logs() -> None:
    hidden = re.compile(r"\((unsubscribe\|[\w|]+)\)")
    files = (DEPLOY / "nginx" / "newsletter.conf", DEPLOY / "caddy" / "Caddyfile", ROOT / "docs" / "pages.md")

    assert len({one for path in files for one in hidden.findall(path.read_text(encoding="utf-8"))}) == 1


def test_caddy_s_file_is_balanced_and_its_upstream_is_ours() -> None:
    text = (DEPLOY / "caddy" / "Caddyfile").read_text(encoding="utf-8")

    assert text.count("{") == text.count("}")
    assert "reverse_proxy 127.0.0.1:8000" in text


def test_launchd_s_file_is_a_property_list() -> None:
    (path,) = (DEPLOY / "launchd").iterdir()
    job = plistlib.loads(path.read_bytes())

    assert f"{job['Label']}.plist" == path.name
    assert (job["StartInterval"], job["RunAtLoad"]) == (600, True)


def test_every_file_is_named_in_the_page_on_deployment() -> None:
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    files = [path.relative_to(ROOT / "docs").as_posix() for path in DEPLOY.rglob("*") if path.is_file()]

    assert [name for name in files if name not in page] == []
