#pragma once
// AnswerParser: turns bytes into one answer, its head first and its body in pieces. No I/O; one parser for one answer.
// Internal to this folder.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/system/error_code.hpp>

#include "reconcilers/effects/http/message.h"

namespace esaas::http_client {

class AnswerParser {
 public:
  /// A longer body is an error; without a bound it may have no end.
  explicit AnswerParser(std::optional<std::uint64_t> body_bytes_max);
  ~AnswerParser();
  AnswerParser(const AnswerParser&) = delete;
  AnswerParser& operator=(const AnswerParser&) = delete;

  struct Taken {
    std::size_t bytes = 0;    ///< the rest has to come again
    bool needs_more = false;  ///< the rest says nothing without more behind it
    boost::system::error_code error;
  };
  /// `bytes` is not empty and the answer not done.
  Taken put(std::string_view bytes);
  /// The peer sends no more; an error if that cuts the answer.
  boost::system::error_code put_end();

  bool is_head_done() const;
  bool is_done() const;
  /// Whether the connection may be used again after this answer.
  bool keeps_alive() const;

  const Head& head() const;
  /// What came of the body since the last call.
  std::string take_piece();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace esaas::http_client
