#include "api/routes/backup_routes.h"

#include <boost/json/array.hpp>

#include <array>

#include "api/http/co_try.h"
#include "api/routes/backup_service.h"
#include "api/routes/body.h"
#include "api/routes/page.h"
#include "api/routes/query.h"
#include "api/routes/read_pool.h"
#include "api/routes/submit.h"
#include "core/base/time.h"
#include "store/log/event_log.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

template <typename T>
using Answer = asio::awaitable<Result<T>>;

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
    answer["under_way"] = {
        {"name", status.under_way}, {"since", to_rfc3339(from_us(status.since_us))}, {"seq", status.under_way_seq}};
  }
  if (!status.failed.empty()) {
    answer["failed"] = {{"name", status.failed}, {"why", status.why}, {"seq", status.failed_seq}};
  }
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

/// Then what it asks for may be there by now: the controller answers what it answered then.
Answer<bool> is_key_known(const Call& call, const std::string& key) {
  if (key.empty()) co_return false;
  std::function<Result<bool>()> read = [&log = call.foundation.log,
                                        scoped = call.caller.tenant + "/" + key]() -> Result<bool> {
    ESAAS_TRY(const auto entry, log.find_idempotency(scoped));
    return entry.has_value();
  };
  co_return co_await call.foundation.reads.run<bool>(call.exchange, std::move(read));
}

Answer<void> check(const Call& call, const BackupService& service, const std::string& name) {
  std::function<Result<void>()> look = [&service, name] { return service.check(name); };
  co_return co_await call.foundation.reads.run<void>(call.exchange, std::move(look));
}

/// Of a BackupIntended.
Answer<std::string> name_at(const Call& call, std::uint64_t seq) {
  std::function<Result<std::string>()> read = [&log = call.foundation.log, seq]() -> Result<std::string> {
    ESAAS_TRY(const event::Event event, log.read_one(seq));
    return event.backup_intended().name();
  };
  co_return co_await call.foundation.reads.run<std::string>(call.exchange, std::move(read));
}

Answer<http::Response> begin_backup(Call& call) {
  ESAAS_CO_TRY(const auto options, read_change_options(call));
  ESAAS_CO_TRY(auto object, read_object(call.request()));
  ESAAS_CO_TRY(std::string name, take_text(object, "name"));
  ESAAS_CO_TRY(const bool with_secrets, take_secrets(object));
  ESAAS_CO_CHECK(refuse_rest(object, "name, secrets"));
  ESAAS_CO_TRY(BackupService * service, service_of(call));
  if (name.empty()) name = store::backup_name_at(call.foundation.now());
  ESAAS_CO_CHECK(store::check_backup_name(name));
  ESAAS_CO_TRY(const bool is_known, co_await is_key_known(call, options.idempotency_key));
  if (!is_known) ESAAS_CO_CHECK(co_await check(call, *service, name));
  auto submission = make_submission(call, command::BeginBackup{.name = name, .with_secrets = with_secrets}, options);
  if (options.dry_run) co_return co_await answer_preview(call, std::move(submission));
  ESAAS_CO_TRY(const auto accepted, co_await submit(call, std::move(submission)));
  service->look();
  if (accepted.replayed) {
    ESAAS_CO_TRY(name, co_await name_at(call, accepted.seq));
  }
  auto response = http::json_response(json::object{{"name", name}, {"seq", accepted.seq}}, 202);
  if (accepted.replayed) response.headers.emplace_back("Idempotency-Replayed", "true");
  co_return response;
}

constexpr std::array kRoutes{
    Route{http::Verb::kGet, "/v1/backups", auth::kFleetReaders, &list_backups},
    Route{http::Verb::kPost, "/v1/backups", auth::kFleetAdmins, &begin_backup},
};

}  // namespace

std::span<const Route> backup_routes() { return kRoutes; }

}  // namespace esaas::api
