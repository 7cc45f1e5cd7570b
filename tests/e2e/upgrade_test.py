"""upgrade_test.py ESAAS FROM TO: a cluster of three nodes with documents goes from one version to another, on the embedded Mesos.

Rolling where Elasticsearch allows it: a client writes all the time, the node in step is killed once, the controller once in the
middle; no acknowledged document may be missing and the cluster may never be red. By a full restart where the versions do not work
together: the dry run says so, it wants the cluster's name once more, and after it every document is there.
Either way a snapshot goes to a repository first, and every node runs on the volume that it had.
"""

import os
import signal
import sys
import threading
import time

from cluster_story import ClusterStory
from documents import ask
from installation import Installation

CLUSTER = "search"
PATHS = {("2.3.3", "2.4.6"): "rolling", ("6.8.23", "7.17.28"): "rolling", ("2.4.6", "5.6.16"): "full"}


class Upgrade(ClusterStory):
    def __init__(self, esaas, to):
        super().__init__(esaas, CLUSTER)
        self.to = to

    def volumes(self):
        return {name: node["place"]["volume_id"] for name, node in self.esaas.nodes(CLUSTER).items()}

    def versions(self):
        found = {}
        for address in self.addresses():
            try:
                found[address] = ask(address, "/", timeout=2)["version"]["number"]
            except (OSError, ValueError, KeyError):
                found[address] = None
        return found

    def register_repository(self):
        location = str(self.esaas.repositories / "shop" / "backup")
        self.esaas.run("cluster", "snapshot", "register", CLUSTER, "backup", location, "--wait", "--timeout", "60")
        self.report("registered a repository")

    def preview(self, kind):
        shown = self.esaas.run("cluster", "upgrade", CLUSTER, self.to, *self.confirmation(kind), "--dry-run").stdout
        print("          " + shown.strip().replace("\n", "\n          "))
        assert "no way back" in shown, shown
        assert ("all at once" in shown or "at once" in shown) if kind == "full" else "one at a time" in shown, shown
        if kind == "full":
            refused = self.esaas.run("cluster", "upgrade", CLUSTER, self.to, check=False)
            assert refused.returncode != 0 and "confirm" in refused.stdout + refused.stderr, refused

    @staticmethod
    def confirmation(kind):
        return ["--confirm", CLUSTER] if kind == "full" else []

    def begin(self, kind):
        done = self.esaas.json("cluster", "upgrade", CLUSTER, self.to, "--repository", "backup", *self.confirmation(kind))
        return done["operation_id"]

    def hurt_once(self, operation):
        """Kills the node that is in step when it has been launched again, and the controller a little later."""
        def one_restarted():
            return any(attempt > 1 for attempt in self.attempts().values())
        self.esaas.wait("a node is launched again", one_restarted, timeout=180)
        [name] = [name for name, attempt in self.attempts().items() if attempt > 1]
        self.esaas.wait("its process", lambda: self.esaas.processes(f"node.name={name}"), timeout=30)
        for pid in self.esaas.processes(f"node.name={name}"):
            os.kill(pid, signal.SIGKILL)
        self.report(f"kill -9 of {name}, the node in step")
        time.sleep(3)
        self.esaas.kill()
        time.sleep(1)
        self.esaas.start()
        self.report(f"kill -9 of the controller in the middle of {operation}, and started again")

    def finish(self, operation):
        done = self.esaas.run("operation", "wait", operation, "--timeout", "600", check=False, timeout=700)
        print("          " + (done.stdout + done.stderr).strip().replace("\n", "\n          "))
        assert done.returncode == 0, done
        self.wait_whole(3, "upgraded")
        self.learn_addresses()
        self.esaas.wait(f"every node says {self.to}", lambda: set(self.versions().values()) == {self.to}, timeout=30)
        settings = ask(self.known[0], "/_cluster/settings?flat_settings=true")
        # 2.x takes no setting away: what lifts the restriction there is "all".
        enable = settings["transient"].get("cluster.routing.allocation.enable", "all")
        assert enable == "all", f"left behind: {settings}"
        self.report(f"every node runs {self.to}, and no allocation setting is left behind")

    def run(self):
        kind = PATHS[(self.esaas.version, self.to)]
        self.esaas.start()
        self.create_three()
        self.report(f"created: three nodes of {self.esaas.version}")
        self.begin_writing()
        self.register_repository()
        volumes = self.volumes()
        self.preview(kind)
        if kind == "rolling":
            operation = self.begin(kind)
            self.hurt_once(operation)
            self.finish(operation)
            self.esaas.wait("enough is written", lambda: self.writer.acknowledged > 400)
        else:
            self.esaas.wait("enough is written", lambda: self.writer.acknowledged > 400)
            self.watch.stop()  # red while all nodes start: that is what was announced
            operation = self.begin(kind)
            threading.Event().wait(5)
            self.esaas.kill()
            self.esaas.start()
            self.report(f"kill -9 of the controller in the middle of {operation}, and started again")
            self.finish(operation)
        assert self.volumes() == volumes, "a node lost its volume"
        self.end_writing()
        self.delete()
        self.report("deleted")


def main():
    binary, before, after = sys.argv[1:]
    number = list(PATHS).index((before, after))
    esaas = Installation(binary, first_agent_address=f"127.0.{20 + number}.11", version=before, other_versions=[after])
    try:
        Upgrade(esaas, after).run()
    finally:
        esaas.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
