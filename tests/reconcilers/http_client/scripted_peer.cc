#include "tests/reconcilers/http_client/scripted_peer.h"

#include <sys/socket.h>

#include <chrono>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

namespace esaas::testing {

namespace asio = boost::asio;
using boost::system::error_code;

ScriptedPeer::ScriptedPeer(std::vector<Answer> answers, Then then, asio::ssl::context* tls)
    : answers_(std::move(answers)),
      then_(then),
      tls_(tls),
      acceptor_(io_, {asio::ip::make_address("127.0.0.1"), 0}),
      thread_([this] { run(); }) {}

ScriptedPeer::~ScriptedPeer() {
  ::shutdown(acceptor_.native_handle(), SHUT_RDWR);  // ends an accept that waits for nobody
  thread_.join();
}

std::vector<std::string> ScriptedPeer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::string ScriptedPeer::server_name() const {
  const std::lock_guard lock(mutex_);
  return server_name_;
}

void ScriptedPeer::run() {
  error_code error;
  asio::ip::tcp::socket socket(io_);
  acceptor_.accept(socket, error);
  if (error) return;
  if (tls_ == nullptr) return serve(socket);
  asio::ssl::stream<asio::ip::tcp::socket&> stream(socket, *tls_);
  stream.handshake(asio::ssl::stream_base::server, error);
  if (error) return;
  if (const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name); name != nullptr) {
    const std::lock_guard lock(mutex_);
    server_name_ = name;
  }
  serve(stream);
}

template <typename Stream>
void ScriptedPeer::serve(Stream& stream) {
  error_code error;
  for (const Answer& answer : answers_) {
    std::string request;
    asio::read_until(stream, asio::dynamic_buffer(request), "\r\n\r\n", error);
    if (error) return;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
    }
    for (const std::string& piece : answer) {
      asio::write(stream, asio::buffer(piece), error);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));  // so that the pieces arrive as such
    }
  }
  char byte = 0;
  if (then_ == Then::kStay) asio::read(stream, asio::buffer(&byte, 1), error);
}

}  // namespace esaas::testing
