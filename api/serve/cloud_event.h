#pragma once
// An event of the log as a CloudEvent 1.0, for sinks that take those. Pure.

#include <boost/json/object.hpp>

#include <string>

#include "core/events/event.pb.h"

namespace esaas::api {

/// Its `data` is the event as GET /v1/events shows it. `source` names the log (store::log_source), type is "esaas." and
/// the event's kind, subject "TENANT" or "TENANT/CLUSTER" (left out for events of neither), and the extension
/// `sequence` its seq, in so many digits that texts compare as numbers do. The id is the seq with the beginning of the
/// hash of what was before it: after a restore of an older log, which gives seqs again, another event has another id.
boost::json::object as_cloud_event(const event::Event& event, const std::string& source);

}  // namespace esaas::api
