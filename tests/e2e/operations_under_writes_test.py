"""operations_under_writes_test.py ESAAS VERSION [OPERATION...]: every operation on a cluster of three nodes but the upgrade, each
with three kills in its middle: of the node in step, of the controller, and of another node. What has to hold: under_writes.py.
With names of operations only those.
"""

import hashlib
import sys

from documents import ask
from installation import Installation
from plugin_archives import plugin_of
from under_writes import ANOTHER, CONTROLLER, IN_STEP, ONE_REPLICA, TWO, UnderWrites

VERSIONS = ["2.3.3", "2.4.6", "5.6.16", "6.8.23", "7.17.28"]
MOVES = "cluster.routing.allocation.node_concurrent_recoveries"
SETTING = "indices.fielddata.cache.size"


class OperationsUnderWrites(UnderWrites):
    # --- operations that restart the nodes one after the other ---

    def restart(self):
        self.rolling("restart", "restart", self.name)
        assert "restart" in self.esaas.run("audit").stdout

    def configure(self):
        self.rolling("configure", "configure", self.name, f"{SETTING}=30%", last=TWO)
        nodes = ask(self.known[0], "/_nodes/settings?flat_settings=true", timeout=20)["nodes"].values()
        assert [node["settings"].get(SETTING) for node in nodes] == ["30%"] * 3, nodes

    def resize(self):
        self.rolling("resize", "resize", self.name, "--mem-mib", "576")
        nodes = self.esaas.nodes(self.name)
        assert all(node["place"]["resources"]["mem_mib"] == 576 for node in nodes.values()), nodes

    def plugin(self):
        plugin, archive = plugin_of(self.esaas.version, self.esaas.root)
        self.rolling("plugin install", "plugin", "install", self.name, plugin, "--uri", f"file://{archive}", "--sha256",
                     hashlib.sha256(archive.read_bytes()).hexdigest())
        assert self.plugins() == [[plugin]] * 3, self.plugins()
        self.rolling("plugin removal", "plugin", "remove", self.name, plugin)
        assert self.plugins() == [[]] * 3, self.plugins()

    def plugins(self):
        """Of each node, as it says."""
        nodes = ask(self.known[0], "/_nodes/plugins", timeout=20)["nodes"].values()
        return [[each["name"] for each in node["plugins"]] for node in nodes]

    # --- other nodes, more and fewer ---

    def replace(self):
        """A smaller size: each node is replaced by a new one."""
        label = "replacement"
        before = self.pids()
        operation = self.begin("resize", self.name, "--mem-mib", "480")
        first, _ = self.in_step(before)
        self.killed_in_the_middle(operation, label, IN_STEP)
        self.kill_process(first)
        second, _ = self.in_step(before, passed=[first])
        assert second in before, f"{second} was started before a node was drained for {first}"
        self.learn_addresses()
        self.killed_in_the_middle(operation, label, CONTROLLER)
        self.kill_controller()
        self.in_step(before, passed=[first, second])
        self.killed_in_the_middle(operation, label, ANOTHER)
        self.kill_process(first)  # of what is to be replaced nothing is started again, and its copies wait for a minute
        self.finish(operation)
        after = self.esaas.nodes(self.name)
        assert len(after) == 3 and not set(after) & set(before), f"not every node was replaced: {set(before)} {set(after)}"
        assert all(node["place"]["resources"]["mem_mib"] == 480 for node in after.values()), after
        assert not set(self.pids()) & set(before), f"what was replaced runs: {self.pids()}"
        self.own_volumes = self.volumes()
        self.nothing_is_left_behind()
        self.report(f"{label}: {self.attempts()}")

    def scale_out(self):
        label = "scale out"
        before = self.pids()
        operation = self.begin("scale", self.name, "4")
        new, pid = self.in_step(before)
        self.killed_in_the_middle(operation, label, IN_STEP)
        self.kill_process(new)
        self.started(new, than=pid)
        with self.frozen(new):
            self.killed_in_the_middle(operation, label, CONTROLLER)
            self.kill_controller()
            self.killed_in_the_middle(operation, label, ANOTHER)
            self.kill_process(self.least_killed(before))
        self.finish(operation, count=4)
        self.nothing_is_left_behind()
        self.report("scaled out to 4")

    def leaving(self):
        """The node that shards move away from, if there is one."""
        return next((name for name, node in self.esaas.nodes(self.name).items()
                     if node["removing"] and node["drain"] != "none"), None)

    def scale_in(self):
        """No shard moves until the controller was killed. Without the node that leaves nothing would be left for it to do, so it
        is away until the copies are complete without that node, and another one is killed."""
        label = "scale in"
        operation = self.begin("scale", self.name, "3")
        self.esaas.wait("a node is drained", self.leaving)
        leaving = self.leaving()
        self.killed_in_the_middle(operation, label, CONTROLLER)
        self.kill_controller()
        self.killed_in_the_middle(operation, label, IN_STEP)
        self.learn_addresses()  # of those that stay
        self.esaas.kill()
        self.by_hand("/_cluster/settings", {"transient": {MOVES: "4"}})
        self.by_hand("/_all/_settings", {"index.unassigned.node_left.delayed_timeout": "0s"})
        self.kill_process(leaving)
        self.esaas.wait("the copies are complete", lambda: all(self.says_green(address, 3) for address in self.known))
        self.counts.begin(label, ANOTHER)
        self.kill_process(self.least_killed(set(self.pids()) - {leaving}))
        self.esaas.start()
        self.finish(operation)
        assert not self.esaas.processes(f"node.name={leaving}"), f"{leaving} runs"
        self.nothing_is_left_behind(besides=[MOVES])
        self.report(f"scaled in to 3, without {leaving}")

    def by_hand(self, path, settings):
        """While the controller is away."""
        ask(self.known[0], path, settings, "PUT", timeout=30)

    def scale(self):
        self.scale_out()
        self.hold_moves()
        self.scale_in()

    # --- what restarts nothing: the controller alone is killed ---

    def beside(self, label, *words):
        """Nobody has acted on it yet, or it is under way: it is durable, and is brought to its end."""
        attempts = self.attempts()
        self.counts.begin(label, CONTROLLER)
        operation = self.begin(*words)
        self.kill_controller(away=0)
        self.finish(operation, count=len(attempts))
        assert self.attempts() == attempts, (attempts, self.attempts())

    def hold_moves(self):
        self.beside("settings", "settings", self.name, "--transient", f"{MOVES}=0")
        assert self.settings()[MOVES] == "0", self.settings()

    def replicas(self):
        self.beside("replicas", "replicas", self.name, "2", ONE_REPLICA)
        shown = ask(self.known[0], f"/{ONE_REPLICA}/_settings")[ONE_REPLICA]["settings"]["index"]
        assert shown["number_of_replicas"] == "2", shown
        self.esaas.run("cluster", "replicas", self.name, "1", ONE_REPLICA, "--wait", "--timeout", "60")

    def snapshot(self):
        location = str(self.esaas.repositories / "shop" / "backup")
        self.esaas.run("cluster", "snapshot", "register", self.name, "backup", location, "--wait", "--timeout", "60")
        self.beside("snapshot", "snapshot", "take", self.name, "backup", "first")
        [taken] = ask(self.known[0], "/_snapshot/backup/first")["snapshots"]
        assert taken["state"] == "SUCCESS", taken


OPERATIONS = {
    "restart": OperationsUnderWrites.restart,
    "configure": OperationsUnderWrites.configure,
    "resize": OperationsUnderWrites.resize,
    "replace": OperationsUnderWrites.replace,
    "plugin": OperationsUnderWrites.plugin,
    "scale": OperationsUnderWrites.scale,
    "replicas": OperationsUnderWrites.replicas,
    "snapshot": OperationsUnderWrites.snapshot,
}


def main():
    binary, version, *operations = sys.argv[1:]
    esaas = Installation(binary, first_agent_address=f"127.0.{50 + VERSIONS.index(version)}.11", agents=4, version=version)
    try:
        story = OperationsUnderWrites(esaas)
        story.told([OPERATIONS[each] for each in operations or OPERATIONS])
    finally:
        esaas.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
