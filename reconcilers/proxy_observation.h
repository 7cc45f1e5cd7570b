#pragma once
// What one proxy said when it was last told where to send requests, or only asked. Kept in memory only. A plain value.

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "core/base/time.h"

namespace esaas::reconcile {

struct ProxyObservation {
  Time observed_at;                                                 ///< when its answer came
  std::map<std::string, std::uint32_t, std::less<>> sessions = {};  ///< open ones, by server: a node's name
  std::set<std::string, std::less<>> up = {};  ///< servers whose health it has checked and found good
};

/// By the proxy's node name.
using ProxyObservations = std::map<std::string, ProxyObservation, std::less<>>;

}  // namespace esaas::reconcile
