#include "reconcilers/effects/http/answer_parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <utility>

namespace esaas::http_client {

namespace beast_http = boost::beast::http;
using boost::system::error_code;
using Text = boost::beast::string_view;

class AnswerParser::Impl : public beast_http::basic_parser<false> {
 public:
  explicit Impl(std::optional<std::uint64_t> body_bytes_max) {
    eager(true);  // all that has come in one go, or a small answer would take a call for its head and one for its body
    if (body_bytes_max) {
      body_limit(*body_bytes_max);
    } else {
      body_limit(boost::none);
    }
  }

  Head head;
  std::string piece;

 private:
  std::size_t take(Text bytes) {
    piece.append(bytes.data(), bytes.size());
    return bytes.size();
  }

  void on_request_impl(beast_http::verb, Text, Text, int, error_code&) override {}  // of the other kind of parser
  void on_response_impl(int code, Text, int, error_code&) override { head.status = code; }
  void on_field_impl(beast_http::field, Text name, Text value, error_code&) override {
    head.headers.emplace_back(std::string(name), std::string(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(Text bytes, error_code&) override { return take(bytes); }
  void on_chunk_header_impl(std::uint64_t, Text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, error_code&) override { return take(bytes); }
  void on_finish_impl(error_code&) override {}
};

AnswerParser::AnswerParser(std::optional<std::uint64_t> body_bytes_max)
    : impl_(std::make_unique<Impl>(body_bytes_max)) {}
AnswerParser::~AnswerParser() = default;

AnswerParser::Taken AnswerParser::put(std::string_view bytes) {
  Taken taken;
  taken.bytes = impl_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), taken.error);
  if (taken.error == beast_http::error::need_more) {
    taken.needs_more = true;
    taken.error = {};
  }
  return taken;
}

error_code AnswerParser::put_end() {
  error_code error = beast_http::error::end_of_stream;
  if (impl_->got_some()) impl_->put_eof(error);
  return error;
}

bool AnswerParser::is_head_done() const { return impl_->is_header_done(); }
bool AnswerParser::is_done() const { return impl_->is_done(); }
bool AnswerParser::keeps_alive() const { return impl_->keep_alive(); }
const Head& AnswerParser::head() const { return impl_->head; }
std::string AnswerParser::take_piece() { return std::exchange(impl_->piece, {}); }

}  // namespace esaas::http_client
