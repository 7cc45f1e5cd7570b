// esaas events: up to a moment of the past, behind a snapshot, and across connections that break.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/json/parse.hpp>

#include <array>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include "api/cli/output.h"
#include "api/http/response.h"
#include "tests/api/run_words.h"
#include "tests/api/test_api.h"
#include "tests/store/temp_directory.h"

namespace esaas::api::cli {
namespace {

/// Answers each connection with the next of its answers, and ends it.
class BreakingServer {
 public:
  explicit BreakingServer(std::vector<std::string> answers) : answers_(std::move(answers)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    socklen_t size = sizeof(address);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { run(); });
  }
  ~BreakingServer() {
    ::shutdown(socket_, SHUT_RDWR);  // ends an accept that waits for nobody
    thread_.join();
    ::close(socket_);
  }
  BreakingServer(const BreakingServer&) = delete;
  BreakingServer& operator=(const BreakingServer&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void run() {
    for (const std::string& answer : answers_) {
      const int peer = ::accept(socket_, nullptr, nullptr);
      if (peer < 0) return;
      std::string request;
      std::array<char, 4'096> bytes{};
      while (request.find("\r\n\r\n") == std::string::npos) {
        const auto count = ::recv(peer, bytes.data(), bytes.size(), 0);
        if (count <= 0) break;
        request.append(bytes.data(), static_cast<std::size_t>(count));
      }
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(std::move(request));
      }
      std::ignore = ::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
      ::close(peer);
    }
  }

  std::vector<std::string> answers_;
  int socket_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::jthread thread_;
};

/// A stream that breaks off behind `text`: its chunks have no end.
std::string broken(const std::string& text) {
  std::string answer = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  http::serialize_chunk(text, answer);
  return answer;
}
const std::string kNothingMore = "HTTP/1.1 204 No Content\r\n\r\n";

std::string object(const std::string& name) {
  return "event: snapshot\ndata: {\"type\":\"cluster\",\"object\":{\"name\":\"" + name + "\"}}\n\n";
}
const std::string kEnd = "id: 7\nevent: snapshot_end\ndata: {\"seq\":7,\"objects\":2}\n\n";
std::string happening(int seq) {
  return "id: " + std::to_string(seq) + "\nevent: node_joined\ndata: {\"seq\":" + std::to_string(seq) + "}\n\n";
}

class EventsCommand : public ::testing::Test {
 protected:
  EventsCommand() { std::ofstream(token_file()) << api_.admin_token << "\n"; }
  [[nodiscard]] std::string token_file() const { return (folder_.path() / "token").string(); }
  Ran esaas(const std::string& server, std::vector<std::string> words) {
    words.insert(words.begin(), {"--server", server, "--token-file", token_file()});
    return run_words(std::move(words));
  }
  Ran esaas(std::vector<std::string> words) {
    return esaas("http://127.0.0.1:" + std::to_string(api_.server().port()), std::move(words));
  }

  TestApi api_;
  store::testing::TempDirectory folder_;
};

TEST_F(EventsCommand, ASnapshotIsPrintedOnceAndTheEventsBehindItWithoutAGapAcrossBrokenConnections) {
  BreakingServer server({broken(object("search")),                                         // in the middle of it
                         broken(object("search") + object("logs") + kEnd + happening(8)),  // behind it
                         broken(happening(9) + "id: 10\nevent: node_jo"),                  // in the middle of an event
                         broken(happening(10)), kNothingMore});
  const auto ran = esaas(server.url(), {"--json", "events", "--snapshot", "--tenant", "shop"});
  EXPECT_EQ(ran.code, kSuccess) << ran.err;
  EXPECT_EQ(
      ran.out,
      "{\"type\":\"cluster\",\"object\":{\"name\":\"search\"}}\n{\"type\":\"cluster\",\"object\":{\"name\":\"logs\"}}\n"
      "{\"seq\":7,\"objects\":2}\n{\"seq\":8}\n{\"seq\":9}\n{\"seq\":10}\n");
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 5U);
  const auto last_id = [&](std::size_t i) {
    const auto found = requests[i].find("Last-Event-ID: ");
    return found == std::string::npos ? "" : requests[i].substr(found + 15, requests[i].find('\r', found) - found - 15);
  };
  EXPECT_EQ(requests[0].substr(0, requests[0].find(" HTTP")), "GET /v1/events?tenant=shop&snapshot=true");
  EXPECT_EQ(last_id(1), "") << "it had not seen all of the snapshot";
  EXPECT_EQ(last_id(2), "8");
  EXPECT_EQ(last_id(3), "9");
  EXPECT_EQ(last_id(4), "10");
}

TEST_F(EventsCommand, ASnapshotsLinesAreForPeople) {
  api_.create_cluster("search");
  const std::string at = std::to_string(api_.front.log.last_seq());
  const auto ran = esaas({"--at", at, "events", "--snapshot"});
  EXPECT_EQ(ran.code, kSuccess) << ran.err;
  EXPECT_NE(ran.out.find("snapshot  cluster  search"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("snapshot  tenant  shop\n"), std::string::npos) << ran.out;
  EXPECT_TRUE(ran.out.ends_with("snapshot  as of event " + at + "\n")) << ran.out;
  EXPECT_EQ(esaas({"events", "--snapshot", "--from", "1"}).code, kUsage);
}

TEST_F(EventsCommand, AsOfAMomentItEndsThere) {
  api_.create_cluster("search");
  const auto at = api_.front.log.last_seq();
  api_.add_noise(5);
  const auto ran = esaas({"--json", "--at", std::to_string(at), "events"});
  EXPECT_EQ(ran.code, kSuccess) << ran.err;
  std::uint64_t seq = 0;
  std::istringstream lines(ran.out);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_EQ(boost::json::parse(line).at("seq").to_number<std::uint64_t>(), ++seq);
  }
  EXPECT_EQ(seq, at);
  EXPECT_EQ(esaas({"--at", std::to_string(at), "events", "--from", std::to_string(at + 2)}).code, kRefused);
}

}  // namespace
}  // namespace esaas::api::cli
