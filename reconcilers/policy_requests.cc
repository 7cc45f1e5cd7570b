#include "reconcilers/policy_requests.h"

#include <chrono>

namespace esaas::reconcile {
namespace {

/// What Elasticsearch refused is not asked again before.
constexpr Duration kRefusedPause = std::chrono::minutes{10};

}  // namespace

void put_right(const View& view, Draft& draft, const WantedRequest& wanted, std::string& why) {
  const auto* known = find_request(view.cluster(), {}, wanted.purpose, {}, wanted.subject);
  if (known == nullptr || !known->answered()) {
    ask(view, draft, wanted);
    return;
  }
  why += " Elasticsearch refused to change it: " + known->why();
  const Time again = from_us(known->answered_at_us()) + kRefusedPause;
  if (view.now() >= again) {
    draft.act("ask_elasticsearch", intent_of(wanted));
  } else {
    draft.check_at(again);
  }
}

}  // namespace esaas::reconcile
