"""backup_test.py ESAAS: an old backup is restored beside a fleet that went on, and nothing dies of it.

On the embedded Mesos with real Elasticsearch 2.3.3. After the backup another cluster is made; the controller and its
data are lost; a controller on the restored log finds the tasks of both clusters. Besides, the server is killed while it
takes backups, and `esaas restore` while it restores.
"""

import random
import shutil
import signal
import subprocess
import sys
import time

from installation import Installation

KILLS = 6


def with_backups(esaas, folder):
    config = esaas.root / "esaas.toml"
    config.write_text(config.read_text() + f'[backup]\ndirectory = "{folder}"\n')


def create(esaas, name):
    esaas.run("cluster", "create", name, "--tenant", "shop", "--version", "2.3.3", "--nodes", "1", "--cpus-milli", "500",
              "--mem-mib", "512", "--disk-mib", "512", "--wait")


def restore(esaas, backups, data, *options, check=True):
    return subprocess.run([esaas.binary, "restore", "--backups", backups, "--data-dir", data, *options],
                          capture_output=True, text=True, timeout=120, check=check)


def killed_while_it_takes_backups(esaas, random_numbers):
    """Each backup that is listed is whole, whatever was killed."""
    for number in range(KILLS):
        esaas.run("backup", "take", "--name", f"killed-{number}")
        time.sleep(random_numbers.random() * 0.05)
        esaas.kill()
        esaas.start()
    listed = [backup["name"] for backup in esaas.json("backup", "list")]
    esaas.stop()
    backups = esaas.root / "backups"
    for name in listed:
        done = subprocess.run([esaas.binary, "backup", "verify", "--backups", backups, "--name", name],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
    esaas.start()
    esaas.run("backup", "take", "--name", "after-the-kills", "--wait")
    return listed


def killed_while_it_restores(esaas, data, random_numbers):
    """Until one comes through: then all of it is there."""
    for _ in range(KILLS):
        running = subprocess.Popen([esaas.binary, "restore", "--backups", esaas.root / "backups", "--name", "last",
                                    "--data-dir", data], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random_numbers.random() * 0.15)
        running.send_signal(signal.SIGKILL)
        if running.wait() == 0 or (data / "log").exists():
            break
    if not (data / "log").exists():
        restore(esaas, esaas.root / "backups", data, "--name", "last")
    again = restore(esaas, esaas.root / "backups", data, "--name", "last", check=False)
    assert again.returncode != 0 and "has a log already" in again.stderr, again.stderr


def main(binary):
    random_numbers = random.Random(7)
    first = Installation(binary, first_agent_address="127.0.86.11", agents=3)
    second = None
    try:
        with_backups(first, first.root / "backups")
        first.start()
        first.run("tenant", "create", "shop")
        create(first, "old")
        first.run("backup", "take", "--name", "last", "--secrets", "--wait")
        through = first.json("backup", "list")[0]["through_seq"]
        create(first, "new")
        processes = {name: first.processes(f"{name}.data-0") for name in ("old", "new")}
        assert all(processes.values()), processes
        names = killed_while_it_takes_backups(first, random_numbers)
        first.kill()

        # The machine is gone, and Mesos is not.
        port = int((first.data / "embedded-mesos/port").read_text())
        second = Installation(binary, master=f"127.0.0.1:{port}")
        killed_while_it_restores(first, second.data, random_numbers)
        shutil.copy(first.data / "admin-token", second.data / "admin-token")
        second.start()
        restored = second.json("audit", "--order", "oldest")
        assert restored, "the audit of the time before is there"
        assert second.cluster("old")["health"]["status"] == "green"
        second.wait("the restored controller knows the task of the old cluster",
                    lambda: second.nodes("old")["data-0"]["task"]["state"] == "running")
        # What it does not know it leaves alone, and shows.
        second.wait("the reservation of the new cluster is in the ledger",
                    lambda: any(line["cluster"] == "new" for line in second.json("ledger")))
        time.sleep(5)
        for name, pids in processes.items():
            assert first.processes(f"{name}.data-0") == pids, f"{name}: {pids} and now {first.processes(f'{name}.data-0')}"
        # It is a controller like any other.
        second.run("cluster", "restart", "old", "--wait", "--timeout", "120")
        assert second.cluster("old")["health"]["status"] == "green"
        second.stop()
        verified = subprocess.run([second.binary, "log", "verify", "--data-dir", second.data], capture_output=True, text=True,
                                  timeout=60)
        assert verified.returncode == 0, verified.stdout + verified.stderr
        export = second.root / "all.zst"
        subprocess.run([second.binary, "log", "export", "--data-dir", second.data, "--output", export], check=True,
                       stdout=subprocess.DEVNULL, timeout=60)
        subprocess.run([second.binary, "log", "import", export, "--data-dir", second.root / "imported"], check=True,
                       stdout=subprocess.DEVNULL, timeout=60)
        print(f"ok: restored through {through}; {len(names)} backups whole after {KILLS} kills; no task died")
    finally:
        if second is not None:
            second.close()
        first.close()


if __name__ == "__main__":
    main(sys.argv[1])
