#include "api/cli/change.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

#include <chrono>
#include <iostream>
#include <set>
#include <thread>

#include "api/http/target.h"

namespace esaas::api::cli {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds kLookInterval{300};
/// A server that restarts is waited for this long before a wait gives up.
constexpr std::chrono::seconds kAbsenceMax{60};

std::set<std::string> hold_lines(const json::object& operation) {
  std::set<std::string> lines;
  const auto* holds = operation.if_contains("holds");
  if (holds == nullptr || !holds->is_array()) return lines;
  for (const auto& hold : holds->get_array()) {
    if (!hold.is_object()) continue;
    const auto node = cell(hold.get_object(), "node");
    lines.insert((node == "-" ? "" : node + ": ") + cell(hold.get_object(), "why") + " (rule " +
                 cell(hold.get_object(), "rule") + ")");
  }
  return lines;
}

std::set<std::string> step_lines(const json::object& operation) {
  std::set<std::string> lines;
  const auto* steps = operation.if_contains("steps");
  if (steps == nullptr || !steps->is_array()) return lines;
  for (const auto& step : steps->get_array()) {
    if (!step.is_object()) continue;
    const auto total = cell(step.get_object(), "total");
    std::string line = cell(step.get_object(), "name");
    if (total != "-" && total != "0") line += " " + cell(step.get_object(), "done") + " of " + total;
    lines.insert(line);
  }
  return lines;
}

void print_preview(const json::object& preview) {
  const auto show = [&](std::string_view member, std::string_view head, std::string_view path) {
    const auto* list = preview.if_contains(member);
    if (list == nullptr || !list->is_array() || list->get_array().empty()) return;
    std::cout << head << "\n";
    for (const auto& item : list->get_array()) {
      if (item.is_object()) std::cout << "  " << cell(item.get_object(), path) << "\n";
      if (item.is_string()) std::cout << "  " << std::string_view(item.get_string()) << "\n";
    }
  };
  show("changes", "would be taken back:", "");
  show("consequences", "it comes to this:", "");
  show("events", "would be logged:", "kind");
  show("next", "then at once:", "kind");
  show("holds", "held back:", "why");
}

int finish(const Session& session, const json::object& operation) {
  const auto status = cell(operation, "status");
  if (session.json) {
    std::cout << json::serialize(operation) << "\n";
  } else {
    const auto detail = cell(operation, "detail");
    std::cout << cell(operation, "id") << " " << status << (detail == "-" ? "" : ": " + detail) << "\n";
  }
  return status == "succeeded" ? kSuccess : kOperationFailed;
}

}  // namespace

std::string progress_text(const json::object& before, const json::object& now) {
  std::string text;
  const auto status = cell(now, "status");
  if (status != cell(before, "status") && (status == "queued" || status == "running")) {
    text += status;
    if (status == "queued") text += ", waits for " + cell(now, "waits_for");
    text += "\n";
  }
  if (cell(now, "paused") == "true" && cell(before, "paused") != "true") text += "paused\n";
  const auto steps_before = step_lines(before);
  for (const auto& line : step_lines(now)) {
    if (!steps_before.contains(line)) text += line + "\n";
  }
  const auto holds_before = hold_lines(before);
  for (const auto& line : hold_lines(now)) {
    if (!holds_before.contains(line)) text += "waits: " + line + "\n";
  }
  return text;
}

int wait_for_operation(const Session& session, const std::string& operation, std::uint32_t timeout_s) {
  const auto begin = std::chrono::steady_clock::now();
  auto last_answer = begin;
  json::object before;
  while (true) {
    auto now = session.get(operation_path(operation));
    const auto time = std::chrono::steady_clock::now();
    if (now) {
      last_answer = time;
      std::cerr << progress_text(before, *now);
      const auto status = cell(*now, "status");
      if (status == "succeeded" || status == "failed" || status == "cancelled") return finish(session, *now);
      before = std::move(*now);
    } else if (now.error().code != ErrorCode::kUnavailable || time - last_answer > kAbsenceMax) {
      return print_error(now.error());
    }
    if (time - begin > std::chrono::seconds(timeout_s)) {
      std::cerr << "esaas: " << operation << " is not over after " << timeout_s
                << " s; it goes on: esaas operation wait " << operation << "\n";
      return kWaitEnded;
    }
    std::this_thread::sleep_for(kLookInterval);
  }
}

Result<json::object> send_change(const Session& session, const ChangeOptions& options, std::string_view method,
                                 std::string target, const json::object& body) {
  if (!session.at.empty()) {
    return fail(ErrorCode::kInvalidArgument, "--at: the past is read and not changed", "at", "only_read");
  }
  Query query{.method = method, .target = std::move(target), .body = body.empty() ? "" : json::serialize(body)};
  if (options.dry_run) query.target += query.target.find('?') == std::string::npos ? "?dry_run=true" : "&dry_run=true";
  if (!options.reason.empty()) query.headers.emplace_back("X-Reason", options.reason);
  if (!options.idempotency_key.empty()) query.headers.emplace_back("Idempotency-Key", options.idempotency_key);
  if (!options.if_match.empty()) query.headers.emplace_back("If-Match", "\"" + options.if_match + "\"");
  ESAAS_TRY(const auto client, session.connect());
  ESAAS_TRY(auto reply, client->send(query));
  ESAAS_TRY(const auto good, expect_success(std::move(reply)));
  return to_object(good);
}

int run_change(const Session& session, const ChangeOptions& options, std::string_view method, std::string target,
               const json::object& body) {
  const auto answer = send_change(session, options, method, std::move(target), body);
  if (!answer) return print_error(answer.error());
  if (options.dry_run) {
    if (session.json) {
      std::cout << json::serialize(*answer) << "\n";
    } else {
      print_preview(*answer);
    }
    return kSuccess;
  }
  // An undo may be several operations, of which each waits for the one before.
  const auto* several = answer->if_contains("operations");
  const json::array operations = several != nullptr && several->is_array()
                                     ? several->get_array()
                                     : json::array{json::value(cell(*answer, "operation_id"))};
  int outcome = kSuccess;
  for (const auto& operation : operations) {
    const std::string id = json::value_to<std::string>(operation);
    if (options.wait) {
      outcome = wait_for_operation(session, id, options.timeout_s);
      if (outcome != kSuccess) return outcome;
    } else if (!session.json) {
      std::cout << id << " accepted; follow it: esaas operation wait " << id << "\n";
    }
  }
  if (session.json && !options.wait) std::cout << json::serialize(*answer) << "\n";
  return outcome;
}

}  // namespace esaas::api::cli
