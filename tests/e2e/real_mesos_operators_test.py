"""real_mesos_operators_test.py ESAAS: what operators do to a real Mesos 1.11.0 below a running Elasticsearch 2.3.3.

Four agents, three nodes, an index with a copy of each shard. Another installation with an empty log is refused beside
the live tasks, and takes them over when told to; maintenance of an agent is announced; every node grows where it is;
a machine comes back as another agent with its volumes; an agent is drained and brought back; one is declared gone by
mistake, with nowhere else to go, and is back; one is declared gone for good; the framework is torn down. After each
but the last the documents are there and the cluster is green, and the log says what happened.
"""

import json
import shutil
import time
import urllib.error
import urllib.request

from installation import Installation
from real_mesos import main
from real_mesos_test import CLUSTER, RealMesos


class Operators(RealMesos):
    def agent_id(self, agent):
        return next(each["agent_info"]["id"]["value"] for each in self.lab.registered_agents()
                    if each["agent_info"]["hostname"] == agent.address)

    def place(self, name):
        return self.esaas.nodes(CLUSTER)[name].get("place", {})

    def request(self, path, of=None):
        esaas = of or self.esaas
        token = (esaas.data / "admin-token").read_text().strip()
        return urllib.request.Request(f"http://127.0.0.1:{esaas.port}{path}",
                                      headers={"Authorization": f"Bearer {token}"})

    def get(self, path):
        """A JSON answer of the API, whatever its status."""
        try:
            with urllib.request.urlopen(self.request(path), timeout=10) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as problem:
            return json.loads(problem.read())

    def first_events(self, kind, count, of=None):
        """The log's first events of this kind, as the stream of events tells them."""
        with urllib.request.urlopen(self.request(f"/v1/events?from=1&kind={kind}", of), timeout=60) as stream:
            told = (json.loads(line[5:])[kind] for line in stream if line.startswith(b"data:"))
            return [next(told) for _ in range(count)]

    def first_event(self, kind):
        [event] = self.first_events(kind, 1)
        return event

    def frameworks(self):
        return [each["framework_info"]["id"]["value"]
                for each in self.lab.operator("GET_FRAMEWORKS")["get_frameworks"].get("frameworks", [])]

    def drain_state(self, agent):
        return next(each.get("drain_info", {}).get("state") for each in self.lab.registered_agents()
                    if each["agent_info"]["hostname"] == agent.address)

    def return_as_another(self, agent):
        """As a machine that has lost its agent's identity: no process, a new id, the volumes as they were."""
        old_id = self.agent_id(agent)
        self.lab.power_off(agent)
        self.start_as_another(agent)
        self.lab.wait_ready()
        assert self.agent_id(agent) != old_id, "the agent has its old identity"
        return old_id

    def start_as_another(self, agent):
        home = self.lab.root / agent.name
        (home / "work/meta/slaves/latest").unlink()
        shutil.rmtree(home / "runtime", ignore_errors=True)
        agent.start()

    def check_ledger(self, why):
        def balances():
            ledger = self.get("/v1/ledger")
            return ledger.get("balanced") and {line["status"] for line in ledger["items"]} == {"balanced"}
        self.esaas.wait(f"the ledger balances {why}", balances, timeout=60)

    # --- what happens ---

    def begin_beside(self):
        """A data directory that knows no framework: its own may have been lost."""
        [own] = self.frameworks()
        other = Installation(self.esaas.binary, master=self.lab.master.endpoint)
        try:
            other.start(ready=False)
            other.wait("it is not subscribed",
                       lambda: other.readiness()["mesos_problem"] == "live_framework", timeout=60)
            told = [line for line in (other.root / "esaas.log").read_text().splitlines() if own in line]
            assert len(told) == 1 and "framework_id" in told[0] and "TEARDOWN" in told[0], told
            time.sleep(3)
            assert not other.readiness()["mesos_connected"], other.readiness()
            assert self.frameworks() == [own], self.frameworks()
        finally:
            other.close()
        self.report("an empty data directory beside live tasks: not subscribed, told which framework and both ways out")

    def take_over(self):
        """What a person may do whose data directory is lost: the tasks are told of, and run on."""
        [own] = self.frameworks()
        running = sorted(self.lab_processes())
        self.esaas.stop()
        other = Installation(self.esaas.binary, master=self.lab.master.endpoint)
        config = other.root / "esaas.toml"
        config.write_text(config.read_text().replace("[mesos]\n", f'[mesos]\nframework_id = "{own}"\n'))
        try:
            other.start(ready=False)
            unknown = self.first_events("unknown_task_observed", 3, of=other)
            assert len({task["task_id"] for task in unknown}) == 3, unknown
            assert self.frameworks() == [own], self.frameworks()
        finally:
            other.close()
        self.esaas.start(ready=False)
        self.wait_connected()
        self.wait_whole(3, "after another took the framework over and gave it back")
        assert sorted(self.lab_processes()) == running, "other processes run now"
        self.report("framework taken over by an empty log: its tasks are unknown there, and ran on")

    def plan_maintenance(self):
        """An operator announces it for an agent; whether the cluster can do without the node is the answer to him."""
        agent = self.occupied_agent()
        machine = {"hostname": agent.address, "ip": agent.address}

        def announce(in_seconds):
            begins = int((time.time() + in_seconds) * 1e9)
            window = {"machine_ids": [machine], "unavailability": {"start": {"nanoseconds": begins}}}
            self.lab.operator("UPDATE_MAINTENANCE_SCHEDULE",
                              update_maintenance_schedule={"schedule": {"windows": [window]}})

        def answers():
            status = self.lab.operator("GET_MAINTENANCE_STATUS")["get_maintenance_status"]["status"]
            return [each["status"] for draining in status.get("draining_machines", [])
                    for each in draining.get("statuses", [])]

        announce(3600)
        self.esaas.wait("the inverse offer is accepted", lambda: answers() == ["ACCEPT"], timeout=60)
        self.lab.operator("UPDATE_MAINTENANCE_SCHEDULE", update_maintenance_schedule={"schedule": {"windows": []}})
        told = self.first_event("maintenance_answered")
        assert told["accepted"] and told["hostname"] == agent.address, told
        self.report("maintenance announced: accepted, since each shard has another copy; the log says so")

    def grow(self):
        """A larger size: each node is restarted on its own volume, which the agent has made larger."""
        before = self.esaas.nodes(CLUSTER)
        self.esaas.run("cluster", "resize", CLUSTER, "--mem-mib", "640", "--disk-mib", "1536", "--wait", "--timeout", "240")
        self.wait_whole(3, "after every node has grown")
        after = self.esaas.nodes(CLUSTER)
        assert set(after) == set(before), f"nodes were replaced: {after.keys()}"
        for name, node in after.items():
            assert node["place"]["volume_id"] == before[name]["place"]["volume_id"], f"{name} has another volume"
            assert node["place"]["resources"]["disk_mib"] == 1536 and node["attempt"] == before[name]["attempt"] + 1, node
        self.check_single(3)
        self.check_ledger("after every node has grown")
        assert self.first_event("volume_growth_intended") and self.first_event("place_grown")
        self.report("640 MiB instead of 512, 1536 MiB of disk instead of 1024: every node grew where it was, on its volume")

    def come_back_as_another(self):
        agent = self.occupied_agent()
        name = self.node_on(agent)
        before = self.place(name)
        old_id = self.return_as_another(agent)
        self.esaas.wait("the place is followed", lambda: self.place(name)["agent_id"] == self.agent_id(agent), timeout=90)
        self.wait_whole(3, "after an agent came back as another")
        assert self.place(name)["volume_id"] == before["volume_id"], "the node has another volume"
        self.check_single(3)
        self.check_ledger("after an agent came back as another")
        self.report(f"agent {old_id} came back as another: {name} runs on its own volume again")

    def drain_and_reactivate(self):
        agent = self.occupied_agent()
        name = self.node_on(agent)
        before = self.place(name)
        self.lab.operator("DRAIN_AGENT", drain_agent={"agent_id": {"value": self.agent_id(agent)},
                                                      "max_grace_period": {"seconds": 60}})
        self.esaas.wait("the node is stopped", lambda: not self.processes(name), timeout=90)
        # It stays DRAINING until the end of each of its tasks is acknowledged, which is once that is in the log.
        self.esaas.wait("the agent is drained", lambda: self.drain_state(agent) == "DRAINED", timeout=60)
        self.esaas.wait("and says what it waits for", lambda: any(
            hold["rule"] == "waits_for_own_agent" and hold["node"] == name
            for hold in self.esaas.cluster(CLUSTER)["holds"]), timeout=60)
        self.lab.operator("REACTIVATE_AGENT", reactivate_agent={"agent_id": {"value": self.agent_id(agent)}})
        self.wait_whole(3, "after a drain")
        assert self.place(name)["volume_id"] == before["volume_id"], "the node has another volume"
        self.check_single(3)
        self.report(f"agent drained, which ends with our acknowledgement, and reactivated: {name} waited for it and runs "
                    "on its own volume again")

    def lose_by_mistake(self):
        agent = self.occupied_agent()
        spare = next(each for each in self.lab.agents if not self.node_on(each))
        name = self.node_on(agent)
        before, gone = self.place(name), self.agent_id(agent)
        self.lab.power_off(spare)
        self.lab.power_off(agent)
        self.lab.operator("MARK_AGENT_GONE", mark_agent_gone={"agent_id": {"value": gone}})
        self.esaas.wait("the place is given up", lambda: not self.place(name).get("volume_id"), timeout=120)
        self.start_as_another(agent)
        self.esaas.wait("the place is adopted",
                        lambda: self.place(name).get("volume_id") == before["volume_id"], timeout=90)
        spare.start()
        self.lab.wait_ready()
        self.wait_whole(3, "after an agent was declared gone by mistake")
        assert self.place(name)["agent_id"] == self.agent_id(agent) != gone
        adopted = self.first_event("place_adopted")
        assert adopted["node"] == name and adopted["why"], adopted
        self.check_single(3)
        self.check_ledger("after an agent was declared gone by mistake")
        self.report(f"agent declared gone by mistake and back as another: {name} has its own volume again")

    def lose_for_good(self):
        agent = self.occupied_agent()
        name = self.node_on(agent)
        before, gone = self.place(name), self.agent_id(agent)
        self.lab.power_off(agent)
        self.lab.operator("MARK_AGENT_GONE", mark_agent_gone={"agent_id": {"value": gone}})
        self.esaas.wait("the node has another place",
                        lambda: self.place(name).get("volume_id", before["volume_id"]) != before["volume_id"], timeout=120)
        self.wait_whole(3, "after an agent was lost for good")
        assert self.place(name)["agent_id"] != gone
        self.learn_addresses()
        self.check_ledger("after an agent was lost for good")
        self.report(f"agent declared gone for good: {name} has a new volume elsewhere and its copies back")

    def tear_down(self):
        [framework] = self.frameworks()
        self.lab.operator("TEARDOWN", teardown={"framework_id": {"value": framework}})
        self.esaas.wait("the controller knows", lambda: self.get("/readyz")["framework_stopped"], timeout=60)
        self.esaas.stop()
        self.esaas.start(ready=False)
        assert self.get("/readyz")["framework_stopped"], self.get("/readyz")
        assert not self.frameworks(), f"it has registered anew: {self.frameworks()}"
        self.report("torn down: the controller stopped, said why, and registered no second fleet")

    def run(self):
        self.esaas.start()
        self.create()
        self.begin_writing()
        self.begin_beside()
        self.take_over()
        self.plan_maintenance()
        self.grow()
        self.come_back_as_another()
        self.drain_and_reactivate()
        self.lose_by_mistake()
        self.lose_for_good()
        self.end_writing()
        self.tear_down()


if __name__ == "__main__":
    main(Operators, first_agent_address="127.0.8.11")
