"""allocator_roles.py [SECONDS [ROLES ...]]: what one role a tenant costs a real Mesos 1.11 master.

One framework, as ours, subscribes with 1, 50 and 500 roles on a lab of 20 agents (tests/lab/mesos) that allocates every
100 ms. For each count: without quota, and with a guarantee and a limit for every role; all roles suppressed but one, as
ours does when one tenant waits, and all roles wanting offers, which they decline for no time. The figures are the master's
own, allocator/mesos/allocation_run_ms over its last runs, from a master that was started for that row alone.
Budget: with 500 roles and one tenant that waits, the median run stays below a tenth of Mesos's default interval of 1 s.
"""

import json
import http.client
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/lab/mesos"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/lab"))
from mesos_lab import AgentSpec, MesosLab, Unavailable  # noqa: E402
from noisy_framework import HEADERS, NoisyFramework  # noqa: E402

AGENTS = 20
SKIPPED = 77


class Declining(NoisyFramework):
    """Many roles, and no use for any offer."""

    def __init__(self, master, roles, wanting):
        super().__init__(master)
        self.roles, self.suppressed = roles, roles[wanting:]

    def __enter__(self):
        self._connection = http.client.HTTPConnection(self.master, timeout=60)
        info = {"user": self.user, "name": "roles", "roles": self.roles, "failover_timeout": 0,
                "capabilities": [{"type": "MULTI_ROLE"}, {"type": "RESERVATION_REFINEMENT"}]}
        call = {"type": "SUBSCRIBE", "subscribe": {"framework_info": info, "suppressed_roles": self.suppressed}}
        self._connection.request("POST", "/api/v1/scheduler", json.dumps(call), HEADERS)
        stream = self._connection.getresponse()
        assert stream.status == 200, stream.read()
        self._stream_id = stream.getheader("Mesos-Stream-Id")
        self.framework_id = self._read_event(stream)["subscribed"]["framework_id"]
        self._thread = threading.Thread(target=self._run, args=(stream,), daemon=True)
        self._thread.start()
        return self

    def _take(self, event):
        if event["type"] == "OFFERS":
            ids = [offer["id"] for offer in event["offers"]["offers"]]
            self.offers_seen += len(ids)
            self._call("DECLINE", decline={"offer_ids": ids, "filters": {"refuse_seconds": 0}})


def set_quotas(lab, roles):
    """All together promise half of what there is."""
    share = {"cpus": round(AGENTS * 4 / 2 / len(roles), 3), "mem": AGENTS * 4096 // 2 // len(roles)}
    configs = [{"role": role, "guarantees": {name: {"value": amount} for name, amount in share.items()},
                "limits": {name: {"value": 4 * amount} for name, amount in share.items()}} for role in roles]
    lab.operator("UPDATE_QUOTA", timeout=60, update_quota={"quota_configs": configs})


def measure(count, quota, wanting, seconds):
    """The allocator's figures after `seconds`."""
    roles = [f"es-tenant{number}" for number in range(count)]
    with MesosLab([AgentSpec() for _ in range(AGENTS)], first_agent_address="127.0.9.61") as lab:
        if quota:
            set_quotas(lab, roles)
        with Declining(lab.master.endpoint, roles, wanting) as framework:
            time.sleep(seconds)
            metrics = {each["name"]: each.get("value", 0)
                       for each in lab.operator("GET_METRICS", get_metrics={})["get_metrics"]["metrics"]}
            return {**{name: metrics[f"allocator/mesos/allocation_run_ms/{name}"] for name in ("p50", "p99", "max")},
                    "runs": metrics["allocator/mesos/allocation_runs"], "offers": framework.offers_seen}


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20
    counts = [int(word) for word in sys.argv[2:]] or [1, 50, 500]
    print(f"{'roles':>6} {'quota':>6} {'wanting':>8} {'runs':>6} {'offers':>8} {'p50 ms':>9} {'p99 ms':>9} {'max ms':>9}")
    for count in counts:
        for quota in (False, True):
            for wanting in sorted({1, count}):
                got = measure(count, quota, wanting, seconds)
                print(f"{count:>6} {'yes' if quota else 'no':>6} {wanting:>8} {got['runs']:>6.0f} {got['offers']:>8} "
                      f"{got['p50']:>9.3f} {got['p99']:>9.3f} {got['max']:>9.3f}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except Unavailable as reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
