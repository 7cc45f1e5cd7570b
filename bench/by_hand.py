"""Three Elasticsearch 2.3.3 nodes as a person would start them by hand: the peer that benches of whole clusters run beside."""

import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/e2e"))
from documents import ask  # noqa: E402
from installation import elasticsearch_archive, java_home  # noqa: E402

VERSION = "2.3.3"


def is_green(address):
    try:
        health = ask(address, "/_cluster/health", timeout=1)
        return health["status"] == "green" and health["number_of_nodes"] == 3
    except (OSError, ValueError, KeyError):
        return False


def until_green(address, began, interval=0.05):
    while not is_green(address):
        assert time.monotonic() - began < 120, "not green within 120 s"
        time.sleep(interval)
    return time.monotonic() - began


class HandMadeCluster:
    """The unpacked program is shared; each round has data of its own."""

    NODES = (1, 2, 3)

    def __init__(self, network="127.0.8"):
        self.network = network
        self.root = Path(tempfile.mkdtemp(prefix="esaas-by-hand-"))
        self.root.chmod(0o755)
        tarfile.open(elasticsearch_archive(VERSION)).extractall(self.root)
        self.processes = {}

    def address(self, node):
        return f"{self.network}.{node}:9200"

    def make_folder(self, folder):
        for name in ("conf", "data", "logs", "tmp", "plugins"):
            (folder / name).mkdir(parents=True)
        shutil.copy(self.root / f"elasticsearch-{VERSION}/config/logging.yml", folder / "conf")
        (folder / "conf/elasticsearch.yml").touch()
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", "nobody", folder], check=True)

    def start(self, node, number):
        """In its folder of that round, which keeps its data from one start to the next."""
        folder = self.root / f"round-{number}/node-{node}"
        if not folder.exists():
            self.make_folder(folder)
        settings = {
            "cluster.name": "by-hand", "node.name": f"data-{node}", "network.host": f"{self.network}.{node}",
            "http.port": 9200, "transport.tcp.port": 9300, "path.data": folder / "data", "path.logs": folder / "logs",
            "path.conf": folder / "conf", "path.plugins": folder / "plugins",
            "discovery.zen.ping.multicast.enabled": "false",
            "discovery.zen.ping.unicast.hosts": ",".join(f"{self.network}.{n}:9300" for n in self.NODES),
            "discovery.zen.minimum_master_nodes": 2, "discovery.zen.ping_timeout": "500ms",
            "node.max_local_storage_nodes": 1}
        environment = dict(os.environ, ES_HEAP_SIZE="256m", ES_GC_OPTS="-XX:+UseSerialGC", JAVA_HOME=java_home(),
                           ES_JAVA_OPTS=f"-XX:TieredStopAtLevel=1 -Djava.io.tmpdir={folder / 'tmp'}")
        self.processes[node] = subprocess.Popen(
            [self.root / f"elasticsearch-{VERSION}/bin/elasticsearch",
             *(f"-Des.{key}={value}" for key, value in settings.items())],
            env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, user="nobody" if os.getuid() == 0 else None)

    def stop(self, node):
        """As an operator would: it may flush and say good-bye."""
        self.processes[node].send_signal(signal.SIGTERM)
        self.processes.pop(node).wait()

    def kill(self):
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.processes.clear()

    def close(self):
        self.kill()
        shutil.rmtree(self.root, ignore_errors=True)
