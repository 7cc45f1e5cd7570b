#include "reconcilers/embedded/runner/fetch.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "core/base/hash.h"
#include "reconcilers/embedded/runner/loopback_download.h"

extern char** environ;

namespace esaas::embedded {
namespace {

namespace fs = std::filesystem;
using Uri = esaas::mesos::wire::CommandInfo::URI;

std::unexpected<Error> refuse(std::string text) { return fail(ErrorCode::kInvalidArgument, std::move(text)); }

bool is_archive(const std::string& name) {
  for (const char* ending : {".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".zip"}) {
    if (name.ends_with(ending)) return true;
  }
  return false;
}

/// Runs a program to its end; its own words go to the supervisor's log.
Result<void> run(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = 0;
  if (const int error = ::posix_spawnp(&pid, arguments[0], nullptr, nullptr, arguments.data(), environ); error != 0) {
    return refuse("cannot run " + words[0] + " (is it installed?): " + std::strerror(error));
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return refuse("lost track of " + words[0]);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return refuse(words[0] + " failed on " + words.back());
}

Result<void> extract(const fs::path& archive, const std::string& name, const fs::path& into) {
  if (name.ends_with(".zip")) return run({"unzip", "-q", "-o", "-d", into.string(), archive.string()});
  return run({"tar", "--no-same-owner", "-C", into.string(), "-xf", archive.string()});
}

Result<void> copy_to(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (error) return refuse("cannot copy " + from.string() + " to " + to.string() + ": " + error.message());
  return {};
}

/// Readable for all, writable for nobody.
void make_read_only(const fs::path& folder) {
  std::error_code ignored;
  const auto readable = fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read;
  const auto writable = fs::perms::owner_write | fs::perms::group_write | fs::perms::others_write;
  const auto searchable = fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
  const auto treat = [&](const fs::path& path, bool is_folder, fs::perms now) {
    const bool runs = is_folder || (now & fs::perms::owner_exec) != fs::perms::none;
    fs::permissions(path, ((now | readable) & ~writable) | (runs ? searchable : fs::perms::none), ignored);
  };
  std::vector<fs::path> folders = {folder};
  for (const auto& entry : fs::recursive_directory_iterator(folder, ignored)) {
    if (entry.is_symlink(ignored)) continue;
    if (entry.is_directory(ignored)) {
      folders.push_back(entry.path());
    } else {
      treat(entry.path(), false, entry.status(ignored).permissions());
    }
  }
  for (auto each = folders.rbegin(); each != folders.rend(); ++each) {
    treat(*each, true, fs::status(*each, ignored).permissions());
  }
}

/// Holds a lock file until it goes.
class Lock {
 public:
  explicit Lock(const fs::path& path) : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    while (fd_ >= 0 && ::flock(fd_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  ~Lock() {
    if (fd_ >= 0) ::close(fd_);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  [[nodiscard]] bool held() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// The folder with what the archive holds; unpacks it if nobody did.
Result<fs::path> cached_content(const fs::path& archive, const fs::path& cache) {
  std::error_code error;
  const fs::path real = fs::canonical(archive, error);
  struct stat info{};
  if (error || ::stat(real.c_str(), &info) != 0) return refuse("there is no file " + archive.string());
  const std::string identity = real.string() + "\n" + std::to_string(info.st_size) + "\n" +
                               std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec);
  const std::string key = to_hex(to_bytes(blake2b_256(identity))).substr(0, 32);
  fs::create_directories(cache, error);
  const Lock lock(cache / (key + ".lock"));
  if (!lock.held()) return refuse("cannot write into the cache " + cache.string() + ": " + std::strerror(errno));
  fs::path content = cache / key;
  if (fs::exists(content, error)) return content;
  const fs::path unfinished = cache / (key + ".new");
  fs::remove_all(unfinished, error);
  fs::create_directory(unfinished, error);
  ESAAS_CHECK(extract(real, real.filename().string(), unfinished));
  fs::rename(unfinished, content, error);
  if (error) return refuse("cannot keep " + content.string() + ": " + error.message());
  make_read_only(content);
  return content;
}

Result<void> link_entries(const fs::path& content, const fs::path& sandbox) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(content, error)) {
    const fs::path link = sandbox / entry.path().filename();
    fs::remove(link, error);
    fs::create_symlink(entry.path(), link, error);
    if (error) return refuse("cannot link " + link.string() + ": " + error.message());
  }
  return {};
}

/// The local file of a URI, which is downloaded first if it has to be.
Result<fs::path> local_file(const Uri& uri, const fs::path& sandbox) {
  const std::string& value = uri.value();
  if (value.starts_with("http://")) {
    const std::string path = value.substr(0, value.find_first_of("?#"));
    const std::string name = path.substr(path.rfind('/') + 1);
    if (name.empty()) return refuse("the URI names no file");
    ESAAS_CHECK(download_from_loopback(value, sandbox / name));
    return sandbox / name;
  }
  fs::path path = value.starts_with("file://") ? value.substr(7) : value;
  if (!path.is_absolute()) {
    return refuse(value.find("://") == std::string::npos
                      ? "the path is not absolute"
                      : "only plain paths, file:// and http:// on loopback are fetched by the embedded Mesos");
  }
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return refuse("there is no such file");
  return path;
}

Result<void> fetch_one(const Uri& uri, const fs::path& sandbox, const fs::path& cache) {
  ESAAS_TRY(const fs::path source, local_file(uri, sandbox));
  const std::string name = source.filename().string();
  const bool is_local = source.parent_path() != sandbox;
  const bool unpack = uri.extract() && !uri.executable() && is_archive(name);
  if (uri.output_file().find("..") != std::string::npos || uri.output_file().starts_with('/')) {
    return refuse("output_file leaves the sandbox");
  }
  const fs::path target = sandbox / (uri.output_file().empty() ? name : uri.output_file());
  std::error_code error;
  if (unpack && uri.cache() && is_local) {
    ESAAS_TRY(const fs::path content, cached_content(source, cache));
    return link_entries(content, sandbox);
  }
  if (unpack) return extract(source, name, sandbox);
  if (is_local && uri.cache() && !uri.executable()) {
    fs::remove(target, error);
    fs::create_symlink(source, target, error);
    if (error) return refuse("cannot link " + target.string() + ": " + error.message());
    return {};
  }
  if (is_local) {
    ESAAS_CHECK(copy_to(source, target));
  } else if (target != source) {
    fs::rename(source, target, error);
    if (error) return refuse("cannot rename to " + target.string() + ": " + error.message());
  }
  if (uri.executable()) {
    fs::permissions(target, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec,
                    fs::perm_options::add, error);
  }
  return {};
}

}  // namespace

Result<void> fetch(const Uri& uri, const fs::path& sandbox, const fs::path& cache) {
  const auto fetched = fetch_one(uri, sandbox, cache);
  if (fetched) return {};
  return refuse("cannot fetch " + uri.value() + ": " + fetched.error().detail);
}

}  // namespace esaas::embedded
