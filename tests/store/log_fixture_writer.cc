// log_fixture_writer DATA_DIR FOLDER: keeps the log of a data directory, on which no server runs, as a fixture.

#include <cstdio>
#include <cstdlib>

#include "store/log/rocksdb_event_log.h"
#include "tests/store/log_fixture.h"

namespace {

esaas::Result<void> write(const std::filesystem::path& data, const std::filesystem::path& folder) {
  ESAAS_TRY(const auto log, esaas::store::open_rocksdb_log({.directory = data / "log", .create_if_missing = false}));
  ESAAS_TRY(const auto fixture, esaas::store::testing::capture(*log));
  return esaas::store::testing::save(fixture, folder);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: log_fixture_writer DATA_DIR FOLDER\n", stderr);
    return EXIT_FAILURE;
  }
  const auto written = write(argv[1], argv[2]);
  if (written) return EXIT_SUCCESS;
  std::fprintf(stderr, "%s\n", written.error().detail.c_str());
  return EXIT_FAILURE;
}
