"""main_job_test.py ESAAS: the main job from one request to the deletion, with real Elasticsearch 2.3.3.

A writer and a watch on the health run through all of it: no acknowledged document may be missing, and the cluster may
never be red once its index exists.
"""

import os
import signal
import sys
import time

from documents import HealthWatch, Writer, ask
from installation import Installation

CLUSTER = "search"


def report(what, began):
    print(f"{time.monotonic() - began:6.1f} s  {what}", flush=True)


class MainJob:
    def __init__(self, esaas):
        self.esaas = esaas
        self.known = []
        self.began = time.monotonic()

    def addresses(self):
        return list(self.known)

    def learn_addresses(self):
        nodes = self.esaas.nodes(CLUSTER).values()
        self.known = [f"{n['place']['hostname']}:{n['place']['http_port']}" for n in nodes
                      if n.get("task", {}).get("joined") and not n["removing"]]

    def attempts(self):
        return {name: node["attempt"] for name, node in self.esaas.nodes(CLUSTER).items()}

    def is_whole(self, count):
        cluster = self.esaas.cluster(CLUSTER)
        joined = [n for n in cluster["nodes"] if n.get("task", {}).get("joined")]
        return (cluster["health"]["status"] == "green" and len(cluster["nodes"]) == count and len(joined) == count
                and cluster["health"]["nodes"] == count)

    def create(self):
        self.esaas.run("tenant", "create", "shop")
        self.esaas.run("cluster", "create", CLUSTER, "--tenant", "shop", "--version", "2.3.3", "--nodes", "3",
                       "--cpus-milli", "500", "--mem-mib", "512", "--disk-mib", "1024", "--reason", "test", "--wait",
                       "--timeout", "180")
        self.esaas.wait("three nodes, green", lambda: self.is_whole(3))
        self.learn_addresses()
        for number in range(3):
            assert len(self.esaas.processes(f"node.name=data-{number}")) == 1, "one process for each node"
        report("created: three nodes, green", self.began)

    def heal(self):
        before = self.attempts()
        [victim] = self.esaas.processes("node.name=data-1")
        os.kill(victim, signal.SIGKILL)
        self.esaas.wait("data-1 launched again", lambda: self.attempts()["data-1"] == before["data-1"] + 1)
        self.esaas.wait("healed", lambda: self.is_whole(3))
        after = self.attempts()
        assert after["data-0"] == before["data-0"] and after["data-2"] == before["data-2"], "only data-1 was restarted"
        report("healed after kill -9 of data-1", self.began)

    def scale_out(self):
        self.esaas.run("cluster", "scale", CLUSTER, "4", "--wait", "--timeout", "180")
        self.esaas.wait("four nodes, green", lambda: self.is_whole(4))
        self.learn_addresses()
        report("scaled out to 4", self.began)

    def scale_in_through_a_crash(self):
        before = self.attempts()
        self.esaas.run("cluster", "scale", CLUSTER, "3")
        self.esaas.wait("the drain began",
                        lambda: any(n["drain"] != "none" for n in self.esaas.nodes(CLUSTER).values()))
        self.esaas.kill()
        report("killed -9 the controller in the middle of a drain", self.began)
        self.esaas.start()
        self.learn_addresses()
        self.esaas.wait("three nodes, green", lambda: self.is_whole(3))
        after = self.attempts()
        assert all(before[name] == attempt for name, attempt in after.items()), f"nodes were restarted: {before} {after}"
        assert not self.esaas.processes("node.name=data-3"), "the fourth node has ended"
        report("scaled in to 3 across the crash, no node restarted", self.began)

    def delete(self):
        self.esaas.run("cluster", "delete", CLUSTER, "--confirm", CLUSTER, "--wait", "--timeout", "180")
        assert self.esaas.run("cluster", "show", CLUSTER, check=False).returncode != 0
        self.esaas.wait("no process is left", lambda: not self.esaas.processes())
        report("deleted", self.began)

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
        report(f"audit, trace and usage answer: {usage[1]}", self.began)

    def check_replay(self):
        self.esaas.stop()
        for command in ("verify", "fold"):
            done = self.esaas.run("log", command, "--data-dir", str(self.esaas.data))
            report(f"log {command}: {done.stdout.strip()}", self.began)

    def run(self):
        self.esaas.start()
        self.create()
        writer, watch = Writer(self.addresses), HealthWatch(self.addresses)
        writer.start()
        self.esaas.wait("documents are written", lambda: writer.acknowledged > 100)
        self.esaas.wait("the index is green", lambda: self.is_whole(3))
        watch.start()
        self.heal()
        self.scale_out()
        self.scale_in_through_a_crash()
        writer.stop()
        watch.stop()
        missing = writer.missing(self.known[0])
        count = ask(self.known[0], "/documents/_count")["count"]
        print(f"          {writer.acknowledged} documents acknowledged, {writer.failed} refused, {count} counted, "
              f"{len(missing)} missing; health seen: {watch.seen}")
        assert not missing, f"acknowledged documents are missing: {missing[:10]}"
        assert writer.acknowledged > 300, "the writer wrote too little to show anything"
        assert watch.seen["red"] == 0 and watch.seen["green"] > 0, watch.seen
        self.delete()
        self.check_records()
        self.check_replay()


def main():
    esaas = Installation(sys.argv[1], first_agent_address="127.0.7.11")
    try:
        MainJob(esaas).run()
    finally:
        esaas.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
