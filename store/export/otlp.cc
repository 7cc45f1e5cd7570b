#include "store/export/otlp.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <string>

namespace esaas::store {
namespace {

namespace json = boost::json;

constexpr std::size_t kTraceIdBytes = 16;
constexpr std::size_t kSpanIdBytes = 8;
// Of opentelemetry.proto.trace.v1.
constexpr int kSpanKindInternal = 1;
constexpr int kStatusOk = 1;
constexpr int kStatusError = 2;

/// The first bytes of a hash; never all zero, which OTLP forbids.
std::string id_of(const std::string& text, std::size_t bytes) {
  std::string hash = to_bytes(blake2b_256(text)).substr(0, bytes);
  if (std::ranges::all_of(hash, [](char c) { return c == '\0'; })) hash.back() = '\1';
  return to_hex(hash);
}

json::object attribute(std::string key, std::string value) {
  return {{"key", std::move(key)}, {"value", json::object{{"stringValue", std::move(value)}}}};
}

/// 64-bit integers are strings in OTLP's JSON.
json::object attribute(std::string key, std::uint64_t value) {
  return {{"key", std::move(key)}, {"value", json::object{{"intValue", std::to_string(value)}}}};
}

std::string nanoseconds(std::int64_t at_us) { return std::to_string(at_us) + "000"; }

class Exporter {
 public:
  Exporter(const Trace& trace, const Hash& log_identity) : trace_(trace), log_(to_bytes(log_identity)) {
    const std::string what = trace.operation_id.empty() ? "event " + std::to_string(first_seq()) : trace.operation_id;
    trace_id_ = id_of(log_ + what, kTraceIdBytes);
  }

  json::array spans() const {
    json::array spans;
    spans.reserve(trace_.nodes.size());
    std::vector<std::uint64_t> parents(trace_.nodes.size(), 0);
    for (const TraceNode& node : trace_.nodes) {
      for (const std::size_t child : node.children) parents[child] = node.seq;
    }
    for (std::size_t i = 0; i < trace_.nodes.size(); ++i) spans.push_back(span(trace_.nodes[i], parents[i]));
    return spans;
  }

 private:
  [[nodiscard]] std::uint64_t first_seq() const { return trace_.nodes.empty() ? 0 : trace_.nodes.front().seq; }
  [[nodiscard]] std::string span_id(std::uint64_t seq) const {
    return id_of(log_ + "seq " + std::to_string(seq), kSpanIdBytes);
  }

  [[nodiscard]] json::object span(const TraceNode& node, std::uint64_t parent) const {
    json::object span{{"traceId", trace_id_}, {"spanId", span_id(node.seq)}};
    if (parent != 0) span["parentSpanId"] = span_id(parent);
    span["name"] = node.kind;
    span["kind"] = kSpanKindInternal;
    span["startTimeUnixNano"] = nanoseconds(node.at_us);
    span["endTimeUnixNano"] = nanoseconds(node.at_us + node.duration_us);
    span["attributes"] = attributes(node);
    auto& events = span["events"].emplace_array();
    for (const TraceMark& mark : node.marks) {
      events.push_back(json::object{{"timeUnixNano", nanoseconds(mark.at_us)},
                                    {"name", mark.name},
                                    {"attributes", json::array{attribute("esaas.seq", mark.seq)}}});
    }
    json::object status;
    if (node.failed) {
      status = {{"code", kStatusError}, {"message", node.sentence}};
    } else if (!node.is_open) {
      status = {{"code", kStatusOk}};
    }
    span["status"] = std::move(status);
    return span;
  }

  [[nodiscard]] json::array attributes(const TraceNode& node) const {
    json::array list{attribute("esaas.seq", node.seq), attribute("esaas.sentence", node.sentence),
                     attribute("esaas.actor", node.actor)};
    const auto add = [&list](const char* name, const std::string& value) {
      if (!value.empty()) list.push_back(attribute(name, value));
    };
    add("esaas.tenant", node.tenant);
    add("esaas.cluster", node.cluster);
    add("esaas.operation", trace_.operation_id);
    if (node.cause_seq != 0) list.push_back(attribute("esaas.cause_seq", node.cause_seq));
    if (node.ended_seq != 0) list.push_back(attribute("esaas.ended_seq", node.ended_seq));
    if (node.is_open) {
      list.push_back(json::object{{"key", "esaas.open"}, {"value", json::object{{"boolValue", true}}}});
    }
    for (const auto& [name, value] : node.facts) list.push_back(attribute("esaas." + node.kind + "." + name, value));
    for (const auto& [name, value] : node.basis) list.push_back(attribute("esaas.basis." + name, value));
    return list;
  }

  const Trace& trace_;
  std::string log_;
  std::string trace_id_;
};

}  // namespace

std::string to_otlp_json(const Trace& trace, const Hash& log_identity, std::string_view version) {
  json::object resource{
      {"attributes", json::array{attribute("service.name", "esaas"), attribute("service.version", std::string(version)),
                                 attribute("service.instance.id", to_hex(to_bytes(log_identity)))}}};
  json::object scope_spans{{"scope", json::object{{"name", "esaas.trace"}, {"version", version}}},
                           {"spans", Exporter(trace, log_identity).spans()}};
  json::object resource_spans{{"resource", std::move(resource)}, {"scopeSpans", json::array{std::move(scope_spans)}}};
  return json::serialize(json::object{{"resourceSpans", json::array{std::move(resource_spans)}}});
}

}  // namespace esaas::store
