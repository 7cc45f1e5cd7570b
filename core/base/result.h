#pragma once
// Result<T>: the answer of everything that can fail in an expected way. See house rule E in core/README.md:
// expected failures are values, impossible ones abort (assert.h), and only start-up may throw.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace esaas {

/// The class of an expected failure. The HTTP status that each one becomes is in one table, api/http/problem.cc.
enum class ErrorCode : std::uint8_t {
  kInvalidArgument,     ///< the input is wrong in itself: `field` names where, `rule` names what it breaks
  kNotFound,            ///< the thing named does not exist (or the caller may not know that it does)
  kAlreadyExists,       ///< the name is taken
  kConflict,            ///< the state does not allow it now: If-Match, a busy cluster, a reused idempotency key
  kPermissionDenied,    ///< known caller, not allowed
  kUnauthenticated,     ///< unknown caller
  kResourceExhausted,   ///< a bounded queue or quota is full: try again later
  kUnavailable,         ///< a part that is needed does not answer: try again later
  kDeadlineExceeded,    ///< a wait ended
  kDataLoss,            ///< stored bytes are not what was written
  kUnsupportedVersion,  ///< written by a newer program, or a format that this one does not know
  kInternal,            ///< the environment failed (I/O error, disk full)
};

/// `not_found` and so on: the stable name of a code, in snake_case.
std::string_view name_of(ErrorCode code);

/// An expected failure. `detail` is a sentence for a person and never holds a secret.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string detail;
  std::string field = {};  ///< the path of the wrong input ("node_groups[0].count"), or empty
  std::string rule = {};   ///< the name of the rule that refused ("odd_number_of_masters"), or empty

  friend bool operator==(const Error&, const Error&) = default;
};

template <typename T>
using Result = std::expected<T, Error>;

/// `return fail(ErrorCode::kNotFound, "...")` from a function that answers a Result.
inline std::unexpected<Error> fail(ErrorCode code, std::string detail, std::string field = {}, std::string rule = {}) {
  return std::unexpected(Error{code, std::move(detail), std::move(field), std::move(rule)});
}

}  // namespace esaas

#define ESAAS_CONCAT_INNER(a, b) a##b
#define ESAAS_CONCAT(a, b) ESAAS_CONCAT_INNER(a, b)

/// ESAAS_TRY(auto value, function()): binds the value, or returns the error to the caller.
#define ESAAS_TRY(declaration, expression) \
  ESAAS_TRY_INNER(ESAAS_CONCAT(esaas_result_, __LINE__), declaration, expression)
#define ESAAS_TRY_INNER(name, declaration, expression)        \
  auto name = (expression);                                   \
  if (!name) return std::unexpected(std::move(name).error()); \
  declaration = std::move(*name)

/// ESAAS_CHECK(function()): for Result<void>; returns the error to the caller.
#define ESAAS_CHECK(expression) ESAAS_CHECK_INNER(ESAAS_CONCAT(esaas_result_, __LINE__), expression)
#define ESAAS_CHECK_INNER(name, expression) \
  if (auto name = (expression); !name) return std::unexpected(std::move(name).error())
