"""real_mesos_fixed_volumes_test.py ESAAS: a larger disk on a real Mesos 1.11.0 whose agents can not make a volume larger, with
real Elasticsearch 2.3.3.

Four agents without the capability RESIZE_VOLUME, three nodes. What was reserved for a node to grow is given back with the
agent's own reason in the log, the node starts in its old size, and a larger one replaces it. More memory alone needs no such
capability. No document is lost, and in the end the master knows no reservation.
"""

import json

from real_mesos import AgentSpec, main
from real_mesos_operators_test import CLUSTER, Operators

# All that an agent must have (its flag --agent_features), and no more.
FEATURES = {"capabilities": [{"type": name} for name in (
    "MULTI_ROLE", "HIERARCHICAL_ROLE", "RESERVATION_REFINEMENT", "AGENT_OPERATION_FEEDBACK", "RESOURCE_PROVIDER",
    "AGENT_DRAINING", "TASK_RESOURCE_LIMITS")]}


class FixedVolumes(Operators):
    def more_memory(self):
        before = self.esaas.nodes(CLUSTER)
        self.esaas.run("cluster", "resize", CLUSTER, "--mem-mib", "576", "--wait", "--timeout", "240")
        self.wait_whole(3, "with more memory")
        after = self.esaas.nodes(CLUSTER)
        assert {name: node["place"]["volume_id"] for name, node in after.items()} == {
            name: node["place"]["volume_id"] for name, node in before.items()}, after
        self.report("576 MiB of memory instead of 512: every node grew where it was")

    def more_disk(self):
        self.esaas.run("cluster", "resize", CLUSTER, "--disk-mib", "1280", "--wait", "--timeout", "400")
        self.wait_whole(3, "with more disk")
        after = self.esaas.nodes(CLUSTER)
        assert set(after) == {"data-3", "data-4", "data-5"}, f"nodes that could not grow were not replaced: {after.keys()}"
        assert all(node["place"]["resources"]["disk_mib"] == 1280 for node in after.values()), after
        failed = self.first_event("place_growth_failed")
        assert "cannot be grown on an agent without RESIZE_VOLUME capability" in failed["why"], failed
        self.learn_addresses()
        self.check_ledger("after every node was replaced")
        self.report(f"1280 MiB of disk instead of 1024: {failed['node']} could not grow, and the log says why; all replaced")

    def run(self):
        self.esaas.start()
        self.create()
        self.begin_writing()
        self.more_memory()
        self.more_disk()
        self.end_writing()
        self.delete()


if __name__ == "__main__":
    main(FixedVolumes, first_agent_address="127.0.6.31",
         agents=[AgentSpec(cpus=4, mem_mib=2048, disk_mib=4096, flags={"agent_features": json.dumps(FEATURES)})
                 for _ in range(4)])
