#pragma once
// How the domain's objects look over HTTP: the protobuf JSON (core/base/proto_json.h) without what is nobody's business,
// and with what makes it readable. Pure.

#include <boost/json/object.hpp>

#include "core/events/event.pb.h"
#include "core/state/state.pb.h"

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

}  // namespace esaas::api
