#pragma once
// What the command line prints: tables for people, JSON for machines, errors as sentences. Pure but for `print_error`.

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace esaas::api::cli {

/// How a command ended, for scripts.
enum ExitCode : int {
  kSuccess = 0,
  kOperationFailed = 1,  ///< the operation that was waited for failed or was cancelled
  kUsage = 2,            ///< the command line is wrong
  kRefused = 3,          ///< the server said no, with a reason
  kNoServer = 4,         ///< no server, or it failed
  kWaitEnded = 5,        ///< --timeout was over before the operation
};

/// One column: its head, and where its value is ("health.status"); a missing value is "-".
struct Column {
  std::string_view head;
  std::string_view path;
};

/// The value as one cell of text: no quotes, no line breaks; lists with commas.
std::string cell(const boost::json::object& item, std::string_view path);

/// Lines of aligned columns with a head; "none" when there are no items.
std::string table(const boost::json::array& items, const std::vector<Column>& columns);

/// "scale: ... (field count, rule range)" as it goes to standard error.
std::string error_text(const Error& error);
/// Prints it and gives the exit code.
int print_error(const Error& error);

}  // namespace esaas::api::cli
