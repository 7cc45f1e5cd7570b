"""upgrade_test.py ESAAS FROM TO: a cluster of three nodes goes from one version to another under writes, on the embedded Mesos, with
kills in the middle. What has to hold: under_writes.py.

Rolling where Elasticsearch allows it: the node in step is killed, the controller, and another node. By a full restart where the
versions do not work together: the dry run says so, it wants the cluster's name once more, and a node and the controller are
killed. Either way a snapshot goes to a repository first, and every node runs on the volume that it had.
"""

import sys

from documents import ask
from installation import Installation
from under_writes import CONTROLLER, IN_STEP, UnderWrites

PATHS = {("2.3.3", "2.4.6"): "rolling", ("6.8.23", "7.17.28"): "rolling", ("2.4.6", "5.6.16"): "full"}


class Upgrade(UnderWrites):
    def __init__(self, esaas, to):
        super().__init__(esaas)
        self.to = to
        self.is_full = PATHS[(esaas.version, to)] == "full"
        self.confirmation = ["--confirm", self.name] if self.is_full else []

    def register_repository(self):
        location = str(self.esaas.repositories / "shop" / "backup")
        self.esaas.run("cluster", "snapshot", "register", self.name, "backup", location, "--wait", "--timeout", "60")
        self.report("registered a repository")

    def preview(self):
        shown = self.esaas.run("cluster", "upgrade", self.name, self.to, *self.confirmation, "--dry-run").stdout
        print("          " + shown.strip().replace("\n", "\n          "))
        assert "no way back" in shown, shown
        assert "at once" in shown if self.is_full else "one at a time" in shown, shown
        if self.is_full:
            refused = self.esaas.run("cluster", "upgrade", self.name, self.to, check=False)
            assert refused.returncode != 0 and "confirm" in refused.stdout + refused.stderr, refused

    def upgrade(self):
        words = ("upgrade", self.name, self.to, "--repository", "backup", *self.confirmation)
        if self.is_full:
            self.all_at_once("full upgrade", *words)
        else:
            self.rolling("upgrade", *words)
        versions = {address: ask(address, "/", timeout=20)["version"]["number"] for address in self.addresses()}
        assert list(versions.values()) == [self.to] * 3, versions
        self.report(f"every node runs {self.to}")

    def all_at_once(self, label, *words):
        """The controller is killed while nodes stop, and one of them as soon as it was started again."""
        before = self.pids()
        self.counts.begin(label, CONTROLLER)  # its snapshot and flush are before the first stop
        operation = self.begin(*words)
        first, _ = self.in_step(before)
        assert self.status(operation) == "running"
        self.kill_controller()
        self.started(first, than=before[first])
        self.killed_in_the_middle(operation, label, IN_STEP)
        self.kill_process(first)
        self.finish(operation)
        self.nothing_is_left_behind()


def main():
    binary, before, after = sys.argv[1:]
    number = list(PATHS).index((before, after))
    esaas = Installation(binary, first_agent_address=f"127.0.{20 + number}.11", version=before, other_versions=[after])
    try:
        story = Upgrade(esaas, after)
        # Red while all nodes start is what was announced.
        story.told([Upgrade.register_repository, Upgrade.preview, Upgrade.upgrade], red_is_announced=story.is_full)
    finally:
        esaas.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
