"""Runs a test on a real master with four agents (tests/lab/mesos); where there is none to be had it says so."""

import sys

from installation import TOP, Installation, skip

sys.path.insert(0, str(TOP / "tests/lab/mesos"))
from mesos_lab import AgentSpec, MesosLab, Unavailable  # noqa: E402


def main(story, first_agent_address):
    """`story(esaas, lab).run()` with the binary that the command line names. Tests need addresses of their own."""
    try:
        lab = MesosLab([AgentSpec(cpus=4, mem_mib=2048, disk_mib=4096) for _ in range(4)],
                       first_agent_address=first_agent_address)
    except Unavailable as reason:
        skip(reason)
    with lab:
        esaas = Installation(sys.argv[1], master=lab.master.endpoint)
        try:
            story(esaas, lab).run()
        finally:
            esaas.close()
    print("1 passed, 0 failed")
