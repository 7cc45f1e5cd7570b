#include "tests/contract/elasticsearch/lab.h"

#include "core/base/assert.h"
#include "reconcilers/effects/elasticsearch/launch.h"

namespace esaas::contract {

model::LaunchSpec Lab::render(std::uint32_t index, std::uint32_t of, const std::string& java) {
  es::Artifact artifact;
  artifact.uri = "file:///unpacked/by/the/lab";
  artifact.profile = es::Profile::kSmall;
  artifact.java_home = java;
  es::Catalogue catalogue;
  catalogue.artifacts[version()] = artifact;
  es::LaunchInput input;
  input.cluster = kLabCluster;
  input.node = "node-" + std::to_string(index);
  input.version = version();
  input.master_eligible = true;
  input.holds_data = true;
  input.resources.set_mem_mib(256);
  const Address own = address_of(index);
  input.place.set_hostname(own.host);
  input.place.set_http_port(own.http_port);
  input.place.set_transport_port(own.transport_port);
  for (std::uint32_t other = 0; other < of; ++other) {
    const Address address = address_of(other);
    input.seed_hosts.push_back(address.host + ":" + std::to_string(address.transport_port));
  }
  input.minimum_master_nodes = of / 2 + 1;
  if (started_.insert(index).second) {  // who elects the first master is said once only
    for (std::uint32_t other = 0; other < of; ++other) {
      input.initial_master_nodes.push_back("node-" + std::to_string(other));
    }
  }
  auto spec = es::render_launch(input, catalogue);
  ESAAS_ASSERT(spec.has_value(), "the lab's own input renders");
  return *spec;
}

void Lab::start(std::uint32_t index, std::uint32_t of) { launch(index, render(index, of, java_home())); }

bool Lab::eventually(const std::function<bool()>& is_so, Duration timeout) {
  constexpr Duration kStep = std::chrono::milliseconds{200};
  for (Duration waited{0}; waited < timeout; waited += kStep) {
    if (is_so()) return true;
    pass(kStep);
  }
  return is_so();
}

}  // namespace esaas::contract
