#include "bench/http_vs_etcd/load.h"

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <memory>

namespace esaas::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Clock = std::chrono::steady_clock;
using tcp = asio::ip::tcp;

constexpr std::chrono::seconds kAnswerMax{10};

struct Run {
  const Load& load;
  Clock::time_point begin;
  Clock::time_point measure_from;
  Clock::time_point end;
  std::uint64_t sent = 0;
  std::vector<std::chrono::microseconds> latencies = {};
  std::string error = {};
};

/// One connection: callbacks instead of coroutines, since the generator shares its cores with what it measures.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::io_context& io, Run& run) : stream_(io), run_(run) {}

  void start(const tcp::endpoint& endpoint) {
    stream_.expires_after(kAnswerMax);
    stream_.async_connect(endpoint, [self = shared_from_this()](beast::error_code failed) {
      if (failed) return self->fail("connect: " + failed.message());
      self->stream_.socket().set_option(tcp::no_delay(true));
      self->send();
    });
  }

 private:
  void send() {
    if (!run_.error.empty() || Clock::now() >= run_.end) return;
    request_ = run_.load.request(run_.sent++);
    sent_at_ = Clock::now();
    stream_.expires_after(kAnswerMax);
    asio::async_write(stream_, asio::buffer(request_),
                      [self = shared_from_this()](beast::error_code failed, std::size_t) {
                        if (failed) return self->fail("send: " + failed.message());
                        self->receive();
                      });
  }

  void receive() {
    response_ = {};
    http::async_read(stream_, buffer_, response_, [self = shared_from_this()](beast::error_code failed, std::size_t) {
      if (failed) return self->fail("read: " + failed.message());
      self->count();
    });
  }

  void count() {
    if (response_.result_int() / 100 != 2) {
      return fail("the server answered " + std::to_string(response_.result_int()) + ": " +
                  response_.body().substr(0, 500));
    }
    const auto now = Clock::now();
    if (now >= run_.measure_from && now < run_.end) {
      run_.latencies.push_back(std::chrono::duration_cast<std::chrono::microseconds>(now - sent_at_));
    }
    send();
  }

  void fail(std::string what) {
    if (run_.error.empty()) run_.error = std::move(what);
  }

  beast::tcp_stream stream_;
  Run& run_;
  beast::flat_buffer buffer_;
  std::string request_;
  http::response<http::string_body> response_;
  Clock::time_point sent_at_;
};

std::chrono::microseconds percentile(const std::vector<std::chrono::microseconds>& sorted, std::size_t percent) {
  return sorted.empty() ? std::chrono::microseconds{0} : sorted[(sorted.size() - 1) * percent / 100];
}

}  // namespace

Result<Figures> run_load(const Load& load) {
  asio::io_context io(1);
  const auto begin = Clock::now();
  Run run{load, begin, begin + load.warm_up, begin + load.warm_up + load.duration};
  const tcp::endpoint endpoint(asio::ip::make_address(load.host), load.port);
  for (std::size_t i = 0; i < load.connections; ++i) std::make_shared<Connection>(io, run)->start(endpoint);
  io.run();
  if (!run.error.empty()) return fail(ErrorCode::kUnavailable, run.error);
  std::ranges::sort(run.latencies);
  Figures figures;
  figures.requests = run.latencies.size();
  const double seconds = std::chrono::duration<double>(load.duration).count();
  figures.operations_per_second = static_cast<double>(figures.requests * load.operations_per_request) / seconds;
  figures.p50 = percentile(run.latencies, 50);
  figures.p99 = percentile(run.latencies, 99);
  return figures;
}

std::string http_request(const std::string& method, const std::string& target, const std::string& body,
                         const std::string& extra) {
  return method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n" + extra + "\r\n" + body;
}

Result<std::string> ask_once(std::uint16_t port, const std::string& request) {
  asio::io_context io;
  beast::tcp_stream stream(io);
  beast::error_code failed;
  stream.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port), failed);
  if (!failed) asio::write(stream, asio::buffer(request), failed);
  beast::flat_buffer buffer;
  http::response<http::string_body> response;
  if (!failed) http::read(stream, buffer, response, failed);
  if (failed) return fail(ErrorCode::kUnavailable, "port " + std::to_string(port) + ": " + failed.message());
  if (response.result_int() / 100 != 2) {
    return fail(ErrorCode::kUnavailable, std::to_string(response.result_int()) + ": " + response.body().substr(0, 500));
  }
  return response.body();
}

}  // namespace esaas::bench
