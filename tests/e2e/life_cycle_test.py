"""life_cycle_test.py ESAAS: what the main job leaves out, on real Elasticsearch 2.3.3.

Dedicated masters and data nodes, as a tenant's own operator: a dry run, a larger size (each node grows where it is, on its
volume), masters from 3 to 1 and the quorum with them, suspend and resume with the data kept, operations that wait for each
other, a kill -9 of the embedded Mesos, and the end. A writer runs all the time but while the cluster is suspended.
"""

import os
import signal
import sys
import time

from cluster_story import ClusterStory
from documents import HealthWatch, Writer, ask
from installation import Installation

CLUSTER = "orders"


class LifeCycle(ClusterStory):
    def __init__(self, esaas):
        super().__init__(esaas, CLUSTER, data_group="data")
        self.token = None

    def run_as_operator(self, *words, **options):
        return self.esaas.run(*words, token_file=self.token, **options)

    def has_groups(self, **groups):
        cluster = self.esaas.cluster(CLUSTER)
        counted = {}
        for node in cluster["nodes"]:
            if node.get("task", {}).get("joined") and not node["removing"]:
                counted[node["group"]] = counted.get(node["group"], 0) + 1
        return (cluster["health"]["status"] == "green" and counted == groups
                and len(cluster["nodes"]) == sum(groups.values()))

    def quorum(self):
        settings = ask(self.known[0], "/_cluster/settings?flat_settings=true")
        return int(settings["persistent"]["discovery.zen.minimum_master_nodes"])

    def create(self):
        self.esaas.run("tenant", "create", "shop")
        self.esaas.run("tenant", "create", "other")
        self.token = self.esaas.root / "operator"
        self.esaas.run("token", "issue", "operator", "--tenant", "shop", "--out", str(self.token))
        words = ("cluster", "create", CLUSTER, "--version", "2.3.3", "--nodes", "2", "--masters", "3", "--cpus-milli",
                 "500", "--mem-mib", "512", "--disk-mib", "512", "--label", "owner=checkout")
        preview = self.run_as_operator(*words, "--dry-run").stdout
        assert "node_added" in preview or "Node" in preview, preview
        assert self.esaas.run("cluster", "show", CLUSTER, check=False).returncode != 0, "a dry run changes nothing"
        self.run_as_operator(*words, "--wait", "--timeout", "180")
        self.learn_addresses()
        assert self.has_groups(master=3, data=2) and self.quorum() == 2
        self.report("three dedicated masters and two data nodes, green, quorum 2")

    def other_tenants_see_nothing(self):
        token = self.esaas.root / "stranger"
        self.esaas.run("token", "issue", "operator", "--tenant", "other", "--out", str(token))
        seen = self.esaas.run("cluster", "show", CLUSTER, check=False, token_file=token)
        changed = self.esaas.run("cluster", "scale", CLUSTER, "9", check=False, token_file=token)
        assert seen.returncode != 0 and changed.returncode != 0 and "no cluster" in changed.stderr, changed.stderr
        theirs = next(each for each in self.esaas.json("token", "list") if each["tenant"] == "other")
        self.esaas.run("token", "revoke", theirs["token_id"])
        refused = self.esaas.run("cluster", "list", check=False, token_file=token)
        assert refused.returncode != 0 and "token" in refused.stderr, refused.stderr

    def data_nodes(self):
        return {name: node for name, node in self.esaas.nodes(CLUSTER).items() if node["group"] == "data"}

    def grow(self):
        before = self.data_nodes()
        words = ("cluster", "resize", CLUSTER, "--mem-mib", "640", "--disk-mib", "768")
        preview = self.run_as_operator(*words, "--dry-run").stdout
        assert "grow" in preview, f"a dry run says which way is expected: {preview}"
        self.run_as_operator(*words)
        queued = self.run_as_operator("cluster", "scale", CLUSTER, "3", "--reason", "behind the resize").stdout
        assert queued, "a second operation is taken at once"
        operations = {o["cluster"]: o for o in self.esaas.json("operation", "list") if o["status"] == "queued"}
        assert CLUSTER in operations, "and waits for the first"
        self.esaas.wait("resized and scaled", lambda: self.has_groups(master=3, data=3), timeout=240)
        self.learn_addresses()
        after = self.data_nodes()
        assert set(after) == {"data-0", "data-1", "data-2"}, after.keys()
        for name, node in after.items():
            assert node["resources"]["mem_mib"] == 640 and node["resources"]["disk_mib"] == 768, (name, node)
        for name, node in before.items():
            assert after[name]["place"]["volume_id"] == node["place"]["volume_id"], (name, node, after[name])
            assert after[name]["place"]["resources"]["disk_mib"] == 768, after[name]
            assert after[name]["attempt"] == 2, f"{name} was started more than once more: {after[name]}"
        self.report("each data node grew where it was, on its volume, then scaled to 3 by the operation behind")

    def lose_the_embedded_mesos(self):
        before = self.attempts()
        pid_file = self.esaas.data / "embedded-mesos/pid"
        os.kill(int(pid_file.read_text()), signal.SIGKILL)
        time.sleep(1)
        self.esaas.kill()
        self.esaas.start()
        self.esaas.wait("connected again", lambda: self.esaas.readiness()["mesos_connected"])
        self.esaas.wait("whole", lambda: self.has_groups(master=3, data=3))
        after = self.attempts()
        assert after == before, (before, after)
        self.report("killed -9 the embedded Mesos and the controller: every task found again, none restarted")

    def fewer_masters(self):
        self.run_as_operator("cluster", "scale", CLUSTER, "1", "--group", "master", "--wait", "--timeout", "180")
        self.esaas.wait("one master", lambda: self.has_groups(master=1, data=3))
        assert self.quorum() == 1
        self.report("masters from 3 to 1, quorum 1")

    def suspend_and_resume(self, writer):
        self.run_as_operator("cluster", "suspend", CLUSTER, "--wait", "--timeout", "180")
        self.esaas.wait("no process runs", lambda: not self.esaas.processes())
        assert len(self.esaas.nodes(CLUSTER)) == 4, "nodes and their places stay"
        self.report("suspended: no process runs")
        self.run_as_operator("cluster", "resume", CLUSTER, "--wait", "--timeout", "180")
        self.esaas.wait("whole", lambda: self.has_groups(master=1, data=3))
        self.learn_addresses()
        missing = writer.missing(self.known[0])
        assert not missing, missing[:10]
        self.report(f"resumed on the nodes' own volumes: {writer.acknowledged} documents, none missing")

    def run(self):
        self.esaas.start()
        self.create()
        self.other_tenants_see_nothing()
        writer, watch = Writer(self.addresses), HealthWatch(self.addresses)
        writer.start()
        self.esaas.wait("documents are written", lambda: writer.acknowledged > 50)
        self.esaas.wait("the index is green", lambda: self.has_groups(master=3, data=2))
        watch.start()
        self.grow()
        self.lose_the_embedded_mesos()
        self.fewer_masters()
        writer.stop()
        watch.stop()
        missing = writer.missing(self.known[0])
        print(f"          {writer.acknowledged} documents acknowledged, {writer.failed} refused, {len(missing)} missing; "
              f"health seen: {watch.seen}")
        assert not missing and watch.seen["red"] == 0, (missing[:10], watch.seen)
        self.suspend_and_resume(writer)
        self.run_as_operator("cluster", "delete", CLUSTER, "--confirm", CLUSTER, "--wait", "--timeout", "180")
        self.esaas.wait("no process is left", lambda: not self.esaas.processes())
        self.report("deleted")
        self.esaas.stop()
        done = self.esaas.run("log", "fold", "--data-dir", str(self.esaas.data))
        assert "equal" in done.stdout, done.stdout


def main():
    esaas = Installation(sys.argv[1], first_agent_address="127.0.6.11", agents=8)
    try:
        LifeCycle(esaas).run()
    finally:
        esaas.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
