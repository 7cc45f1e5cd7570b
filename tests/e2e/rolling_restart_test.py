"""rolling_restart_test.py ESAAS [VERSION]: three nodes of real Elasticsearch, 2.3.3 unless told, restarted one after the other while
a client writes.

Once as it was asked for; once for another setting of the nodes' own configuration, with a kill -9 of the node in step when it
has been launched again; once with a kill -9 of the controller while a node is away, and of a node before its step. No
acknowledged document may be missing, the cluster may never be red, every node stays on its volume, and nothing of what was set
for the restarts may be left behind.
"""

import os
import signal
import sys
import time

from cluster_story import ClusterStory
from documents import ask
from installation import Installation

CLUSTER = "search"
SETTING = "indices.fielddata.cache.size"


class RollingRestart(ClusterStory):
    def __init__(self, esaas):
        super().__init__(esaas, CLUSTER)

    def volumes(self):
        return {name: node["place"]["volume_id"] for name, node in self.esaas.nodes(CLUSTER).items()}

    def allocation(self):
        """The transient setting in force; 2.x can not take one away, and "all" is what it does without it."""
        settings = ask(self.known[0], "/_cluster/settings?flat_settings=true")
        return settings["transient"].get("cluster.routing.allocation.enable", "all")

    def configured(self):
        """By node, the value of the setting in its own configuration."""
        nodes = ask(self.known[0], "/_nodes/settings?flat_settings=true")["nodes"].values()
        return {node["name"]: node["settings"].get(SETTING) for node in nodes}

    def begin(self, *words):
        return self.esaas.json("cluster", *words)["operation_id"]

    def finish(self, operation, restarts):
        """`restarts`: how often each node was launched before."""
        done = self.esaas.run("operation", "wait", operation, "--timeout", "400", check=False, timeout=450)
        assert done.returncode == 0, done.stdout + done.stderr
        self.wait_whole(3, "restarted")
        after = self.attempts()
        assert all(after[name] > restarts[name] for name in restarts), (restarts, after)
        assert self.allocation() == "all", self.allocation()
        return after

    def one_is_launched_again(self, before):
        """The node that was, as soon as one was."""
        self.esaas.wait("a node is launched again", lambda: self.attempts() != before, timeout=120)
        after = self.attempts()
        return next(name for name in before if after[name] > before[name])

    def kill_node(self, name):
        self.esaas.wait(f"the process of {name}", lambda: self.esaas.processes(f"node.name={name}"), timeout=30)
        for pid in self.esaas.processes(f"node.name={name}"):
            os.kill(pid, signal.SIGKILL)

    def restart(self):
        before = self.attempts()
        operation = self.begin("restart", CLUSTER)
        after = self.finish(operation, before)
        assert all(after[name] == before[name] + 1 for name in before), (before, after)
        self.report(f"restarted one after the other: {after}")

    def configure_and_kill_the_node_in_step(self):
        before = self.attempts()
        operation = self.begin("configure", CLUSTER, f"{SETTING}=30%")
        name = self.one_is_launched_again(before)
        self.kill_node(name)
        self.report(f"kill -9 of {name}, the node in step")
        self.finish(operation, before)
        assert set(self.configured().values()) == {"30%"}, self.configured()
        self.report(f"every node has the new setting: {self.attempts()}")

    def restart_and_kill_the_controller(self):
        before = self.attempts()
        operation = self.begin("restart", CLUSTER)
        name = self.one_is_launched_again(before)
        self.esaas.kill()
        time.sleep(2)
        self.esaas.start()
        self.report(f"kill -9 of the controller while {name} was away, and started again")
        after = self.finish(operation, before)
        assert all(after[name] == before[name] + 1 for name in before), (before, after)
        self.report(f"no node was restarted twice: {after}")

    def run(self):
        self.esaas.start()
        self.create_three()
        volumes = self.volumes()
        self.report("three nodes, green")
        self.begin_writing()
        self.restart()
        self.configure_and_kill_the_node_in_step()
        self.restart_and_kill_the_controller()
        assert self.volumes() == volumes, (volumes, self.volumes())
        began = self.esaas.run("audit", check=False).stdout
        assert "restart" in began, began[-500:]
        self.end_writing()
        self.delete()
        self.report("deleted")


def main():
    version = sys.argv[2] if len(sys.argv) > 2 else "2.3.3"
    first = "127.0.29.11" if version == "2.3.3" else "127.0.30.11"
    installation = Installation(sys.argv[1], first_agent_address=first, agents=3, version=version)
    try:
        RollingRestart(installation).run()
        installation.stop()
    finally:
        installation.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
