#pragma once
// How the domain's objects look over HTTP: the protobuf JSON (core/base/proto_json.h) without what is nobody's
// business, and with what makes it readable. Pure.

#include <boost/json/object.hpp>

#include "core/events/event.pb.h"
#include "core/state/state.pb.h"
#include "store/views/audit_view.h"
#include "store/views/trace_view.h"

namespace esaas::api {

/// All of a cluster.
boost::json::object present(const state::Cluster& cluster);
/// One line of the list: what people look at first.
boost::json::object present_summary(const state::Cluster& cluster);
/// A node, with the cluster's name.
boost::json::object present(const state::Node& node, const state::Cluster& cluster);
boost::json::object present(const state::Operation& operation);
/// Without the hash.
boost::json::object present(const state::Token& token);
/// An event, with its kind; hashes of tokens are left out.
boost::json::object present(const event::Event& event);
/// One line of the audit; what does not apply is left out.
boost::json::object present(const store::AuditEntry& entry);
/// The trace as a tree: each event holds those that it caused.
boost::json::object present(store::Trace trace);

}  // namespace esaas::api
