# Shared by the scripts beside it; sourced, not run. Sets `repo`, `cache`, `jobs`, `version_es`.
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=${ESAAS_JOBS:-$(nproc)}
version_es=2.3.3

# What tasks of the embedded Mesos read must be readable by a user that is not root, so root's cache is not in root's home.
if [ -n "${ESAAS_CACHE:-}" ]; then cache=$ESAAS_CACHE
elif [ "$(id -u)" = 0 ]; then cache=/var/cache/esaas
else cache=${XDG_CACHE_HOME:-$HOME/.cache}/esaas; fi
export ESAAS_CACHE=$cache

say() { printf '\n== %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "this needs root: run as root, or install sudo"; fi
}

# The Java 17 that Elasticsearch runs on here; newer ones do not start 2.x.
java_home() {
  local home
  for home in "${ESAAS_JAVA_HOME:-}" /usr/lib/jvm/java-17-openjdk-*; do
    if [ -n "$home" ] && [ -x "$home/bin/java" ]; then echo "$home"; return 0; fi
  done
  die "no Java 17 found: run .ci/setup, or set ESAAS_JAVA_HOME"
}

# configure_and_build PRESET [TARGET...]
configure_and_build() {
  local preset=$1; shift
  local folder=$repo/.build/$preset
  cmake --preset "$preset" -S "$repo" >"$folder.configure.log" 2>&1 ||
    { tail -n 40 "$folder.configure.log" >&2; die "cmake --preset $preset failed"; }
  ninja -C "$folder" -j "$jobs" "$@"
}

# quietly_build PRESET [TARGET...]: shows the end of what was said, and when it failed all that is wrong.
quietly_build() {
  local log=$repo/.build/$1.build.log
  configure_and_build "$@" >"$log" 2>&1 || { grep -E -A 12 'error|FAILED' "$log" | head -n 60 >&2; die "the build failed: $log"; }
  tail -n 1 "$log"
}
