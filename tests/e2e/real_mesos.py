"""Runs a test on a real master with four agents (tests/lab/mesos); where there is none to be had it says so."""

import sys

from installation import TOP, Installation, skip

sys.path.insert(0, str(TOP / "tests/lab/mesos"))
from mesos_lab import AgentSpec, MesosLab, Unavailable  # noqa: E402


def main(story, first_agent_address, agents=None, **lab_options):
    """`story(esaas, lab).run()` with the binary that the command line names. Tests need addresses of their own. `agents`: others
    than four that are alike; `lab_options`: of the MesosLab."""
    agents = agents or [AgentSpec(cpus=4, mem_mib=2048, disk_mib=4096) for _ in range(4)]
    try:
        lab = MesosLab(agents, first_agent_address=first_agent_address, **lab_options).start()
    except Unavailable as reason:
        skip(reason)
    try:
        esaas = Installation(sys.argv[1], master=lab.master.endpoint)
        try:
            story(esaas, lab).run()
        finally:
            esaas.close()
    finally:
        lab.close()
    print("1 passed, 0 failed")
