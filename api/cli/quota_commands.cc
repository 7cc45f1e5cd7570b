// esaas tenant quota get|set

#include <boost/json/serialize.hpp>

#include <array>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>

#include "api/cli/commands.h"
#include "api/http/target.h"

namespace esaas::api::cli {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds kLookInterval{200};
constexpr std::array kResources{"cpus_milli", "mem_mib", "disk_mib"};

struct Amounts {
  std::array<std::optional<std::uint64_t>, kResources.size()> of;  // in the order of kResources
};
struct QuotaOptions {
  std::string tenant, reason, idempotency_key;
  Amounts guarantee, limit;
  bool none = false, dry_run = false, wait = false;
  std::uint32_t timeout_s = 60;
};

std::string quota_target(const std::string& tenant) { return "/v1/tenants/" + http::percent_encode(tenant) + "/quota"; }

json::object to_json(const Amounts& amounts) {
  json::object object;
  for (std::size_t i = 0; i < kResources.size(); ++i) {
    if (amounts.of[i]) object[kResources[i]] = *amounts.of[i];
  }
  return object;
}

void print_quota(const json::object& quota) {
  json::array rows;
  for (const char* resource : kResources) {
    json::object row{{"resource", resource}};
    const std::string name(resource);
    row["guarantee"] = cell(quota, "quota.guarantee." + name);
    row["limit"] = cell(quota, "quota.limit." + name);
    for (const char* sum : {"wanted", "reserved", "used", "left"})
      row[sum] = cell(quota, std::string(sum) + "." + name);
    rows.push_back(std::move(row));
  }
  std::cout << table(rows, {{"RESOURCE", "resource"},
                            {"GUARANTEE", "guarantee"},
                            {"LIMIT", "limit"},
                            {"WANTED", "wanted"},
                            {"RESERVED", "reserved"},
                            {"USED", "used"},
                            {"LEFT", "left"}});
  if (const auto* intended = quota.if_contains("intended")) {
    std::cout << "not in force yet, on its way to the master: " << json::serialize(*intended) << "\n";
  }
  if (const auto* found = quota.if_contains("found")) {
    std::cout << "the master held another one, which somebody else set: " << json::serialize(*found) << "\n";
  }
  if (quota.contains("refused")) std::cout << "the master refused the last one: " << cell(quota, "refused") << "\n";
}

int show(const Session& session, const std::string& tenant) {
  const auto quota = session.get(quota_target(tenant));
  if (!quota) return print_error(quota.error());
  if (session.json) {
    std::cout << json::serialize(*quota) << "\n";
  } else {
    print_quota(*quota);
  }
  return kSuccess;
}

/// Until the master has answered.
int wait_for_quota(const Session& session, const QuotaOptions& options) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.timeout_s);
  while (true) {
    const auto quota = session.get(quota_target(options.tenant));
    if (!quota && quota.error().code != ErrorCode::kUnavailable) return print_error(quota.error());
    if (quota && !quota->contains("intended")) {
      const int shown = show(session, options.tenant);
      return shown == kSuccess && quota->contains("refused") ? static_cast<int>(kOperationFailed) : shown;
    }
    if (std::chrono::steady_clock::now() > end) {
      std::cerr << "esaas: the master has not answered within " << options.timeout_s
                << " s; it is asked again until it does: esaas tenant quota get " << options.tenant << "\n";
      return kWaitEnded;
    }
    std::this_thread::sleep_for(kLookInterval);
  }
}

Result<json::object> send(const Session& session, const QuotaOptions& options) {
  json::object body{{"guarantee", to_json(options.guarantee)}, {"limit", to_json(options.limit)}};
  Query query{.method = "PUT", .target = quota_target(options.tenant), .body = json::serialize(body)};
  if (options.dry_run) query.target += "?dry_run=true";
  if (!options.reason.empty()) query.headers.emplace_back("X-Reason", options.reason);
  if (!options.idempotency_key.empty()) query.headers.emplace_back("Idempotency-Key", options.idempotency_key);
  ESAAS_TRY(const auto client, session.connect());
  ESAAS_TRY(auto reply, client->send(query));
  ESAAS_TRY(const auto good, expect_success(std::move(reply)));
  return to_object(good);
}

int set(const Session& session, const QuotaOptions& options) {
  const bool names_any = !to_json(options.guarantee).empty() || !to_json(options.limit).empty();
  if (names_any == options.none) {
    return print_error({ErrorCode::kInvalidArgument, "name amounts of the new quota, or --none to take it all away",
                        "limit", "required"});
  }
  const auto answer = send(session, options);
  if (!answer) return print_error(answer.error());
  if (options.wait && !options.dry_run) return wait_for_quota(session, options);
  if (session.json) {
    std::cout << json::serialize(*answer) << "\n";
  } else if (options.dry_run) {
    std::cout << "the quota of tenant " << options.tenant << " would be sent to the master\n";
  } else {
    std::cout << "accepted, and on its way to the master; look: esaas tenant quota get " << options.tenant << "\n";
  }
  return kSuccess;
}

void add_amounts(CLI::App& command, const std::string& what, const std::string& meaning, Amounts& amounts) {
  constexpr std::array kFlags{"cpus-milli", "mem-mib", "disk-mib"};
  for (std::size_t i = 0; i < kFlags.size(); ++i) {
    command.add_option("--" + what + "-" + kFlags[i], amounts.of[i], meaning);
  }
}

}  // namespace

void add_quota_commands(CLI::App& tenant, Session& session, Action& action) {
  auto* quota = tenant.add_subcommand("quota", "What a tenant is promised and may use at most");
  quota->require_subcommand(1);
  auto shown = std::make_shared<QuotaOptions>();
  auto* get = quota->add_subcommand("get", "The quota, and what is wanted, reserved, used and left of it");
  get->add_option("tenant", shown->tenant, "The tenant")->required();
  get->callback([shown, &session, &action] { action = [shown, &session] { return show(session, shown->tenant); }; });

  auto options = std::make_shared<QuotaOptions>();
  auto* change = quota->add_subcommand("set", "Replace the quota; an amount that is not named is no longer limited");
  change->add_option("tenant", options->tenant, "The tenant")->required();
  add_amounts(*change, "guarantee", "Kept free for the tenant, whoever else asks", options->guarantee);
  add_amounts(*change, "limit", "The most that the tenant may have", options->limit);
  change->add_flag("--none", options->none, "Neither a guarantee nor a limit");
  change->add_option("--reason", options->reason, "Why, for the audit");
  change->add_option("--idempotency-key", options->idempotency_key, "Makes a repeated request do nothing more");
  change->add_flag("--dry-run", options->dry_run, "Say what would happen, and change nothing");
  change->add_flag("--wait", options->wait, "Wait until the master has answered");
  change->add_option("--timeout", options->timeout_s, "Seconds that --wait waits at most");
  change->callback([options, &session, &action] { action = [options, &session] { return set(session, *options); }; });
}

}  // namespace esaas::api::cli
