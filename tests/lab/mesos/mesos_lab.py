"""A real Apache Mesos 1.11.0 for a test: one master and some agents, each of which can be killed, paused and brought back.

    with MesosLab(agents=3) as lab:
        lab.agents[0].kill(); lab.agents[0].start()       # same work dir: it recovers
        lab.operator("GET_AGENTS")["get_agents"]["agents"]

Not thread-safe. Every wait has a deadline. `close` (and the end of `with`) ends what was started and nothing else, also after a
failure half-way. Agents have addresses of their own below 127/8, so ports never clash between them.
"""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]


class Unavailable(Exception):
    """There is no Mesos to be had here; the text says why."""


def programs():
    """The folder that .ci/fetch-mesos made."""
    named = os.environ.get("ESAAS_MESOS_LAB")
    if named:
        if not Path(named, "libexec/mesos-host").exists():
            raise Unavailable(f"ESAAS_MESOS_LAB={named} holds no libexec/mesos-host")
        return Path(named)
    fetched = subprocess.run([TOP / ".ci/fetch-mesos"], stdout=subprocess.PIPE, text=True)
    if fetched.returncode == 75:
        raise Unavailable("Apache Mesos cannot be fetched here")
    fetched.check_returncode()
    return Path(fetched.stdout.strip())


def free_port(address):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def wait_until(condition, what, timeout):
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout} s: {what}")
        time.sleep(0.05)


@dataclass
class AgentSpec:
    """What an agent offers, and further flags by their names (`work_dir`, not `--work_dir` or `MESOS_WORK_DIR`)."""

    cpus: float = 4
    mem_mib: int = 4096
    disk_mib: int = 10240
    ports: tuple = None  # first and last; None: a hundred of its own
    attributes: dict = field(default_factory=dict)  # besides rack
    region: str = None  # a fault domain, with zone
    zone: str = None
    disks: tuple = ()  # beside the root disk: ("mount", MiB) has a file system of its own (needs root), ("path", MiB) a folder
    reserved: dict = field(default_factory=dict)  # statically, and beside the above: {role: {"cpus": 1, "mem": 256}}
    flags: dict = field(default_factory=dict)


def scalar(name, value, **more):
    return {"name": name, "type": "SCALAR", "scalar": {"value": value}, **more}


def fault_domain(region, zone):
    return json.dumps({"fault_domain": {"region": {"name": region}, "zone": {"name": zone}}})


class Process:
    """One mesos-host: its flags are kept, so that `start` after `kill` is the restart that Mesos calls recovery."""

    def __init__(self, role, name, address, root, home, flags):
        self.role, self.name, self.address, self.home = role, name, address, home
        self.port = None
        self.log = root / f"{name}.log"
        self.flags = flags
        self.mounts = {}  # {folder: MiB}: of an agent, a file system each, made when it first starts
        self._process = None

    @property
    def endpoint(self):
        return f"{self.address}:{self.port}"

    @property
    def pid(self):
        return self._process.pid if self.is_running() else None

    def is_running(self):
        return self._process is not None and self._process.poll() is None

    def has_ended(self):
        """By itself: `kill` is not meant."""
        return self._process is not None and self._process.poll() is not None

    def start(self):
        if self.is_running():
            raise RuntimeError(f"{self.name} runs already")
        if self.port is None:
            self.port = free_port(self.address)
        for folder, mib in self.mounts.items():
            make_file_system(folder, mib)
        # Tasks inherit what an agent has: nothing of the caller's, as on a machine of its own.
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": str(self.log.parent)}
        environment.update(LIBPROCESS_IP=self.address, LIBPROCESS_PORT=str(self.port), MESOS_HOSTNAME=self.address)
        environment.update((f"MESOS_{name.upper()}", str(value)) for name, value in self.flags.items())
        with open(self.log, "ab") as log:
            # A session of its own: what the terminal sends to the test is not meant for Mesos.
            self._process = subprocess.Popen([self.home / "libexec/mesos-host", self.role], env=environment, stdout=log,
                                             stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)

    def kill(self, with_signal=signal.SIGKILL):
        """Ends this process alone, as a crash would; an agent's tasks go on."""
        if self.is_running():
            self._process.send_signal(with_signal)
            self._process.send_signal(signal.SIGCONT)  # one that is paused hears of no other signal
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(timeout=10)
        self._process = None

    def pause(self):
        """As a network that is cut: it neither hears nor says anything, and its tasks go on."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self):
        self._process.send_signal(signal.SIGCONT)

    def end_of_log(self):
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""


def make_file_system(folder, mib):
    """In memory. An agent takes a mount disk only where it finds one mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.path.ismount(folder):
        return
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=755", "esaas-lab", folder],
                          stderr=subprocess.PIPE, text=True)
    if made.returncode != 0:
        raise Unavailable(f"a mount disk cannot be made here: {made.stderr.strip()}")


class MesosLab:
    """`agents` is how many, or their AgentSpecs. `switch_user` (default: when the test is root) lets tasks run as the user
    that their framework names; otherwise everything runs as the caller."""

    def __init__(self, agents=1, port=None, first_agent_address="127.0.9.11", master_flags=None, agent_flags=None,
                 switch_user=None, root=None, region=None, zone=None, credential=None):
        self.home = programs()
        self.credential = credential  # (principal, secret) for a master that asks for some
        self.keeps_root = root is not None or os.environ.get("ESAAS_KEEP") == "1"
        self.root = Path(root) if root else Path(tempfile.mkdtemp(prefix="esaas-mesos-"))
        self.root.mkdir(exist_ok=True)
        self.root.chmod(0o755)  # tasks of other users have to reach their sandboxes
        self.switch_user = os.getuid() == 0 if switch_user is None else switch_user
        flags = {"work_dir": self.root / "master", "registry": "replicated_log", "allocation_interval": "100ms",
                 "agent_ping_timeout": "1secs", "max_agent_ping_timeouts": 3}
        if region:
            flags["domain"] = fault_domain(region, zone)
        flags.update(master_flags or {})
        self.master = Process("master", "master", "127.0.0.1", self.root, self.home, flags)
        self.master.port = port or free_port("127.0.0.1")
        specs = [AgentSpec() for _ in range(agents)] if isinstance(agents, int) else list(agents)
        prefix, _, first = first_agent_address.rpartition(".")
        self._address_of = lambda number: f"{prefix}.{int(first) + number}"
        self._agent_flags = agent_flags or {}
        self.agents = []
        for spec in specs:
            self._add(spec)

    def _add(self, spec):
        number = len(self.agents)
        self.agents.append(self._agent(number, self._address_of(number), spec, self._agent_flags))
        return self.agents[-1]

    def add_agent(self, spec):
        """One more machine, started and registered."""
        agent = self._add(spec)
        agent.start()
        self.wait_ready()
        return agent

    def _agent(self, number, address, spec, common_flags):
        name = f"agent{number}"
        home = self.root / name
        first, last = spec.ports or (31000 + 100 * number, 31099 + 100 * number)
        attributes = {"rack": f"r{number}", **spec.attributes}
        flags = {
            "master": self.master.endpoint, "work_dir": home / "work", "runtime_dir": home / "runtime",
            "fetcher_cache_dir": home / "fetched", "launcher_dir": self.home / "libexec", "ip": address,
            "launcher": "posix", "containerizers": "mesos", "isolation": "posix/cpu,posix/mem,filesystem/posix",
            "systemd_enable_support": "false", "switch_user": str(self.switch_user).lower(),
            "registration_backoff_factor": "100ms",
            "resources": json.dumps(self._resources(spec, home, first, last)),
            "attributes": ";".join(f"{key}:{value}" for key, value in attributes.items()),
        }
        if spec.region:
            flags["domain"] = fault_domain(spec.region, spec.zone)
        flags.update(common_flags)
        flags.update(spec.flags)
        home.mkdir(exist_ok=True)
        agent = Process("agent", name, address, self.root, self.home, flags)
        agent.mounts = {home / f"disk{place}": mib for place, (kind, mib) in enumerate(spec.disks) if kind == "mount"}
        return agent

    @staticmethod
    def _resources(spec, home, first, last):
        resources = [scalar("cpus", spec.cpus), scalar("mem", spec.mem_mib), scalar("disk", spec.disk_mib),
                     {"name": "ports", "type": "RANGES", "ranges": {"range": [{"begin": first, "end": last}]}}]
        for place, (kind, mib) in enumerate(spec.disks):
            root = home / f"disk{place}"
            root.mkdir(parents=True, exist_ok=True)
            source = {"type": kind.upper(), kind: {"root": str(root)}}
            resources.append(scalar("disk", mib, disk={"source": source}))
        for role, amounts in spec.reserved.items():
            layers = [{"type": "STATIC", "role": role}]
            resources += [scalar(name, value, reservations=layers) for name, value in amounts.items()]
        return resources

    # --- life ---

    def start(self):
        try:
            self.master.start()
            for agent in self.agents:
                agent.start()
            self.wait_ready()
        except BaseException:
            self.close()
            raise
        return self

    __enter__ = start

    def __exit__(self, *_):
        self.close()

    def wait_ready(self, timeout=60):
        """Until every agent that runs is registered and active."""
        def is_ready():
            for process in (self.master, *self.agents):
                if process.has_ended():
                    raise RuntimeError(f"{process.name} has ended by itself:\n{process.end_of_log()}")
            try:
                active = {agent["agent_info"]["hostname"] for agent in self.registered_agents() if agent.get("active")}
            except OSError:
                return False
            return all(agent.address in active for agent in self.agents if agent.is_running())
        try:
            wait_until(is_ready, "the agents are registered", timeout)
        except TimeoutError as error:
            logs = "\n".join(f"{each.name}: {each.end_of_log()}" for each in (self.master, *self.agents))
            raise TimeoutError(f"{error}\n{logs}") from None

    def close(self):
        """Agents first, so that none starts a container again; then the containers; the master; the folder."""
        for agent in self.agents:
            agent.kill()
        self.end_containers()
        self.master.kill()
        for agent in self.agents:
            for folder in filter(os.path.ismount, agent.mounts):
                subprocess.run(["umount", folder], check=True)
        if not self.keeps_root:
            shutil.rmtree(self.root, ignore_errors=True)

    # --- containers ---

    def containers(self, agent=None):
        """Pids of what the agents (or one) have forked and still runs, by the records that they keep for their recovery."""
        found = []
        whose = agent.name if agent else "agent*"
        for record in self.root.glob(f"{whose}/*/meta/slaves/*/frameworks/*/executors/*/runs/*/pids/forked.pid"):
            try:
                pid = int(record.read_text())
                place = os.readlink(f"/proc/{pid}/cwd")
            except (OSError, ValueError):
                continue
            # A number may have been given to somebody else since; a container's place is its sandbox.
            if place.startswith(f"{self.root}/") and pid not in found:
                found.append(pid)
        return found

    def power_off(self, agent):
        """As a machine that loses its power: the agent and every process of its tasks."""
        agent.kill()
        self.end_containers(agent)

    def end_containers(self, agent=None):
        """With all below them, children of children included."""
        doomed = [pid for container in self.containers(agent) for pid in (container, *descendants(container))]
        for pid in doomed:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_until(lambda: not any(is_alive(pid) for pid in doomed), "the containers have ended", 10)

    # --- the operator's API ---

    def operator(self, kind, credential=None, timeout=10, **body):
        """The answer to one call of the v1 operator API, {} when it is empty; HTTPError when the master says no. Sent with the
        lab's credential, unless another is given."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        credential = credential or self.credential
        if credential:
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(credential).encode()).decode()
        request = urllib.request.Request(f"http://{self.master.endpoint}/api/v1", headers=headers,
                                         data=json.dumps({"type": kind, **body}).encode())
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            text = answer.read()
        return json.loads(text) if text else {}

    def registered_agents(self):
        return self.operator("GET_AGENTS").get("get_agents", {}).get("agents", [])

    def tasks(self):
        """What the master has of tasks that have not ended."""
        return self.operator("GET_TASKS").get("get_tasks", {}).get("tasks", [])

    def reservations(self):
        """{agent address: resources that are reserved there}, agents without any left out. Volumes are among them."""
        held = {}
        for agent in self.registered_agents():
            reserved = [each for each in agent.get("total_resources", []) if each.get("reservations")]
            if reserved:
                held[agent["agent_info"]["hostname"]] = reserved
        return held


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def descendants(pid):
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in map(int, children.read_text().split()):
                found += [child, *descendants(child)]
        except OSError:
            continue
    return found
