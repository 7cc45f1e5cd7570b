#include "store/views/trace_tree.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <utility>

#include "core/events/event_kind.h"
#include "core/events/visit.h"
#include "store/views/sentence.h"

namespace esaas::store {
namespace {

using google::protobuf::FieldDescriptor;
using Facts = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kFactBytesMax = 512;

std::string actor_name(const event::Actor& actor) {
  switch (actor.kind()) {
    case event::ACTOR_KIND_USER: return "user " + actor.name();
    case event::ACTOR_KIND_CONTROLLER: return "controller";
    case event::ACTOR_KIND_MESOS: return "mesos";
    case event::ACTOR_KIND_ELASTICSEARCH: return "elasticsearch";
    default: return "unknown";
  }
}

/// The fields that are one text, name or number: what a person would search by.
void add_facts(const google::protobuf::Message& payload, Facts& facts) {
  const auto* type = payload.GetDescriptor();
  const auto* reflection = payload.GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor& field = *type->field(i);
    if (field.is_repeated() || field.type() == FieldDescriptor::TYPE_BYTES || !reflection->HasField(payload, &field)) {
      continue;
    }
    std::string value;
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: value = reflection->GetString(payload, &field); break;
      case FieldDescriptor::CPPTYPE_ENUM: value = reflection->GetEnum(payload, &field)->name(); break;
      case FieldDescriptor::CPPTYPE_BOOL: value = reflection->GetBool(payload, &field) ? "true" : "false"; break;
      case FieldDescriptor::CPPTYPE_UINT32: value = std::to_string(reflection->GetUInt32(payload, &field)); break;
      case FieldDescriptor::CPPTYPE_UINT64: value = std::to_string(reflection->GetUInt64(payload, &field)); break;
      case FieldDescriptor::CPPTYPE_INT64: value = std::to_string(reflection->GetInt64(payload, &field)); break;
      default: continue;
    }
    if (value.size() <= kFactBytesMax) facts.emplace_back(field.name(), std::move(value));
  }
}

template <typename Payload>
void add_basis(const Payload& payload, Facts& basis) {
  if constexpr (requires { payload.basis(); }) {
    for (const model::Figure& figure : payload.basis()) basis.emplace_back(figure.name(), figure.value());
  }
}

TraceNode node_of(const event::Event& event) {
  TraceNode node;
  node.seq = event.seq();
  node.cause_seq = event.cause_seq();
  node.at_us = event.time_at_us();
  node.kind = event::kind_of(event);
  node.actor = actor_name(event.actor());
  node.tenant = event.tenant();
  node.cluster = event.cluster();
  node.sentence = sentence(event);
  event::visit(event, [&](const auto& payload) {
    add_facts(payload, node.facts);
    add_basis(payload, node.basis);
  });
  return node;
}

}  // namespace

std::string TraceTree::full_key(const event::Event& event, const std::string& key) {
  return event.cluster() + "\n" + key;
}

void TraceTree::end(const event::Event& event, const SpanKeys& keys) {
  if (const auto passed = open_.find(full_key(event, keys.passes)); !keys.passes.empty() && passed != open_.end()) {
    trace_.nodes[passed->second].marks.push_back({keys.milestone, event.time_at_us(), event.seq()});
  }
  for (const std::string& key : keys.ends) {
    const auto found = open_.find(full_key(event, key));
    if (found == open_.end()) continue;
    TraceNode& node = trace_.nodes[found->second];
    node.is_open = false;
    node.ended_seq = event.seq();
    node.duration_us = event.time_at_us() - node.at_us;
    // A task that was to be killed has died, in whichever way.
    node.failed = keys.failed && node.kind != "task_kill_intended";
    open_.erase(found);
  }
}

bool TraceTree::leads_to(const event::Event& event) const {
  if (positions_.contains(event.cause_seq())) return true;
  const SpanKeys keys = span_keys(event);
  if (!keys.passes.empty() && open_.contains(full_key(event, keys.passes))) return true;
  return std::ranges::any_of(keys.ends, [&](const std::string& key) { return open_.contains(full_key(event, key)); });
}

void TraceTree::add(const event::Event& event) {
  const SpanKeys keys = span_keys(event);
  const std::size_t position = trace_.nodes.size();
  TraceNode node = node_of(event);
  node.failed = keys.failed;
  std::uint64_t parent = positions_.contains(event.cause_seq()) ? event.cause_seq() : 0;
  const auto hang_below = [&](const std::string& key) {
    const auto found = open_.find(full_key(event, key));
    if (found != open_.end()) parent = std::max(parent, trace_.nodes[found->second].seq);
  };
  for (const std::string& key : keys.ends) hang_below(key);
  if (!keys.passes.empty()) hang_below(keys.passes);
  end(event, keys);
  for (const std::string& key : keys.begins) {
    node.is_span = true;
    node.is_open = true;
    const auto [found, is_new] = open_.try_emplace(full_key(event, key), position);
    if (is_new) continue;
    // Wanted anew before the first had an outcome: the first is over.
    TraceNode& replaced = trace_.nodes[found->second];
    replaced.is_open = false;
    replaced.ended_seq = event.seq();
    replaced.duration_us = event.time_at_us() - replaced.at_us;
    found->second = position;
  }
  if (trace_.nodes.empty()) {
    trace_.tenant = event.tenant();
    trace_.cluster = event.cluster();
  }
  positions_.emplace(event.seq(), position);
  parents_.push_back(parent);
  trace_.nodes.push_back(std::move(node));
}

void TraceTree::look_at(const event::Event& event) {
  if (!open_.empty()) end(event, span_keys(event));
}

Trace TraceTree::finish(std::int64_t until_us) {
  trace_.until_us = until_us;
  for (TraceNode& node : trace_.nodes) {
    if (node.is_open) node.duration_us = std::max<std::int64_t>(until_us - node.at_us, 0);
  }
  // A parent comes before its children, so one walk from the last to the first sees every child before its parent.
  for (std::size_t i = trace_.nodes.size(); i-- > 0;) {
    TraceNode& node = trace_.nodes[i];
    std::ranges::reverse(node.children);
    if (parents_[i] == 0) {
      trace_.roots.push_back(i);
      continue;
    }
    TraceNode& parent = trace_.nodes[positions_.at(parents_[i])];
    parent.children.push_back(i);
    if (!parent.is_span) {
      parent.duration_us = std::max(parent.duration_us, node.at_us + node.duration_us - parent.at_us);
    }
  }
  std::ranges::reverse(trace_.roots);
  return std::move(trace_);
}

}  // namespace esaas::store
