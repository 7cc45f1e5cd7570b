"""real_mesos_placement_test.py ESAAS: where nodes go on a real Mesos 1.11.0, with real Elasticsearch 2.3.3.

Agents in two zones, with racks, path disks, and one with a mount disk. A cluster of two groups asks for all of them; zones
become Elasticsearch's awareness attribute, and copies of a shard stand in different ones. A node that finds no agent says
why, and goes to an agent of a third zone that comes. Two machines are lost at once below a master that removes one agent in
twelve seconds: Elasticsearch tells of the node long before Mesos does. In the end Mesos holds nothing of the cluster.
"""

import json
import os
import time
import urllib.request
from datetime import datetime
from pathlib import Path

from cluster_story import ClusterStory
from documents import ask
from real_mesos import AgentSpec, main

CLUSTER = "placed"
MOUNT_MIB = 1100
PATH_MIB = 3000
REMOVAL_INTERVAL = 12


def agent(zone, rack, disk=("path", PATH_MIB), **attributes):
    return AgentSpec(cpus=4, mem_mib=2048, disk_mib=4096, region="here", zone=zone, disks=(disk,),
                     attributes={"rack": rack, **attributes})


AGENTS = [agent("z1", "a1"), agent("z2", "a2"), agent("z2", "old"),
          agent("z1", "b1", disk=("mount", MOUNT_MIB), medium="ssd")]
LAB = {"region": "here", "zone": "z1", "master_flags": {"agent_removal_rate_limit": f"1/{REMOVAL_INTERVAL}secs"}}

SPEC = {"tenant": "shop", "spec": {"version": "2.3.3", "node_groups": [
    {"name": "data", "roles": ["master", "data"], "count": 2, "disk_type": "path",
     "resources": {"cpus_milli": 500, "mem_mib": 512, "disk_mib": 1024},
     "constraints": [{"attribute": "@zone", "operator": "unique"},
                     {"attribute": "rack", "operator": "like", "value": "a[0-9]"}]},
    {"name": "fast", "roles": ["data"], "count": 1, "disk_type": "mount",
     "resources": {"cpus_milli": 500, "mem_mib": 512, "disk_mib": 1024},
     "constraints": [{"attribute": "medium", "operator": "like", "value": "ssd"},
                     {"attribute": "@zone", "operator": "group_by"}]}]}}


class Placement(ClusterStory):
    def __init__(self, esaas, lab):
        super().__init__(esaas, CLUSTER)
        self.lab = lab

    def places(self):
        return {name: node["place"] for name, node in self.esaas.nodes(CLUSTER).items()}

    def agent_of(self, name):
        hostname = self.places()[name]["hostname"]
        return next(each for each in self.lab.agents if each.address == hostname)

    def elasticsearch(self, path, **options):
        return ask(self.known[0], path, **options)

    def events(self, kind, count):
        """The first `count` events of this kind."""
        token = (self.esaas.data / "admin-token").read_text().strip()
        request = urllib.request.Request(f"http://127.0.0.1:{self.esaas.port}/v1/events?from=1&kind={kind}",
                                         headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=60) as stream:
            found = []
            for line in stream:
                if line.startswith(b"data:"):
                    found.append(json.loads(line[5:]))
                if len(found) == count:
                    return found
        raise AssertionError(f"the stream of {kind} ended")

    # --- what happens ---

    def create(self):
        self.esaas.run("tenant", "create", "shop")
        body = self.esaas.root / "cluster.json"
        body.write_text(json.dumps(SPEC))
        self.esaas.run("cluster", "create", CLUSTER, "--file", str(body), "--reason", "test", "--wait", "--timeout", "180")
        self.wait_whole(3, "created")
        self.learn_addresses()
        places = self.places()
        zone_of = {name: place["zone"] for name, place in places.items()}
        assert {zone_of["data-0"], zone_of["data-1"]} == {"z1", "z2"} and zone_of["fast-0"] == "z1", zone_of
        assert {places[f"data-{i}"]["hostname"] for i in (0, 1)} == {each.address for each in self.lab.agents[:2]}, places
        assert places["fast-0"]["hostname"] == self.lab.agents[3].address, places
        self.report(f"created: by zone, rack and medium: {zone_of}")

    def check_disks(self):
        places = self.places()
        for name in ("data-0", "data-1"):
            source, volume = places[name]["disk_source"], places[name]["volume_id"]
            folder = self.lab.root / self.agent_of(name).name / "disk0"
            assert source["type"] == "path" and source["root"] == str(folder), places[name]
            assert places[name]["resources"]["disk_mib"] == 1024, places[name]
            assert list((folder / "volumes/roles/es-shop" / volume).rglob("node.lock")), f"{name} keeps its data elsewhere"
        fast = places["fast-0"]
        mount = self.lab.root / self.lab.agents[3].name / "disk0"
        assert fast["disk_source"]["type"] == "mount" and fast["disk_source"]["root"] == str(mount), fast
        assert fast["resources"]["disk_mib"] == MOUNT_MIB, "a mount disk is taken whole"
        assert os.path.ismount(mount) and list(mount.rglob("node.lock")), "fast-0 keeps its data elsewhere"
        [held] = [each for each in self.lab.reservations()[self.lab.agents[3].address] if each["name"] == "disk"]
        assert held["scalar"]["value"] == MOUNT_MIB and held["disk"]["persistence"]["id"] == fast["volume_id"], held
        self.report("data lies on the path disks (a part) and on the mount disk (the whole), as Mesos says too")

    def check_awareness(self):
        zone_of = {name: place["zone"] for name, place in self.places().items()}
        for node in self.elasticsearch("/_nodes/settings?flat_settings=true")["nodes"].values():
            settings = node["settings"]
            assert settings["node.zone"] == zone_of[node["name"]], settings
            assert settings["cluster.routing.allocation.awareness.attributes"] == "zone", settings
        if not self.elasticsearch("/_cat/indices?format=json"):
            self.elasticsearch("/spread", method="PUT", body={"settings": {"number_of_shards": 4, "number_of_replicas": 1}})
        self.elasticsearch("/_cluster/health?wait_for_status=green&wait_for_relocating_shards=0&timeout=60s", timeout=70)
        state = self.elasticsearch("/_cluster/state/nodes,routing_table")
        names = {identifier: node["name"] for identifier, node in state["nodes"].items()}
        zones = {}
        for number, copies in state["routing_table"]["indices"]["spread"]["shards"].items():
            zones[number] = sorted(zone_of[names[copy["node"]]] for copy in copies)
            assert len(set(zones[number])) == 2, f"shard {number} has both copies in one zone: {zones}"
        self.report(f"Elasticsearch knows the zones and keeps copies apart: {zones}")

    def find_no_place(self):
        """A third zone is wanted and there is none: all that is on offer is counted by what is wrong with it."""
        self.esaas.run("cluster", "scale", CLUSTER, "3", "--group", "data")
        held = {}

        def waits():
            for hold in self.esaas.cluster(CLUSTER)["holds"]:
                if hold["rule"] == "waits_for_offer" and hold["node"] == "data-2":
                    held.clear()
                    held.update({figure["name"]: int(figure["value"]) for figure in hold["basis"]})
            return held.get("offers") == len(AGENTS)
        try:
            self.esaas.wait("data-2 waits, and says what each offer lacked", waits, timeout=40)
        except AssertionError:
            raise AssertionError(f"the hold has {held}") from None
        expected = {"offers": 4, "agent_already_has_a_node_of_this_cluster": 3, "constraint_@zone": 1, "constraint_rack": 1}
        assert held == expected, held
        shown = self.esaas.run("cluster", "holds", CLUSTER).stdout
        assert all(f"{name}={count}" in shown for name, count in expected.items()), shown
        self.report(f"no third zone: data-2 waits, and the hold says {held}")

    def add_a_zone(self):
        added = self.lab.add_agent(agent("z3", "a3"))
        self.wait_whole(4, "in a third zone")
        assert self.agent_of("data-2") is added and self.places()["data-2"]["zone"] == "z3", self.places()
        self.esaas.wait("nothing is held back", lambda: not self.esaas.cluster(CLUSTER)["holds"], timeout=30)
        self.learn_addresses()
        self.report("an agent in a third zone came: data-2 runs there")
        self.check_awareness()

    def lose_two_machines(self):
        """An empty one first, so that the other has to wait for its turn to be removed."""
        empty, lost = self.lab.agents[2], self.agent_of("data-2")
        before = self.places()["data-2"]
        self.lab.power_off(empty)
        time.sleep(1)
        began = time.time()
        self.lab.power_off(lost)
        left = next(each for each in self.events("node_left", 1) if each["node_left"]["node"] == "data-2")
        after_elasticsearch = seconds_of(left) - began

        def is_unreachable():
            return self.esaas.nodes(CLUSTER)["data-2"]["task"]["state"] == "unreachable"
        assert not is_unreachable(), "Mesos was not late"
        self.esaas.wait("the master tells of the task", is_unreachable, timeout=60)
        after_mesos = time.time() - began
        assert after_elasticsearch < after_mesos, (after_elasticsearch, after_mesos)
        for each in (empty, lost):
            each.start()
        self.wait_whole(4, "after two machines were lost")
        assert self.places()["data-2"]["volume_id"] == before["volume_id"], "the node has another volume"
        self.report(f"two machines lost at once: Elasticsearch told after {after_elasticsearch:.1f} s, "
                    f"Mesos after {after_mesos:.1f} s; data-2 is back on its volume")

    def delete(self):
        super().delete()
        self.esaas.wait("no reservation and no volume is left", lambda: not self.lab.reservations())
        assert not self.lab.tasks(), self.lab.tasks()
        mount = Path(self.lab.root / self.lab.agents[3].name / "disk0")
        self.esaas.wait("the mount disk is empty", lambda: not list(mount.iterdir()), timeout=20)
        self.report("deleted: nothing is reserved, and the mount disk is empty")

    def run(self):
        self.esaas.start()
        self.create()
        self.check_disks()
        self.check_awareness()
        self.find_no_place()
        self.add_a_zone()
        self.lose_two_machines()
        self.delete()
        self.esaas.stop()


def seconds_of(event):
    return datetime.fromisoformat(event["time_at"].replace("Z", "+00:00")).timestamp()


if __name__ == "__main__":
    main(Placement, first_agent_address="127.0.9.101", agents=AGENTS, **LAB)
