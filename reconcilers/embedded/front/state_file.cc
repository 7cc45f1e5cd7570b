#include "reconcilers/embedded/front/state_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/hash.h"
#include "reconcilers/embedded/durable_file.h"

namespace esaas::embedded {
namespace {

constexpr std::string_view kHeading = "esaas-embedded 1\n";
constexpr std::size_t kHashBytes = 32;

}  // namespace

Result<StateFile> StateFile::open(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "lock";
  const int lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0) return fail(ErrorCode::kInternal, "cannot open " + path.string() + ": " + std::strerror(errno));
  StateFile file(folder, lock);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::kConflict, "another embedded Mesos works in " + folder.string());
  }
  return file;
}

StateFile::StateFile(StateFile&& other) noexcept
    : folder_(std::move(other.folder_)), lock_(std::exchange(other.lock_, -1)) {}

StateFile& StateFile::operator=(StateFile&& other) noexcept {
  std::swap(folder_, other.folder_);
  std::swap(lock_, other.lock_);
  return *this;
}

StateFile::~StateFile() {
  if (lock_ >= 0) ::close(lock_);
}

Result<std::optional<State>> StateFile::load() const {
  const std::filesystem::path path = folder_ / "state";
  ESAAS_TRY(const auto bytes, read_file(path));
  if (!bytes) return std::optional<State>();
  const std::string_view all = *bytes;
  if (!all.starts_with("esaas-embedded ")) {
    return fail(ErrorCode::kDataLoss, path.string() + " is not the state of an embedded Mesos");
  }
  if (!all.starts_with(kHeading)) {
    return fail(ErrorCode::kUnsupportedVersion, path.string() + " was written by another version of this program");
  }
  if (all.size() < kHeading.size() + kHashBytes) return fail(ErrorCode::kDataLoss, path.string() + " is cut short");
  const std::string_view hash = all.substr(kHeading.size(), kHashBytes);
  const std::string_view body = all.substr(kHeading.size() + kHashBytes);
  State state;
  if (to_bytes(blake2b_256(body)) != hash || !state.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return fail(ErrorCode::kDataLoss, path.string() + " is damaged: its checksum is wrong");
  }
  return std::optional(std::move(state));
}

Result<void> StateFile::save(const State& state) {
  const std::string body = state.SerializeAsString();
  return replace_file(folder_ / "state", std::string(kHeading) + to_bytes(blake2b_256(body)) + body);
}

}  // namespace esaas::embedded
