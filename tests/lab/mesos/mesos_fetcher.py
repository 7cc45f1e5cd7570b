#!/usr/bin/python3
"""Stands in for mesos-fetcher: brings a command's URIs into its sandbox, as the user that the command will run as.

Takes file:// addresses, plain paths and http(s)://; honours output_file, executable, extract and the agent's cache.
"""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tarfile
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path


def download(address, target):
    if "://" not in address:
        address = Path("/", address).as_uri()
    with urllib.request.urlopen(address, timeout=60) as source, open(target, "wb") as out:
        shutil.copyfileobj(source, out)


def become(name):
    user = pwd.getpwnam(name)
    os.initgroups(name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def unpack(archive, folder):
    if tarfile.is_tarfile(archive):
        subprocess.run(["tar", "-xf", archive, "-C", folder], check=True)
    elif zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)


def source_of(item, cache):
    """Where to take the item from; what is to be cached is put there first, while there is the right to."""
    if item.get("action", "BYPASS_CACHE") == "BYPASS_CACHE":
        return item["uri"]["value"]
    cached = Path(cache, item["cache_filename"])
    if item["action"] == "DOWNLOAD_AND_CACHE":
        cached.parent.mkdir(parents=True, exist_ok=True)
        download(item["uri"]["value"], cached)
        cached.chmod(0o644)
    return str(cached)


def main():
    info = json.loads(os.environ["MESOS_FETCHER_INFO"])
    sandbox = info["sandbox_directory"]
    items = [(item["uri"], source_of(item, info.get("cache_directory"))) for item in info.get("items", [])]
    if os.getuid() == 0 and info.get("user"):
        become(info["user"])
    for uri, source in items:
        name = uri.get("output_file") or os.path.basename(urllib.parse.urlsplit(uri["value"]).path)
        target = Path(sandbox, name)
        download(source, target)
        if uri.get("executable"):
            target.chmod(0o755)
        elif uri.get("extract", True):
            unpack(target, sandbox)
        print(f"Fetched '{uri['value']}' to '{target}'")


if __name__ == "__main__":
    try:
        main()
    except (OSError, KeyError, subprocess.CalledProcessError) as error:
        sys.exit(f"mesos-fetcher: {error}")
