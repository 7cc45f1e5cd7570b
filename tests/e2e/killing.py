"""Kills in the middle of an operation: of the node in step, of another one, and of the controller."""

import contextlib
import os
import re
import signal
import time
from collections import Counter
from pathlib import Path

from cluster_story import ClusterStory
from documents import ask


class Killing(ClusterStory):
    """One cluster whose nodes are seen by their processes, which are quicker to tell than the controller."""

    def __init__(self, esaas, name):
        super().__init__(esaas, name)
        self.kills = Counter()  # of each node

    def least_killed(self, names):
        """A node waits the longer for its next launch the more often it has failed lately."""
        return min(sorted(names), key=lambda name: self.kills[name])

    def pids(self):
        """Of each node of the cluster that runs."""
        found = {}
        for pid in self.esaas.processes(f"cluster.name={self.name}"):
            with contextlib.suppress(OSError):
                named = re.search(rb"node\.name=([^\0]+)", Path(f"/proc/{pid}/cmdline").read_bytes())
                if named:  # else it ended meanwhile
                    found[named[1].decode()] = pid
        return found

    def in_step(self, before, passed=()):
        """The next node that has stopped, or was started, since `before`, but for those in `passed`; and its pid by then."""
        seen = {}

        def has_changed():
            now = self.pids()
            seen.update({name: now.get(name) for name in {*before, *now} - set(passed)
                         if now.get(name) != before.get(name)})
            return seen
        self.esaas.wait("a node is in step", has_changed, timeout=240)
        return min(seen), seen[min(seen)]

    def started(self, name, than=None):
        """The node's pid when it runs, other than the one it had."""
        self.esaas.wait(f"a process of {name}", lambda: self.pids().get(name) not in (None, than))
        return self.pids()[name]

    def listed(self, count):
        """So many nodes are members, as one of them says."""
        def members():
            for address in self.addresses():
                with contextlib.suppress(OSError, ValueError):
                    return ask(address, "/_cluster/health", timeout=2)["number_of_nodes"]
            return None
        self.esaas.wait(f"{count} nodes are members", lambda: members() == count)

    def kill_process(self, name):
        """Until it is gone: what is seen from then on is not of before."""
        pid = self.started(name)
        os.kill(pid, signal.SIGKILL)
        self.kills[name] += 1
        self.esaas.wait(f"the process of {name} is gone", lambda: self.pids().get(name) != pid, timeout=30)
        self.report(f"kill -9 of {name}")

    @contextlib.contextmanager
    def frozen(self, name):
        """Its process, which starts, does nothing meanwhile: an operation that waits for it to join is not over by chance."""
        pid = self.started(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def kill_controller(self, away=1):
        """For so many seconds."""
        self.esaas.kill()
        time.sleep(away)
        self.esaas.start()
        self.report("kill -9 of the controller, and started again")

    def status(self, operation):
        return self.esaas.json("operation", "show", operation)["status"]

    def volumes(self):
        return {name: node["place"]["volume_id"] for name, node in self.esaas.nodes(self.name).items()}
