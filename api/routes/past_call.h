#pragma once
// A call as of a moment of the past (?at=): the same route, before the fleet's state and the log as they were then. Who
// calls, and what they may see, is of now.

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/routes/call.h"
#include "core/state/fleet_state.h"
#include "store/log/past_log.h"
#include "store/views/moment.h"

namespace esaas::api {

/// The controller as it was: it shows its state, and takes no command and asks nobody (kUnavailable). Thread-safe.
class PastFront final : public loop::Front {
 public:
  explicit PastFront(std::shared_ptr<const state::FleetState> state) : state_(std::move(state)) {}

  void submit(std::vector<loop::Submission> submissions, Answers answers) override;
  void preview(loop::Submission submission, std::function<void(Result<loop::Preview>)> answer) override;
  void ledger(std::function<void(Result<reconcile::Ledger>)> answer) override;
  void observe(std::string cluster, reconcile::Questions questions,
               std::function<void(Result<reconcile::Observation>)> answer) override;
  void sign_digest(command::Caller caller, std::function<void(Result<std::uint64_t>)> answer) override;
  [[nodiscard]] std::shared_ptr<const state::Cluster> cluster(std::string_view name) const override;
  [[nodiscard]] loop::FleetView fleet() const override;
  [[nodiscard]] loop::Picture picture() const override;
  [[nodiscard]] std::shared_ptr<const state::Fleet> head() const override;
  [[nodiscard]] std::shared_ptr<const state::Operation> operation(std::string_view id) const override;
  [[nodiscard]] std::vector<std::shared_ptr<const state::Operation>> operations() const override;
  [[nodiscard]] std::vector<std::string> tenants() const override;
  [[nodiscard]] std::shared_ptr<const state::Tenant> tenant(std::string_view name) const override;
  [[nodiscard]] std::optional<loop::TokenView> token(std::string_view hash) const override;
  [[nodiscard]] std::vector<std::shared_ptr<const state::Token>> tokens() const override;
  [[nodiscard]] loop::ControllerStatus status() const override;

 private:
  /// Part of the state, which lives as long as the part is used.
  template <typename T>
  std::shared_ptr<const T> part(const T* one) const {
    return one == nullptr ? nullptr : std::shared_ptr<const T>(state_, one);
  }

  std::shared_ptr<const state::FleetState> state_;
};

/// The value of `at`, which is taken out of the query; nothing when it is not there. From then on the target says that
/// the resource takes it.
std::optional<std::string> take_at(http::Target& target);

/// True when it is asked as of a moment of the past.
bool is_of_the_past(const Call& call);

/// What the route answers.
boost::asio::awaitable<Result<http::Response>> answer(Call& call, const Route& route);

/// What the route answered at that moment, a seq or a time; the header ESaaS-Seq names the last event. Errors: those of
/// store::find_moment and store::PastStates::at, and the route's.
boost::asio::awaitable<Result<http::Response>> answer_as_of(Call& call, const Route& route, std::string at);

}  // namespace esaas::api
