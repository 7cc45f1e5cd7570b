"""What the tests that follow one cluster through its life share: what is seen of it, its creation, writing beside it."""

import time

from documents import HealthWatch, Writer, ask


class ClusterStory:
    """One cluster, called `name`. With `data_group` only that group's nodes are addresses for clients."""

    def __init__(self, esaas, name, data_group=None):
        self.esaas, self.name, self.data_group = esaas, name, data_group
        self.known = []
        self.began = time.monotonic()
        self.writer = self.watch = None

    def report(self, what):
        print(f"{time.monotonic() - self.began:6.1f} s  {what}", flush=True)

    # --- what is seen ---

    def addresses(self):
        return list(self.known)

    def learn_addresses(self):
        nodes = self.esaas.nodes(self.name).values()
        self.known = [f"{n['place']['hostname']}:{n['place']['http_port']}" for n in nodes
                      if n.get("task", {}).get("joined") and not n["removing"]
                      and self.data_group in (None, n["group"])]

    def attempts(self):
        return {name: node["attempt"] for name, node in self.esaas.nodes(self.name).items()}

    def is_whole(self, count):
        cluster = self.esaas.cluster(self.name)
        joined = [n for n in cluster["nodes"] if n.get("task", {}).get("joined")]
        return (cluster["health"]["status"] == "green" and len(cluster["nodes"]) == count and len(joined) == count
                and cluster["health"]["nodes"] == count)

    def wait_whole(self, count, why):
        self.esaas.wait(f"{count} nodes, green, {why}", lambda: self.is_whole(count), timeout=180)

    # --- what happens ---

    def create_three(self):
        self.esaas.run("tenant", "create", "shop")
        self.esaas.run("cluster", "create", self.name, "--tenant", "shop", "--version", self.esaas.version, "--nodes", "3",
                       "--cpus-milli", "500", "--mem-mib", "512", "--disk-mib", "1024", "--reason", "test", "--wait",
                       "--timeout", "180")
        self.wait_whole(3, "created")
        self.learn_addresses()

    def begin_writing(self):
        """A writer, and from the moment that its index is whole a watch on the health."""
        self.writer, self.watch = Writer(self.addresses), HealthWatch(self.addresses)
        self.writer.start()
        self.esaas.wait("documents are written", lambda: self.writer.acknowledged > 100)
        self.wait_whole(3, "with an index")
        self.watch.start()

    def end_writing(self):
        """No acknowledged document is missing, and the cluster was never red."""
        writer, watch = self.writer, self.watch
        writer.stop()
        watch.stop()
        missing = writer.missing(self.known[0])
        count = ask(self.known[0], "/documents/_count")["count"]
        print(f"          {writer.acknowledged} documents acknowledged, {writer.failed} refused, {count} counted, "
              f"{len(missing)} missing; health seen: {watch.seen}")
        assert not missing, f"acknowledged documents are missing: {missing[:10]}"
        assert writer.acknowledged > 300, "the writer wrote too little to show anything"
        assert watch.seen["red"] == 0 and watch.seen["green"] > 0, watch.seen

    def delete(self):
        self.esaas.run("cluster", "delete", self.name, "--confirm", self.name, "--wait", "--timeout", "180")
