"""operations_under_writes_test.py ESAAS VERSION [OPERATION...]: every operation on a cluster of three nodes while clients write,
read and watch the health, each with three kills in its middle: of the node in step, of the controller, and of another node.
With names of operations only those.

Of two indices one has one replica and the other two. No acknowledged document may be missing. With two replicas the cluster may
never be red; with one only where another node than the one in step is killed, and then it becomes green again on the nodes' own
volumes. Nothing of what was set for an operation may be left behind. Ends with a table of what was counted.

On 2.x another node is killed while the nodes are restarted only when ESAAS_KILL_ANOTHER is set: acknowledged documents are lost
then, and the test fails.
"""

import hashlib
import os
import sys

from documents import HealthWatch, Reader, Writer, ask
from installation import Installation
from killing import Killing
from plugin_archives import plugin_of
from write_counts import WriteCounts

VERSIONS = ["2.3.3", "2.4.6", "5.6.16", "6.8.23", "7.17.28"]
ONE_REPLICA, TWO_REPLICAS = "documents", "everywhere"
IN_STEP, CONTROLLER, ANOTHER, TWO = "node in step", "controller", "another node", "two away"
RATE = "indices.recovery.max_bytes_per_sec"
SETTING = "indices.fielddata.cache.size"


class OperationsUnderWrites(Killing):
    def __init__(self, esaas):
        super().__init__(esaas, "search")
        self.writers = {}
        self.counts = None
        # Elasticsearch before 5.0 makes a copy a primary that was away for its restart and lacks the writes since, when the
        # node with the newer one is killed before the copy has caught up.
        self.spares_another = esaas.version.startswith("2.") and "ESAAS_KILL_ANOTHER" not in os.environ

    # --- what is asked and seen ---

    def begin(self, *words):
        return self.esaas.json("cluster", *words)["operation_id"]

    def killed_in_the_middle(self, operation, label, which):
        """From here on what is counted belongs to this kill."""
        status = self.status(operation)
        assert status == "running", f"{label} is {status} before the kill of {which}"
        self.counts.begin(label, which)

    def finish(self, operation, count=3):
        done = self.esaas.run("operation", "wait", operation, "--timeout", "300", check=False, timeout=330)
        assert done.returncode == 0, done.stdout + done.stderr
        self.learn_addresses()
        self.wait_whole(count, f"after {operation}")
        self.counts.end()

    def settings(self):
        """What is in force of the cluster's settings, by key."""
        shown = ask(self.known[0], "/_cluster/settings?flat_settings=true", timeout=20)
        return {**shown["persistent"], **shown["transient"]}

    def nothing_is_left_behind(self):
        """2.x can not take a setting away, and has what is without effect."""
        left = {key: value for key, value in self.settings().items() if key.startswith("cluster.routing.allocation.")}
        assert all(value in ("all", "") for value in left.values()), left

    # --- operations that restart the nodes one after the other ---

    def rolling(self, label, *words, last=ANOTHER):
        """The last kill is of another node when the one in step is a member again, or with TWO while it is away."""
        before = self.pids()
        attempts = self.attempts()
        operation = self.begin(*words)
        first, _ = self.in_step(before)
        self.killed_in_the_middle(operation, label, IN_STEP)
        self.started(first, than=before[first])
        self.kill_process(first)
        second, _ = self.in_step(before, passed=[first])
        self.killed_in_the_middle(operation, label, CONTROLLER)
        self.kill_controller()
        third, _ = self.in_step(before, passed=[first, second])
        if self.spares_another:
            self.counts.begin(label, "none")
        else:
            self.killed_in_the_middle(operation, label, last)
            if last == ANOTHER:
                self.started(third, than=before[third])
                self.listed(3)
            self.kill_process(second)
        self.finish(operation)
        after = self.attempts()
        assert all(after[name] > attempts[name] for name in before), (attempts, after)
        # Once for the operation, and once more only where it was killed.
        assert after[third] == attempts[third] + 1, f"{third} was restarted twice: {attempts} {after}"
        self.nothing_is_left_behind()
        self.report(f"{label}: {after}")

    def restart(self):
        self.rolling("restart", "restart", self.name)

    def configure(self):
        self.rolling("configure", "configure", self.name, f"{SETTING}=30%", last=TWO)
        nodes = ask(self.known[0], "/_nodes/settings?flat_settings=true", timeout=20)["nodes"].values()
        assert [node["settings"].get(SETTING) for node in nodes] == ["30%"] * 3, nodes

    def resize(self):
        self.rolling("resize", "resize", self.name, "--mem-mib", "576")
        nodes = self.esaas.nodes(self.name)
        assert all(node["place"]["resources"]["mem_mib"] == 576 for node in nodes.values()), nodes

    def install_plugin(self):
        plugin, archive = plugin_of(self.esaas.version, self.esaas.root)
        self.rolling("plugin install", "plugin", "install", self.name, plugin, "--uri", f"file://{archive}", "--sha256",
                     hashlib.sha256(archive.read_bytes()).hexdigest())
        nodes = ask(self.known[0], "/_nodes/plugins", timeout=20)["nodes"].values()
        assert [[each["name"] for each in node["plugins"]] for node in nodes] == [[plugin]] * 3, nodes

    # --- more nodes and fewer ---

    def scale_out(self):
        before = self.pids()
        operation = self.begin("scale", self.name, "4")
        new, pid = self.in_step(before)
        self.killed_in_the_middle(operation, "scale out", IN_STEP)
        self.kill_process(new)
        self.started(new, than=pid)
        self.killed_in_the_middle(operation, "scale out", CONTROLLER)
        self.kill_controller()
        self.killed_in_the_middle(operation, "scale out", ANOTHER)
        self.kill_process("data-0")
        self.finish(operation, count=4)
        self.nothing_is_left_behind()
        self.report("scaled out to 4")

    def leaving(self):
        """The node that shards move away from, if there is one."""
        return next((name for name, node in self.esaas.nodes(self.name).items()
                     if node["removing"] and node["drain"] != "none"), None)

    def scale_in(self):
        """Shards move slowly, so that the kills are in the middle."""
        operation = self.begin("scale", self.name, "3")
        self.esaas.wait("a node is drained", self.leaving)
        leaving = self.leaving()
        self.learn_addresses()
        self.killed_in_the_middle(operation, "scale in", IN_STEP)
        self.kill_process(leaving)
        self.listed(3)
        self.killed_in_the_middle(operation, "scale in", CONTROLLER)
        self.kill_controller()
        self.killed_in_the_middle(operation, "scale in", ANOTHER)
        self.kill_process("data-1" if leaving == "data-0" else "data-0")
        self.finish(operation)
        assert not self.esaas.processes(f"node.name={leaving}"), f"{leaving} runs"
        self.nothing_is_left_behind()
        self.report(f"scaled in to 3, without {leaving}")

    # --- what restarts nothing: the controller alone is killed ---

    def beside(self, label, *words):
        """Nobody has acted on it yet, or it is under way: it is durable, and is brought to its end."""
        attempts = self.attempts()
        self.counts.begin(label, CONTROLLER)
        operation = self.begin(*words)
        self.kill_controller(away=0)
        self.finish(operation, count=len(attempts))
        assert self.attempts() == attempts, (attempts, self.attempts())

    def slow_recoveries(self):
        self.beside("settings", "settings", self.name, "--transient", f"{RATE}=40kb")
        assert self.settings()[RATE] == "40kb", self.settings()

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

    # --- all of it ---

    def scale(self):
        self.scale_out()
        self.slow_recoveries()
        self.scale_in()
        self.esaas.run("cluster", "settings", self.name, "--transient", f"{RATE}=40mb", "--wait", "--timeout", "60")

    def begin_writing(self):
        for index, replicas in ((ONE_REPLICA, 1), (TWO_REPLICAS, 2)):
            ask(self.known[0], f"/{index}", {"settings": {"number_of_shards": 2, "number_of_replicas": replicas}}, "PUT", 30)
            self.writers[index] = Writer(self.addresses, index, pause=0.02)
        # The controller may not have seen yet that they are new, and red for a moment.
        ask(self.known[0], "/_cluster/health?wait_for_status=green&timeout=50s", timeout=60)
        self.watch = HealthWatch(self.addresses)
        self.readers = [Reader(writer) for writer in self.writers.values()]
        self.counts = WriteCounts(self.writers, self.watch)
        for client in (*self.writers.values(), *self.readers, self.watch):
            client.start()
        self.esaas.wait("documents are written", lambda: all(each.acknowledged > 50 for each in self.writers.values()))

    def end_writing(self):
        for client in (*self.writers.values(), *self.readers, self.watch):
            client.stop()
        absent = [identifier for reader in self.readers for identifier in reader.absent]
        self.counts.print(self.known[0])
        print(f"          {sum(reader.checked for reader in self.readers)} times a document was looked for meanwhile, "
              f"{len(absent)} times in vain; health seen: {self.watch.seen}", flush=True)
        missing = self.counts.missing(self.known[0])
        assert not any(missing.values()), f"acknowledged documents are missing: {missing}"
        assert not absent, f"acknowledged documents were not there for a while: {absent[:10]}"
        assert self.counts.red_seconds(TWO_REPLICAS, besides=[TWO]) == 0, "red with two replicas"
        assert self.counts.red_seconds(ONE_REPLICA, besides=[ANOTHER, TWO]) == 0, "red where another node was not killed"
        assert all(row.acknowledged() > 0 for row in self.counts.rows), "the writers wrote too little to show anything"

    def run(self, operations):
        self.esaas.start()
        self.create_three()
        volumes = self.volumes()
        self.report(f"three nodes of {self.esaas.version}, green")
        if self.spares_another:
            self.report("another node than the one in step is spared in rolling operations: see ESAAS_KILL_ANOTHER")
        self.begin_writing()
        try:
            for operation in operations:
                OPERATIONS[operation](self)
        except BaseException:
            self.counts.print(self.known[0])
            print(self.esaas.run("why", "cluster", self.name, check=False).stdout, flush=True)
            raise
        self.end_writing()
        assert self.volumes() == volumes, (volumes, self.volumes())
        self.delete()
        self.esaas.stop()
        done = self.esaas.run("log", "fold", "--data-dir", str(self.esaas.data))
        assert "equal" in done.stdout, done.stdout
        self.report("deleted; the log folds to the same state")


OPERATIONS = {
    "restart": OperationsUnderWrites.restart,
    "configure": OperationsUnderWrites.configure,
    "resize": OperationsUnderWrites.resize,
    "plugin": OperationsUnderWrites.install_plugin,
    "scale": OperationsUnderWrites.scale,
    "replicas": OperationsUnderWrites.replicas,
    "snapshot": OperationsUnderWrites.snapshot,
}


def main():
    binary, version, *operations = sys.argv[1:]
    esaas = Installation(binary, first_agent_address=f"127.0.{50 + VERSIONS.index(version)}.11", agents=4, version=version)
    try:
        OperationsUnderWrites(esaas).run(operations or OPERATIONS)
    finally:
        esaas.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
