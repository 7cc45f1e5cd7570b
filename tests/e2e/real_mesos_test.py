"""real_mesos_test.py ESAAS: one cluster's life on a real Mesos 1.11.0 with real Elasticsearch 2.3.3, through its losses.

Four agents. A node is killed, an agent, the master, the controller, then all three at once; an agent is cut off and comes
back. After each: the documents are there, no node was doubled, and what should have gone on did. In the end the master
knows no reservation, no volume and no task.
"""

import os
import signal
import sys
import time
from pathlib import Path

from cluster_story import ClusterStory
from real_mesos import main

CLUSTER = "search"


class RealMesos(ClusterStory):
    def __init__(self, esaas, lab):
        super().__init__(esaas, CLUSTER)
        self.lab = lab

    def processes(self, name):
        """Java processes of the node, wherever they run: each must be the only one on its volume."""
        return self.lab_processes(f"node.name={name}")

    def lab_processes(self, *words):
        found = []
        for entry in Path("/proc").iterdir():
            try:
                line = (entry / "cmdline").read_bytes().decode(errors="replace") if entry.name.isdigit() else ""
                place = os.readlink(entry / "cwd") if line else ""
            except OSError:
                continue
            if "java" in line.split("\0")[0] and str(self.lab.root) in place + line and all(w in line for w in words):
                found.append(int(entry.name))
        return found

    def check_single(self, count):
        for number in range(count):
            assert len(self.processes(f"data-{number}")) == 1, f"data-{number}: {self.processes(f'data-{number}')}"

    def node_on(self, agent):
        nodes = self.esaas.nodes(CLUSTER)
        return next((name for name, node in nodes.items() if node["place"]["hostname"] == agent.address), None)

    def occupied_agent(self):
        return next(agent for agent in self.lab.agents if self.node_on(agent))

    def wait_connected(self):
        self.esaas.wait("the controller and the master have found each other",
                        lambda: self.esaas.readiness().get("mesos_connected"), timeout=60)

    # --- what happens ---

    def create(self):
        self.create_three()
        self.check_single(3)
        places = {node["place"]["hostname"] for node in self.esaas.nodes(CLUSTER).values()}
        assert places <= {agent.address for agent in self.lab.agents} and len(places) == 3, places
        owners = {Path(f"/proc/{pid}").stat().st_uid for pid in self.lab_processes()}
        assert 0 not in owners or not self.lab.switch_user, "tasks run as root"
        held = self.lab.reservations()
        assert set(held) == places, f"reservations are where the nodes are: {held.keys()}"
        self.report("created: three nodes, green, on three agents, not as root, each on its reservation")

    def lose_a_node(self):
        before = self.attempts()
        [victim] = self.processes("data-1")
        os.kill(victim, signal.SIGKILL)
        self.esaas.wait("data-1 is launched again", lambda: self.attempts()["data-1"] == before["data-1"] + 1)
        self.wait_whole(3, "healed")
        after = self.attempts()
        assert after["data-0"] == before["data-0"] and after["data-2"] == before["data-2"], (before, after)
        self.check_single(3)
        self.report("kill -9 of data-1's process: healed on its own volume")

    def unharmed(self, what, loss, return_):
        """Nothing that only watches over tasks takes them along."""
        before, running = self.attempts(), sorted(self.lab_processes())
        loss()
        time.sleep(2)
        return_()
        self.lab.wait_ready()
        self.wait_connected()
        self.wait_whole(3, what)
        assert self.attempts() == before, f"{what}: nodes were started again: {before} {self.attempts()}"
        assert sorted(self.lab_processes()) == running, f"{what}: other processes run now"
        self.report(f"{what}: same tasks, same processes, green")

    def lose_all_three(self, agent):
        def loss():
            self.esaas.kill()
            self.lab.master.kill()
            agent.kill()

        def return_():
            self.lab.master.start()
            agent.start()
            self.esaas.start()
        self.unharmed("kill -9 of controller, master and agent at once", loss, return_)

    def cut_off_an_agent(self, agent):
        """The master calls its tasks unreachable; the node's volume is there, so nothing may take its place at once."""
        before = self.attempts()
        agent.pause()
        self.esaas.wait("the master has given the agent up", lambda: len(self.active_agents()) == 3, timeout=30)
        time.sleep(3)
        agent.resume()
        self.lab.wait_ready()
        self.wait_whole(3, "after the partition")
        assert self.attempts() == before, f"a node was started again beside the old one: {before} {self.attempts()}"
        self.check_single(3)
        self.report("agent cut off and back: its node went on, nothing was doubled")

    def active_agents(self):
        return [each for each in self.lab.registered_agents() if each.get("active")]

    def lose_parts(self):
        agent = self.occupied_agent()
        self.unharmed("kill -9 of an agent", agent.kill, agent.start)
        self.unharmed("kill -9 of the master", self.lab.master.kill, self.lab.master.start)
        self.unharmed("kill -9 of the controller", self.esaas.kill, self.esaas.start)
        self.cut_off_an_agent(agent)
        self.lose_all_three(agent)

    def scale_out(self):
        self.esaas.run("cluster", "scale", CLUSTER, "4", "--wait", "--timeout", "180")
        self.wait_whole(4, "scaled out")
        self.learn_addresses()
        self.check_single(4)
        self.report("scaled out to 4")

    def delete(self):
        super().delete()
        self.esaas.wait("no process is left", lambda: not self.lab_processes())
        self.esaas.wait("no reservation and no volume is left", lambda: not self.lab.reservations())
        assert not self.lab.tasks(), self.lab.tasks()
        self.report("deleted: the master knows no reservation, no volume and no task")

    def run(self):
        self.esaas.start()
        self.create()
        self.begin_writing()
        self.lose_a_node()
        self.lose_parts()
        self.scale_out()
        self.end_writing()
        self.delete()
        self.esaas.stop()
        done = self.esaas.run("log", "fold", "--data-dir", str(self.esaas.data))
        self.report(f"log fold: {done.stdout.strip()}")


if __name__ == "__main__":
    main(RealMesos, first_agent_address="127.0.5.11")
