"""One running esaas: a data directory, a configuration, the server, and the command line that talks to it."""

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
SKIPPED = 77


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def elasticsearch_archive(version):
    named = os.environ.get("ESAAS_ELASTICSEARCH_ARCHIVE", "")
    if Path(named).name == f"elasticsearch-{version}.tar.gz":
        return named
    fetched = subprocess.run([TOP / ".ci/fetch-elasticsearch", version], stdout=subprocess.PIPE, text=True)
    if fetched.returncode == 75:
        skip(f"Elasticsearch {version} cannot be fetched here")
    fetched.check_returncode()
    return fetched.stdout.strip()


def java_home():
    homes = [os.environ.get("ESAAS_JAVA_HOME", ""), *map(str, Path("/usr/lib/jvm").glob("java-17-openjdk-*"))]
    for home in homes:
        if home and Path(home, "bin/java").exists():
            return home
    skip("there is no Java 17")


def free_port():
    """Of none that the system gives to whoever connects: it has to be free again whenever the controller was killed."""
    while True:
        port = random.randrange(20000, 30000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Installation:
    """Everything lives below `self.root`; `close` ends what was started, whatever the test left behind. The embedded Mesos is
    part of it, unless `master` (host:port) names a running one; what runs there is its owner's to end. The catalogue has
    `version` and `other_versions`, each with repositories below `self.repositories`."""

    def __init__(self, binary, first_agent_address=None, agents=5, version="2.3.3", master=None,
                 embedded_settings="", other_versions=()):
        # Who is told to stop cleans up all the same.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        self.binary = Path(binary).resolve()
        self.version = version
        # Tasks run as a user that is not root, and have to reach their sandboxes.
        self.root = Path(tempfile.mkdtemp(prefix="esaas-e2e-"))
        self.root.chmod(0o755)
        self.data = self.root / "data"
        self.repositories = self.root / "repositories"
        self.repositories.mkdir()
        self.repositories.chmod(0o777)
        self.port = free_port()
        self.server = None
        user = "nobody" if os.getuid() == 0 else os.environ.get("USER", "nobody")
        if master:
            which = f'embedded = false\nmaster = "http://{master}"'
            details = ""
        else:
            which = "embedded = true"
            details = f"""[mesos.embedded_mesos]
port = 0
agents = {agents}
first_agent_address = "{first_agent_address}"
{embedded_settings}"""
        (self.root / "esaas.toml").write_text(f"""
data_dir = "{self.data}"
[http]
listen = "127.0.0.1:{self.port}"
[mesos]
{which}
task_user = "{user}"
{details}{"".join(self.artifact(each) for each in (version, *other_versions))}""")

    def artifact(self, version):
        """The catalogue's entry."""
        return f"""[[elasticsearch]]
version = "{version}"
uri = "file://{elasticsearch_archive(version)}"
java_home = "{java_home()}"
profile = "small"
repository_root = "{self.repositories}"
"""

    def start(self, ready=True):
        """Until it is ready; or, without `ready`, until it answers that it is not."""
        log = open(self.root / "esaas.log", "ab")
        self.server = subprocess.Popen([self.binary, "serve", "--config", self.root / "esaas.toml"],
                                       stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2).read()
                return
            except OSError as problem:
                if not ready and isinstance(problem, urllib.error.HTTPError):
                    return
                if self.server.poll() is not None:
                    break
                time.sleep(0.05)
        raise AssertionError("esaas is not ready: " + (self.root / "esaas.log").read_text()[-2000:])

    def kill(self):
        """As a crash would."""
        self.server.send_signal(signal.SIGKILL)
        self.server.wait()

    def stop(self):
        self.server.send_signal(signal.SIGTERM)
        assert self.server.wait(timeout=60) == 0, "esaas did not end well"

    def readiness(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as not_ready:
            return json.loads(not_ready.read())

    def run(self, *words, check=True, token_file=None, timeout=300):
        environment = dict(os.environ, ESAAS_SERVER=f"http://127.0.0.1:{self.port}",
                           ESAAS_TOKEN_FILE=str(token_file or self.data / "admin-token"))
        done = subprocess.run([self.binary, *words], env=environment, capture_output=True, text=True, timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, words))}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def json(self, *words, **options):
        return json.loads(self.run(*words, "--json", **options).stdout)

    def cluster(self, name):
        return self.json("cluster", "show", name)

    def nodes(self, name):
        return {node["name"]: node for node in self.cluster(name)["nodes"]}

    def wait(self, what, condition, timeout=120):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if condition():
                return
            time.sleep(0.2)
        raise AssertionError(f"not within {timeout} s: {what}\n" + (self.root / "esaas.log").read_text()[-2000:])

    def processes(self, *words):
        """Pids of the Java processes below this installation whose command line has all the words."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                line = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if "java" in line.split("\0")[0] and str(self.root) in line and all(word in line for word in words):
                found.append(int(entry.name))
        return found

    def companions(self, program):
        """Pids of the processes of this program that run in this installation's sandboxes."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                line = (entry / "cmdline").read_bytes().decode(errors="replace") if entry.name.isdigit() else ""
                if Path(line.split("\0")[0]).name == program and str(self.root) in os.readlink(entry / "cwd"):
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def close(self):
        if self.server is not None and self.server.poll() is None:
            self.kill()
        pid_file = self.data / "embedded-mesos/pid"
        if pid_file.exists():
            pid = int(pid_file.read_text())
            try:
                os.kill(pid, signal.SIGTERM)
                self.wait("the embedded Mesos ends", lambda: not Path(f"/proc/{pid}/cmdline").exists(), timeout=10)
            except ProcessLookupError:
                pass
        for pid in self.processes() + self.companions("haproxy") + self.companions("node"):
            with contextlib.suppress(ProcessLookupError):  # it ended by itself
                os.kill(pid, signal.SIGKILL)
        if os.environ.get("ESAAS_KEEP") != "1":
            shutil.rmtree(self.root, ignore_errors=True)
