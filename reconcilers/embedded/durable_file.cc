#include "reconcilers/embedded/durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace esaas::embedded {
namespace {

constexpr std::size_t kBytesMax = std::size_t{256} << 20U;

std::unexpected<Error> failed(const std::string& what, const std::filesystem::path& path) {
  return fail(ErrorCode::kInternal, what + " " + path.string() + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

Result<void> write_all(int fd, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("cannot write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return failed("cannot open", folder);
  if (::fsync(fd.get()) != 0) return failed("cannot sync", folder);
  return {};
}

}  // namespace

Result<std::optional<std::string>> read_file(const std::filesystem::path& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<std::string>();
    return failed("cannot open", path);
  }
  std::string bytes;
  char buffer[1 << 16];
  while (true) {
    const ssize_t count = ::read(fd.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("cannot read", path);
    if (count == 0) return std::optional(std::move(bytes));
    bytes.append(buffer, static_cast<std::size_t>(count));
    if (bytes.size() > kBytesMax) return fail(ErrorCode::kInternal, path.string() + " is too large");
  }
}

Result<void> replace_file(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::path temporary = path;
  temporary += ".new";
  {
    const Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (fd.get() < 0) return failed("cannot create", temporary);
    ESAAS_CHECK(write_all(fd.get(), bytes, temporary));
    if (::fsync(fd.get()) != 0) return failed("cannot sync", temporary);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("cannot replace", path);
  return sync_folder(path.parent_path());
}

}  // namespace esaas::embedded
