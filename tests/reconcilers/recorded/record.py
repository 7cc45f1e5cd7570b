#!/usr/bin/env python3
"""Records what a real Elasticsearch shows of its shards, as the controller asks for it: record.py VERSION.

Four nodes, data-0 to data-3, all master-eligible and with data, each on an address of its own; three indices of two shards
without, with one and with two replicas, of which the one without is kept on data-0. Each state is put into
VERSION_STATE.json beside this file: the bodies of the three questions, and nothing else.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[2]
NOBODY = 65534


def paths():
    """What the controller asks, taken from where it says so."""
    text = (TOP / "reconcilers/effects/elasticsearch/observation_parser.h").read_text()
    named = re.findall(r"string_view (k\w+Path) =((?:\s*\"[^\"]*\")+);", text)
    return {name: "".join(re.findall(r"\"([^\"]*)\"", value)) for name, value in named}


class Lab:
    def __init__(self, version):
        self.version = version
        self.root = Path(tempfile.mkdtemp(prefix="esaas-record-"))
        archive = subprocess.run([TOP / ".ci/fetch-elasticsearch", version], stdout=subprocess.PIPE, text=True,
                                 check=True).stdout.strip()
        subprocess.run(["tar", "-xzf", archive, "-C", self.root], check=True)
        self.home = self.root / f"elasticsearch-{version}"
        (self.home / "plugins").mkdir(exist_ok=True)
        self.java = str(next(Path("/usr/lib/jvm").glob("java-17-openjdk-*")))
        self.processes = {}
        subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", self.root], check=True)
        self.root.chmod(0o755)

    def start(self, node, first=False):
        folder = self.root / f"data-{node}"
        (folder / "conf").mkdir(parents=True, exist_ok=True)
        (folder / "tmp").mkdir(exist_ok=True)
        seeds = ",".join(f"127.0.83.{each + 1}:19300" for each in range(4))
        settings = {"cluster.name": "search", "node.name": f"data-{node}", "path.data": folder / "data",
                    "path.logs": folder / "logs", "network.host": f"127.0.83.{node + 1}", "http.port": 19200}
        environment = {"JAVA_HOME": self.java, "ES_JAVA_HOME": self.java, "PATH": os.environ["PATH"]}
        (folder / "conf/elasticsearch.yml").touch()
        if self.version.startswith("2."):
            shutil.copy(self.home / "config/logging.yml", folder / "conf")
            settings |= {"path.conf": folder / "conf", "transport.tcp.port": 19300,
                         "discovery.zen.ping.multicast.enabled": "false", "discovery.zen.ping.unicast.hosts": seeds,
                         "discovery.zen.ping_timeout": "500ms", "discovery.zen.minimum_master_nodes": 3}
            environment |= {"ES_HEAP_SIZE": "128m", "ES_GC_OPTS": "-XX:+UseSerialGC",
                            "ES_JAVA_OPTS": f"-XX:TieredStopAtLevel=1 -Djava.io.tmpdir={folder}/tmp"}
            options = [f"-Des.{key}={value}" for key, value in settings.items()]
        else:
            shutil.copy(self.home / "config/log4j2.properties", folder / "conf")
            (folder / "conf/jvm.options").write_text(
                f"-Xms128m\n-Xmx128m\n-XX:+UseSerialGC\n-XX:TieredStopAtLevel=1\n-Djava.io.tmpdir={folder}/tmp\n"
                "-Dlog4j2.disable.jmx=true\n-Dfile.encoding=UTF-8\n")
            settings |= {"transport.port": 19300, "discovery.seed_hosts": seeds}
            if first:
                settings["cluster.initial_master_nodes"] = "data-0,data-1,data-2,data-3"
            environment |= {"ES_PATH_CONF": str(folder / "conf"), "ES_TMPDIR": str(folder / "tmp")}
            options = [f"-E{key}={value}" for key, value in settings.items()]
        subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", folder], check=True)
        self.processes[node] = subprocess.Popen([self.home / "bin/elasticsearch", *options], cwd=folder, env=environment,
                                                user=NOBODY, group=NOBODY, extra_groups=[], start_new_session=True,
                                                stdout=open(folder / "out.log", "ab"), stderr=subprocess.STDOUT)

    def kill(self, node):
        process = self.processes.pop(node)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def close(self):
        for node in list(self.processes):
            self.kill(node)
        shutil.rmtree(self.root, ignore_errors=True)

    def ask(self, method, path, body=None, node=1):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.83.{node + 1}:19200{path}", data=data, method=method,
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def until(self, what, is_so):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                if is_so(self.observe()):
                    return
            except (OSError, KeyError):
                pass
            time.sleep(0.05)
        raise SystemExit(f"{self.version}: never {what}: {self.observe()}")

    def observe(self):
        """Health, state and settings, in the order in which the controller asks."""
        asked = paths()
        return {"health": self.ask("GET", asked["kHealthPath"]), "state": self.ask("GET", asked["kStatePath"]),
                "settings": self.ask("GET", asked["kSettingsPath"])}

    def record(self, name, is_so):
        """The first moment at which it is so: some states last for a moment only."""
        kept = {}

        def found(seen):
            kept["seen"] = seen
            return is_so(seen)

        self.until(name, found)
        file = HERE / f"{self.version}_{name}.json"
        file.write_text(json.dumps(kept["seen"], separators=(",", ":"), sort_keys=True) + "\n")
        print(file.name, kept["seen"]["health"]["status"])


def copies(seen):
    indices = seen["state"].get("routing_table", {}).get("indices", {})
    return [copy for index in indices.values() for shard in index["shards"].values() for copy in shard]


def is_green(seen, nodes=4):
    health = seen["health"]
    return (health["status"] == "green" and health["number_of_nodes"] == nodes and not health["relocating_shards"] and
            len(copies(seen)) == 12)


def has(seen, state):
    return any(copy["state"] == state for copy in copies(seen))


def record_all(lab):
    for node in range(4):
        lab.start(node, first=True)
    lab.until("formed", lambda seen: seen["health"]["number_of_nodes"] == 4)
    slow = {"indices.recovery.max_bytes_per_sec": "40kb", "cluster.routing.allocation.disk.threshold_enabled": "false"}
    if lab.version.startswith("2."):
        slow["discovery.zen.minimum_master_nodes"] = 3
    else:
        slow["cluster.routing.rebalance.enable"] = "none"  # 2.x would not even move what is excluded
    lab.ask("PUT", "/_cluster/settings", {"persistent": slow})
    for replicas, name in enumerate(("none", "one", "two")):
        settings = {"number_of_shards": 2, "number_of_replicas": replicas,
                    "index.unassigned.node_left.delayed_timeout": "5m"}
        if not replicas:
            settings["index.routing.allocation.include._name"] = "data-0"
        lab.ask("PUT", f"/{name}", {"settings": settings})
    lab.until("green", is_green)
    text = os.urandom(3000).hex()
    for number in range(60):
        for name in ("one", "two"):
            lab.ask("PUT", f"/{name}/doc/{number}" if lab.version.startswith("2.") else f"/{name}/_doc/{number}",
                    {"text": f"{number} {text[number:]}"})
    lab.ask("POST", "/_flush")
    lab.record("green", is_green)
    lab.ask("POST", "/one/_close")
    shown = 8 if lab.version.startswith("2.") else 12
    lab.record("closed", lambda seen: seen["health"]["status"] == "green" and len(copies(seen)) == shown)
    lab.ask("POST", "/one/_open")
    lab.until("green", is_green)
    exclude = {"cluster.routing.allocation.exclude._name": "data-3"}
    lab.ask("PUT", "/_cluster/settings", {"transient": exclude})
    lab.record("relocating", lambda seen: has(seen, "RELOCATING"))
    exclude["cluster.routing.allocation.exclude._name"] = ""
    lab.ask("PUT", "/_cluster/settings", {"transient": exclude})
    lab.until("green", is_green)
    lab.ask("PUT", "/one/_settings", {"index": {"number_of_replicas": 2}})
    lab.record("initializing", lambda seen: has(seen, "INITIALIZING"))
    lab.ask("PUT", "/one/_settings", {"index": {"number_of_replicas": 1}})
    lab.until("green", is_green)
    gone = next(node for node in (2, 3) if any(
        seen["node"] == key for seen in copies(lab.observe())
        for key, value in lab.observe()["state"]["nodes"].items() if value["name"] == f"data-{node}"))
    lab.kill(gone)
    lab.record("yellow", lambda seen: seen["health"]["status"] == "yellow" and seen["health"]["number_of_nodes"] == 3)
    lab.start(gone)
    lab.until("green", is_green)
    lab.kill(0)
    lab.record("red", lambda seen: seen["health"]["status"] == "red" and seen["health"]["number_of_nodes"] == 3)


if __name__ == "__main__":
    started = Lab(sys.argv[1])
    try:
        record_all(started)
    finally:
        started.close()
