#include "tests/simulation/proxy_link.h"

namespace esaas::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kTimeout = seconds{5};
constexpr std::size_t kWaitingMax = 8;             // as the real client has it
constexpr Duration kOutlives = milliseconds{100};  // no new process is there before

}  // namespace

ProxyLink::ProxyLink(test::SimulationClock& clock, test::Prng prng, ModelProxies& proxies,
                     std::function<void(Input)> to_controller)
    : clock_(clock), prng_(prng), proxies_(proxies), to_controller_(std::move(to_controller)) {}

Duration ProxyLink::latency() {
  if (rough_ && prng_.chance(1, 10)) return prng_.between(milliseconds{200}, seconds{2});
  return prng_.between(milliseconds{1}, milliseconds{30});
}

void ProxyLink::process_ended() {
  ++process_;
  ended_at_.push_back(clock_.now());
  conversations_.clear();
}

void ProxyLink::answer(const loop::CompanionAddress& address, std::uint64_t seq, Result<loop::ProxyAnswer> answer,
                       Time when) {
  clock_.at(when, [this, process = process_, address, seq, answer = std::move(answer)] {
    if (process != process_) return;
    to_controller_([&](loop::Controller& controller) {
      controller.proxy_answered(address.cluster, address.node, seq, answer, clock_.now());
    });
  });
}

void ProxyLink::follow(loop::CompanionAddress address, event::Event intent) {
  std::deque<Time>& conversations = conversations_[address.task_id];
  while (!conversations.empty() && conversations.front() <= clock_.now()) conversations.pop_front();
  if (conversations.size() >= kWaitingMax) {
    return answer(address, intent.seq(), fail(ErrorCode::kResourceExhausted, "others wait"), clock_.now());
  }
  const Time begins = conversations.empty() ? clock_.now() : conversations.back();
  const Time arrives = begins + latency();
  const bool is_lost = rough_ && prng_.chance(1, 12);
  const bool answer_is_lost = rough_ && prng_.chance(1, 12);
  const Time ends = is_lost || answer_is_lost ? begins + kTimeout : arrives + latency();
  conversations.push_back(ends);
  // What waits for its turn goes with the process; what is on its way arrives soon, or the connection ended before.
  clock_.at(arrives, [this, process = process_, address = std::move(address), intent = std::move(intent), is_lost,
                      answer_is_lost, begins, ends] {
    const bool has_died = process != process_;
    if (has_died && (begins > ended_at_[process] || clock_.now() - ended_at_[process] > kOutlives)) return;
    Result<loop::ProxyAnswer> said = fail(ErrorCode::kDeadlineExceeded, "nobody answered in time");
    if (!is_lost) said = proxies_.follow(address, intent);
    if (answer_is_lost) said = fail(ErrorCode::kDeadlineExceeded, "the answer was lost");
    if (process == process_) answer(address, intent.seq(), std::move(said), ends);
  });
}

}  // namespace esaas::simulation
