"""plugins_test.py ESAAS VERSION: a plugin is installed on every node, one for another version is refused in Elasticsearch's own
words and leaves the cluster as it was, so does one whose archive is not to be had, and the plugin is removed again. A writer
runs through all of it."""

import hashlib
import shutil
import sys
from pathlib import Path

from cluster_story import ClusterStory
from documents import ask
from installation import Installation
from plugin_archives import plugin_of

CLUSTER = "search"
# Of each version: its address, another version whose plugin it does not take, and what it says then.
VERSIONS = {
    "2.3.3": ("127.0.41.11", "2.4.6", "Was designed for version"),
    "7.17.28": ("127.0.42.11", "6.8.23", "was built for Elasticsearch version 6.8.23"),
}


class Plugins(ClusterStory):
    def __init__(self, esaas, name):
        super().__init__(esaas, name)
        self.plugin, self.archive = plugin_of(esaas.version, esaas.root)
        self.wrong, self.says = VERSIONS[esaas.version][1:]

    def installed(self):
        """What each node says that it has."""
        nodes = ask(self.addresses()[0], "/_nodes/plugins", timeout=20)["nodes"].values()
        return {node["name"]: [plugin["name"] for plugin in node["plugins"]] for node in nodes}

    def has(self, plugins):
        """Every node has them, and the cluster is whole."""
        try:
            self.learn_addresses()
            return self.is_whole(3) and self.installed() == plugins
        except (OSError, KeyError, IndexError):
            return False  # the node that was asked is the one that restarts

    def install(self, archive, plugin, checked):
        words = ["--uri", f"file://{archive}"]
        if checked:
            words += ["--sha256", hashlib.sha256(archive.read_bytes()).hexdigest()]
        return self.esaas.run("cluster", "plugin", "install", CLUSTER, plugin, *words, "--wait", "--timeout", "240", check=False)

    def run(self):
        self.esaas.start()
        self.create_three()
        self.begin_writing()
        done = self.install(self.archive, self.plugin, checked=True)
        assert done.returncode == 0, done.stdout + done.stderr
        self.esaas.wait("every node has it", lambda: self.has({f"data-{i}": [self.plugin] for i in range(3)}))
        self.report(f"installed {self.plugin} on every node")
        other, archive = plugin_of(self.wrong, self.esaas.root)
        # Its own name would say the version, and the request would be refused before a node is touched.
        said = self.esaas.run("cluster", "plugin", "install", CLUSTER, "delete-by-query", "--uri",
                              "file:///plugins/delete-by-query-1.7.6.zip", check=False)
        assert said.returncode == 3 and "plugin_version_matches" in said.stderr, said.stdout + said.stderr
        archive = shutil.copy(archive, Path(self.esaas.root, "other.zip"))
        archive.chmod(0o644)
        before = self.installed()
        done = self.install(archive, other, checked=False)
        assert done.returncode != 0, done.stdout
        said = " ".join((done.stdout + done.stderr).split()).replace("[", "").replace("]", "")
        assert self.says in said, said
        self.esaas.wait("every node has what it had", lambda: self.has(before), timeout=180)
        self.report(f"refused the one for {self.wrong}: the cluster is as it was")
        lost = self.esaas.run("cluster", "plugin", "install", CLUSTER, "nowhere", "--uri", "file:///plugins/nowhere.zip", "--sha256",
                              "0" * 64, "--wait", "--timeout", "240", check=False)
        assert lost.returncode == 1 and "could not be started with plugin nowhere" in lost.stdout, lost.stdout + lost.stderr
        self.esaas.wait("every node has what it had", lambda: self.has(before), timeout=180)
        self.report("an archive that is not to be had fails the operation: the cluster is as it was")
        self.esaas.run("cluster", "plugin", "remove", CLUSTER, self.plugin, "--wait", "--timeout", "240")
        self.esaas.wait("no node has it", lambda: self.has({f"data-{i}": [] for i in range(3)}))
        self.report("removed it from every node")
        self.end_writing()
        self.delete()


def main():
    binary, version = sys.argv[1:]
    esaas = Installation(binary, first_agent_address=VERSIONS[version][0], version=version)
    try:
        Plugins(esaas, CLUSTER).run()
    finally:
        esaas.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
