#include "store/snapshots/snapshot_store.h"

#include <algorithm>
#include <functional>
#include <system_error>
#include <utility>

#include "store/snapshots/durable_file.h"

namespace esaas::store {
namespace {

constexpr std::string_view kPrefix = "fleet-";
constexpr std::string_view kSuffix = ".snapshot";
constexpr std::size_t kDigits = 20;

/// Names sort as the seqs do.
std::string file_name(std::uint64_t seq) {
  const std::string digits = std::to_string(seq);
  std::string name{kPrefix};
  name.append(kDigits - digits.size(), '0').append(digits).append(kSuffix);
  return name;
}

bool is_snapshot(const std::string& name) {
  return name.size() == kPrefix.size() + kDigits + kSuffix.size() && name.starts_with(kPrefix) &&
         name.ends_with(kSuffix);
}

std::unexpected<Error> io_error(std::string_view what, const std::filesystem::path& path,
                                const std::error_code& error) {
  return fail(ErrorCode::kInternal, "cannot " + std::string(what) + " " + path.string() + ": " + error.message());
}

}  // namespace

Result<SnapshotStore> SnapshotStore::open(std::filesystem::path directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return io_error("create", directory, error);
  return SnapshotStore(std::move(directory));
}

Result<void> SnapshotStore::save(const Snapshot& snapshot) {
  ESAAS_CHECK(write_durably(directory_ / file_name(snapshot.seq), encode_snapshot(snapshot)));
  ESAAS_TRY(const auto files, list());
  for (std::size_t i = kKept; i < files.size(); ++i) {
    std::error_code error;
    std::filesystem::remove(files[i], error);
    if (error) return io_error("remove", files[i], error);
  }
  return {};
}

Result<std::vector<std::filesystem::path>> SnapshotStore::list() const {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (std::filesystem::directory_iterator entry(directory_, error), end; !error && entry != end;
       entry.increment(error)) {
    if (is_snapshot(entry->path().filename().string())) files.push_back(entry->path());
  }
  if (error) return io_error("list", directory_, error);
  std::ranges::sort(files, std::greater<>());
  return files;
}

Result<Snapshot> SnapshotStore::load(const std::filesystem::path& file) {
  ESAAS_TRY(const std::string bytes, read_whole(file));
  auto snapshot = decode_snapshot(bytes);
  if (snapshot) return snapshot;
  Error error = std::move(snapshot).error();
  error.detail = file.string() + ": " + error.detail;
  return std::unexpected(std::move(error));
}

}  // namespace esaas::store
