#include "reconcilers/loop/attribution.h"

#include <string_view>

namespace esaas::loop {
namespace {

bool is_a_policys(std::string_view name) { return name.starts_with("policy_"); }

}  // namespace

bool is_of_a_policy(const event::Event& event) {
  switch (event.payload_case()) {
    case event::Event::kPolicyRunBegan:
    case event::Event::kPolicyRunFinished: return true;
    case event::Event::kElasticsearchRequestIntended:
      return is_a_policys(event.elasticsearch_request_intended().purpose());
    case event::Event::kElasticsearchRequestAnswered:
      return is_a_policys(event.elasticsearch_request_answered().purpose());
    case event::Event::kHoldBegan: return is_a_policys(event.hold_began().rule());
    case event::Event::kHoldEnded: return is_a_policys(event.hold_ended().rule());
    default: return false;
  }
}

}  // namespace esaas::loop
