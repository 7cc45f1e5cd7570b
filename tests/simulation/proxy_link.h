#pragma once
// ProxyLink: stands where the HAProxy client stands in the program: tells one proxy or asks it, and answers always, if
// need be that nobody did. Conversations with one proxy follow one another, and no more than a few wait. Answers take
// time, sometimes long; a question or its answer may be lost. One thread.

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "reconcilers/loop/controller.h"
#include "tests/simulation/model_proxies.h"

namespace esaas::simulation {

class ProxyLink {
 public:
  using Input = std::function<void(loop::Controller&)>;

  ProxyLink(test::SimulationClock& clock, test::Prng prng, ModelProxies& proxies,
            std::function<void(Input)> to_controller);

  void follow(loop::CompanionAddress address, event::Event intent);

  /// Answers that are under way are nobody's any more.
  void process_ended();
  void set_rough(bool rough) { rough_ = rough; }

 private:
  void answer(const loop::CompanionAddress& address, std::uint64_t seq, Result<loop::ProxyAnswer> answer, Time when);
  Duration latency();

  test::SimulationClock& clock_;
  test::Prng prng_;
  ModelProxies& proxies_;
  std::function<void(Input)> to_controller_;
  std::map<std::string, std::deque<Time>> conversations_;  // by task: when those that wait and the first one end
  std::vector<Time> ended_at_;                             // by process
  std::uint64_t process_ = 0;
  bool rough_ = false;
};

}  // namespace esaas::simulation
