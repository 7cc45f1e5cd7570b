"""create_to_green.py ESAAS [ROUNDS]: from the request to a green cluster of three real Elasticsearch 2.3.3 nodes.

Beside it, in turns, what a person would do by hand: a script that starts the same three processes with the same heap,
flags and addresses, from an archive that is unpacked already, and asks until the cluster is green with three nodes.
What esaas does more: an HTTP request, eleven events on disk before anything is sent, reservations, volumes, sandboxes.
Each round begins with an empty data directory; both unpacked the archive before their first counted round.
Budget: within 15 % of the script. Elasticsearch's own start is nearly all of it, and varies by some tenths of a second.
"""

import statistics
import sys
import time

from by_hand import VERSION, HandMadeCluster, until_green
from installation import Installation  # by_hand knows where the end-to-end tests' modules are


class ByHand:
    def __init__(self):
        self.cluster = HandMadeCluster()

    def round(self, number):
        began = time.monotonic()
        for node in self.cluster.NODES:
            self.cluster.start(node, number)
        took = until_green(self.cluster.address(1), began)
        self.cluster.kill()
        return took

    def close(self):
        self.cluster.close()


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
