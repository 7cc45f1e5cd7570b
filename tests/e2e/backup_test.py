"""backup_test.py ESAAS: an old backup is restored beside a fleet that went on, and nothing dies of it.

On the embedded Mesos with real Elasticsearch 2.3.3. After the backup another cluster is made; the controller and its
data are lost; a controller on the restored log finds the tasks of both clusters. Besides, the server is killed while it
takes backups, and `esaas restore` while it restores: each backup that was answered 202 is taken all the same. A stop
waits for none.
"""

import json
import random
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

from installation import Installation

KILLS = 6
STOP_S = 20


def with_backups(esaas, folder, kib_per_s_max=0):
    """Configured so from the next start on."""
    config = esaas.root / "esaas.toml"
    text = config.read_text().split("[backup]")[0]
    config.write_text(text + f'[backup]\ndirectory = "{folder}"\nkib_per_s_max = {kib_per_s_max}\n')


def post_backup(esaas, name, key):
    """The answer as soon as it comes: no second process is started for it."""
    request = urllib.request.Request(f"http://127.0.0.1:{esaas.port}/v1/backups", method="POST",
                                     data=json.dumps({"name": name}).encode(),
                                     headers={"Authorization": "Bearer " + (esaas.data / "admin-token").read_text().strip(),
                                              "Content-Type": "application/json", "Idempotency-Key": key})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 202, answer.status
        return json.loads(answer.read())


def is_listed(esaas, name):
    return any(backup["name"] == name for backup in esaas.json("backup", "list"))


def create(esaas, name):
    esaas.run("cluster", "create", name, "--tenant", "shop", "--version", "2.3.3", "--nodes", "1", "--cpus-milli", "500",
              "--mem-mib", "512", "--disk-mib", "512", "--wait")


def restore(esaas, backups, data, *options, check=True):
    return subprocess.run([esaas.binary, "restore", "--backups", backups, "--data-dir", data, *options],
                          capture_output=True, text=True, timeout=120, check=check)


def verify(esaas, folder, name):
    done = subprocess.run([esaas.binary, "backup", "verify", "--backups", folder, "--name", name],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"


def killed_while_it_takes_backups(esaas, random_numbers):
    """Each backup that was answered 202 is listed and whole, whatever was killed, the first at once."""
    for number in range(KILLS):
        name = f"killed-{number}"
        answer = post_backup(esaas, name, name)
        time.sleep(random_numbers.random() * 0.05 if number > 0 else 0)
        esaas.kill()
        esaas.start()
        assert post_backup(esaas, name, name)["seq"] == answer["seq"], "the same key, the same answer"
        esaas.wait(f"{name} is taken", lambda: is_listed(esaas, name), timeout=60)
    listed = [backup["name"] for backup in esaas.json("backup", "list")]
    esaas.stop()
    backups = esaas.root / "backups"
    for name in listed:
        verify(esaas, backups, name)
    esaas.start()
    esaas.run("backup", "take", "--name", "after-the-kills", "--wait")
    return listed


def stopped_while_it_takes_a_backup(esaas, folder):
    """The stop is quick, and the next start takes the backup."""
    esaas.stop()
    with_backups(esaas, folder, kib_per_s_max=1)
    esaas.start()
    post_backup(esaas, "stopped", "stopped")
    time.sleep(1)
    assert not is_listed(esaas, "stopped"), "it takes longer than that"
    begin = time.monotonic()
    esaas.stop()
    took = time.monotonic() - begin
    assert took < STOP_S, f"the stop took {took:.1f} s"
    with_backups(esaas, folder)
    esaas.start()
    esaas.wait("the backup that was under way is taken", lambda: is_listed(esaas, "stopped"), timeout=60)
    verify(esaas, folder, "stopped")
    return took


def failed_without_a_folder(esaas, folder):
    """One that is to be taken when the folder goes from the configuration ends by its reason."""
    esaas.stop()
    with_backups(esaas, folder, kib_per_s_max=1)
    esaas.start()
    post_backup(esaas, "orphan", "orphan")
    esaas.kill()
    config = esaas.root / "esaas.toml"
    config.write_text(config.read_text().split("[backup]")[0])
    esaas.start()
    esaas.wait("the backup fails", lambda: "backup orphan was not taken" in esaas.run("backup", "list").stdout, timeout=60)
    shown = esaas.run("backup", "list").stdout
    assert "backup_directory" in shown, shown
    esaas.stop()
    with_backups(esaas, folder)
    esaas.start()


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
        took = stopped_while_it_takes_a_backup(first, first.root / "backups")
        failed_without_a_folder(first, first.root / "backups")
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
        print(f"ok: restored through {through}; {len(names)} backups whole after {KILLS} kills; a stop took "
              f"{took:.1f} s of a backup; no task died")
    finally:
        if second is not None:
            second.close()
        first.close()


if __name__ == "__main__":
    main(sys.argv[1])
