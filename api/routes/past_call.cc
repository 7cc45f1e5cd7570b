#include "api/routes/past_call.h"

#include <algorithm>
#include <utility>

#include "api/auth/token.h"
#include "api/http/co_try.h"
#include "store/snapshots/past_states.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;

std::unexpected<Error> only_now() {
  return fail(ErrorCode::kUnavailable, "nobody can be asked in the past", "at", "only_now");
}

/// A moment, with the log and the state of it. Shared by all that answers one call.
struct Past {
  Past(const store::EventLog& whole, const store::Moment& at, std::shared_ptr<const state::FleetState> state)
      : moment(at), log(whole, at.seq, state->head.time_at_us()), front(std::move(state)) {}

  store::Moment moment;
  store::PastLog log;
  PastFront front;
};

/// What the call stands on then. Secrets and the sinks' progress are of now, and not shown.
Foundation foundation_of(const Foundation& now, const std::shared_ptr<Past>& past) {
  return {.front = past->front,
          .log = past->log,
          .reads = Reads(now.reads.pool(), past),
          .feed = now.feed,
          .metrics = now.metrics,
          .limits = now.limits,
          .now = [at = past->moment.at] { return at; },
          .version = now.version};
}

struct Scene {
  std::shared_ptr<Past> past;
  Foundation foundation;
};

/// A long answer outlives the call that it stands on, and ends with the token that it is for.
class KeptStream final : public http::BodyStream {
 public:
  KeptStream(const Call& call, std::string token_hash, std::unique_ptr<http::BodyStream> stream,
             std::shared_ptr<const Scene> scene)
      : now_(call.foundation),
        exchange_(call.exchange),
        token_hash_(std::move(token_hash)),
        scene_(std::move(scene)),
        stream_(std::move(stream)) {}

  asio::awaitable<Result<bool>> next(std::string& piece) override {
    ESAAS_CO_CHECK(auth::authenticate_hash(now_.front, token_hash_, exchange_->peer_address, now_.now()));
    co_return co_await stream_->next(piece);
  }

 private:
  const Foundation& now_;
  std::shared_ptr<http::Exchange> exchange_;
  const std::string token_hash_;
  std::shared_ptr<const Scene> scene_;  // outlives the stream
  std::unique_ptr<http::BodyStream> stream_;
};

asio::awaitable<Result<std::shared_ptr<Past>>> look_back(const Call& call, std::string at) {
  using Found = std::shared_ptr<Past>;
  const Foundation& now = call.foundation;
  if (now.past_states == nullptr) co_return only_now();
  std::function<Result<Found>()> read = [&log = now.log, states = now.past_states, at = std::move(at),
                                         time = now.now()]() -> Result<Found> {
    ESAAS_TRY(const store::Moment moment, store::find_moment(log, at, "at", time));
    ESAAS_TRY(auto state, states->at(moment.seq));
    return std::make_shared<Past>(log, moment, std::move(state));
  };
  co_return co_await now.reads.run<Found>(call.exchange, std::move(read));
}

}  // namespace

void PastFront::submit(std::vector<loop::Submission> submissions, Answers answers) {
  answers(std::vector<Result<loop::Accepted>>(submissions.size(), only_now()));
}
void PastFront::preview(loop::Submission, std::function<void(Result<loop::Preview>)> answer) { answer(only_now()); }
void PastFront::ledger(std::function<void(Result<reconcile::Ledger>)> answer) { answer(only_now()); }
void PastFront::observe(std::string, reconcile::Questions, std::function<void(Result<reconcile::Observation>)> answer) {
  answer(only_now());
}

void PastFront::sign_digest(command::Caller, std::function<void(Result<std::uint64_t>)> answer) { answer(only_now()); }

std::shared_ptr<const state::Cluster> PastFront::cluster(std::string_view name) const {
  return part(state_->find_cluster(name));
}

loop::FleetView PastFront::fleet() const {
  loop::FleetView view{.seq = state_->seq(), .clusters = {}};
  for (const auto& [name, cluster] : state_->clusters) view.clusters.push_back(part(&cluster));
  return view;
}

loop::Picture PastFront::picture() const {
  return {.seq = state_->seq(), .head = head(), .clusters = fleet().clusters, .operations = operations()};
}

std::shared_ptr<const state::Fleet> PastFront::head() const { return part(&state_->head); }

std::shared_ptr<const state::Operation> PastFront::operation(std::string_view id) const {
  return part(state_->find_operation(id));
}

std::vector<std::shared_ptr<const state::Operation>> PastFront::operations() const {
  std::vector<std::shared_ptr<const state::Operation>> open;
  for (const auto& [id, operation] : state_->operations) open.push_back(part(&operation));
  return open;
}

std::vector<std::string> PastFront::tenants() const {
  std::vector<std::string> names;
  for (const state::Tenant& tenant : state_->head.tenants()) names.push_back(tenant.name());
  return names;
}

std::shared_ptr<const state::Tenant> PastFront::tenant(std::string_view name) const {
  return part(state_->find_tenant(name));
}

/// Nobody is let in by what was.
std::optional<loop::TokenView> PastFront::token(std::string_view) const { return std::nullopt; }

std::vector<std::shared_ptr<const state::Token>> PastFront::tokens() const {
  std::vector<std::shared_ptr<const state::Token>> all;
  for (const state::Token& token : state_->head.tokens()) all.push_back(part(&token));
  return all;
}

loop::ControllerStatus PastFront::status() const {
  loop::ControllerStatus status;
  status.durable_seq = state_->seq();
  status.sequenced_seq = state_->seq();
  status.leader_term = state_->head.leader_term();
  status.framework_id = state_->head.framework_id();
  return status;
}

std::optional<std::string> take_at(http::Target& target) {
  target.taken.emplace_back("at");
  const auto found = std::ranges::find(target.query, "at", [](const auto& parameter) { return parameter.first; });
  if (found == target.query.end()) return std::nullopt;
  std::string at = std::move(found->second);
  target.query.erase(found);
  return at;
}

bool is_of_the_past(const Call& call) { return dynamic_cast<const PastFront*>(&call.foundation.front) != nullptr; }

asio::awaitable<Result<http::Response>> answer(Call& call, const Route& route) {
  if (const auto* handler = std::get_if<SyncHandler>(&route.handler)) co_return (*handler)(call);
  co_return co_await std::get<AsyncHandler>(route.handler)(call);
}

asio::awaitable<Result<http::Response>> answer_as_of(Call& call, const Route& route, std::string at) {
  ESAAS_CO_TRY(auto past, co_await look_back(call, std::move(at)));
  const auto scene = std::make_shared<const Scene>(past, foundation_of(call.foundation, past));
  Call then{scene->foundation, call.exchange, std::move(call.target), std::move(call.parameters), call.caller};
  ESAAS_CO_TRY(auto response, co_await answer(then, route));
  response.headers.emplace_back("ESaaS-Seq", std::to_string(scene->past->moment.seq));
  if (response.stream) {
    ESAAS_CO_TRY(auto hash, auth::hash_of_bearer(call.request().authorization));
    response.stream = std::make_unique<KeptStream>(call, std::move(hash), std::move(response.stream), scene);
  }
  co_return std::move(response);
}

}  // namespace esaas::api
