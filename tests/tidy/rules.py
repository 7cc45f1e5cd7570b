"""The rules as data. Paths are relative to the top; a path that ends in / stands for all below it."""

SOURCE_SUFFIXES = (".cc", ".h")
PRODUCT = ("core/", "store/", "reconcilers/", "api/")

LINES_MAX = 600
TEST_LINES_MAX = 1000
FUNCTION_LINES_MAX = 70
README_LINES_MAX = 40

# (pattern, why it is banned, files that may use it). Applies to PRODUCT.
BANNED_CALLS = [
    (
        r"\bsystem_clock::now\b",
        "time is passed in; only the edge reads the clock",
        ["reconcilers/effects/mesos/client.cc", "reconcilers/loop/controller_host.cc", "reconcilers/embedded/main_loop.cc", "reconcilers/embedded/runner/",
         "api/serve/", "api/main.cc", "api/cli/"],
    ),
    # The embedded Mesos names its master once, at its first start.
    (r"\brandom_device\b", "randomness is passed in as a seed", ["reconcilers/embedded/main_loop.cc"]),
    (r"\bsleep_(for|until)\b", "a wait is a timer with a deadline", ["reconcilers/embedded/runner/", "api/cli/", "api/serve/embedded_process.cc"]),
    (r"\bgetenv\b", "configuration comes from the config file; only the edge reads the environment",
     ["api/cli/", "api/config/", "api/main.cc"]),
    (r"\bstd::j?thread\b", "threads are named in the design: controller, log writer, HTTP shards",
     ["store/digests/log_verifier.cc",
      "store/log/log_writer.h", "store/log/log_writer.cc", "store/log/index_rebuild.h", "store/log/index_rebuild.cc", "store/log/index_tail.h", "store/digests/work_pool.h", "reconcilers/loop/controller_host.cc", "reconcilers/loop/sinks/", "api/http/",
      "api/serve/", "api/routes/",
      "reconcilers/effects/mesos/", "reconcilers/embedded/"]),
    (r"\bstrtok\b|\bsprintf\b|\bgets\b", "not bounded or not thread-safe", []),
    (r"\bstd::regex\b", "RE2 has bounds, std::regex recurses on its input", []),
]

# What a folder may include from this project (prefixes), and what its files may never include.
ARROWS = [
    ("core/", ["core/"]),
    ("store/", ["core/", "store/"]),
    ("reconcilers/effects/", ["core/", "reconcilers/"]),
    ("reconcilers/embedded/", ["core/", "reconcilers/"]),
    ("reconcilers/loop/", ["core/", "reconcilers/", "store/"]),
    ("reconcilers/", ["core/", "reconcilers/"]),
    ("api/", ["core/", "store/", "reconcilers/", "api/"]),
]
PURE = ["core/", "reconcilers/"]
NOT_PURE = ["reconcilers/effects/", "reconcilers/embedded/", "reconcilers/loop/"]
IMPURE_INCLUDES = r'<(boost/(asio|beast)|rocksdb/|spdlog/|thread>|mutex>|fstream>|iostream>|filesystem>|unistd\.h|sys/)'

LEFTOVERS = r"\b(TODO|FIXME|XXX|HACK)\b"
# Paths of one machine, and names that only mean something where the code was written.
PRIVATE_PLACES = r"(?<![\w.])/(work|root|home/\w+)(/|\b)"
PRIVATE_PLACES_ALLOWED = ["tests/tidy/"]

# find_package or pkg_check_modules name -> the Debian package that brings it.
DEBIAN_PACKAGES = {
    "Boost": ["libboost1.81-dev", "libboost-json1.81-dev", "libboost-url1.81-dev"],
    "Protobuf": ["libprotobuf-dev", "protobuf-compiler"],
    "RocksDB": ["librocksdb-dev"],
    "OpenSSL": ["libssl-dev"],
    "Threads": [],
    "fmt": ["libfmt-dev"],
    "jemalloc": ["libjemalloc-dev"],
    "spdlog": ["libspdlog-dev"],
    "PkgConfig": ["pkg-config"],
    "libsodium": ["libsodium-dev"],
    "rdkafka": ["librdkafka-dev"],
    "ICU": ["libicu-dev"],
    "libpq": ["libpq-dev", "postgresql-15"],
    "libzstd": ["libzstd-dev"],
    "re2": ["libre2-dev"],
    "GTest": ["libgtest-dev", "libgmock-dev"],
    "rapidcheck": ["librapidcheck-dev"],
    "benchmark": ["libbenchmark-dev"],
    "prometheus-cpp-core": ["prometheus-cpp-dev"],
    "CLI11": ["libcli11-dev"],
    "tomlplusplus": ["libtomlplusplus-dev"],
    "Python3": ["python3"],
}
