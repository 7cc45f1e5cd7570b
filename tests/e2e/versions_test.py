"""versions_test.py ESAAS VERSION: one version of Elasticsearch from creation to deletion, on the embedded Mesos or the real one
that ESAAS_MESOS_MASTER names (tests/lab/mesos/with_mesos.py).

Three nodes become green, a client writes, a killed node comes back on its own volume; on 7.17.28 the cluster is scaled out and
in besides. No acknowledged document may be missing, and the cluster may never be red once its index exists.
"""

import os
import signal
import sys
from pathlib import Path

from cluster_story import ClusterStory
from documents import ask
from installation import Installation

VERSIONS = ["2.3.3", "2.4.6", "5.6.16", "6.8.23", "7.17.28"]
SCALED = "7.17.28"


class OneVersion(ClusterStory):
    def processes(self, *words):
        """Pids of the cluster's Java processes, in whosever sandboxes they are."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                line = (entry / "cmdline").read_text(errors="replace") if entry.name.isdigit() else ""
            except OSError:
                continue
            if "java" in line.split("\0")[0] and all(word in line for word in (f"cluster.name={self.name}", *words)):
                found.append(int(entry.name))
        return found

    def check_versions(self):
        for address in self.addresses():
            number = ask(address, "/")["version"]["number"]
            assert number == self.esaas.version, f"{address} is of version {number}"
        assert len(self.processes()) == 3, self.processes()
        for pid in self.processes():
            assert os.stat(f"/proc/{pid}").st_uid != 0, "no node runs as root"
        self.report(f"created: three nodes of {self.esaas.version}, green, none of them as root")

    def heal(self):
        [victim] = self.processes("node.name=data-1")
        os.kill(victim, signal.SIGKILL)
        self.esaas.wait("data-1 launched again", lambda: self.attempts()["data-1"] == 2)
        self.wait_whole(3, "healed")
        assert self.attempts() == {"data-0": 1, "data-1": 2, "data-2": 1}, "only data-1 was restarted"
        self.report("healed after kill -9 of data-1")

    def scale(self):
        self.esaas.run("cluster", "scale", self.name, "4", "--wait", "--timeout", "180")
        self.wait_whole(4, "scaled out")
        self.learn_addresses()
        self.report("scaled out to 4")
        before = self.attempts()
        self.esaas.run("cluster", "scale", self.name, "3", "--wait", "--timeout", "180")
        self.learn_addresses()
        self.wait_whole(3, "scaled in")
        after = self.attempts()
        assert all(before[name] == attempt for name, attempt in after.items()), f"nodes were restarted: {before} {after}"
        self.report("scaled in to 3, no node restarted")

    def run(self):
        self.esaas.start()
        self.create_three()
        self.check_versions()
        self.begin_writing()
        self.heal()
        if self.esaas.version == SCALED:
            self.scale()
        self.esaas.wait("enough is written", lambda: self.writer.acknowledged > 400)
        self.end_writing()
        self.delete()
        self.esaas.wait("no process is left", lambda: not self.processes())
        self.report("deleted")


def main():
    binary, version = sys.argv[1:]
    master = os.environ.get("ESAAS_MESOS_MASTER")
    esaas = Installation(binary, first_agent_address=f"127.0.{14 + VERSIONS.index(version)}.11", version=version, master=master)
    try:
        OneVersion(esaas, f"{'real' if master else 'embedded'}-{version.replace('.', '-')}").run()
    finally:
        esaas.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
