#include "tests/reconcilers/loop/fake_ports.h"

#include <utility>

namespace esaas::loop {

void FakePorts::mesos_start(const std::string& id, const std::vector<std::string>& with_roles) {
  ++starts;
  framework_id = id;
  roles = with_roles;
}

void FakePorts::elasticsearch_put(ClusterAddress, event::Event intent) { puts.push_back(std::move(intent)); }

void FakePorts::note(std::string_view what, std::vector<std::pair<std::string_view, std::string>>) {
  notes.emplace_back(what);
}

void FakePorts::run_posted() {
  while (!posted.empty()) {
    auto function = std::move(posted.front());
    posted.pop_front();
    function();
  }
}

std::vector<mesos::wire::scheduler::Call> FakePorts::calls_of(mesos::wire::scheduler::Call::Type type) const {
  std::vector<mesos::wire::scheduler::Call> found;
  for (const auto& call : calls) {
    if (call.type() == type) found.push_back(call);
  }
  return found;
}

}  // namespace esaas::loop
