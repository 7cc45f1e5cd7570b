"""lost_agents_test.py: in what order, and how soon, a real master tells that agents are lost.

FAILURE, UPDATE and RESCIND come in no order that a framework may count on, and with --agent_removal_rate_limit the news of an
agent may be as late as there are others to be removed before it. tests/reconcilers/loop/lost_agent_test.cc feeds the
controller the orders that are seen here.
"""

import json
import os
import sys
import time
import unittest
import urllib.request

from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lab/mesos"))
from mesos_lab import MesosLab, Unavailable, programs, wait_until  # noqa: E402
from scheduler import Scheduler  # noqa: E402

SKIPPED = 77
ADDRESS = "127.0.9.51"
REMOVAL_INTERVAL = 5.0


def agent_of(event):
    """Which agent the event is about; an offer's is not in a RESCIND."""
    body = event[event["type"].lower()]
    return body.get("agent_id") or body.get("status", {}).get("agent_id")


class LostAgents(unittest.TestCase):
    def prepare(self, lab):
        """A task on each agent, and an offer of what is left."""
        scheduler = Scheduler(lab.master.endpoint, "es-lost")
        offers = {}
        while len(offers) < len(lab.agents):
            offers.update((each["hostname"], each) for each in scheduler.wait("OFFERS")["offers"])
        for agent in lab.agents:
            scheduler.launch(offers[agent.address], f"on-{agent.name}", "sleep 600")
            scheduler.status(f"on-{agent.name}", "TASK_RUNNING")
        held = {}
        while len(held) < len(lab.agents):
            held.update((each["hostname"], each) for each in scheduler.wait("OFFERS")["offers"])
        return scheduler, held

    def told(self, scheduler, offer, timeout):
        """What comes about the agent of the offer, in its order: [type, ...]."""
        kinds = []

        def is_about(event):
            if event["type"] == "RESCIND":
                return event["rescind"]["offer_id"] == offer["id"]
            return event["type"] in ("UPDATE", "FAILURE") and agent_of(event) == offer["agent_id"]

        def have_all():
            kinds[:] = [event["type"] for event in list(scheduler.events) if is_about(event)]
            return len(kinds) == 3

        wait_until(have_all, "RESCIND, UPDATE and FAILURE have come", timeout)
        return kinds

    def test_the_order_depends_on_how_an_agent_is_lost(self):
        with MesosLab(2, first_agent_address=ADDRESS) as lab:
            scheduler, held = self.prepare(lab)
            killed, paused = lab.agents
            killed.kill()
            paused.pause()
            orders = {agent.address: self.told(scheduler, held[agent.address], 20) for agent in lab.agents}
            paused.resume()
        print(f"killed: {orders[killed.address]}; cut off: {orders[paused.address]}")
        self.assertEqual(orders[killed.address][0], "RESCIND", "a closed connection takes the offers back at once")
        self.assertEqual(orders[paused.address][0], "UPDATE", "else the task is told of first")

    def test_with_a_removal_limit_the_second_loss_is_told_late(self):
        flags = {"agent_removal_rate_limit": f"1/{REMOVAL_INTERVAL:.0f}secs"}
        with MesosLab(2, first_agent_address=ADDRESS, master_flags=flags) as lab:
            scheduler, _ = self.prepare(lab)
            began = time.monotonic()
            for agent in lab.agents:
                agent.kill()
            moments = []
            for _ in lab.agents:
                status = scheduler.wait("UPDATE", timeout=30)["status"]
                self.assertEqual(status["state"], "TASK_UNREACHABLE")
                moments.append(time.monotonic() - began)
        print(f"two agents killed at once: told after {moments[0]:.1f} s and {moments[1]:.1f} s")
        self.assertGreater(moments[1] - moments[0], REMOVAL_INTERVAL - 1)

    def test_rate_limits_count_no_call_that_comes_over_http(self):
        limits = {"limits": [{"principal": "slow", "qps": 0.1, "capacity": 1}]}
        with MesosLab(1, first_agent_address=ADDRESS, master_flags={"rate_limits": json.dumps(limits)}) as lab:
            scheduler = Scheduler(lab.master.endpoint, "es-slow", principal="slow")
            for _ in range(50):
                scheduler.call("REVIVE")
            with urllib.request.urlopen(f"http://{lab.master.endpoint}/metrics/snapshot", timeout=10) as answer:
                metrics = json.loads(answer.read())
            scheduler.offer(lab.agents[0].address)
            self.assertNotIn("ERROR", [event["type"] for event in scheduler.events])
        self.assertEqual(metrics["frameworks/slow/messages_received"], 0, "the limiter is there, and has seen nothing")


if __name__ == "__main__":
    try:
        programs()
    except Unavailable as reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    os.environ.pop("ESAAS_KEEP", None)
    unittest.main()
