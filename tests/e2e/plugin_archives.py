"""Archives of real plugins: delete-by-query for 2.x as it was published, and for 5.x and later, of which none is to be had where
these tests run, a plugin of one class that does nothing, built against the version's own libraries."""

import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path

from installation import TOP, elasticsearch_archive, java_home, skip

DESCRIPTOR = """description=Does nothing
version=1.0
name=probe
classname=probe.Probe
java.version=1.8
elasticsearch.version={version}
"""
SOURCE = "package probe; public class Probe extends org.elasticsearch.plugins.Plugin {}\n"


def published(version):
    fetched = subprocess.run([TOP / ".ci/fetch-plugin", version], stdout=subprocess.PIPE, text=True)
    if fetched.returncode == 75:
        skip(f"delete-by-query {version} cannot be fetched here")
    fetched.check_returncode()
    return Path(fetched.stdout.strip())


def built(version, folder):
    compiler = Path(java_home(), "bin/javac")
    if not compiler.exists():
        skip("there is no javac")
    archive = Path(folder, f"probe-{version}.zip")
    with tempfile.TemporaryDirectory() as work:
        with tarfile.open(elasticsearch_archive(version)) as tar:
            tar.extractall(work, [m for m in tar.getmembers() if "/lib/" in m.name and m.name.endswith(".jar")])
        libraries = ":".join(map(str, Path(work).glob("*/lib/*.jar")))
        Path(work, "Probe.java").write_text(SOURCE)
        subprocess.run([compiler, "-nowarn", "--release", "8", "-cp", libraries, "-d", work, "Probe.java"], cwd=work, check=True,
                       stderr=subprocess.DEVNULL)
        jar = Path(work, "probe.jar")
        with zipfile.ZipFile(jar, "w") as classes:
            classes.write(Path(work, "probe/Probe.class"), "probe/Probe.class")
        inside = "elasticsearch/" if version.startswith("5.") else ""
        with zipfile.ZipFile(archive, "w") as plugin:
            plugin.write(jar, f"{inside}probe.jar")
            plugin.writestr(f"{inside}plugin-descriptor.properties", DESCRIPTOR.format(version=version))
    return archive


def plugin_of(version, folder):
    """Its name, and the path of its archive, which may be below `folder`."""
    if version.startswith("2."):
        return "delete-by-query", published(version)
    return "probe", built(version, folder)
