#pragma once
// What Elasticsearch answered to a request that changes something, and what that means for whoever waits: done, refused
// for good, or no answer at all, so that the request is sent again. Pure, thread-safe.

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/state/state.pb.h"

namespace esaas::es {

/// An answer as it came, whatever its status.
struct RequestAnswer {
  unsigned status = 0;  ///< of HTTP
  std::string body;
};

struct Verdict {
  bool accepted = false;
  std::string why;  ///< refused: in Elasticsearch's own words; accepted: what is worth telling, mostly nothing
};

/// What the answer says about `request`. Nothing when it decides nothing (429, most of 5xx, a change that not all nodes
/// have acknowledged in time): the request is to be sent again. Some refusals come with status 500 (a repository that
/// can not be written to); they are told by their type. 2.x answers 200 to a setting that it does not take and leaves
/// it out of the answer: that is refused too.
std::optional<Verdict> judge(const RequestAnswer& answer, const state::ElasticsearchRequest& request);

/// Whether a PUT of settings, exclusions or votes came through: kInvalidArgument when it is refused, kUnavailable when
/// nothing is decided.
Result<void> check_put(const RequestAnswer& answer);

}  // namespace esaas::es
