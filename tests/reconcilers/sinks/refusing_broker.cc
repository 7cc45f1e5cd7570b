#include "tests/reconcilers/sinks/refusing_broker.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <type_traits>
#include <utility>

namespace esaas::testing {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// Requests by their API keys, and errors by their codes, as https://kafka.apache.org/protocol names them.
constexpr std::int16_t kSaslHandshake = 17;
constexpr std::int16_t kApiVersions = 18;
constexpr std::int16_t kSaslAuthenticate = 36;
constexpr std::int16_t kUnsupportedVersion = 35;
constexpr std::int16_t kSaslAuthenticationFailed = 58;
constexpr std::size_t kHeaderBytes = 8;  // API key, version, correlation id

/// Big-endian, as all of the protocol.
template <typename Number>
void append(Number number, std::string& bytes) {
  const auto bits = static_cast<std::make_unsigned_t<Number>>(number);
  for (std::size_t i = sizeof(Number); i-- > 0;) bytes += static_cast<char>(bits >> (8 * i) & 0xFF);
}

template <typename Number>
Number number_at(const std::string& bytes, std::size_t at) {
  std::make_unsigned_t<Number> bits = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    bits = static_cast<decltype(bits)>(bits << 8 | static_cast<unsigned char>(bytes.at(at + i)));
  }
  return static_cast<Number>(bits);
}

void append_text(const std::string& text, std::string& bytes) {
  append(static_cast<std::int16_t>(text.size()), bytes);
  bytes += text;
}

}  // namespace

RefusingBroker::RefusingBroker(std::string words)
    : words_(std::move(words)), acceptor_(io_, {asio::ip::address_v4::loopback(), 0}), thread_([this] { run(); }) {}

RefusingBroker::~RefusingBroker() {
  is_ending_ = true;
  error_code ignored;
  Socket last(io_);
  last.connect(acceptor_.local_endpoint(), ignored);  // wakes it
  last.close(ignored);
  thread_.join();
}

std::string RefusingBroker::address() const { return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

void RefusingBroker::run() {
  while (!is_ending_) {
    Socket socket(io_);
    error_code failed;
    acceptor_.accept(socket, failed);
    if (!failed) serve(socket);
  }
}

/// Until the other side has enough of it.
void RefusingBroker::serve(Socket& socket) const {
  error_code failed;
  while (true) {
    std::string size(sizeof(std::int32_t), '\0');
    asio::read(socket, asio::buffer(size), failed);
    if (failed) return;
    std::string request(number_at<std::uint32_t>(size, 0), '\0');
    asio::read(socket, asio::buffer(request), failed);
    if (failed || request.size() < kHeaderBytes) return;
    const std::string body = answer_to(number_at<std::int16_t>(request, 0), number_at<std::int16_t>(request, 2));
    std::string answer;
    append(static_cast<std::int32_t>(body.size() + sizeof(std::int32_t)), answer);
    answer += request.substr(4, sizeof(std::int32_t)) + body;
    asio::write(socket, asio::buffer(answer), failed);
    if (failed) return;
  }
}

std::string RefusingBroker::answer_to(std::int16_t question, std::int16_t version) const {
  std::string answer;
  if (question == kApiVersions) {
    constexpr std::array<std::array<std::int16_t, 3>, 5> kKnown{
        {{0, 3, 7}, {3, 0, 4}, {kSaslHandshake, 0, 1}, {kApiVersions, 0, 0}, {kSaslAuthenticate, 0, 0}}};
    append(version > 0 ? kUnsupportedVersion : std::int16_t{0}, answer);
    append(static_cast<std::int32_t>(kKnown.size()), answer);
    for (const auto& known : kKnown) {
      for (const std::int16_t part : known) append(part, answer);
    }
  } else if (question == kSaslHandshake) {
    append(std::int16_t{0}, answer);
    append(std::int32_t{1}, answer);
    append_text("PLAIN", answer);
  } else {
    append(kSaslAuthenticationFailed, answer);
    append_text(words_, answer);
    append(std::int32_t{0}, answer);
  }
  return answer;
}

}  // namespace esaas::testing
