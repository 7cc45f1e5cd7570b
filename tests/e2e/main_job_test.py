"""main_job_test.py ESAAS: the main job from one request to the deletion, with real Elasticsearch 2.3.3.

A writer and a watch on the health run through all of it: no acknowledged document may be missing, and the cluster may
never be red once its index exists.
"""

import os
import signal
import sys

from cluster_story import ClusterStory
from installation import Installation

CLUSTER = "search"


class MainJob(ClusterStory):
    def create(self):
        self.create_three()
        for number in range(3):
            assert len(self.esaas.processes(f"node.name=data-{number}")) == 1, "one process for each node"
        self.report("created: three nodes, green")

    def heal(self):
        before = self.attempts()
        [victim] = self.esaas.processes("node.name=data-1")
        os.kill(victim, signal.SIGKILL)
        self.esaas.wait("data-1 launched again", lambda: self.attempts()["data-1"] == before["data-1"] + 1)
        self.wait_whole(3, "healed")
        after = self.attempts()
        assert after["data-0"] == before["data-0"] and after["data-2"] == before["data-2"], "only data-1 was restarted"
        self.report("healed after kill -9 of data-1")

    def scale_out(self):
        self.esaas.run("cluster", "scale", CLUSTER, "4", "--wait", "--timeout", "180")
        self.wait_whole(4, "scaled out")
        self.learn_addresses()
        self.report("scaled out to 4")

    def scale_in_through_a_crash(self):
        before = self.attempts()
        self.esaas.run("cluster", "scale", CLUSTER, "3")
        self.esaas.wait("the drain began",
                        lambda: any(n["drain"] != "none" for n in self.esaas.nodes(CLUSTER).values()))
        self.esaas.kill()
        self.report("killed -9 the controller in the middle of a drain")
        self.esaas.start()
        self.learn_addresses()
        self.wait_whole(3, "scaled in")
        after = self.attempts()
        assert all(before[name] == attempt for name, attempt in after.items()), f"nodes were restarted: {before} {after}"
        assert not self.esaas.processes("node.name=data-3"), "the fourth node has ended"
        self.report("scaled in to 3 across the crash, no node restarted")

    def delete(self):
        super().delete()
        assert self.esaas.run("cluster", "show", CLUSTER, check=False).returncode != 0
        self.esaas.wait("no process is left", lambda: not self.esaas.processes())
        self.report("deleted")

    def check_records(self):
        audit = self.esaas.json("audit")
        actions = [entry["action"] for entry in audit if entry.get("cluster") == CLUSTER]
        assert actions == ["delete", "scale", "scale", "create"], actions
        assert all(e["outcome"] == "succeeded" for e in audit if e.get("cluster") == CLUSTER), audit
        create = next(entry for entry in audit if entry["action"] == "create")
        trace = self.esaas.run("trace", create["operation_id"]).stdout
        for words in ("was asked for", "was chosen for node data-0", "is running", "joined the cluster",
                      "Elasticsearch says green", "ended: succeeded"):
            assert words in trace, f"{words!r} is not in the trace:\n{trace}"
        usage = self.esaas.run("usage", "--format", "csv").stdout.splitlines()
        assert len(usage) == 2 and CLUSTER in usage[1], usage
        self.report(f"audit, trace and usage answer: {usage[1]}")

    def check_replay(self):
        self.esaas.stop()
        for command in ("verify", "fold"):
            done = self.esaas.run("log", command, "--data-dir", str(self.esaas.data))
            self.report(f"log {command}: {done.stdout.strip()}")

    def run(self):
        self.esaas.start()
        self.create()
        self.begin_writing()
        self.heal()
        self.scale_out()
        self.scale_in_through_a_crash()
        self.end_writing()
        self.delete()
        self.check_records()
        self.check_replay()


def main():
    esaas = Installation(sys.argv[1], first_agent_address="127.0.7.11")
    try:
        MainJob(esaas, CLUSTER).run()
    finally:
        esaas.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
