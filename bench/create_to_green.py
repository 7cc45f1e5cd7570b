"""create_to_green.py ESAAS [ROUNDS]: from the request to a green cluster of three real Elasticsearch 2.3.3 nodes.

Beside it, in turns, what a person would do by hand: a script that starts the same three processes with the same heap,
flags and addresses, from an archive that is unpacked already, and asks until the cluster is green with three nodes.
What esaas does more: an HTTP request, eleven events on disk before anything is sent, reservations, volumes, sandboxes.
Each round begins with an empty data directory; both unpacked the archive before their first counted round.
Budget: within 15 % of the script. Elasticsearch's own start is nearly all of it, and varies by some tenths of a second.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/e2e"))
from documents import ask  # noqa: E402
from installation import Installation, elasticsearch_archive, java_home  # noqa: E402

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


class ByHand:
    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix="esaas-by-hand-"))
        self.root.chmod(0o755)
        tarfile.open(elasticsearch_archive(VERSION)).extractall(self.root)

    def round(self, number):
        seeds = ",".join(f"127.0.8.{n}:9300" for n in (1, 2, 3))
        began = time.monotonic()
        nodes = []
        for n in (1, 2, 3):
            folder = self.root / f"round-{number}/node-{n}"
            for name in ("conf", "data", "logs", "tmp", "plugins"):
                (folder / name).mkdir(parents=True)
            shutil.copy(self.root / f"elasticsearch-{VERSION}/config/logging.yml", folder / "conf")
            (folder / "conf/elasticsearch.yml").touch()
            if os.getuid() == 0:
                subprocess.run(["chown", "-R", "nobody", folder], check=True)
            settings = {
                "cluster.name": "by-hand", "node.name": f"data-{n}", "network.host": f"127.0.8.{n}", "http.port": 9200,
                "transport.tcp.port": 9300, "path.data": folder / "data", "path.logs": folder / "logs",
                "path.conf": folder / "conf", "path.plugins": folder / "plugins",
                "discovery.zen.ping.multicast.enabled": "false", "discovery.zen.ping.unicast.hosts": seeds,
                "discovery.zen.minimum_master_nodes": 2, "discovery.zen.ping_timeout": "500ms",
                "node.max_local_storage_nodes": 1}
            environment = dict(os.environ, ES_HEAP_SIZE="256m", ES_GC_OPTS="-XX:+UseSerialGC", JAVA_HOME=java_home(),
                               ES_JAVA_OPTS=f"-XX:TieredStopAtLevel=1 -Djava.io.tmpdir={folder / 'tmp'}")
            nodes.append(subprocess.Popen(
                [self.root / f"elasticsearch-{VERSION}/bin/elasticsearch",
                 *(f"-Des.{key}={value}" for key, value in settings.items())],
                env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, user="nobody" if os.getuid() == 0 else None))
        took = until_green("127.0.8.1:9200", began)
        for node in nodes:
            node.kill()
            node.wait()
        return took

    def close(self):
        shutil.rmtree(self.root, ignore_errors=True)


class ByEsaas:
    def __init__(self, binary):
        self.esaas = Installation(binary, first_agent_address="127.0.9.11", agents=3)
        self.esaas.start()
        self.esaas.run("tenant", "create", "shop")

    def round(self, number):
        name = f"round-{number}"
        began = time.monotonic()
        self.esaas.run("cluster", "create", name, "--tenant", "shop", "--version", VERSION, "--nodes", "3",
                       "--cpus-milli", "500", "--mem-mib", "512", "--disk-mib", "1024")
        address = None
        while address is None:
            place = self.esaas.nodes(name).get("data-0", {}).get("place")
            address = place and f"{place['hostname']}:{place['http_port']}"
        took = until_green(address, began)
        self.esaas.run("operation", "wait", self.esaas.json("operation", "list")[0]["id"], check=False)
        self.esaas.run("cluster", "delete", name, "--confirm", name, "--wait", "--timeout", "120")
        return took

    def close(self):
        self.esaas.close()


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    sides = {"by hand": ByHand(), "esaas": ByEsaas(sys.argv[1])}
    took = {name: [] for name in sides}
    try:
        for number in range(rounds + 1):
            for name, side in sides.items():
                seconds = side.round(number)
                if number > 0:  # the first round warms the page cache and unpacks
                    took[name].append(seconds)
    finally:
        for side in sides.values():
            side.close()
    for name, seconds in took.items():
        print(f"{name:8} median {statistics.median(seconds):.2f} s  (min {min(seconds):.2f}, max {max(seconds):.2f}, n {rounds})")
    ratio = statistics.median(took["esaas"]) / statistics.median(took["by hand"])
    print(f"ratio {ratio:.3f} (aim: at most 1.15)")


if __name__ == "__main__":
    main()
