"""mesos_lab_test.py: what a test may rely on of the lab."""

import json
import os
import pwd
import sys
import unittest
import urllib.error
from pathlib import Path

from mesos_lab import AgentSpec, MesosLab, Unavailable, is_alive, programs, wait_until
from scheduler import Scheduler

SKIPPED = 77
ADDRESS = "127.0.4.11"  # the first of its agents: no other test's


def owner(pid):
    return pwd.getpwuid(Path(f"/proc/{pid}").stat().st_uid).pw_name


class Lab(unittest.TestCase):
    def test_agents_offer_what_was_asked_for(self):
        specs = [AgentSpec(cpus=2, mem_mib=1024, attributes={"disk": "ssd"}, region="r1", zone="z1"),
                 AgentSpec(ports=(41000, 41009), region="r1", zone="z2")]
        with MesosLab(specs, first_agent_address=ADDRESS, region="r1", zone="z1") as lab:
            infos = {each["agent_info"]["hostname"]: each["agent_info"] for each in lab.registered_agents()}
        self.assertEqual(sorted(infos), ["127.0.4.11", "127.0.4.12"])
        first, second = infos["127.0.4.11"], infos["127.0.4.12"]
        resources = {each["name"]: each.get("scalar", each.get("ranges")) for each in first["resources"]}
        self.assertEqual((resources["cpus"]["value"], resources["mem"]["value"]), (2, 1024))
        self.assertEqual({each["name"]: each["text"]["value"] for each in first["attributes"]}, {"rack": "r0", "disk": "ssd"})
        self.assertEqual(second["domain"]["fault_domain"]["zone"]["name"], "z2")
        self.assertIn({"begin": 41000, "end": 41009}, [each for resource in second["resources"] if "ranges" in resource
                                                       for each in resource["ranges"]["range"]])

    def test_a_task_outlives_its_agent_and_ends_with_the_lab(self):
        with MesosLab(1, first_agent_address=ADDRESS) as lab:
            scheduler = Scheduler(lab.master.endpoint, "lab")
            [agent] = lab.agents
            scheduler.launch(scheduler.offer(agent.address), "t1", "echo $$ > pid; exec sleep 600")
            scheduler.status("t1", "TASK_RUNNING")
            [note] = self.wait_for_files(lab, "pid")
            pid = int(note.read_text())
            if lab.switch_user:
                self.assertEqual(owner(pid), "nobody")
            before = lab.registered_agents()[0]["agent_info"]["id"]
            agent.kill()
            self.assertTrue(is_alive(pid), "an agent that is killed leaves its tasks")
            agent.start()
            wait_until(lambda: any(each["agent_info"]["port"] == agent.port and each.get("active")
                                   for each in lab.registered_agents()), "the agent is back", 20)
            self.assertEqual(lab.registered_agents()[0]["agent_info"]["id"], before)
            scheduler.call("RECONCILE", reconcile={"tasks": [{"task_id": {"value": "t1"}}]})
            scheduler.status("t1", "TASK_RUNNING")
            self.assertEqual(len(lab.containers()), 1)
        self.assertFalse(is_alive(pid), "what the lab started has ended with it")
        self.assertFalse(lab.root.exists())

    def test_how_a_task_ends_is_reported(self):
        with MesosLab(1, first_agent_address=ADDRESS) as lab:
            scheduler = Scheduler(lab.master.endpoint, "lab")
            address = lab.agents[0].address
            scheduler.launch(scheduler.offer(address), "fails", "exit 3")
            self.assertEqual(scheduler.status("fails", "TASK_FAILED")["message"], "Command exited with status 3")
            scheduler.launch(scheduler.offer(address), "stubborn", "trap '' TERM; echo > ready; while :; do sleep 0.1; done")
            scheduler.status("stubborn", "TASK_RUNNING")
            self.wait_for_files(lab, "ready")
            scheduler.kill("stubborn", grace_s=0.5)
            scheduler.status("stubborn", "TASK_KILLING")
            ended = scheduler.status("stubborn", "TASK_KILLED")
            self.assertEqual(ended["message"], "Command terminated with signal Killed")

    def test_a_paused_agent_is_unreachable_and_comes_back(self):
        with MesosLab(1, first_agent_address=ADDRESS) as lab:
            scheduler = Scheduler(lab.master.endpoint, "lab")
            [agent] = lab.agents
            scheduler.launch(scheduler.offer(agent.address), "t1", "sleep 600")
            scheduler.status("t1", "TASK_RUNNING")
            agent.pause()
            scheduler.status("t1", "TASK_UNREACHABLE", timeout=30)
            agent.resume()
            scheduler.status("t1", "TASK_RUNNING", timeout=30)

    def test_a_master_that_is_killed_knows_its_agents_again(self):
        with MesosLab(2, first_agent_address=ADDRESS) as lab:
            before = {each["agent_info"]["id"]["value"] for each in lab.registered_agents()}
            lab.master.kill()
            lab.master.start()
            lab.wait_ready()
            self.assertEqual({each["agent_info"]["id"]["value"] for each in lab.registered_agents()}, before)

    def test_a_master_may_ask_for_credentials(self):
        with MesosLab(0, first_agent_address=ADDRESS) as plain:
            secrets = plain.root / "credentials"
            secrets.write_text(json.dumps({"credentials": [{"principal": "esaas", "secret": "right"}]}))
            secrets.chmod(0o600)
            flags = {"authenticate_http_readonly": "true", "authenticate_http_readwrite": "true",
                     "http_authenticators": "basic", "credentials": f"file://{secrets}"}
            with MesosLab(0, first_agent_address=ADDRESS, master_flags=flags, credential=("esaas", "right")) as lab:
                self.assertEqual(lab.registered_agents(), [])
                for wrong in (("esaas", "wrong"), None):
                    lab.credential = wrong
                    with self.assertRaises(urllib.error.HTTPError) as refused:
                        lab.operator("GET_AGENTS")
                    self.assertEqual(refused.exception.code, 401)

    def test_a_failure_half_way_leaves_nothing(self):
        lab = MesosLab([AgentSpec(flags={"resources": "no resources at all"})], first_agent_address=ADDRESS)
        with self.assertRaisesRegex(RuntimeError, "agent0 has ended by itself"):
            lab.start()
        self.assertFalse(lab.master.is_running() or lab.root.exists())

    def wait_for_files(self, lab, name):
        found = lambda: [each for each in lab.root.glob(f"agent*/*/slaves/*/frameworks/*/executors/*/runs/latest/{name}")
                         if each.read_text().strip() or name == "ready"]
        wait_until(found, f"a task has written {name}", 20)
        return found()


if __name__ == "__main__":
    try:
        programs()
    except Unavailable as reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    os.environ.pop("ESAAS_KEEP", None)
    unittest.main()
