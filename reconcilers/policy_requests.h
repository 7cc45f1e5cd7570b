#pragma once
// Requests by which policies put a breach right. Part of policies.h. Pure.

#include <string>

#include "reconcilers/requests.h"

namespace esaas::reconcile {

/// Sends what puts a breach right, unless it was refused a while ago. A refusal is told by the hold: its words are added
/// to `why`.
void put_right(const View& view, Draft& draft, const WantedRequest& wanted, std::string& why);

}  // namespace esaas::reconcile
