"""quota_test.py ESAAS: two tenants with guarantees beside a neighbour that takes every offer, none gets another's share.

Each tenant is promised, and limited to, what one agent has: two clusters of one node, half an agent each. On the master
that ESAAS_MESOS_MASTER names (three agents or more, alike, nothing running), else on the embedded Mesos. Elasticsearch is
played by a script that sleeps: what is placed is what counts here.
"""

import getpass
import json
import os
import sys
import tarfile
import tempfile
import time
import urllib.request
from pathlib import Path

from installation import TOP, Installation

sys.path.insert(0, str(TOP / "tests/lab"))
from noisy_framework import NoisyFramework, scalars  # noqa: E402

VERSION = "2.3.3"
AGENTS = 4  # of the embedded Mesos
LEAST = {"cpus": 0.01, "mem": 32}  # a master makes no offer of less


def make_program(folder):
    """An archive that unpacks as Elasticsearch does, and a Java home, so that neither is needed."""
    home = Path(folder, f"elasticsearch-{VERSION}")
    for name, text in (("bin/elasticsearch", "#!/bin/sh\nexec sleep 100000\n"), ("config/logging.yml", "")):
        file = home / name
        file.parent.mkdir(parents=True)
        file.write_text(text)
        file.chmod(0o755)
    archive = Path(folder, f"elasticsearch-{VERSION}.tar.gz")
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(home, arcname=home.name)
    java = Path(folder, "java/bin/java")
    java.parent.mkdir(parents=True)
    java.symlink_to("/bin/true")
    Path(folder).chmod(0o755)
    os.environ["ESAAS_ELASTICSEARCH_ARCHIVE"] = str(archive)
    os.environ["ESAAS_JAVA_HOME"] = str(java.parents[1])


class Quota:
    def __init__(self, esaas, master):
        self.esaas, self.master = esaas, master
        self.began = time.monotonic()
        self.share = None  # of one tenant: {"cpus_milli": .., "mem_mib": ..}

    def report(self, what):
        print(f"{time.monotonic() - self.began:6.1f} s  {what}", flush=True)

    def operator(self, kind, **body):
        request = urllib.request.Request(f"http://{self.master}/api/v1", json.dumps({"type": kind, **body}).encode(),
                                         {"Content-Type": "application/json", "Accept": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
        return json.loads(text) if text else {}

    def agents(self):
        return self.operator("GET_AGENTS")["get_agents"].get("agents", [])

    def quota(self, tenant):
        return self.esaas.json("tenant", "quota", "get", tenant)

    def reserved(self, tenant):
        return {name: self.quota(tenant)["reserved"][name] for name in self.share}

    def set_quota(self, tenant):
        amounts = [word for name, amount in self.share.items() for side in ("guarantee", "limit")
                   for word in (f"--{side}-{name.replace('_', '-')}", str(amount))]
        self.esaas.run("tenant", "quota", "set", tenant, *amounts, "--reason", "the contract", "--wait")

    def create(self, tenant, number, check=True, *more):
        return self.esaas.run("cluster", "create", f"{tenant}-{number}", "--tenant", tenant, "--version", VERSION,
                              "--nodes", "1", "--cpus-milli", str(self.share["cpus_milli"] // 2), "--mem-mib",
                              str(self.share["mem_mib"] // 2), "--disk-mib", "256", *more, check=check)

    def wait_reserved(self, tenant, why):
        self.esaas.wait(f"{tenant} has what it was promised, {why}", lambda: self.reserved(tenant) == self.share, 90)
        self.report(f"{tenant} has its {self.share}, {why}")

    # --- what happens ---

    def promise(self):
        self.esaas.wait("the agents are registered", lambda: len(self.agents()) >= 3, 60)
        agents = [scalars(agent["total_resources"]) for agent in self.agents()]
        least = {name: min(agent[name] for agent in agents) for name in ("cpus", "mem")}
        self.share = {"cpus_milli": int(least["cpus"] * 1000) // 2 * 2, "mem_mib": int(least["mem"]) // 2 * 2}
        self.total = {name: sum(agent[name] for agent in agents) for name in ("cpus", "mem")}
        for tenant in ("shop", "blog"):
            self.esaas.run("tenant", "create", tenant)
            self.set_quota(tenant)
        held = {config["role"]: config for config in self.operator("GET_QUOTA")["get_quota"]["status"]["configs"]}
        for tenant in ("shop", "blog"):
            config = held[f"es-{tenant}"]
            assert config["guarantees"]["cpus"]["value"] * 1000 == self.share["cpus_milli"], config
            assert config["limits"]["mem"]["value"] == self.share["mem_mib"], config
        self.report(f"the master holds both quotas, of {self.total} in all")

    def most_for_noise(self, shares):
        return {"cpus": self.total["cpus"] - shares * self.share["cpus_milli"] / 1000,
                "mem": self.total["mem"] - shares * self.share["mem_mib"]}

    def check_noise(self, noisy, shares):
        taken, most = noisy.taken(), self.most_for_noise(shares)
        for name in most:
            assert taken[name] <= most[name] + 0.001, f"the neighbour has {taken}, at most {most} is not promised"
        return taken

    def wait_full(self, noisy, shares):
        """The neighbour has all that is nobody's, and keeps asking."""
        most = self.most_for_noise(shares)
        self.esaas.wait("the neighbour has taken what is free",
                        lambda: all(noisy.taken()[name] > most[name] - LEAST[name] for name in most), 60)
        time.sleep(3)
        self.report(f"the neighbour has {self.check_noise(noisy, shares)}")

    def check_admission(self):
        for more in ((), ("--dry-run",)):
            refused = self.create("shop", 3, False, *more)
            assert refused.returncode == 3 and "tenant_quota" in refused.stderr, refused
            assert f"cpus_milli by {self.share['cpus_milli'] // 2} " in refused.stderr, refused.stderr
        assert self.quota("shop")["left"]["cpus_milli"] == 0, self.quota("shop")
        self.report("a third cluster is refused, by how much is said")

    def run(self):
        self.promise()
        with NoisyFramework(self.master, user="nobody" if os.getuid() == 0 else getpass.getuser()) as noisy:
            self.wait_full(noisy, 2)
            for number in (1, 2):
                self.create("shop", number)
            self.wait_reserved("shop", "beside the neighbour")
            self.check_admission()
            self.check_noise(noisy, 2)
            for number in (1, 2):
                self.create("blog", number)
            self.wait_reserved("blog", "beside the neighbour and shop")

            for number in (1, 2):
                self.esaas.run("cluster", "delete", f"shop-{number}", "--confirm", f"shop-{number}", "--wait",
                               "--timeout", "120")
            time.sleep(3)
            self.check_noise(noisy, 2)
            self.report("what shop gave back is still its own")
            for number in (1, 2):
                self.create("shop", number)
            self.wait_reserved("shop", "once more")

            for number in (1, 2):
                self.esaas.run("cluster", "delete", f"shop-{number}", "--confirm", f"shop-{number}", "--wait",
                               "--timeout", "120")
            self.esaas.run("tenant", "quota", "set", "shop", "--none", "--wait")
            self.wait_full(noisy, 1)
            self.report("without its quota the neighbour takes it: the guarantee was what held it")
        self.check_records()

    def check_records(self):
        """And the master is left as it was found."""
        actions = [(entry["action"], entry.get("tenant")) for entry in self.esaas.json("audit")]
        assert actions.count(("set_quota", "shop")) == 2 and actions.count(("set_quota", "blog")) == 1, actions
        for number in (1, 2):
            self.esaas.run("cluster", "delete", f"blog-{number}", "--confirm", f"blog-{number}", "--wait",
                           "--timeout", "120")
        self.esaas.run("tenant", "quota", "set", "blog", "--none", "--wait")
        # A master goes on listing the role, without amounts.
        for config in self.operator("GET_QUOTA")["get_quota"]["status"].get("configs", []):
            assert not config.get("limits") and not config.get("guarantees"), config
        self.report("audit has the changes; the master holds no quota any more")


def main():
    with tempfile.TemporaryDirectory(prefix="esaas-quota-") as folder:
        make_program(folder)
        master = os.environ.get("ESAAS_MESOS_MASTER")
        esaas = Installation(sys.argv[1], first_agent_address="127.0.7.61", agents=AGENTS, version=VERSION, master=master)
        try:
            esaas.start()
            if not master:
                master = "127.0.0.1:" + (esaas.data / "embedded-mesos/port").read_text().strip()
            Quota(esaas, master).run()
        finally:
            esaas.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
