#include "api/routes/backup_routes.h"

#include <boost/json/array.hpp>

#include <array>

#include "api/routes/backup_service.h"
#include "api/routes/body.h"
#include "api/routes/page.h"
#include "api/routes/query.h"
#include "core/base/time.h"

namespace esaas::api {
namespace {

namespace json = boost::json;

Result<BackupService*> service_of(const Call& call) {
  if (call.foundation.backups != nullptr) return call.foundation.backups;
  return fail(ErrorCode::kConflict, "no folder is configured for backups (backup.directory)", "", "backup_directory");
}

json::object present(const store::Backup& backup) {
  return {{"name", backup.name},
          {"through_seq", backup.through_seq},
          {"chain_hash", backup.chain_hash},
          {"taken_at", to_rfc3339(from_us(backup.taken_at_us))},
          {"bytes", backup.bytes},
          {"has_secrets", backup.has_secrets}};
}

Result<http::Response> list_backups(Call& call) {
  Query query(call.target);
  PageBuilder page(read_page(query));
  ESAAS_CHECK(query.done());
  const BackupService* service = call.foundation.backups;
  const BackupStatus status = service == nullptr ? BackupStatus{} : service->status();
  for (const store::Backup& backup : status.backups) {
    const std::string key = padded(backup.id);
    if (page.is_after_cursor(key) && !page.add(key, present(backup))) break;
  }
  json::object answer = page.finish();
  if (!status.under_way.empty()) {
    answer["under_way"] = {{"name", status.under_way}, {"since", to_rfc3339(from_us(status.since_us))}};
  }
  if (!status.failed.empty()) answer["failed"] = {{"name", status.failed}, {"why", status.why}};
  return http::json_response(answer);
}

Result<bool> take_secrets(json::object& object) {
  const json::value* given = object.if_contains("secrets");
  if (given == nullptr) return false;
  if (!given->is_bool()) {
    return fail(ErrorCode::kInvalidArgument, "secrets: has to be true or false", "secrets", "boolean");
  }
  const bool with = given->get_bool();
  object.erase("secrets");
  return with;
}

Result<http::Response> begin_backup(Call& call) {
  Query query(call.target);
  ESAAS_CHECK(query.done());
  ESAAS_TRY(auto object, read_object(call.request()));
  ESAAS_TRY(const std::string name, take_text(object, "name"));
  ESAAS_TRY(const bool with_secrets, take_secrets(object));
  ESAAS_CHECK(refuse_rest(object, "name, secrets"));
  ESAAS_TRY(BackupService * service, service_of(call));
  command::Caller caller = call.caller;
  caller.method = call.request().method;
  caller.url = call.request().target;
  ESAAS_TRY(const std::string begun, service->begin(name, with_secrets, caller));
  return http::json_response(json::object{{"name", begun}}, 202);
}

constexpr std::array kRoutes{
    Route{http::Verb::kGet, "/v1/backups", auth::kFleetReaders, &list_backups},
    Route{http::Verb::kPost, "/v1/backups", auth::kFleetAdmins, &begin_backup},
};

}  // namespace

std::span<const Route> backup_routes() { return kRoutes; }

}  // namespace esaas::api
