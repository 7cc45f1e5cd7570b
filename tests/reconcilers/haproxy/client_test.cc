// The client against HAProxy itself, started as a proxy is started.

#include "reconcilers/effects/haproxy/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "reconcilers/effects/haproxy/identity.h"
#include "reconcilers/effects/haproxy/launch.h"

namespace esaas::haproxy {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using namespace std::chrono_literals;

/// Nobody else tells the kernel to give it away while this test runs: the range is not the one for outgoing
/// connections.
std::uint32_t free_port() {
  static std::uint32_t next = 20'000 + static_cast<std::uint32_t>(::getpid()) % 8'000;
  asio::io_context io;
  for (;;) {
    tcp::acceptor acceptor(io);
    boost::system::error_code error;
    acceptor.open(tcp::v4(), error);
    if (!error) acceptor.bind({asio::ip::make_address("127.0.0.1"), static_cast<std::uint16_t>(++next)}, error);
    if (!error) return next;
  }
}

/// A proxy of the cluster "search": its task, without Mesos.
class Task {
 public:
  explicit Task(const std::string& controller_certificate) {
    std::string pattern = "/tmp/esaas-haproxy-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    LaunchInput input{.cluster = "search", .node = "proxy-0"};
    input.place.set_hostname("127.0.0.1");
    input.place.set_http_port(http_port = free_port());
    input.place.set_transport_port(control_port = free_port());
    const auto spec = render_launch(input, {.program = "haproxy", .controller_certificate = controller_certificate});
    EXPECT_TRUE(spec);
    process_ = ::fork();
    if (process_ != 0) return;
    std::filesystem::current_path(folder_);
    if (std::freopen("stdout", "w", stdout) == nullptr || std::freopen("stderr", "w", stderr) == nullptr) ::_exit(1);
    ::execl("/bin/sh", "sh", "-c", spec->command().c_str(), nullptr);
    ::_exit(1);
  }
  ~Task() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    std::filesystem::remove_all(folder_);
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  [[nodiscard]] bool is_up() const {
    for (int i = 0; i < 200; ++i, std::this_thread::sleep_for(25ms)) {
      asio::io_context io;
      tcp::socket socket(io);
      boost::system::error_code error;
      socket.connect({asio::ip::make_address("127.0.0.1"), static_cast<std::uint16_t>(control_port)}, error);
      if (!error) return true;
    }
    return false;
  }
  [[nodiscard]] std::string said() const {
    std::string text;
    for (const char* file : {"stdout", "stderr"}) {
      std::ifstream stream(folder_ / file);
      text.append(std::istreambuf_iterator<char>(stream), {});
    }
    return text;
  }

  std::uint32_t http_port = 0;
  std::uint32_t control_port = 0;

 private:
  std::filesystem::path folder_;
  pid_t process_ = 0;
};

class HaproxyClientTest : public ::testing::Test {
 protected:
  Result<Answer> follow(const Question& question, Duration timeout = 5s) { return follow_as(*tls_, question, timeout); }

  static Result<Answer> follow_as(asio::ssl::context& tls, const Question& question, Duration timeout) {
    asio::io_context io;
    Client client(io, tls);
    std::optional<Result<Answer>> outcome;
    client.follow(question, timeout, [&](Result<Answer> answer) { outcome = std::move(answer); });
    EXPECT_FALSE(outcome);
    io.run();
    EXPECT_TRUE(outcome);
    return *outcome;
  }

  Question question(const Task& task, std::vector<Server> servers) {
    return {.host = "127.0.0.1",
            .port = task.control_port,
            .orders = {.servers = std::move(servers)},
            .admit = [](const std::string&) { return Result<void>{}; }};
  }
  /// The fingerprint of the certificate that the proxy shows.
  std::string fingerprint_of(const Task& task) {
    std::string shown;
    auto asked = question(task, {});
    asked.only_asks = true;
    asked.admit = [&](const std::string& fingerprint) {
      shown = fingerprint;
      return Result<void>{};
    };
    EXPECT_TRUE(follow(asked));
    return shown;
  }

  Identity identity_ = *make_identity();
  std::unique_ptr<asio::ssl::context> tls_ = *client_context(identity_);
};

Server server(std::string node, std::string address, bool drained = false) {
  return {.node = std::move(node),
          .backend = std::string(kElasticsearch),
          .address = std::move(address),
          .port = 9,
          .drained = drained};
}

TEST_F(HaproxyClientTest, AProxyFollows) {
  const Task task(identity_.certificate);
  ASSERT_TRUE(task.is_up()) << task.said();
  auto told = question(task, {server("data-0", "127.0.0.11"), server("data-1", "127.0.0.12")});
  told.orders.asks_for_users = true;
  told.orders.digests = {digest_of("anna", "secret")};
  told.orders.networks = {"127.0.0.0/8", "10.0.0.0/8"};
  auto answer = follow(told);
  ASSERT_TRUE(answer) << answer.error().detail << task.said();
  EXPECT_THAT(answer->up, IsEmpty()) << "nobody is there";
  EXPECT_THAT(answer->sessions, ElementsAre(Pair("data-0", 0), Pair("data-1", 0)));
  // What was told is so: nothing is left to say.
  EXPECT_TRUE(follow(told));
  told.orders = {.servers = {server("data-1", "127.0.0.12", true), server("data-2", "localhost")}};
  answer = follow(told);
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_THAT(answer->sessions, ElementsAre(Pair("data-1", 0), Pair("data-2", 0)));
}

TEST_F(HaproxyClientTest, OnlyAskingChangesNothing) {
  const Task task(identity_.certificate);
  ASSERT_TRUE(task.is_up()) << task.said();
  auto asked = question(task, {server("data-0", "127.0.0.11")});
  asked.only_asks = true;
  const auto answer = follow(asked);
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_THAT(answer->sessions, IsEmpty());
}

TEST_F(HaproxyClientTest, AStrangerIsToldNothingAndTellsNothing) {
  const Task task(identity_.certificate);
  ASSERT_TRUE(task.is_up()) << task.said();
  const auto stranger = client_context(*make_identity());
  const auto refused = follow_as(**stranger, question(task, {server("data-0", "127.0.0.11")}), 5s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable) << refused.error().detail;
  asio::ssl::context nobody(asio::ssl::context::tls_client);
  EXPECT_FALSE(follow_as(nobody, question(task, {}), 5s));
  // The controller finds it untouched.
  auto asked = question(task, {server("data-0", "127.0.0.11")});
  asked.only_asks = true;
  EXPECT_THAT(follow(asked)->sessions, IsEmpty());
}

TEST_F(HaproxyClientTest, WhoShowsAnotherCertificateIsToldNothing) {
  const Task task(identity_.certificate);
  const Task impostor(identity_.certificate);
  ASSERT_TRUE(task.is_up()) << task.said();
  ASSERT_TRUE(impostor.is_up()) << impostor.said();
  const std::string own = fingerprint_of(task);
  ASSERT_EQ(own.size(), 64U);
  EXPECT_EQ(fingerprint_of(task), own) << "it lasts as long as the task";
  const auto admit = [&own](const std::string& fingerprint) -> Result<void> {
    if (fingerprint == own) return {};
    return fail(ErrorCode::kPermissionDenied, "another certificate");
  };
  auto told = question(task, {server("data-0", "127.0.0.11")});
  told.admit = admit;
  EXPECT_TRUE(follow(told));
  auto misled = question(impostor, {server("data-0", "127.0.0.11")});
  misled.orders.digests = {digest_of("anna", "secret")};
  misled.orders.asks_for_users = true;
  misled.admit = admit;
  const auto refused = follow(misled);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kPermissionDenied);
  misled.only_asks = true;
  misled.admit = [](const std::string&) { return Result<void>{}; };
  EXPECT_THAT(follow(misled)->sessions, IsEmpty()) << "it was told of a node";
}

TEST_F(HaproxyClientTest, WithoutAWordOnItsCertificateNobodyIsTheProxy) {
  const Task task(identity_.certificate);
  ASSERT_TRUE(task.is_up()) << task.said();
  auto told = question(task, {server("data-0", "127.0.0.11")});
  told.admit = nullptr;
  const auto refused = follow(told);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
}

TEST_F(HaproxyClientTest, NobodyThereIsUnavailable) {
  Question asked{.host = "127.0.0.1", .port = free_port(), .orders = {}};
  const auto answer = follow(asked);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
}

TEST_F(HaproxyClientTest, SilenceEndsAtTheDeadline) {
  asio::io_context io;
  tcp::acceptor silent(io, {asio::ip::make_address("127.0.0.1"), 0});
  Question asked{.host = "127.0.0.1", .port = silent.local_endpoint().port(), .orders = {}};
  const auto answer = follow(asked, 300ms);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kDeadlineExceeded);
}

TEST_F(HaproxyClientTest, ConversationsWithOneProxyFollowOneAnother) {
  const Task task(identity_.certificate);
  ASSERT_TRUE(task.is_up()) << task.said();
  asio::io_context io;
  Client client(io, *tls_);
  std::vector<std::string> answers;
  for (int i = 0; i < 10; ++i) {
    client.follow(question(task, {server("data-" + std::to_string(i), "127.0.0.11")}), 5s,
                  [&answers, i](const Result<Answer>& answer) {
                    answers.push_back(answer ? answer->sessions.begin()->first : "refused " + std::to_string(i));
                  });
  }
  io.run();
  EXPECT_THAT(answers, testing::UnorderedElementsAre("data-0", "data-1", "data-2", "data-3", "data-4", "data-5",
                                                     "data-6", "data-7", "refused 8", "refused 9"));
}

}  // namespace
}  // namespace esaas::haproxy
