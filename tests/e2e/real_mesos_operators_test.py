"""real_mesos_operators_test.py ESAAS: what operators do to a real Mesos 1.11.0 below a running cluster of Elasticsearch 2.3.3.

Four agents, three nodes, an index with a copy of each shard. A machine comes back as another agent with its volumes; an
agent is drained and brought back; an agent is declared gone for good; the framework is torn down. After each but the last
the documents are there and the cluster is green, and the log says what happened.
"""

import json
import shutil
import sys
import urllib.error
import urllib.request

from documents import HealthWatch, Writer
from installation import Installation, skip
from real_mesos_test import CLUSTER, RealMesos
from mesos_lab import AgentSpec, MesosLab, Unavailable


class Operators(RealMesos):
    def agent_id(self, agent):
        return next(each["agent_info"]["id"]["value"] for each in self.lab.registered_agents()
                    if each["agent_info"]["hostname"] == agent.address)

    def place(self, name):
        return self.esaas.nodes(CLUSTER)[name]["place"]

    def get(self, path):
        """A JSON answer of the API, whatever its status."""
        token = (self.esaas.data / "admin-token").read_text().strip()
        request = urllib.request.Request(f"http://127.0.0.1:{self.esaas.port}{path}",
                                         headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as problem:
            return json.loads(problem.read())

    def check_ledger(self, why):
        def balances():
            ledger = self.get("/v1/ledger")
            return ledger.get("balanced") and {line["status"] for line in ledger["items"]} == {"balanced"}
        self.esaas.wait(f"the ledger balances {why}", balances, timeout=60)

    # --- what happens ---

    def come_back_as_another(self):
        """As a machine that was rebooted and has lost its agent's identity: no process, a new id, the volumes as they were."""
        agent = self.occupied_agent()
        name = self.node_on(agent)
        before, old_id = self.place(name), self.agent_id(agent)
        self.lab.power_off(agent)
        home = self.lab.root / agent.name
        (home / "work/meta/slaves/latest").unlink()
        shutil.rmtree(home / "runtime", ignore_errors=True)
        agent.start()
        self.lab.wait_ready()
        assert self.agent_id(agent) != old_id, "the agent has its old identity"
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
        self.esaas.wait("and says what it waits for", lambda: any(
            hold["rule"] == "waits_for_own_agent" and hold["node"] == name
            for hold in self.esaas.cluster(CLUSTER)["holds"]), timeout=60)
        self.lab.operator("REACTIVATE_AGENT", reactivate_agent={"agent_id": {"value": self.agent_id(agent)}})
        self.wait_whole(3, "after a drain")
        assert self.place(name)["volume_id"] == before["volume_id"], "the node has another volume"
        self.check_single(3)
        self.report(f"agent drained and reactivated: {name} waited for it and runs on its own volume again")

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
        def frameworks():
            return self.lab.operator("GET_FRAMEWORKS")["get_frameworks"].get("frameworks", [])
        [framework] = frameworks()
        self.lab.operator("TEARDOWN", teardown={"framework_id": framework["framework_info"]["id"]})
        self.esaas.wait("the controller knows", lambda: self.get("/readyz")["framework_stopped"], timeout=60)
        self.esaas.stop()
        self.esaas.start(ready=False)
        assert self.get("/readyz")["framework_stopped"], self.get("/readyz")
        assert not frameworks(), f"it has registered anew: {frameworks()}"
        self.report("torn down: the controller stopped, said why, and registered no second fleet")

    def run(self):
        self.esaas.start()
        self.create()
        writer, watch = Writer(self.addresses), HealthWatch(self.addresses)
        writer.start()
        self.esaas.wait("documents are written", lambda: writer.acknowledged > 100)
        self.wait_whole(3, "with an index")
        watch.start()
        self.come_back_as_another()
        self.drain_and_reactivate()
        self.lose_for_good()
        writer.stop()
        watch.stop()
        missing = writer.missing(self.known[0])
        print(f"          {writer.acknowledged} documents acknowledged, {writer.failed} refused, {len(missing)} missing; "
              f"health seen: {watch.seen}")
        assert not missing, f"acknowledged documents are missing: {missing[:10]}"
        assert watch.seen["red"] == 0 and watch.seen["green"] > 0, watch.seen
        self.tear_down()


def main():
    try:
        lab = MesosLab([AgentSpec(cpus=4, mem_mib=2048, disk_mib=4096) for _ in range(4)],
                       first_agent_address="127.0.6.11")
    except Unavailable as reason:
        skip(reason)
    with lab:
        esaas = Installation(sys.argv[1], master=lab.master.endpoint)
        try:
            Operators(esaas, lab).run()
        finally:
            esaas.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
