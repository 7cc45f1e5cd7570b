#pragma once
// Session: what all client commands share: where the server is, who asks, and how to print. Filled by the options that
// precede the command.

#include <boost/json/object.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/cli/client.h"
#include "api/cli/output.h"
#include "core/base/result.h"

namespace esaas::api::cli {

struct Session {
  std::string server = "http://127.0.0.1:9080";
  std::string token_file;
  std::string ca_file;
  bool json = false;
  std::string at;  ///< a seq or a time: what is read is as it was then; empty: as it is

  /// A client with the token of the file. kInvalidArgument: a bad URL, or a file that cannot be read.
  [[nodiscard]] Result<std::unique_ptr<Client>> connect() const;

  /// The target with `at`.
  [[nodiscard]] std::string as_of(const std::string& target) const;

  /// GET, as of `at`, and its JSON object.
  [[nodiscard]] Result<boost::json::object> get(const std::string& target) const;
  /// Follows next_cursor until `limit` items are there (0: all). The objects of "items".
  [[nodiscard]] Result<boost::json::array> list(const std::string& target, std::size_t limit) const;

  /// GET of a list, printed as a table, or as JSON.
  int print_list(const std::string& target, std::size_t limit, const std::vector<Column>& columns) const;
  /// GET of an object, printed as "name: value" lines of these columns, or as JSON.
  int print_object(const std::string& target, const std::vector<Column>& columns) const;
};

/// "/v1/audit" and {"user", "x"}, {"text", ""} become "/v1/audit?user=x": empty values are left out.
std::string with_query(std::string path, const std::vector<std::pair<std::string, std::string>>& parameters);

/// The path with the names encoded.
std::string cluster_path(const std::string& cluster, std::string_view rest = {});
std::string operation_path(const std::string& operation, std::string_view rest = {});

/// The reply's body as an object. kInternal when it is none.
Result<boost::json::object> to_object(const Reply& reply);

}  // namespace esaas::api::cli
