"""undo_and_why_test.py ESAAS: what goes wrong is explained and taken back, on three nodes of 2.3.3 with documents.

A configuration with which no node starts stops at the first node, says so, and is undone while it is under way. A scale
that would leave too few nodes for the replicas waits, names the rule with its figures, goes on when the replicas are
fewer, and is undone from the log. No acknowledged document is lost.
"""

import json
import sys

from cluster_story import ClusterStory
from documents import ask
from installation import Installation


class UndoAndWhy(ClusterStory):
    def accepted(self, *words):
        """Begun, and its id."""
        return self.esaas.json(*words)["operation_id"]

    def status(self, operation):
        return self.esaas.json("operation", "show", operation)["status"]

    def why(self, *words):
        return json.loads(self.esaas.run("--json", "why", *words).stdout)

    def preview(self):
        told = self.esaas.run("cluster", "restart", self.name, "--dry-run").stdout
        assert "3 nodes restart, one at a time" in told and "keeps_last_started_copy" in told, told
        idle = self.why("cluster", self.name)
        assert idle["answer"].startswith("It is as it was asked for"), idle["answer"]
        self.report("a dry run says what a restart comes to, and an idle cluster that nothing is held")

    def wrong_configuration(self):
        operation = self.accepted("cluster", "configure", self.name, "processors=many", "--group", "data", "--reason",
                                  "a slip of the hand")
        self.esaas.wait("a node does not start with it", lambda: any(
            node.get("failures", 0) > 0 for node in self.esaas.nodes(self.name).values()), timeout=120)
        joined = [name for name, node in self.esaas.nodes(self.name).items() if node["task"].get("joined")]
        assert len(joined) == 2, f"one node at a time: {joined}"
        told = self.esaas.run("why", "cluster", self.name).stdout
        assert "a slip of the hand" in told and operation in told, told
        failing = next(name for name in self.esaas.nodes(self.name) if name not in joined)
        node = self.esaas.run("why", "node", self.name, failing).stdout
        assert "no member of its cluster" in node, node
        self.report(f"a wrong configuration stops at {failing}")
        refused = self.esaas.run("operation", "cancel", operation, check=False)
        assert refused.returncode != 0 and "undo" in refused.stderr, refused.stderr
        preview = self.esaas.run("undo", operation, "--dry-run").stdout
        assert "setting processors of group data is taken away again" in preview, preview
        self.esaas.run("undo", operation, "--wait", "--timeout", "180")
        assert self.status(operation) == "cancelled"
        self.wait_whole(3, "with the configuration taken back")
        self.learn_addresses()
        self.report("undone while it was under way")

    def scale_that_waits(self):
        operation = self.accepted("cluster", "scale", self.name, "2", "--reason", "fewer are enough")
        rule = "too_few_nodes_for_replicas"
        self.esaas.wait("it waits for fewer replicas", lambda: [
            one for one in self.why("operation", operation)["held"] if one["rule"] == rule])
        held = next(one for one in self.why("operation", operation)["held"] if one["rule"] == rule)
        assert held["basis"] and held["rule_is_there_because"], held
        self.report(f"a scale waits: {held['why']}")
        paused = self.esaas.run("operation", "override", operation, "no_such_rule", "--why", "x", check=False)
        assert paused.returncode != 0 and rule in paused.stderr, paused.stderr
        self.esaas.run("cluster", "replicas", self.name, "1", "everywhere", "--wait", "--timeout", "120")
        self.esaas.run("operation", "wait", operation, "--timeout", "180")
        self.wait_whole(2, "after the scale")
        self.learn_addresses()
        self.report("replicas were set beside it, and it went on")
        self.esaas.run("undo", operation, "--wait", "--timeout", "180")
        self.wait_whole(3, "with the scale undone")
        self.learn_addresses()
        again = self.esaas.run("undo", operation, check=False)
        assert again.returncode != 0 and "taken back already" in again.stderr, again.stderr
        self.report("the scale undone, once")

    def run(self):
        self.esaas.start()
        self.create_three()
        # Before anybody watches: an index that is made is red until its first copies are there.
        ask(self.known[0], "/everywhere", {"settings": {"number_of_shards": 1, "number_of_replicas": 2}}, "PUT")
        self.wait_whole(3, "with an index on every node")
        self.begin_writing()
        self.preview()
        self.wrong_configuration()
        self.scale_that_waits()
        self.end_writing()
        self.delete()
        self.esaas.stop()
        done = self.esaas.run("log", "fold", "--data-dir", str(self.esaas.data))
        assert "equal" in done.stdout, done.stdout


def main():
    esaas = Installation(sys.argv[1], first_agent_address="127.0.33.11")
    try:
        UndoAndWhy(esaas, "search").run()
    finally:
        esaas.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
