#pragma once
// MesosLink: the scheduler's side of the connection to the master, with what a network does to it: delays, loss when
// the connection breaks, repeated updates, and order only where Mesos keeps it (offers and rescinds among each other,
// updates of one agent among each other; nothing between the two). It stands where the HTTP client stands in the
// program, and keeps its promises: calls in order, events held back until a new framework id is durable, subscribing
// again by itself. One thread.

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconcilers/loop/controller.h"
#include "tests/simulation/mesos_side.h"

namespace esaas::simulation {

class MesosLink {
 public:
  using Input = std::function<void(loop::Controller&)>;
  struct Hooks {
    std::function<void(Input)> to_controller;                             ///< now, if it runs
    std::function<void(const mesos::wire::scheduler::Call&)> check_call;  ///< as it is sent
    std::function<void(const mesos::wire::scheduler::Event&)> seen;       ///< as the master sends it
  };

  MesosLink(test::SimulationClock& clock, test::Prng prng, MesosSide& mesos, Journal& journal, Hooks hooks);

  // ---- What the controller asks for (loop::Ports) ----
  void start(const std::string& framework_id, const std::vector<std::string>& roles);
  void confirm();
  void send(mesos::wire::scheduler::Call call);
  void set_roles(const std::vector<std::string>& roles);
  /// The operator API; each question is answered, if only by that nobody could be asked.
  void ask_agents();
  void update_quota(const std::string& tenant, std::uint64_t seq, const mesos::wire::quota::QuotaConfig& config);
  void ask_quotas();

  // ---- What happens to it ----
  /// The controller's process is gone: so is its end of the connection.
  void process_ended();
  /// The connection breaks. The scheduler notices after `unnoticed`; what it sends until then is lost.
  void break_connection(Duration unnoticed);
  /// From now on events are repeated and late more often; or no longer.
  void set_rough(bool rough) { rough_ = rough; }
  [[nodiscard]] bool connected() const { return stream_.has_value(); }

 private:
  using Call = mesos::wire::scheduler::Call;
  using Event = mesos::wire::scheduler::Event;

  void subscribe_later();
  void subscribe();
  void lost();
  void take(embedded::StreamEvent event);
  void deliver_later(Event event);
  void deliver(const Event& event);
  void hand_over(const Event& event);
  void arrive(const Call& call);
  using Response = mesos::wire::master::Response;
  void operate(mesos::wire::master::Call call, std::function<void(loop::Controller&, Result<Response>&)> answer);
  void note_suppression(const Call& call);
  Duration latency();
  static std::string channel_of(const Event& event);

  test::SimulationClock& clock_;
  test::Prng prng_;
  MesosSide& mesos_;
  Journal& journal_;
  Hooks hooks_;
  std::uint64_t process_ = 0;     // goes up with each end of the controller's process
  std::uint64_t connection_ = 0;  // goes up with each connection, so that late callbacks know that theirs is over
  bool started_ = false;
  bool stopped_ = false;
  bool broken_ = false;  // the master's end is gone and the scheduler does not know it yet
  std::string framework_id_;
  std::vector<std::string> roles_;
  std::set<std::string> suppressed_;
  std::optional<embedded::StreamId> stream_;
  bool unconfirmed_ = false;
  std::deque<Event> held_;
  std::map<std::string, Time> delivered_until_;  // per channel
  Time calls_until_;
  bool rough_ = false;
};

}  // namespace esaas::simulation
