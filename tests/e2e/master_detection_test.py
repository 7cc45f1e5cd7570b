"""master_detection_test.py ESAAS MASTER_IN_ZOOKEEPER: how the real binary finds its master, and shows who it is.

A real ZooKeeper server, two embedded Mesos that ask for credentials, and the controller, which follows whoever the test
makes the leader: first nobody, then one, the other one, nobody, and after all sessions have expired one again. Then wrong
credentials, and --check-config. No Elasticsearch.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab/zookeeper"))
from installation import SKIPPED, free_port  # noqa: E402
from zookeeper_lab import Unavailable, ZookeeperLab  # noqa: E402

SECRET = "kept-from-every-log"
WRONG = "also-kept-from-every-log"


def wait(what, condition, timeout=30, log=None):
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}\n" + (log.read_text()[-3000:] if log else ""))
        time.sleep(0.05)


class Mesos:
    """An embedded Mesos that takes the controller's credentials alone."""

    def __init__(self, binary, root, number):
        self.address = f"127.0.0.1:{free_port()}"
        folder = root / f"mesos{number}"
        folder.mkdir()
        words = [binary, "embedded-mesos", "--work-dir", folder, "--listen", self.address, "--agents", "1",
                 "--first-agent-address", f"127.0.{80 + number}.11", "--agent-mem", "256", "--agent-disk", "256",
                 "--principal", "esaas"]
        with open(folder / "log", "ab") as log:
            self.process = subprocess.Popen(words, env=dict(os.environ, ESAAS_EMBEDDED_SECRET=SECRET), stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        wait(f"{self.address} listens", lambda: (folder / "port").exists(), log=folder / "log")

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)


class Master:
    """A master's znode, for as long as it is not closed."""

    def __init__(self, program, lab, data):
        self.process = subprocess.Popen([program, lab.connect_string, "/mesos", data], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.znode = self.process.stdout.readline().strip()
        assert self.znode, "no znode was made"

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


class Controller:
    def __init__(self, binary, root, name, mesos, environment):
        self.port = free_port()
        self.log = root / f"{name}.log"
        config = root / f"{name}.toml"
        config.write_text(f'data_dir = "{root / name}"\n[http]\nlisten = "127.0.0.1:{self.port}"\n[mesos]\n{mesos}\n')
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([binary, "serve", "--config", config], env=dict(os.environ, **environment),
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.wait("it serves", lambda: self.readyz() is not None)

    def readyz(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            return json.load(refusal)
        except OSError:
            return None

    def wait(self, what, condition):
        def ends_early():
            assert self.process.poll() is None, "it has ended:\n" + self.log.read_text()[-3000:]
            return condition()
        wait(what, ends_early, log=self.log)

    def expect(self, problem):
        self.wait(f"mesos_problem is {problem}", lambda: (self.readyz() or {}).get("mesos_problem") == problem)

    def logged(self, text):
        return sum(text in line for line in self.log.read_text().splitlines())

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(timeout=60) == 0, self.log.read_text()[-3000:]


class Scene:
    def __init__(self, binary, program, lab, root):
        self.binary, self.program, self.lab, self.root = Path(binary).resolve(), Path(program).resolve(), lab, root
        self.began = time.monotonic()
        self.open = []

    def report(self, what):
        print(f"{time.monotonic() - self.began:6.1f} s  {what}", flush=True)

    def keep(self, thing):
        self.open.append(thing)
        return thing

    def end(self, thing):
        self.open.remove(thing)
        thing.close()

    def close(self):
        for thing in reversed(self.open):
            try:
                thing.close()
            except (AssertionError, OSError, subprocess.TimeoutExpired) as failed:
                print(f"while closing: {failed}")

    def elect(self, mesos):
        return self.keep(Master(self.program, self.lab, mesos.address))

    def follow(self, first, second):
        controller = self.keep(Controller(
            self.binary, self.root, "following", f'master = "zk://{self.lab.connect_string}/mesos"',
            {"ESAAS_MESOS_PRINCIPAL": "esaas", "ESAAS_MESOS_SECRET": SECRET}))
        controller.expect("no_leading_master")
        self.report("no master leads, and /readyz says so")

        junk = self.keep(Master(self.program, self.lab, "{no MasterInfo"))
        leader = self.elect(first)
        controller.expect("none")
        assert controller.logged(f"names {first.address} as the leading master") == 1
        assert controller.logged("znode json.info_0000000000 is skipped: MasterInfo is not JSON") == 1
        self.report("subscribed to the first master, past a znode that is none")

        heir = self.elect(second)
        self.end(leader)
        controller.wait("it follows", lambda: controller.logged(f"leads instead of {first.address}") == 1)
        controller.expect("none")
        assert controller.logged(f"names {second.address} as the leading master") == 1
        self.report("followed to the second master")

        self.end(heir)
        self.end(junk)
        controller.expect("no_leading_master")
        assert controller.logged("no master leads") == 1
        self.report("all znodes are gone: no subscription")

        self.lab.kill()
        self.lab.start(elsewhere=True)
        time.sleep(12)  # longer than a session may be silent
        self.lab.kill()
        self.lab.start()
        leader = self.elect(first)
        controller.expect("none")
        assert controller.logged("the session expired; a new one is opened") == 1
        self.report("the session expired, and the new one found the master")

        self.lab.kill()
        time.sleep(2)
        assert controller.readyz()["mesos_problem"] == "none", "ZooKeeper's silence must not end a subscription"
        self.report("ZooKeeper is down, and the subscription goes on")
        self.end(controller)
        self.lab.start()
        leader.process.kill()
        self.end(leader)
        assert SECRET not in controller.log.read_text(), "a secret is in the log"

    def refuse(self, mesos):
        """Wrong credentials, from a file this time, in a list of masters with a dead one."""
        (self.root / "credentials").write_text(f"esaas {WRONG}\n")
        controller = self.keep(Controller(
            self.binary, self.root, "refused",
            f'master = "http://{mesos.address}"\ncredentials_file = "{self.root / "credentials"}"', {}))
        controller.expect("credentials_refused")
        time.sleep(4)  # several more attempts
        text = 'refuses the credentials of principal \\"esaas\\"'
        assert controller.logged(text) + controller.logged(text.replace("\\", "")) == 1, controller.log.read_text()
        assert WRONG not in controller.log.read_text(), "a secret is in the log"
        assert not controller.readyz()["ready"]
        self.end(controller)
        self.report("wrong credentials: one line with the principal, /readyz says it, the secret is nowhere")

    def check(self):
        def checked(mesos, **environment):
            config = self.root / "checked.toml"
            config.write_text(f'data_dir = "d"\n[mesos]\n{mesos}\n')
            done = subprocess.run([self.binary, "serve", "--config", config, "--check-config"], capture_output=True,
                                  text=True, env=dict(os.environ, **environment), timeout=30)
            return done.returncode, (done.stdout + done.stderr).replace(str(config), "FILE")
        (self.root / "one-word").write_text("nothing-else\n")
        expected = [
            ('master = "zk://h1:2181,h2:2181/mesos"', {}, 0, "FILE is right"),
            ('master = "zk://h1:2181,h2:2181"', {}, 2, "FILE:3: mesos.master is wrong: the ZooKeeper address has no path"),
            ('master = "zk://h1:99999/mesos"', {}, 2, "FILE:3: mesos.master is wrong: ZooKeeper: master address"),
            ('master = "zk://u:secret@h1:2181/mesos"', {}, 2, "FILE:3: mesos.master holds a password"),
            ('master = "http://h1:5050"\ncredentials_file = "one-word"', {}, 2, "FILE:4: mesos.credentials_file"),
            ('master = "http://h1:5050"\ncredentials_file = "not-there"', {}, 2, "FILE:4: mesos.credentials_file"),
            ('master = "http://h1:5050"\ncredentials_file = "one-word"', {"ESAAS_MESOS_SECRET": "x"}, 2,
             "FILE:4: mesos.credentials_file is given, and so is ESAAS_MESOS_SECRET"),
            ('master = "zk://u@h1:2181/mesos"', {"ESAAS_ZOOKEEPER_PASSWORD": "x"}, 0, "FILE is right"),
        ]
        for mesos, environment, code, text in expected:
            got, output = checked(mesos, **environment)
            assert got == code and text in output, f"{mesos}: {got}\n{output}"
            assert "secret" not in output and "nothing-else" not in output, output
        self.report(f"--check-config: {len(expected)} configurations")


def main():
    binary, program = sys.argv[1:3]
    try:
        lab = ZookeeperLab()
    except Unavailable as reason:
        print(f"skipped: {reason}")
        return SKIPPED
    root = Path(tempfile.mkdtemp(prefix="esaas-detection-"))
    scene = Scene(binary, program, lab, root)
    try:
        lab.start()
        first, second = (scene.keep(Mesos(scene.binary, root, number)) for number in (1, 2))
        scene.check()
        scene.refuse(first)
        scene.follow(first, second)
    finally:
        scene.close()
        lab.close()
        if os.environ.get("ESAAS_KEEP") != "1":
            shutil.rmtree(root, ignore_errors=True)
    print("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
