#pragma once
// What kinds of requests there are, and how they get on with each other (design law 13). Pure.

#include <string>
#include <string_view>

#include "core/model/model.pb.h"

namespace esaas::model {

/// "create", "scale", "put_settings", ...: the kind's name as JSON has it; empty when none is set.
std::string_view kind_of(const Request& request);

/// "create, scale, ...": all of them.
std::string kind_names();

/// It changes nothing that a running task was made from, so it runs beside one that does: settings, replicas, indices,
/// repositories and snapshots, policies. Two of one kind run one after the other all the same.
bool runs_alongside(const Request& request);

}  // namespace esaas::model
