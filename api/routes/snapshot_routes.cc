#include "api/routes/snapshot_routes.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "api/http/co_try.h"
#include "api/routes/cluster_routes.h"
#include "api/routes/look.h"
#include "api/routes/query.h"
#include "api/routes/read_pool.h"
#include "core/base/time.h"
#include "reconcilers/policies.h"
#include "store/views/snapshot_origins.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Answer = asio::awaitable<Result<http::Response>>;
using Origins = std::map<std::string, store::SnapshotOrigin>;
using reconcile::SnapshotInfo;

std::string subject_of(const SnapshotInfo& snapshot) { return snapshot.repository + "/" + snapshot.name; }

asio::awaitable<Result<Origins>> read_origins(const Call& call, std::string cluster, std::set<std::string> subjects) {
  std::function<Result<Origins>()> read = [&log = call.foundation.log, cluster = std::move(cluster),
                                           subjects = std::move(subjects)] {
    return store::snapshot_origins(log, cluster, subjects);
  };
  co_return co_await call.foundation.reads.run<Origins>(call.exchange, std::move(read));
}

/// An operation, a policy, or nobody that this log knows of.
json::object made_by(const Origins& origins, const std::string& subject) {
  const auto found = origins.find(subject);
  if (found == origins.end()) return json::object{{"kind", "unknown"}};
  json::object object{{"kind", found->second.operation_id.empty() ? "policy" : "operation"}};
  if (found->second.operation_id.empty()) {
    object["policy"] = reconcile::kPolicySnapshots;
  } else {
    object["operation_id"] = found->second.operation_id;
  }
  object["seq"] = found->second.seq;
  return object;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

json::object present(const SnapshotInfo& snapshot, const Origins& origins) {
  json::object object{{"repository", snapshot.repository},
                      {"snapshot", snapshot.name},
                      {"state", lower(snapshot.state)},
                      {"taken_by", made_by(origins, subject_of(snapshot))}};
  if (snapshot.started_at_us > 0) object["started_at"] = to_rfc3339(from_us(snapshot.started_at_us));
  if (snapshot.ended_at_us > 0) object["ended_at"] = to_rfc3339(from_us(snapshot.ended_at_us));
  object["shards"] = snapshot.shards;
  object["failed_shards"] = snapshot.failed;
  if (!snapshot.reason.empty()) object["reason"] = snapshot.reason;
  return object;
}

/// What the request that registered it said.
std::string location_in(const std::string& body) {
  boost::system::error_code failed;
  const json::value value = json::parse(body, failed);
  const json::value* location = failed ? nullptr : value.find_pointer("/settings/location", failed);
  return location != nullptr && location->is_string() ? std::string(location->get_string()) : std::string();
}

Answer list_repositories(Call& call) {
  ESAAS_CO_CHECK(Query(call.target).done());
  ESAAS_CO_TRY(const auto cluster, find_cluster(call, call.parameters[0]));
  std::string name = cluster->name();
  reconcile::Questions none;
  ESAAS_CO_TRY(const auto seen, co_await look_at(call, name, std::move(none)));
  std::set<std::string> subjects(seen.repositories.begin(), seen.repositories.end());
  ESAAS_CO_TRY(const auto origins, co_await read_origins(call, std::move(name), std::move(subjects)));
  json::array items;
  for (const std::string& repository : seen.repositories) {
    json::object item{{"repository", repository}, {"registered_by", made_by(origins, repository)}};
    if (const auto found = origins.find(repository); found != origins.end()) {
      if (std::string location = location_in(found->second.body); !location.empty()) item["location"] = location;
    }
    items.push_back(std::move(item));
  }
  co_return http::json_response(json::object{{"items", std::move(items)}});
}

/// The repository that was named, or all that the cluster has.
asio::awaitable<Result<std::vector<std::string>>> repositories_of(const Call& call, std::string cluster,
                                                                  std::string named) {
  reconcile::Questions none;
  ESAAS_CO_TRY(auto seen, co_await look_at(call, std::move(cluster), std::move(none)));
  if (named.empty()) co_return std::move(seen.repositories);
  if (std::ranges::find(seen.repositories, named) == seen.repositories.end()) {
    co_return fail(ErrorCode::kNotFound, "the cluster has no repository " + named, "repository", "known_repository");
  }
  std::vector<std::string> one;
  one.push_back(std::move(named));
  co_return one;
}

/// Newest first; one that is being taken before all that are done.
void sort_newest_first(std::vector<SnapshotInfo>& snapshots) {
  std::ranges::sort(snapshots, std::greater<>{}, [](const SnapshotInfo& snapshot) {
    return std::tuple(snapshot.state == "IN_PROGRESS", snapshot.started_at_us, std::string_view(snapshot.repository),
                      std::string_view(snapshot.name));
  });
}

Answer list_snapshots(Call& call) {
  Query query(call.target);
  const auto named = query.text("repository");
  ESAAS_CO_CHECK(query.done());
  ESAAS_CO_TRY(const auto cluster, find_cluster(call, call.parameters[0]));
  std::string name = cluster->name();
  ESAAS_CO_TRY(const auto repositories, co_await repositories_of(call, name, named));
  reconcile::Questions questions;
  for (const std::string& repository : repositories) questions.snapshots.emplace_back(repository, std::string());
  ESAAS_CO_TRY(auto seen, co_await look_at(call, name, std::move(questions)));
  json::array unread;
  for (const std::string& repository : repositories) {
    const auto answered = [&](const auto& asked) { return asked.first == repository; };
    if (std::ranges::none_of(seen.asked.snapshots, answered)) unread.push_back(json::value(repository));
  }
  if (!named.empty() && !unread.empty()) {
    co_return fail(ErrorCode::kUnavailable, "Elasticsearch can not read repository " + named + " now");
  }
  sort_newest_first(seen.snapshots);
  std::set<std::string> subjects;
  for (const SnapshotInfo& snapshot : seen.snapshots) subjects.insert(subject_of(snapshot));
  ESAAS_CO_TRY(const auto origins, co_await read_origins(call, std::move(name), std::move(subjects)));
  json::array items;
  for (const SnapshotInfo& snapshot : seen.snapshots) items.push_back(present(snapshot, origins));
  json::object object{{"items", std::move(items)}};
  if (!unread.empty()) object["unread_repositories"] = std::move(unread);
  co_return http::json_response(object);
}

constexpr std::array kRoutes{
    Route{http::Verb::kGet, "/v1/clusters/{cluster}/repositories", auth::kReaders, &list_repositories},
    Route{http::Verb::kGet, "/v1/clusters/{cluster}/snapshots", auth::kReaders, &list_snapshots},
};

}  // namespace

std::span<const Route> snapshot_routes() { return kRoutes; }

}  // namespace esaas::api
