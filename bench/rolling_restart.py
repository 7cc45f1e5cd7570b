"""rolling_restart.py ESAAS [ROUNDS]: a rolling restart of three real Elasticsearch 2.3.3 nodes that hold data.

Beside it, in turns, the same steps by hand, as Elasticsearch's own guide has them: for each node, allow primaries only,
synced flush, stop, start, wait until it is back, allow all, wait for green. Same heap, flags and documents on both sides.
What esaas does more: it asks its rules before each step, and has each step on disk before it is taken.
Budget: within 15 % of the script.
"""

import statistics
import sys
import time
import urllib.request

from by_hand import VERSION, HandMadeCluster, is_green, until_green
from documents import ask  # by_hand knows where the end-to-end tests' modules are
from installation import Installation

DOCUMENTS = 5_000
SHARDS = 5


def fill(address):
    ask(address, "/documents", {"settings": {"number_of_shards": SHARDS, "number_of_replicas": 1}}, "PUT", timeout=30)
    for begin in range(0, DOCUMENTS, 1000):
        lines = "".join(f'{{"index":{{"_id":"d{n}"}}}}\n{{"number":{n},"text":"{"word " * 40}"}}\n'
                        for n in range(begin, begin + 1000))
        request = urllib.request.Request(f"http://{address}/documents/document/_bulk", lines.encode(), method="POST")
        urllib.request.urlopen(request, timeout=60).read()
    until_green(address, time.monotonic())


def count(address):
    ask(address, "/documents/_refresh", {}, "POST", timeout=30)
    return ask(address, "/documents/_count")["count"]


class ByHand:
    def __init__(self):
        self.cluster = HandMadeCluster()
        for node in self.cluster.NODES:
            self.cluster.start(node, 0)
        until_green(self.cluster.address(1), time.monotonic())
        fill(self.cluster.address(1))

    def allow(self, address, what):
        ask(address, "/_cluster/settings", {"transient": {"cluster.routing.allocation.enable": what}}, "PUT", timeout=30)

    def round(self):
        began = time.monotonic()
        for node in self.cluster.NODES:
            other = self.cluster.address(node % 3 + 1)
            self.allow(other, "primaries")
            ask(other, "/_flush/synced", {}, "POST", timeout=30)
            self.cluster.stop(node)
            self.cluster.start(node, 0)
            while ask(other, "/_cluster/health", timeout=5)["number_of_nodes"] < 3:
                time.sleep(0.05)
            self.allow(other, "all")
            until_green(other, time.monotonic())
        took = time.monotonic() - began
        assert count(self.cluster.address(1)) == DOCUMENTS
        return took

    def close(self):
        self.cluster.close()


class ByEsaas:
    def __init__(self, binary):
        self.esaas = Installation(binary, first_agent_address="127.0.9.11", agents=3)
        self.esaas.start()
        self.esaas.run("tenant", "create", "shop")
        self.esaas.run("cluster", "create", "search", "--tenant", "shop", "--version", VERSION, "--nodes", "3",
                       "--cpus-milli", "500", "--mem-mib", "512", "--disk-mib", "1024", "--wait")
        fill(self.address())

    def address(self):
        place = self.esaas.nodes("search")["data-0"]["place"]
        return f"{place['hostname']}:{place['http_port']}"

    def round(self):
        began = time.monotonic()
        self.esaas.run("cluster", "restart", "search", "--wait", "--timeout", "600", timeout=700)
        took = time.monotonic() - began
        assert is_green(self.address()), "the operation ended before the cluster was green"
        assert count(self.address()) == DOCUMENTS
        return took

    def close(self):
        self.esaas.close()


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    sides = {"by hand": ByHand(), "esaas": ByEsaas(sys.argv[1])}
    took = {name: [] for name in sides}
    try:
        for _ in range(rounds):
            for name, side in sides.items():
                took[name].append(side.round())
    finally:
        for side in sides.values():
            side.close()
    for name, seconds in took.items():
        print(f"{name:8} median {statistics.median(seconds):.2f} s  (min {min(seconds):.2f}, max {max(seconds):.2f}, n {rounds})")
    ratio = statistics.median(took["esaas"]) / statistics.median(took["by hand"])
    print(f"ratio {ratio:.3f} (aim: at most 1.15)")


if __name__ == "__main__":
    main()
