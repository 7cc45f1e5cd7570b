#include "api/cli/session.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <fstream>
#include <iostream>

#include "api/http/target.h"
#include "core/base/proto_json.h"

namespace esaas::api::cli {
namespace {

namespace json = boost::json;

Result<std::string> read_token(const std::string& file) {
  if (file.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "no token: give --token-file FILE or set ESAAS_TOKEN_FILE (the server writes the first one to "
                "admin-token in its data directory)",
                "token-file");
  }
  std::ifstream stream(file);
  std::string token;
  std::getline(stream, token);
  while (!token.empty() && (token.back() == ' ' || token.back() == '\r')) token.pop_back();
  if (token.empty()) return fail(ErrorCode::kInvalidArgument, "cannot read a token from " + file, "token-file");
  if (token.find_first_of(" \t\r\n") != std::string::npos) {
    return fail(ErrorCode::kInvalidArgument, file + " holds no token", "token-file");
  }
  return token;
}

}  // namespace

Result<std::unique_ptr<Client>> Session::connect() const {
  ESAAS_TRY(auto address, parse_server(server));
  ESAAS_TRY(auto token, read_token(token_file));
  return std::make_unique<Client>(std::move(address), std::move(token), ca_file);
}

Result<json::object> to_object(const Reply& reply) {
  auto value = parse_json(reply.body);
  if (!value || !value->is_object()) return fail(ErrorCode::kInternal, "the server's answer is no JSON object");
  return std::move(value->get_object());
}

std::string Session::as_of(const std::string& target) const {
  if (at.empty()) return target;
  return target + (target.find('?') == std::string::npos ? "?at=" : "&at=") + http::percent_encode(at);
}

Result<json::object> Session::get(const std::string& target) const {
  ESAAS_TRY(const auto client, connect());
  ESAAS_TRY(auto reply, client->send({.target = as_of(target)}));
  ESAAS_TRY(const auto good, expect_success(std::move(reply)));
  return to_object(good);
}

Result<json::array> Session::list(const std::string& target, std::size_t limit) const {
  json::array items;
  std::string cursor;
  do {
    std::string page = target + (target.find('?') == std::string::npos ? "?" : "&");
    page += "limit=" + std::to_string(limit == 0 ? 500 : std::min<std::size_t>(limit - items.size(), 500));
    if (!cursor.empty()) page += "&cursor=" + http::percent_encode(cursor);
    ESAAS_TRY(auto answer, get(page));
    for (auto& item : answer["items"].as_array()) items.push_back(std::move(item));
    const auto* next = answer.if_contains("next_cursor");
    cursor = next == nullptr ? "" : std::string(next->as_string());
  } while (!cursor.empty() && (limit == 0 || items.size() < limit));
  return items;
}

int Session::print_list(const std::string& target, std::size_t limit, const std::vector<Column>& columns) const {
  const auto items = list(target, limit);
  if (!items) return print_error(items.error());
  if (json) {
    std::cout << json::serialize(*items) << "\n";
  } else {
    std::cout << table(*items, columns);
  }
  return kSuccess;
}

int Session::print_object(const std::string& target, const std::vector<Column>& columns) const {
  const auto object = get(target);
  if (!object) return print_error(object.error());
  if (json) {
    std::cout << json::serialize(*object) << "\n";
    return kSuccess;
  }
  for (const auto& column : columns) {
    const auto text = cell(*object, column.path);
    if (text != "-") std::cout << column.head << ": " << text << "\n";
  }
  return kSuccess;
}

std::string with_query(std::string path, const std::vector<std::pair<std::string, std::string>>& parameters) {
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    path += separator + name + "=" + http::percent_encode(value);
    separator = '&';
  }
  return path;
}

std::string cluster_path(const std::string& cluster, std::string_view rest) {
  return "/v1/clusters/" + http::percent_encode(cluster) + std::string(rest);
}

std::string operation_path(const std::string& operation, std::string_view rest) {
  return "/v1/operations/" + http::percent_encode(operation) + std::string(rest);
}

}  // namespace esaas::api::cli
