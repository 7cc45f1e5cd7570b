// Fetching into a sandbox: plain files, archives, the cache, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include "reconcilers/embedded/runner/fetch.h"
#include "reconcilers/embedded/runner/work_folders.h"
#include "tests/reconcilers/embedded/temporary_folder.h"

namespace esaas::embedded::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Uri = esaas::mesos::wire::CommandInfo::URI;

class Fetch : public ::testing::Test {
 protected:
  Fetch() : source_(folder_.path() / "source"), cache_(folder_.path() / "cache") { fs::create_directories(source_); }
  ~Fetch() override {
    // The cache is read-only on purpose.
    const std::string command = "chmod -R u+w " + folder_.path().string();
    EXPECT_EQ(std::system(command.c_str()), 0);
  }

  fs::path sandbox(int number = 1) {
    const fs::path path = folder_.path() / ("sandbox-" + std::to_string(number));
    fs::create_directories(path);
    return path;
  }
  fs::path write(const std::string& name, const std::string& text) {
    std::ofstream(source_ / name) << text;
    return source_ / name;
  }
  fs::path archive(const std::string& name = "thing-1.0.tar.gz", const std::string& text = "content") {
    fs::create_directories(source_ / "thing-1.0/bin");
    std::ofstream(source_ / "thing-1.0/bin/run") << text;
    fs::permissions(source_ / "thing-1.0/bin/run", fs::perms(0755));
    const std::string command = "tar -C " + source_.string() + " -czf " + (source_ / name).string() + " thing-1.0";
    EXPECT_EQ(std::system(command.c_str()), 0);
    return source_ / name;
  }
  static Uri uri(const std::string& value, bool cache = false) {
    Uri result;
    result.set_value(value);
    result.set_cache(cache);
    return result;
  }
  static std::string content(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  Result<void> get(const Uri& what, int number = 1) { return fetch(what, sandbox(number), cache_); }
  std::size_t unpacked() const {
    std::size_t count = 0;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(cache_, error)) count += entry.is_directory() ? 1 : 0;
    return count;
  }

  TemporaryFolder folder_;
  fs::path source_;
  fs::path cache_;
};

TEST_F(Fetch, CopiesAPlainFile) {
  ASSERT_TRUE(get(uri(write("a.txt", "hello").string())));
  ASSERT_TRUE(get(uri("file://" + write("b.txt", "there").string())));
  EXPECT_EQ(content(sandbox() / "a.txt"), "hello");
  EXPECT_FALSE(fs::is_symlink(sandbox() / "a.txt"));
  EXPECT_EQ(content(sandbox() / "b.txt"), "there");
}

TEST_F(Fetch, HonoursNameAndExecutable) {
  Uri what = uri(write("tool", "#!/bin/sh\n").string());
  what.set_output_file("renamed");
  what.set_executable(true);
  ASSERT_TRUE(get(what));
  EXPECT_NE(fs::status(sandbox() / "renamed").permissions() & fs::perms::others_exec, fs::perms::none);
}

TEST_F(Fetch, UnpacksUnlessToldNotTo) {
  ASSERT_TRUE(get(uri(archive().string())));
  EXPECT_EQ(content(sandbox() / "thing-1.0/bin/run"), "content");
  Uri whole = uri(archive().string());
  whole.set_extract(false);
  ASSERT_TRUE(get(whole, 2));
  EXPECT_TRUE(fs::exists(sandbox(2) / "thing-1.0.tar.gz"));
  EXPECT_FALSE(fs::exists(sandbox(2) / "thing-1.0"));
}

TEST_F(Fetch, CachedArchiveIsUnpackedOnceAndLinked) {
  const std::string path = archive().string();
  for (int number = 1; number <= 4; ++number) {
    ASSERT_TRUE(get(uri(path, true), number));
    EXPECT_TRUE(fs::is_symlink(sandbox(number) / "thing-1.0"));
    EXPECT_EQ(content(sandbox(number) / "thing-1.0/bin/run"), "content");
  }
  EXPECT_EQ(unpacked(), 1U);
  const auto permissions = fs::status(sandbox(1) / "thing-1.0/bin/run").permissions();
  EXPECT_EQ(permissions & fs::perms(0222), fs::perms::none);
  EXPECT_EQ(permissions & fs::perms(0555), fs::perms(0555));
}

TEST_F(Fetch, ChangedArchiveIsUnpackedAnew) {
  const fs::path path = archive();
  ASSERT_TRUE(get(uri(path.string(), true)));
  archive("thing-1.0.tar.gz", "newer content");
  fs::last_write_time(path, fs::last_write_time(path) + std::chrono::seconds(1));
  ASSERT_TRUE(get(uri(path.string(), true), 2));
  EXPECT_EQ(content(sandbox(1) / "thing-1.0/bin/run"), "content");
  EXPECT_EQ(content(sandbox(2) / "thing-1.0/bin/run"), "newer content");
  EXPECT_EQ(unpacked(), 2U);
}

TEST_F(Fetch, SeveralTasksMayFetchTheSameAtOnce) {
  const std::string path = archive().string();
  std::vector<std::thread> threads;
  for (int number = 1; number <= 8; ++number) {
    sandbox(number);
    threads.emplace_back([&, number] { EXPECT_TRUE(get(uri(path, true), number)); });
  }
  for (auto& each : threads) each.join();
  EXPECT_EQ(unpacked(), 1U);
}

TEST_F(Fetch, TakesFilesOverHttpFromLoopback) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor acceptor(io, {boost::asio::ip::make_address("127.0.0.1"), 0});
  std::thread server([&] {
    for (const char* answer :
         {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"}) {
      boost::asio::ip::tcp::socket socket(io);
      acceptor.accept(socket);
      boost::asio::streambuf request;
      boost::asio::read_until(socket, request, "\r\n\r\n");
      boost::asio::write(socket, boost::asio::buffer(std::string(answer)));
    }
  });
  const std::string base = "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
  EXPECT_TRUE(get(uri(base + "/dir/a.txt?x=1")));
  EXPECT_EQ(content(sandbox() / "a.txt"), "hello");
  const auto missing = get(uri(base + "/missing.txt"));
  server.join();
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().detail, HasSubstr("the answer was 404"));
}

struct Refused {
  const char* name;
  const char* value;
  const char* text;
};

class FetchRefused : public ::testing::TestWithParam<Refused> {};

TEST_P(FetchRefused, NamesTheUriAndTheReason) {
  TemporaryFolder folder;
  Uri what;
  what.set_value(GetParam().value);
  const auto fetched = fetch(what, folder.path(), folder.path() / "cache");
  ASSERT_FALSE(fetched);
  EXPECT_THAT(fetched.error().detail, HasSubstr(std::string("cannot fetch ") + GetParam().value));
  EXPECT_THAT(fetched.error().detail, HasSubstr(GetParam().text));
}

INSTANTIATE_TEST_SUITE_P(All, FetchRefused,
                         ::testing::Values(Refused{"Missing", "/no/such/file", "there is no such file"},
                                           Refused{"Relative", "file", "not absolute"},
                                           Refused{"Https", "https://127.0.0.1/a",
                                                   "only plain paths, file:// and http:// on loopback"},
                                           Refused{"Elsewhere", "http://10.0.0.1/a", "from loopback only"},
                                           Refused{"Named", "http://example.com/a", "from loopback only"},
                                           Refused{"BadPort", "http://127.0.0.1:x/a", "the port is not a number"},
                                           Refused{"NoFile", "http://127.0.0.1/", "names no file"}),
                         [](const auto& each) { return each.param.name; });

TEST_F(Fetch, DamagedArchiveIsRefusedAndNotKept) {
  const fs::path path = write("broken.tar.gz", "this is no archive");
  const auto fetched = get(uri(path.string(), true));
  ASSERT_FALSE(fetched);
  EXPECT_THAT(fetched.error().detail, HasSubstr("tar failed"));
  std::ofstream(path) << "still none, but longer";
  EXPECT_FALSE(get(uri(path.string(), true)));
}

TEST_F(Fetch, OutputFileStaysInTheSandbox) {
  Uri what = uri(write("a", "x").string());
  what.set_output_file("../b");
  EXPECT_THAT(get(what).error().detail, HasSubstr("leaves the sandbox"));
}

TEST(WorkFolders, NamesAreEscapedAndComeBack) {
  for (const std::string name : {"plain-1.2", "a/b", "..", ".hidden", "100%", "es/a", "\xc3\xbc", "a b"}) {
    const std::string escaped = escape_component(name);
    EXPECT_EQ(escaped.find('/'), std::string::npos);
    EXPECT_NE(escaped, "..");
    EXPECT_EQ(unescape_component(escaped), name);
  }
}

}  // namespace
}  // namespace esaas::embedded::testing
