"""independent_client_test.py ESAAS VERSION: programs that others wrote use a cluster at its stable address.

The client library of the cluster's line of versions from Python's package index (2.4.1 on 2.3.3, 7.17.12 on 7.17.28) indexes,
searches and reads in bulk through a proxy with a password; elasticdump copies an index out and into another one.
"""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

from cluster_story import ClusterStory
from installation import TOP, Installation, skip

CLUSTER = "search"
LIBRARIES = {"2.3.3": "python-2.4.1", "7.17.28": "python-7.17.12"}
USER, PASSWORD = "anna", "a-pass-word-for-anna"

SCRIPT = """
import sys
from elasticsearch import Elasticsearch, helpers
host, port, user, password, typed = sys.argv[1:]
client = Elasticsearch([{"host": host, "port": int(port)}], http_auth=(user, password))
assert client.ping()
kind = {"_type": "book"} if typed == "typed" else {}
actions = [dict(kind, _index="books", _id=str(n), _source={"title": "volume %d" % n, "even": n % 2 == 0}) for n in range(1000)]
done, errors = helpers.bulk(client, actions)
assert (done, errors) == (1000, []), (done, errors)
client.indices.refresh(index="books")
assert client.count(index="books")["count"] == 1000
found = client.search(index="books", body={"query": {"match": {"title": "volume"}}, "size": 5})
assert len(found["hits"]["hits"]) == 5
ids = sorted(int(hit["_id"]) for hit in helpers.scan(client, index="books", query={"query": {"match_all": {}}}))
assert ids == list(range(1000))
stranger = Elasticsearch([{"host": host, "port": int(port)}], http_auth=(user, "wrong"))
assert not stranger.ping()
print("1000 books indexed, counted, searched and scanned; a wrong password is refused")
"""


def fetched(name):
    done = subprocess.run([TOP / ".ci/fetch-clients", name], capture_output=True, text=True)
    if done.returncode == 75:
        skip(f"{name} cannot be fetched here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


class Independent(ClusterStory):
    def add_proxy(self):
        token = (self.esaas.data / "admin-token").read_text().strip()
        body = {"count": 1, "access": {"users": [{"name": USER, "password": PASSWORD}]}}
        request = urllib.request.Request(f"http://127.0.0.1:{self.esaas.port}/v1/clusters/{CLUSTER}/proxies", method="PUT",
                                         data=json.dumps(body).encode(),
                                         headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        operation = json.loads(urllib.request.urlopen(request, timeout=30).read())["operation_id"]
        self.esaas.run("operation", "wait", operation, "--timeout", "120")
        [endpoint] = self.esaas.json("cluster", "endpoints", CLUSTER)
        self.report(f"a proxy serves at {endpoint['url']}")
        return endpoint["url"].removeprefix("http://")

    def run(self):
        python = fetched(LIBRARIES[self.esaas.version]) / "bin/python"
        self.esaas.start()
        self.create_three()
        address = self.add_proxy()
        host, port = address.split(":")
        typed = "typed" if self.esaas.version.startswith("2.") else "typeless"
        done = subprocess.run([python, "-W", "ignore", "-c", SCRIPT, host, port, USER, PASSWORD, typed], capture_output=True,
                              text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        self.report(f"{LIBRARIES[self.esaas.version]}: {done.stdout.strip()}")
        dump = fetched("elasticdump") / "node_modules/.bin/elasticdump"
        url = f"http://{USER}:{PASSWORD}@{address}"
        copy = self.esaas.root / "books.json"
        for source, target in ((f"{url}/books", copy), (copy, f"{url}/copies")):
            moved = subprocess.run([dump, f"--input={source}", f"--output={target}", "--type=data", "--limit=500"],
                                   capture_output=True, text=True, timeout=120)
            assert moved.returncode == 0, moved.stdout + moved.stderr
        lines = sum(1 for _ in copy.open())
        assert lines == 1000, lines
        check = SCRIPT.split("assert client.ping()")[0] + (
            'client.indices.refresh(index="copies"); print(client.count(index="copies")["count"])')
        counted = subprocess.run([python, "-W", "ignore", "-c", check, host, port, USER, PASSWORD, typed], capture_output=True,
                                 text=True, timeout=60)
        assert counted.stdout.strip() == "1000", counted.stdout + counted.stderr
        self.report("elasticdump: 1000 documents out and into another index")
        self.delete()


def main():
    binary, version = sys.argv[1:]
    esaas = Installation(binary, first_agent_address=f"127.0.{24 + list(LIBRARIES).index(version)}.11", version=version)
    try:
        Independent(esaas, CLUSTER).run()
    finally:
        esaas.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
