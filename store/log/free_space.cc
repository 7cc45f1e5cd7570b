#include "store/log/free_space.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace esaas::store {

SpaceProbe probe_file_system(std::filesystem::path directory) {
  return [directory = std::move(directory)]() -> Result<std::uint64_t> {
    struct statvfs facts{};
    if (::statvfs(directory.c_str(), &facts) != 0) {
      return fail(ErrorCode::kInternal,
                  "cannot tell the free space of " + directory.string() + ": " + std::strerror(errno));
    }
    return std::uint64_t{facts.f_bavail} * facts.f_frsize;
  };
}

Result<void> check_reserve(const SpaceProbe& probe, std::uint64_t reserve_bytes) {
  ESAAS_TRY(const std::uint64_t free_bytes, probe());
  if (free_bytes >= reserve_bytes) return {};
  return fail(ErrorCode::kResourceExhausted,
              "only " + std::to_string(free_bytes) + " bytes are free where the log is kept; " +
                  std::to_string(reserve_bytes) + " are kept in reserve",
              {}, "free_space_reserve");
}

}  // namespace esaas::store
