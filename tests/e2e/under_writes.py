"""Operations on one cluster of three nodes while clients write, read and watch the health, with kills in their middle.

Of two indices one has one replica and the other two. No acknowledged document may be missing. With two replicas the cluster may
never be red; with one only where another node than the one in step is killed, and then it becomes green again on the nodes' own
volumes. Nothing of what was set for an operation may be left behind. Ends with a table of what was counted.
"""

from documents import HealthWatch, Reader, Writer, ask
from killing import Killing
from write_counts import WriteCounts

ONE_REPLICA, TWO_REPLICAS = "documents", "everywhere"
# What is killed; with TWO another node while the one in step is away.
IN_STEP, CONTROLLER, ANOTHER, TWO = "node in step", "controller", "another node", "two away"


class UnderWrites(Killing):
    def __init__(self, esaas):
        super().__init__(esaas, "search")
        self.writers = {}
        self.counts = None
        self.own_volumes = None  # by node, where each has to be in the end

    # --- what is asked and seen ---

    def begin(self, *words):
        return self.esaas.json("cluster", *words)["operation_id"]

    def killed_in_the_middle(self, operation, label, which):
        """From here on what is counted belongs to this kill."""
        status = self.status(operation)
        assert status == "running", f"{label} is {status} before the kill of {which}"
        self.counts.begin(label, which)

    def finish(self, operation, count=3):
        """To the end of the operation, and until every node says itself that so many are members and all is green."""
        done = self.esaas.run("operation", "wait", operation, "--timeout", "300", check=False, timeout=330)
        assert done.returncode == 0, done.stdout + done.stderr
        self.wait_whole(count, f"after {operation}")
        self.learn_addresses()
        self.esaas.wait("the writers write", lambda: self.counts.acknowledged() > 0, timeout=60)
        self.counts.end()

    def is_whole(self, count):
        """The controller may not have seen yet what was killed, and a node may be behind the others."""
        if not super().is_whole(count):
            return False
        self.learn_addresses()
        return len(self.known) == count and all(self.says_green(address, count) for address in self.known)

    @staticmethod
    def says_green(address, count):
        try:
            health = ask(address, "/_cluster/health", timeout=10)
            return health["status"] == "green" and health["number_of_nodes"] == count
        except (OSError, ValueError, KeyError):
            return False

    def settings(self):
        """What is in force of the cluster's settings, by key."""
        shown = ask(self.known[0], "/_cluster/settings?flat_settings=true", timeout=20)
        return {**shown["persistent"], **shown["transient"]}

    def nothing_is_left_behind(self, besides=()):
        """2.x can not take a setting away, and has what is without effect."""
        left = {key: value for key, value in self.settings().items()
                if key.startswith("cluster.routing.allocation.") and key not in besides}
        assert all(value in ("all", "") for value in left.values()), left
        of_indices = ask(self.known[0], "/_all/_settings?flat_settings=true", timeout=20)
        waiting = [index for index, each in of_indices.items()
                   if each["settings"].get("index.recovery.initial_shards") == "all"]
        assert not waiting, f"these still wait for all of their copies: {waiting}"

    # --- operations that restart the nodes one after the other ---

    def rolling(self, label, *words, last=ANOTHER):
        """Of the first two nodes one is killed in its step, and the controller in the step of the other. The last kill is of that
        other one, when the third is a member again, or with TWO while it is away."""
        before, attempts = self.pids(), self.attempts()
        operation = self.begin(*words)
        killed = crashed = None
        while not (killed and crashed):
            name, _ = self.in_step(before, passed=[killed, crashed])
            if not killed and (crashed or self.kills[name] == min(self.kills[each] for each in before)):
                killed = name
                self.killed_in_the_middle(operation, label, IN_STEP)
                self.started(name, than=before[name])
                self.kill_process(name)
            else:
                crashed = name
                self.killed_in_the_middle(operation, label, CONTROLLER)
                self.kill_controller()
                launched = self.started(name, than=before[name])
        third, _ = self.in_step(before, passed=[killed, crashed])
        # Not by its attempts: one that the controller had in mind when it was killed counts too.
        assert self.pids().get(crashed) == launched, f"{crashed} was started twice: {attempts} {self.attempts()}"
        self.killed_in_the_middle(operation, label, last)
        if last == ANOTHER:
            self.started(third, than=before[third])
            self.listed(3)
        self.kill_process(crashed)
        self.finish(operation)
        after = self.attempts()
        assert all(after[name] > attempts[name] for name in before), (attempts, after)
        assert after[third] == attempts[third] + 1, f"{third} was restarted twice: {attempts} {after}"
        self.nothing_is_left_behind()
        self.report(f"{label}: {after}")

    # --- the clients ---

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

    def end_writing(self, red_is_announced=False):
        for client in (*self.writers.values(), *self.readers, self.watch):
            client.stop()
        absent = [identifier for reader in self.readers for identifier in reader.absent]
        self.counts.print(self.known[0])
        print(f"          {sum(reader.checked for reader in self.readers)} times a document was looked for meanwhile, "
              f"{len(absent)} times in vain; health seen: {self.watch.seen}", flush=True)
        missing = self.counts.missing(self.known[0])
        assert not any(missing.values()), f"acknowledged documents are missing: {missing}"
        assert not absent, f"acknowledged documents were not there for a while: {absent[:10]}"
        if not red_is_announced:
            assert self.counts.red_seconds(TWO_REPLICAS, besides=[TWO]) == 0, "red with two replicas"
            assert self.counts.red_seconds(ONE_REPLICA, besides=[ANOTHER, TWO]) == 0, "red where another node was not killed"
        assert all(row.acknowledged() > 0 for row in self.counts.rows), "the writers wrote too little to show anything"

    # --- from the creation to the deletion ---

    def told(self, parts, red_is_announced=False):
        """Each of these methods, on a new cluster under writes, and all that has to hold after them."""
        self.esaas.start()
        self.create_three()
        self.own_volumes = self.volumes()
        self.report(f"three nodes of {self.esaas.version}, green")
        self.begin_writing()
        try:
            for part in parts:
                part(self)
        except BaseException:
            self.counts.print(self.known[0])
            print(self.esaas.run("why", "cluster", self.name, check=False).stdout, flush=True)
            raise
        self.end_writing(red_is_announced)
        assert self.volumes() == self.own_volumes, (self.own_volumes, self.volumes())
        self.delete()
        self.esaas.stop()
        done = self.esaas.run("log", "fold", "--data-dir", str(self.esaas.data))
        assert "equal" in done.stdout, done.stdout
        self.report("deleted; the log folds to the same state")
