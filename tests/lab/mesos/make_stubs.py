"""make_stubs.py LIBRARY FOLDER: builds what the library was linked to and Debian 12 does not have.

The library was built on an older system. Subversion, APR, Python 2 and OpenSSL 1.0 are never called by a master or an agent
without TLS and Docker, so empty functions will do; libcurl is called, and only its symbol versions differ, so its
functions are passed on to the libcurl that is installed.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

# Objects, not functions, of Python: room for the largest.
DATA = ("_Py_NoneStruct", "PyExc_Exception", "PyExc_TypeError")

# Versions that the library asks of a file as a whole, whether or not a symbol carries them.
VERSIONS = {
    "libssl.so.1.0.0": ("OPENSSL_1.0.0", "OPENSSL_1.0.1", "OPENSSL_1.0.2"),
    "libcrypto.so.1.0.0": ("OPENSSL_1.0.0", "OPENSSL_1.0.2"),
}

CURL_HEAD = """#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
static void *find(const char *name) {
  static void *library;
  if (!library) library = dlopen("/lib/x86_64-linux-gnu/libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  void *found = library ? dlsym(library, name) : NULL;
  if (!found) { fprintf(stderr, "libcurl has no %s\\n", name); abort(); }
  return found;
}
"""

# Three words after the first are as many as any of the functions takes, named or variadic.
CURL_FUNCTION = """long {name}(void *a, long b, void *c, void *d) {{
  static long (*function)(void *, long, ...);
  if (!function) function = (long (*)(void *, long, ...))find("{name}");
  return function(a, b, c, d);
}}
"""


def home_of(name, version):
    """The file that the loader looks for, or nothing when the system has it."""
    if name.startswith("svn_"):
        return "libsvn_delta-1.so.1" if name.startswith("svn_txdelta") else "libsvn_subr-1.so.1"
    if name.startswith("apr_"):
        return "libapr-1.so.0"
    if name.startswith("curl_"):
        return "libcurl.so.4"
    if version.startswith("OPENSSL_"):
        return "libssl.so.1.0.0" if name.startswith(("SSL", "TLS")) else "libcrypto.so.1.0.0"
    if name.startswith(("Py", "_Py")):
        return "libpython-stub.so"
    return None


def wanted_symbols(library):
    """{file: [(name, version)]} of what `library` leaves undefined."""
    listing = subprocess.run(["nm", "-D", "--undefined-only", library], check=True, stdout=subprocess.PIPE, text=True)
    files = {}
    for line in listing.stdout.splitlines():
        name, _, version = line.split()[-1].partition("@")
        version = version.strip("@")
        home = home_of(name, version)
        if home:
            files.setdefault(home, []).append((name, version))
    return files


def source_of(file, names):
    if file == "libcurl.so.4":
        return CURL_HEAD + "".join(CURL_FUNCTION.format(name=name) for name in names)
    return "".join(f"char {name}[256];\n" if name in DATA else f"long {name}(void) {{ return 0; }}\n" for name in names)


def version_script(file, symbols):
    versions = {version: [] for version in VERSIONS.get(file, ())}
    for name, version in symbols:
        if version:
            versions.setdefault(version, []).append(name)
    blocks = []
    for version, names in sorted(versions.items()):
        exported = "".join(f" {name};" for name in names)
        blocks.append(f"{version} {{ {'global:' + exported if exported else ''} }};\n")
    return "".join(blocks)


def build(file, symbols, folder):
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, "stub.c")
        source.write_text(source_of(file, [name for name, _ in symbols]))
        command = ["gcc", "-shared", "-fPIC", "-O1", "-w", "-fno-builtin", f"-Wl,-soname,{file}", source,
                   "-o", Path(folder, file)]
        script = version_script(file, symbols)
        if script:
            Path(scratch, "versions").write_text(script)
            command.append(f"-Wl,--version-script={scratch}/versions")
        subprocess.run(command, check=True)


def main(library, folder):
    for file, symbols in wanted_symbols(library).items():
        build(file, symbols, folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
