#pragma once
// Controller: the whole of the event-sourced loop as one state machine without I/O. Inputs are method calls (commands,
// Mesos events, observations, time); what it wants done goes out through Ports. One thread; the host owns it.
//
// ## One turn
//     inputs -> decide / observe / feedback -> events --sequence--> evolve (in memory, at once)
//     turn(): for each cluster that something happened to: reconcile -> intents --sequence--> evolve
//             then everything sequenced goes to the log writer as one part, if none is on its way
//     when the part is durable: publish snapshots, answer requests, acknowledge to Mesos, perform the intents' effects
//
// ## What is told when
// An event is applied when it is sequenced, so that commands pipeline; nobody outside learns of it before it is
// durable: answers, acknowledgements, effects and published snapshots all wait in the part that carries their event
// (`Pending`). While a part is on its way, everything new gathers for the next: that is the group commit.
//
// ## After a crash
// The recovered state holds intents without an outcome. Nothing is done about them until Mesos answers the explicit
// reconciliation that follows every subscription; only tasks and operations whose intent is durable (and so may have
// been sent) are asked about.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/commands/decide.h"
#include "core/model/ids.h"
#include "core/state/fleet_state.h"
#include "reconcilers/adoption.h"
#include "reconcilers/effects/elasticsearch/request_answer.h"
#include "reconcilers/effects/mesos/reconciliation.h"
#include "reconcilers/effects/mesos/wire/master.pb.h"
#include "reconcilers/ledger.h"
#include "reconcilers/loop/cluster_schedule.h"
#include "reconcilers/loop/digest_work.h"
#include "reconcilers/loop/front.h"
#include "reconcilers/loop/offer_pool.h"
#include "reconcilers/loop/ports.h"
#include "reconcilers/loop/published_state.h"
#include "reconcilers/loop/quota_work.h"
#include "reconcilers/loop/repeats.h"
#include "reconcilers/loop/sequencer.h"
#include "reconcilers/maintenance.h"
#include "reconcilers/plan.h"
#include "reconcilers/proxy_observation.h"
#include "reconcilers/setting_answer.h"
#include "reconcilers/settings.h"
#include "store/digests/signer.h"
#include "store/log/event_log.h"
#include "store/log/log_writer.h"

namespace esaas::loop {

struct ControllerOptions {
  reconcile::Settings settings;
  std::string version = "0.1.0";    ///< of the program, for ControllerStarted
  std::string principal = "esaas";  ///< of every reservation; the one that the master authenticates, if it does
  std::string task_user;            ///< tasks run as this user; empty: the agent's choice
  /// Of the framework to be taken over when the log knows none yet; empty: a new one. Another than the log's is not
  /// looked at.
  std::string framework_id;
  /// Part of every id that Mesos is given (model::incarnation_of); empty: none.
  std::string incarnation;
  reconcile::OrphanPolicy orphans = reconcile::OrphanPolicy::kAdopt;
  reconcile::UnknownTaskPolicy unknown_tasks = reconcile::UnknownTaskPolicy::kAdopt;
  mesos::ReconciliationConfig reconciliation;
  Duration poll_fast = std::chrono::milliseconds{100};    ///< while Elasticsearch's answer decides what happens next
  Duration poll_idle = std::chrono::seconds{10};          ///< else; below settings.observation_age_max
  Duration decline_idle = std::chrono::hours{1};          ///< filter for a role that wants nothing
  Duration decline_waiting = std::chrono::seconds{10};    ///< offers that do not fit what waits come back so often
  Duration revive_interval = std::chrono::seconds{1};     ///< REVIVE at most this often a role
  Duration ledger_period = std::chrono::minutes{10};      ///< the master's books are compared this often
  Duration maintenance_period = std::chrono::minutes{1};  ///< an inverse offer is answered anew this often
  Duration digest_period = Duration{0};                   ///< the log is signed this often when it grows; 0: when asked
  Duration suppress_after = std::chrono::seconds{5};      ///< a role that wants nothing is suppressed after this long
};

/// What a proxy says of its servers (reconcile::ProxyObservation).
struct ProxyAnswer {
  std::map<std::string, std::uint32_t, std::less<>> sessions = {};
  std::set<std::string, std::less<>> up = {};
};

class Controller {
 public:
  /// `state` is the fold of all of `log`. The references must outlive the controller.
  Controller(ControllerOptions options, state::FleetState state, const store::EventLog& log, store::LogWriter& writer,
             PublishedState& published, Ports& ports);
  ~Controller();
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  /// Begins a leader term; when that is durable, subscribes to Mesos (unless the framework is torn down).
  void start(Time now);

  // ---- Inputs ----
  void submit(std::vector<Submission> submissions, Front::Answers answers, Time now);
  void preview(const Submission& submission, std::function<void(Result<Preview>)> answer, Time now);
  /// False: below the reserve of free space; commands are refused until it is true again.
  void set_writable(bool writable) { writable_ = writable; }

  void mesos_subscribed(const mesos::wire::scheduler::Event::Subscribed& event, bool confirmation_needed, Time now);
  void mesos_event(const mesos::wire::scheduler::Event& event, Time now);
  void mesos_disconnected();
  /// `for_good`: the framework is torn down, which is logged; otherwise another scheduler took over this one's place.
  void mesos_stopped(bool for_good, const std::string& why, Time now);

  void observed(const std::string& cluster, reconcile::Observation observation, Time now);
  void setting_answered(const std::string& cluster, const event::Event& intent, const Result<void>& outcome, Time now);
  /// What came of Ports::elasticsearch_request for the intent with this seq.
  void request_answered(const std::string& cluster, std::uint64_t seq, const Result<es::RequestAnswer>& answer,
                        Time now);
  /// What came of Ports::proxy_follow: the proxy follows the ServersIntended of that seq (0: it was only asked), and
  /// what it says of its servers.
  void proxy_answered(const std::string& cluster, const std::string& node, std::uint64_t servers_seq,
                      const Result<ProxyAnswer>& answer, Time now);
  /// What came of Ports::kibana_ask: it serves, or why not.
  void kibana_answered(const std::string& cluster, const std::string& node, const Result<void>& answer, Time now);

  /// Compares the state with the master's books, which are asked for now; whoever asks meanwhile gets the same answer.
  /// Done without being asked every ControllerOptions::ledger_period.
  void ask_ledger(std::function<void(Result<reconcile::Ledger>)> answer, Time now);
  /// What came of Ports::mesos_ask_agents.
  void agents_answered(const Result<mesos::wire::master::Response::GetAgents>& agents, Time now);

  /// What came of Ports::mesos_update_quota, and of Ports::mesos_ask_quotas.
  void quota_answered(const std::string& tenant, std::uint64_t seq, const Result<void>& outcome, Time now);
  void quotas_answered(const Result<mesos::wire::master::Response::GetQuota>& quotas, Time now);

  /// Signs what of the log is durable and under no digest yet, and answers the seq of the newest digest by then. Done
  /// without being asked every ControllerOptions::digest_period.
  void ask_digest(const command::Caller& caller, DigestWork::Answer answer);
  /// What came of Ports::digest_sign.
  void digest_signed(const Result<store::SignedDigest>& outcome, Time now);

  /// Does what is due and hands the sequenced events to the writer. Call it after inputs (once for many). Answers when
  /// to be called again at the latest; nothing: not before another input.
  std::optional<Time> turn(Time now);

  // ---- To look at, on the controller's thread ----
  [[nodiscard]] const state::FleetState& state() const { return sequencer_.state(); }
  [[nodiscard]] std::uint64_t durable_seq() const { return sequencer_.durable_seq(); }
  [[nodiscard]] const OfferPool& offers() const { return offers_; }
  [[nodiscard]] const reconcile::Ledger& newest_ledger() const { return ledger_; }
  [[nodiscard]] bool mesos_connected() const { return connected_; }
  [[nodiscard]] const std::string& stopped_reason() const { return stopped_reason_; }
  /// The nodes that Elasticsearch is asked at; none when none of it runs.
  [[nodiscard]] static ClusterAddress address_of(const state::Cluster& cluster);
  /// Runs `function` when all that is sequenced now is durable; at once when it is.
  void when_durable(std::function<void()> function) { sequencer_.when_durable(std::move(function)); }

 private:
  struct KeyUnderWay {
    std::string body_hash;
    Accepted accepted;
  };

  // controller.cc
  /// Fills in what an event of the controller's own is about.
  void attribute(event::Event& event, const state::Cluster& cluster, event::ActorKind actor,
                 std::uint64_t cause_seq) const;
  void append(const std::string& cluster_name, std::vector<event::Event> events, event::ActorKind actor,
              std::uint64_t cause_seq, Time now);
  void append_fleet(event::Event event, event::ActorKind actor, Time now);
  void start_next(const std::string& cluster_name, Time now);
  void reconcile_dirty(Time now);
  bool reconcile_once(const std::string& name, Time now);
  /// What a cluster is reconciled from. Borrows from the controller and `offers`.
  void learn_plugins_before(const state::Cluster& cluster);
  [[nodiscard]] reconcile::Input input_of(const state::Cluster& cluster, const reconcile::OfferSet& offers,
                                          Time now) const;
  void append_actions(const std::string& name, const reconcile::Plan& plan, Time now);
  void repeat_effect(const std::string& name, const event::Event& intent, Time now);
  void append_holds(const std::string& name, const reconcile::Plan& plan, Time now);
  void perform(const std::string& name, const std::vector<event::Event>& intents,
               const std::optional<PooledOffer>& offer);
  [[nodiscard]] std::uint64_t cause_of(const std::string& name) const;
  static std::vector<const state::Operation*> side_operations_of(const state::FleetState& state,
                                                                 const state::Cluster& cluster);
  [[nodiscard]] std::vector<std::string> roles() const;
  static const std::string* offer_id_of(const event::Event& event);
  static model::Place place_for(const state::Cluster* cluster, const std::vector<event::Event>& intents);

  // controller_elasticsearch.cc
  void perform_request(const state::Cluster& cluster, const event::Event& intent);
  void forget_seen_settings(const std::string& cluster_name, Time now);
  void note_setting(const std::string& cluster_name, const event::Event& intent, std::string refusal);
  void plan_poll(const std::string& name, Time now);
  void poll_due(Time now);
  [[nodiscard]] bool is_overtaken(const std::string& cluster, const reconcile::Observation& observation) const;
  [[nodiscard]] Duration poll_interval(const state::Cluster& cluster) const;

  // controller_commands.cc
  Result<Accepted> accept(Submission& submission, Time now);
  std::optional<Result<Accepted>> seen_before(const Submission& submission, const std::string& key);
  [[nodiscard]] Preview imagine(std::vector<event::Event> events, Time now) const;
  void remember(const std::string& key, const std::string& body_hash, const Accepted& accepted, Time now);

  // controller_mesos.cc
  void take_offers(const mesos::wire::scheduler::Event::Offers& offers, Time now);
  void note_want(const std::string& name, const std::string& role, Time now);
  void take_roles(Time now);
  void settle_offers(Time now);
  static Duration until_next_round(Time now, Duration period);
  void settle_roles(Time now);
  [[nodiscard]] std::optional<Time> next_revive() const;
  void begin_reconciliation(Time now);
  void reconcile_with_mesos(Time now);
  void send_all(std::vector<mesos::wire::scheduler::Call> to_send);
  static std::vector<std::string> open_operations(const state::Node& node, std::uint64_t durable);

  // controller_reservations.cc
  void follow_moved_places(const PooledOffer& offer, Time now);
  bool adopt_place(const reconcile::Offer& agent, const reconcile::ReservedPart& part,
                   const google::protobuf::RepeatedPtrField<mesos::wire::Resource>& resources, Time now);
  bool release_orphans(const PooledOffer& offer, Time now);
  [[nodiscard]] bool log_made(const std::string& id) const;
  [[nodiscard]] bool owns(const reconcile::ReservedPart& part) const;
  [[nodiscard]] const state::Node* owner_of(const reconcile::ReservedPart& part) const;

  // controller_maintenance.cc
  void answer_maintenance(const mesos::wire::scheduler::Event::InverseOffers& offers, Time now);
  reconcile::MaintenanceVerdict judge_maintenance(const reconcile::MaintenanceWindow& window, Time now);
  void append_if_new(const reconcile::MaintenanceWindow& window, const std::string& hostname,
                     const reconcile::MaintenanceVerdict& verdict, Time now);

  // controller_ledger.cc
  struct LedgerCheck {
    Time asked_at;
    std::set<std::string> asked_about;  ///< places that were reserved
    std::set<std::string> known;        ///< places of any kind
    std::vector<std::function<void(Result<reconcile::Ledger>)>> answers;
  };
  void check_ledger(Time now);
  void ask_agents(Time now);
  reconcile::MasterBooks read_books(const mesos::wire::master::Response::GetAgents& agents, const LedgerCheck& check,
                                    Time now);
  [[nodiscard]] std::span<const reconcile::LedgerLine> ledger_of(std::string_view cluster) const;

  // controller_quota.cc
  void settle_quotas(Time now);
  void compare_quota(const state::Tenant& tenant, const mesos::wire::master::Response::GetQuota& quotas,
                     std::vector<event::Event>& findings);

  // controller_digests.cc
  void check_digest(Time now);

  struct PluginsBefore {
    std::string operation;
    event::PluginsChanged changed;
  };

  // controller_companions.cc
  struct Companion {
    std::string asked_task;      ///< that was asked last
    std::uint32_t silences = 0;  ///< in a row
  };
  void perform_servers(const state::Cluster& cluster, const event::Event& intent);
  const state::Node* answering_companion(const std::string& cluster_name, const std::string& node_name,
                                         const Error* silence, Time now);

  // controller_feedback.cc
  void task_status(const mesos::wire::TaskStatus& status, Time now);
  void stray_task(const mesos::wire::TaskStatus& status, Time now);
  void unknown_task(const mesos::wire::TaskStatus& status, Time now);
  void adopt_task(const model::ParsedId& id, const mesos::wire::TaskStatus& status, Time now);
  void kill_unknown_task(const mesos::wire::TaskStatus& status, Time now);
  void append_about_stray(const mesos::wire::TaskStatus& status, event::Event event, event::ActorKind actor, Time now);
  void operation_status(const mesos::wire::OperationStatus& status, Time now);
  void place_operation_status(const std::string& cluster_name, const state::Node& node,
                              const mesos::wire::OperationStatus& status, Time now);
  void orphan_operation_status(const model::ParsedId& id, const mesos::wire::OperationStatus& status, Time now);
  static bool is_open(const state::Node& node, const std::string& operation);

  ControllerOptions options_;
  std::set<std::string> versions_;
  command::Kibanas kibanas_;
  std::set<std::pair<std::string, std::string>> plugins_;
  const store::EventLog& log_;
  Ports& ports_;
  Sequencer sequencer_;
  ClusterSchedule schedule_;
  OfferPool offers_;
  mesos::Reconciliation task_reconciliation_;
  mesos::Reconciliation operation_reconciliation_;
  std::map<std::string, reconcile::Observation, std::less<>> observations_;
  std::map<std::string, reconcile::ProxyObservations, std::less<>> proxies_;  // by cluster
  std::map<std::string, Companion> companions_;                               // by cluster and node
  std::set<std::uint64_t> requests_under_way_;                                // to Elasticsearch, by their intents
  std::map<std::string, Time, std::less<>> answered_at_;              // by cluster: the last that changed something
  std::map<std::string, KeyUnderWay, std::less<>> keys_under_way_;    // sequenced and not durable yet
  std::set<std::string> stray_tasks_seen_;                            // unknown ones that the log tells of
  std::set<std::string> stray_tasks_killed_;                          // those that it tells are to be killed
  std::map<std::string, PluginsBefore, std::less<>> plugins_before_;  // by cluster, while an operation changes them
  Repeats repeats_;                                                   // by cluster and effect
  std::map<std::string, std::vector<reconcile::SettingAnswer>, std::less<>> setting_answers_;  // by cluster
  std::map<std::string, event::MaintenanceAnswered, std::less<>> maintenance_;  // by agent: the newest answer
  std::optional<LedgerCheck> ledger_check_;                                     // on its way
  reconcile::Ledger ledger_;                                                    // the newest
  std::optional<Time> ledger_due_;                                              // while subscribed
  QuotaWork quota_work_;
  DigestWork digest_work_;
  mesos::wire::DomainInfo master_domain_;  // of the newest subscription
  bool connected_ = false;
  bool reconciliation_wanted_ = false;  // subscribed anew; asked for in the next turn
  bool writable_ = true;
  std::string stopped_reason_;
};

}  // namespace esaas::loop
