"""elasticsearch_operations_test.py ESAAS [VERSION]: what is asked of Elasticsearch without restarting a node, on three nodes,
of 2.3.3 unless another version is named.

Settings and their undo, a setting that it does not take, replicas, closing and opening of indices, a repository, a snapshot
and its restore into a second cluster, refusals in Elasticsearch's own words, and policies: an index without a replica is
given one, a limit of shards on a node is kept, and a scheduled snapshot is taken. No node restarts in all of it.
"""

import sys

from cluster_story import ClusterStory
from documents import ask
from installation import Installation

DOCUMENTS = 50
RATE = "indices.recovery.max_bytes_per_sec"


class Operations(ClusterStory):
    @property
    def is_2x(self):
        return self.esaas.version.startswith("2.")

    def change(self, *words):
        """Succeeds, and gives the operation's id."""
        self.esaas.run(*words, "--wait", "--timeout", "120")
        return self.newest()["id"]

    def refused(self, *words):
        """Fails, and gives what the operation says."""
        done = self.esaas.run(*words, "--wait", "--timeout", "120", check=False)
        assert done.returncode != 0, f"{' '.join(words)} succeeded: {done.stdout}"
        operation = self.newest()
        assert operation["status"] == "failed", (operation, done.stderr)
        return operation["detail"]

    def newest(self):
        return max(self.esaas.json("operation", "list"), key=lambda each: int(each["id"].removeprefix("op-")))

    def ask(self, path, body=None, method=None):
        return ask(self.known[0], path, body, method, timeout=30)

    def cluster_settings(self):
        return self.ask("/_cluster/settings?flat_settings=true")

    def replicas_of(self, index):
        return int(self.ask(f"/{index}/_settings")[index]["settings"]["index"]["number_of_replicas"])

    def make_index(self, index, replicas):
        self.ask(f"/{index}", {"settings": {"number_of_shards": 2, "number_of_replicas": replicas}}, "PUT")
        for number in range(DOCUMENTS):
            self.ask(f"/{index}/document/{number}", {"number": number}, "PUT")
        self.ask(f"/{index}/_refresh", method="POST")

    def settings(self):
        first = self.change("cluster", "settings", self.name, "--transient", f"{RATE}=20mb")
        assert self.cluster_settings()["transient"][RATE] == "20mb"
        self.change("cluster", "settings", self.name, "--transient", f"{RATE}=10mb")
        last = self.newest()["id"]
        refused = self.esaas.run("undo", first, check=False)
        assert refused.returncode != 0 and last in refused.stderr, refused.stderr
        self.change("undo", last)
        assert self.cluster_settings()["transient"][RATE] == "20mb", "the value before is back"
        self.change("cluster", "settings", self.name, "--transient", f"{RATE}=")
        left = self.cluster_settings()["transient"].get(RATE)
        assert left == ("40mb" if self.is_2x else None), "2.x can not take one away: it has its default"
        self.report("settings changed and taken back")

    def wrong_settings(self):
        detail = self.refused("cluster", "settings", self.name, "--persistent", "no.such.setting=1")
        assert ("left out no.such.setting" if self.is_2x else "not recognized") in detail, detail
        detail = self.refused("cluster", "settings", self.name, "--persistent",
                              "cluster.routing.allocation.node_concurrent_recoveries=many")
        assert ("left out" if self.is_2x else "Failed to parse value [many]") in detail, detail
        self.report(f"a wrong setting fails: {detail}")

    def replicas(self):
        self.make_index("logs", 1)
        without_confirm = self.esaas.run("cluster", "replicas", self.name, "0", check=False)
        assert without_confirm.returncode != 0 and "confirm" in without_confirm.stderr, without_confirm.stderr
        last = self.change("cluster", "replicas", self.name, "2", "logs")
        assert self.replicas_of("logs") == 2
        self.change("undo", last)
        assert self.replicas_of("logs") == 1
        detail = self.refused("cluster", "replicas", self.name, "1", "nosuch")
        assert "index_not_found_exception" in detail, detail
        self.report(f"replicas changed and taken back; of an index that is not there: {detail}")

    def open_and_close(self):
        self.change("cluster", "indices", "close", self.name, "logs")
        assert self.ask("/_cluster/state/metadata")["metadata"]["indices"]["logs"]["state"] == "close"
        self.change("cluster", "indices", "open", self.name, "logs")
        self.wait_whole(3, "with the index open again")
        assert self.ask("/logs/_count")["count"] == DOCUMENTS
        detail = self.refused("cluster", "indices", "close", self.name, "nosuch")
        assert "no such index" in detail, detail
        self.report("an index closed and opened")

    def snapshots(self):
        detail = self.refused("cluster", "snapshot", "register", self.name, "backup", "/elsewhere")
        assert "path.repo" in detail, detail
        detail = self.refused("cluster", "snapshot", "register", self.name, "backup",
                              str(self.esaas.repositories / "another-tenant" / "shared"))
        assert "path.repo" in detail, detail
        location = str(self.esaas.repositories / "shop" / "shared")
        self.change("cluster", "snapshot", "register", self.name, "backup", location)
        self.change("cluster", "snapshot", "take", self.name, "backup", "first", "logs")
        assert self.ask("/_snapshot/backup/first")["snapshots"][0]["state"] == "SUCCESS"
        detail = self.refused("cluster", "snapshot", "take", self.name, "backup", "first")
        assert "already exists" in detail, detail
        detail = self.refused("cluster", "snapshot", "restore", self.name, "backup", "first")
        assert "open" in detail, detail
        self.report(f"a repository and a snapshot; into an open index it is not restored: {detail}")

    def restore_elsewhere(self):
        other = ClusterStory(self.esaas, "second")
        self.esaas.run("cluster", "create", "second", "--tenant", "shop", "--version", self.esaas.version, "--nodes", "1",
                       "--cpus-milli", "500", "--mem-mib", "512", "--disk-mib", "1024", "--wait", "--timeout", "180")
        other.learn_addresses()
        self.change("cluster", "snapshot", "register", "second", "backup",
                    str(self.esaas.repositories / "shop" / "shared"))
        self.change("cluster", "snapshot", "restore", "second", "backup", "first")
        count = ask(other.known[0], "/logs/_count")["count"]
        assert count == DOCUMENTS, f"{count} of {DOCUMENTS} documents are restored"
        self.report(f"restored into a second cluster: {count} documents")
        # From 7.x on only one cluster may write to a repository.
        self.change("cluster", "snapshot", "delete", self.name, "backup", "first")
        detail = self.refused("cluster", "snapshot", "delete", self.name, "backup", "first")
        assert "missing" in detail, detail
        self.esaas.run("cluster", "delete", "second", "--confirm", "second", "--wait", "--timeout", "180")
        self.report("the snapshot and the second cluster deleted")

    def policies(self):
        self.change("cluster", "policies", self.name, "--replicas-min", "1", "--shards-per-node-max", "50", "--snapshots-to",
                    "backup", "--every", "3600", "--keep", "2", "--correct")
        self.make_index("bare", 0)
        self.esaas.wait("the index has a replica", lambda: self.replicas_of("bare") == 1)
        limit = "cluster.routing.allocation.total_shards_per_node"
        self.esaas.wait("the limit is kept", lambda: self.cluster_settings()["persistent"].get(limit) == "50")
        self.esaas.wait("the scheduled snapshot is taken", lambda: [
            each for each in self.ask("/_snapshot/backup/_all")["snapshots"]
            if each["snapshot"].startswith(f"esaas-{self.name}-") and each["state"] == "SUCCESS"])
        self.wait_whole(3, "with the policies kept")
        self.esaas.wait("no policy is breached", lambda: not [
            hold for hold in self.esaas.cluster(self.name)["holds"] if hold["rule"].startswith("policy_")])
        self.report("policies: a replica given, a limit kept, a snapshot taken")

    def run(self):
        self.esaas.start()
        self.create_three()
        attempts = self.attempts()
        self.settings()
        self.wrong_settings()
        self.replicas()
        self.open_and_close()
        self.snapshots()
        self.restore_elsewhere()
        self.policies()
        assert self.attempts() == attempts, "no node restarts for any of it"
        self.delete()
        self.esaas.stop()
        done = self.esaas.run("log", "fold", "--data-dir", str(self.esaas.data))
        assert "equal" in done.stdout, done.stdout


def main():
    version = sys.argv[2] if len(sys.argv) > 2 else "2.3.3"
    address = "127.0.26.11" if version == "2.3.3" else "127.0.26.31"
    esaas = Installation(sys.argv[1], first_agent_address=address, version=version)
    try:
        Operations(esaas, "search").run()
    finally:
        esaas.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
