"""preemptible_node_test.py ESAAS: a node that keeps nothing, on processors that are only lent, with real Elasticsearch 2.3.3.

Two data nodes and a coordinating one that is preemptible: on agents of the embedded Mesos that lend processors, or on the
Mesos that ESAAS_MESOS_MASTER names (four agents that lend nothing), where it makes do with ordinary ones. All documents
are written and searched through the coordinating node. It is killed and comes back somewhere, the controller is
killed and it is not restarted, it ends with a suspension and comes back with the resumption, and leaves nothing behind.
"""

import json
import os
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path

from cluster_story import ClusterStory
from documents import ask
from installation import Installation

CLUSTER = f"shopfront-{os.getpid()}"  # no other process on this machine has it on its command line
NODE = "coordinating-0"
DOCUMENTS = 50


class PreemptibleNode(ClusterStory):
    def __init__(self, esaas, lent):
        super().__init__(esaas, CLUSTER)
        self.lent = lent

    def node(self):
        return self.esaas.nodes(CLUSTER)[NODE]

    def front(self):
        place = self.node()["place"]
        return f"{place['hostname']}:{place['http_port']}"

    def processes(self, *words):
        """Pids of the cluster's Java processes, in whosever sandboxes they are."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                line = (entry / "cmdline").read_text(errors="replace") if entry.name.isdigit() else ""
            except OSError:
                continue
            if "java" in line.split("\0")[0] and all(word in line for word in (f"cluster.name={CLUSTER}", *words)):
                found.append(int(entry.name))
        return found

    def has_joined(self, attempt):
        node = self.node()
        return node["attempt"] == attempt and node["task"]["joined"]

    def post(self, path, body):
        request = urllib.request.Request(f"http://127.0.0.1:{self.esaas.port}{path}", method="POST",
                                         data=json.dumps(body).encode(), headers={
                                             "Content-Type": "application/json",
                                             "Authorization": "Bearer " +
                                             (self.esaas.data / "admin-token").read_text().strip()})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read())

    def refuse_preemptible_data(self):
        resources = {"cpus_milli": 500, "mem_mib": 512, "disk_mib": 512}
        group = {"name": "data", "roles": ["master", "data"], "count": 1, "resources": resources, "preemptible": True}
        status, problem = self.post("/v1/clusters", {"name": "wrong", "tenant": "shop",
                                                     "spec": {"version": "2.3.3", "node_groups": [group]}})
        assert status == 400 and problem["rule"] == "preemptible_keeps_nothing", (status, problem)

    def create(self):
        self.esaas.run("tenant", "create", "shop")
        self.refuse_preemptible_data()
        self.esaas.run("cluster", "create", CLUSTER, "--tenant", "shop", "--version", "2.3.3", "--nodes", "2",
                       "--cpus-milli", "500", "--mem-mib", "512", "--disk-mib", "512", "--coordinating", "1",
                       "--preemptible", "--wait", "--timeout", "180")
        for name, node in self.esaas.nodes(CLUSTER).items():
            is_front = name == NODE
            assert node["place"]["transient"] == is_front, node
            assert ("revocable" in node["place"]) == (is_front and self.lent), node
        self.check_what_is_lent()
        listed = {node["name"]: node for node in self.esaas.json("cluster", "nodes", CLUSTER)}
        assert listed[NODE]["roles"] == ["coordinating"], listed[NODE]
        assert listed["data-0"]["roles"] == ["master", "data"], listed["data-0"]
        seen = {node["name"]: node["attributes"] for node in ask(self.front(), "/_nodes")["nodes"].values()}
        assert (seen[NODE]["data"], seen[NODE]["master"]) == ("false", "false"), seen
        assert len(seen) == 3, seen
        self.report(f"two data nodes and a client node on {'lent' if self.lent else 'ordinary'} processors, green")

    def check_what_is_lent(self):
        place = self.node()["place"]
        lent = {"cpus_milli": 500, "mem_mib": 0, "disk_mib": 0} if self.lent else None
        assert place["transient"] and place.get("revocable") == lent, place

    def write_through_it(self):
        ask(self.front(), "/goods", {"settings": {"number_of_shards": 2, "number_of_replicas": 1}}, "PUT", timeout=30)
        for number in range(DOCUMENTS):
            ask(self.front(), f"/goods/item/{number}", {"name": f"item {number}", "even": number % 2 == 0}, "PUT",
                timeout=30)
        ask(self.front(), "/goods/_refresh", {}, "POST")

    def search_through_it(self):
        found = ask(self.front(), "/goods/_search?size=0", {"query": {"term": {"even": True}}}, "POST", timeout=30)
        assert found["hits"]["total"] == DOCUMENTS // 2 and found["_shards"]["failed"] == 0, found
        holders = {shard["node"] for shard in ask(self.front(), "/_cat/shards/goods?format=json")}
        assert holders == {"data-0", "data-1"}, holders

    def lose_its_process(self):
        before = self.node()
        [victim] = self.processes(f"node.name={NODE}")
        os.kill(victim, signal.SIGKILL)
        self.esaas.wait("the node is placed anew and has joined", lambda: self.has_joined(before["attempt"] + 1))
        after = self.node()
        assert after["place"]["volume_id"] != before["place"]["volume_id"], (before, after)
        self.check_what_is_lent()
        self.search_through_it()
        self.report("killed -9 the coordinating node: placed anew, joined, all found through it")

    def lose_the_controller(self):
        before = self.attempts()
        self.esaas.kill()
        self.esaas.start()
        self.esaas.wait("connected again", lambda: self.esaas.readiness()["mesos_connected"])
        self.wait_whole(3, "after the controller came back")
        assert self.attempts() == before, (before, self.attempts())
        self.search_through_it()
        self.report("killed -9 the controller: no node was restarted")

    def suspend_and_resume(self):
        self.esaas.run("cluster", "suspend", CLUSTER, "--wait", "--timeout", "180")
        assert "place" not in self.node(), self.node()
        self.esaas.run("cluster", "resume", CLUSTER, "--wait", "--timeout", "180")
        self.wait_whole(3, "resumed")
        self.search_through_it()
        self.report("suspended, when it had no place, and resumed")

    def compare_the_books(self):
        ledger = self.esaas.json("ledger")
        assert [line["node"] for line in ledger] == ["data-0", "data-1"], ledger
        assert all(line["status"] == "balanced" for line in ledger), ledger

    def run(self):
        self.esaas.start()
        self.create()
        self.write_through_it()
        self.search_through_it()
        self.lose_its_process()
        self.lose_the_controller()
        self.suspend_and_resume()
        self.compare_the_books()
        self.esaas.run("cluster", "scale", CLUSTER, "2", "--group", "coordinating", "--wait", "--timeout", "120")
        self.esaas.run("cluster", "scale", CLUSTER, "1", "--group", "coordinating", "--wait", "--timeout", "120")
        self.delete()
        self.esaas.wait("no process is left", lambda: not self.processes())
        self.report("scaled out and in, and deleted")
        self.esaas.stop()
        done = self.esaas.run("log", "fold", "--data-dir", str(self.esaas.data))
        assert "equal" in done.stdout, done.stdout


def main():
    master = os.environ.get("ESAAS_MESOS_MASTER")
    esaas = Installation(sys.argv[1], first_agent_address="127.0.11.11", agents=5, master=master,
                         embedded_settings="revocable_cpus_milli = 1000\n")
    try:
        PreemptibleNode(esaas, lent=master is None).run()
    finally:
        esaas.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
