#pragma once
// decide: the only door by which a user's wish becomes events. Pure: state, command and context in; events or a refusal
// out. The refusal names the field and the rule. Thread-compatible.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/events/event.pb.h"
#include "core/model/billing.pb.h"
#include "core/model/model.pb.h"
#include "core/model/sink.pb.h"
#include "core/state/fleet_state.h"

namespace esaas::command {

/// Who asks. `tenant` empty: an administrator of all tenants.
struct Caller {
  std::string token_id;
  std::string tenant;
  model::TokenRole role = model::TOKEN_ROLE_UNSPECIFIED;
  std::string address;
  std::string method = {};  ///< of the request that it asks by
  std::string url = {};
};

/// An operation on a cluster. For a create the name is in the request, and `cluster` repeats it.
struct SubmitOperation {
  std::string cluster;
  model::Request request;
  std::string method;
  std::string url;
  std::string reason;
  std::optional<std::uint64_t> if_match;  ///< the revision that the caller saw
};

/// `kOverride` puts one rule out of force for the operation; `kForce` every rule that holds its cluster now.
enum class OperationVerb : std::uint8_t { kCancel, kPause, kContinue, kOverride, kForce };
struct ControlOperation {
  std::string operation_id;
  OperationVerb verb = OperationVerb::kCancel;
  std::string rule = {};  ///< of an override
  std::string node = {};  ///< of an override or a force; empty: for every node
  std::string why = {};   ///< of an override or a force, in the user's words
};

struct CreateTenant {
  std::string name;
};
/// What the tenant is promised and may use at most, in place of what it had. An empty quota promises and limits
/// nothing.
struct SetTenantQuota {
  std::string tenant;
  model::Quota quota;
  std::string method;
  std::string url;
  std::string reason;
};
/// What is kept true of the tenant's clusters that have no policies of their own, in place of what was.
struct SetTenantPolicies {
  std::string tenant;
  model::Policies policies;
  std::string method;
  std::string url;
  std::string reason;
};
/// In force from its moment on; its id is set by decide. For one tenant, or for all.
struct PublishPriceList {
  model::PriceList list;
  std::string method;
  std::string url;
  std::string reason;
};
/// Closes a month for a tenant, by the invoice that the caller derived from the log (store/billing), or corrects one
/// that is closed (Invoice.corrects). Its id is set by decide.
struct CloseInvoice {
  model::Invoice invoice;
  std::string method;
  std::string url;
};
/// In place of what the tenant had; without one: it has none any more.
struct SetBudget {
  std::string tenant;
  std::optional<model::Budget> budget;
  std::string method;
  std::string url;
  std::string reason;
};
/// Where events are sent on to from now on, in place of what the sink of this name was. One that is there goes on from
/// where it is, unless it is given another `from_seq`; a new one without begins with what happens next.
struct ConfigureSink {
  model::Sink sink;
  std::string method;
  std::string url;
  std::string reason;
};
struct RemoveSink {
  std::string name;
  std::string method;
  std::string url;
  std::string reason;
};
/// By who delivers to it, of the sink as it was configured by the event `configured_seq`: all that it wants up to
/// `through_seq` was taken; or, with `stalled`, why it does not go on.
struct ReportSink {
  std::string name;
  std::uint64_t configured_seq = 0;
  std::uint64_t through_seq = 0;
  std::string stalled = {};
};
/// The caller made the token and keeps only its hash here.
struct IssueToken {
  std::string token_id;
  std::string tenant;
  model::TokenRole role = model::TOKEN_ROLE_UNSPECIFIED;
  std::string hash;
  Time expires_at;
  std::string description;
};
struct RevokeToken {
  std::string token_id;
};
/// A backup shall be taken, by a name that no other has; without a caller: nobody asked, it is time for one.
struct BeginBackup {
  std::string name;
  bool with_secrets = false;
};
/// The backup that was begun under this name was taken, or failed.
struct NoteBackup {
  std::string name;
  std::uint64_t through_seq = 0;
  std::uint64_t bytes = 0;
  std::int64_t took_us = 0;
  std::string failure = {};  ///< not empty: why there is none
};
/// The caller's token is in use, from the caller's address.
struct NoteTokenUse {};
/// The tenant has spent so much of its budget for the month, or will have at the rate of now, as was derived from the
/// log (store/billing).
struct AlertBudget {
  std::string tenant;
  std::string month;
  std::int64_t spent_minor = 0;
  bool projected = false;
};

using Command =
    std::variant<SubmitOperation, ControlOperation, CreateTenant, SetTenantQuota, SetTenantPolicies, PublishPriceList,
                 CloseInvoice, SetBudget, IssueToken, RevokeToken, NoteTokenUse, BeginBackup, NoteBackup, AlertBudget, ConfigureSink, RemoveSink,
                 ReportSink>;

/// By version of Kibana: the version of Elasticsearch that it is the default for, empty for none.
using Kibanas = std::map<std::string, std::string, std::less<>>;

/// What a decision may depend on besides the state.
struct Context {
  Time now;
  Caller caller;
  std::uint64_t next_seq = 1;                       ///< the seq that the first event of the answer will have
  const std::set<std::string>* versions = nullptr;  ///< of the artifact catalogue; null: any version is accepted
  /// Versions with the plugins that the catalogue has for them; null: any plugin is accepted.
  const std::set<std::pair<std::string, std::string>>* plugins = nullptr;
  const Kibanas* kibanas = nullptr;  ///< of the configuration; null: any version is accepted
};

/// The events that the command leads to: payload, actor, tenant, cluster, operation id and cause are set; seq, times,
/// term and versions are stamped by the sequencer. Never empty on success.
/// Errors: kInvalidArgument (field and rule named), kNotFound (also for another tenant's things), kAlreadyExists,
/// kConflict (If-Match, or the state does not allow it), kPermissionDenied, kResourceExhausted (the cluster's queue,
/// the tenant's quota).
Result<std::vector<event::Event>> decide(const state::FleetState& state, const Command& command,
                                         const Context& context);

/// The most operations that may wait on one cluster.
inline constexpr std::size_t kQueuedOperationsMax = 32;

/// The events that start every operation in the queue of `cluster` that may start now: the first that changes topology
/// when none is active, and of each kind that runs alongside the first when none of it runs. None when nothing may
/// start. A queued operation that no longer fits finishes as FAILED with the reason.
std::vector<event::Event> start_next_operation(const state::FleetState& state, const state::Cluster& cluster,
                                               const Context& context);

}  // namespace esaas::command
