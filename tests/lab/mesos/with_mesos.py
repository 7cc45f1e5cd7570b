"""with_mesos.py [--agents N] [...] -- COMMAND: runs the command beside a real Mesos, whose master ESAAS_MESOS_MASTER names.

Where the variable names a master already, the command gets that one, unless it needs flags or agents that no master of a user
has (--own). Where no Mesos is to be had, this says why and ends with code 77; otherwise with the command's code.
"""

import argparse
import json
import os
import subprocess
import sys

from mesos_lab import AgentSpec, MesosLab, Unavailable

SKIPPED = 77


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=1, help="how many")
    parser.add_argument("--cpus", type=float, default=AgentSpec.cpus, help="of each agent")
    parser.add_argument("--mem-mib", type=int, default=AgentSpec.mem_mib)
    parser.add_argument("--disk-mib", type=int, default=AgentSpec.disk_mib)
    parser.add_argument("--first-agent-address", default="127.0.9.11", help="agent i has the i-th address after it")
    parser.add_argument("--agent", action="append", default=[], metavar="JSON",
                        help='one more agent, by the fields of an AgentSpec: {"zone": "z1", "disks": [["path", 512]]}')
    parser.add_argument("--domain", nargs=2, default=(None, None), metavar=("REGION", "ZONE"), help="of the master")
    parser.add_argument("--own", action="store_true", help="never the master that ESAAS_MESOS_MASTER names")
    for side in ("master", "agent"):
        parser.add_argument(f"--{side}-flag", action="append", default=[], metavar="NAME=VALUE",
                            help=f"a further flag of the {side}, such as roles=a,b")
    parser.add_argument("command", nargs="+", help="after --")
    return parser.parse_args()


def flags(texts):
    return dict(text.split("=", 1) for text in texts)


def run_in_lab(options):
    specs = [AgentSpec(cpus=options.cpus, mem_mib=options.mem_mib, disk_mib=options.disk_mib)
             for _ in range(options.agents)]
    specs += [AgentSpec(**json.loads(text)) for text in options.agent]
    region, zone = options.domain
    with MesosLab(specs, first_agent_address=options.first_agent_address, master_flags=flags(options.master_flag),
                  agent_flags=flags(options.agent_flag), region=region, zone=zone) as lab:
        print(f"a Mesos master on {lab.master.endpoint} with {len(specs)} agents, below {lab.root}", flush=True)
        environment = dict(os.environ, ESAAS_MESOS_MASTER=lab.master.endpoint)
        return subprocess.run(options.command, env=environment).returncode


def main():
    options = arguments()
    named = os.environ.get("ESAAS_MESOS_MASTER")
    if named and not options.own:
        print(f"the Mesos master that ESAAS_MESOS_MASTER names: {named}", flush=True)
        return subprocess.run(options.command).returncode
    try:
        return run_in_lab(options)
    except Unavailable as reason:
        print(f"skipped: {reason}")
        return SKIPPED


if __name__ == "__main__":
    code = main()
    sys.exit(128 - code if code < 0 else code)
