#include "store/views/state_diff.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/message_differencer.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <map>
#include <set>
#include <utility>

#include "core/base/proto_json.h"

namespace esaas::store {
namespace {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::util::MessageDifferencer;

constexpr std::size_t kShownBytes = 100;

/// What tells the items of a list apart, by the item's type; empty: only their position does.
std::vector<std::string_view> key_fields(const Descriptor& type) {
  static const std::map<std::string_view, std::vector<std::string_view>> keys{
      {"Node", {"name"}},
      {"Hold", {"rule", "node"}},
      {"NodeGroup", {"name"}},
      {"Plugin", {"name"}},
      {"Label", {"key"}},
      {"Setting", {"key"}},
      {"Step", {"name"}},
      {"PolicyRun", {"policy"}},
      {"ProxyServer", {"node"}},
      {"ProxyUser", {"name"}},
      {"RuleOverride", {"rule", "node"}},
      {"ElasticsearchRequest", {"seq"}},
  };
  const auto found = keys.find(type.name());
  if (found == keys.end()) return {};
  for (const std::string_view field : found->second) {
    if (type.FindFieldByName(std::string(field)) == nullptr) return {};
  }
  return found->second;
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
}

std::string key_of(const Message& item, const std::vector<std::string_view>& fields) {
  const json::object object = to_json(item);
  std::string key;
  for (const std::string_view field : fields) {
    const auto* value = object.if_contains(field);
    const std::string text = value == nullptr ? "" : text_of(*value);
    if (!text.empty()) key += (key.empty() ? "" : " ") + text;
  }
  return key;
}

/// Walks two messages of one type side by side.
class Walk {
 public:
  Walk(const Difference& subject, std::vector<Difference>& out) : subject_(subject), out_(out) {}

  void compare(const Message& before, const Message& after, const std::string& path) {
    if (MessageDifferencer::Equals(before, after)) return;
    const json::object left = to_json(before);
    const json::object right = to_json(after);
    const Descriptor& type = *before.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) compare_field(before, after, *type.field(i), left, right, path);
  }

  void report(std::string path, DifferenceKind kind, json::value before, json::value after) {
    Difference difference = subject_;
    difference.path = std::move(path);
    difference.kind = kind;
    difference.before = std::move(before);
    difference.after = std::move(after);
    out_.push_back(std::move(difference));
  }

 private:
  static std::string shown_name(const FieldDescriptor& field) {
    const std::string& name = field.name();
    const bool is_moment = field.cpp_type() == FieldDescriptor::CPPTYPE_INT64 && name.ends_with("_at_us");
    return is_moment ? name.substr(0, name.size() - 3) : name;
  }

  void compare_field(const Message& before, const Message& after, const FieldDescriptor& field,
                     const json::object& left, const json::object& right, const std::string& path) {
    const std::string name = shown_name(field);
    const std::string inner = path.empty() ? name : path + "." + name;
    const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (is_message && field.is_repeated()) return compare_items(before, after, field, inner);
    const Reflection& reflection = *before.GetReflection();
    if (is_message && reflection.HasField(before, &field) && reflection.HasField(after, &field)) {
      return compare(reflection.GetMessage(before, &field), reflection.GetMessage(after, &field), inner);
    }
    const auto value_of = [&](const json::object& object) {
      const auto* value = object.if_contains(name);
      return value == nullptr ? json::value() : *value;
    };
    json::value was = value_of(left);
    json::value is = value_of(right);
    if (was == is) return;
    if (field.name() == "hash" || field.name() == "secret_id" || field.name() == "secret_version") {
      was = was.is_null() ? json::value() : json::value("(not shown)");
      is = is.is_null() ? json::value() : json::value("(not shown)");
    }
    const DifferenceKind kind = was.is_null()  ? DifferenceKind::kAdded
                                : is.is_null() ? DifferenceKind::kRemoved
                                               : DifferenceKind::kChanged;
    report(inner, kind, std::move(was), std::move(is));
  }

  void compare_items(const Message& before, const Message& after, const FieldDescriptor& field,
                     const std::string& path) {
    const auto keys = key_fields(*field.message_type());
    const auto items_of = [&](const Message& message) {
      std::vector<std::pair<std::string, const Message*>> items;
      const Reflection& reflection = *message.GetReflection();
      for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
        const Message& item = reflection.GetRepeatedMessage(message, &field, i);
        items.emplace_back(keys.empty() ? std::to_string(i) : key_of(item, keys), &item);
      }
      return items;
    };
    const auto left = items_of(before);
    const auto right = items_of(after);
    const std::map<std::string, const Message*> was(left.begin(), left.end());
    const std::map<std::string, const Message*> is(right.begin(), right.end());
    if (was.size() != left.size() || is.size() != right.size() || is_only_ordered_anew(left, right, was, is)) {
      return compare_whole(left, right, path);
    }
    for (const auto& [key, item] : left) {
      const auto found = is.find(key);
      const std::string inner = path + "[" + key + "]";
      if (found == is.end()) {
        report(inner, DifferenceKind::kRemoved, to_json(*item), nullptr);
      } else {
        compare(*item, *found->second, inner);
      }
    }
    for (const auto& [key, item] : right) {
      if (!was.contains(key)) report(path + "[" + key + "]", DifferenceKind::kAdded, nullptr, to_json(*item));
    }
  }

  using Items = std::vector<std::pair<std::string, const Message*>>;

  /// The same items in another order differ, although none of them does.
  static bool is_only_ordered_anew(const Items& left, const Items& right,
                                   const std::map<std::string, const Message*>& was,
                                   const std::map<std::string, const Message*>& is) {
    std::vector<std::string_view> kept_before;
    std::vector<std::string_view> kept_after;
    for (const auto& [key, item] : left) {
      if (is.contains(key)) kept_before.push_back(key);
    }
    for (const auto& [key, item] : right) {
      if (was.contains(key)) kept_after.push_back(key);
    }
    return kept_before != kept_after;
  }

  void compare_whole(const Items& left, const Items& right, const std::string& path) {
    json::array before;
    json::array after;
    for (const auto& [key, item] : left) before.push_back(to_json(*item));
    for (const auto& [key, item] : right) after.push_back(to_json(*item));
    if (before != after) report(path, DifferenceKind::kChanged, std::move(before), std::move(after));
  }

  const Difference& subject_;
  std::vector<Difference>& out_;
};

json::value shown(const Message& message) {
  json::value value = to_json(message);
  json::object& object = value.as_object();
  object.erase("hash");
  if (json::value* sink = object.if_contains("sink"); sink != nullptr && sink->is_object()) {
    for (const char* kind : {"webhook", "kafka"}) {
      json::value* members = sink->as_object().if_contains(kind);
      if (members == nullptr || !members->is_object()) continue;
      members->as_object().erase("secret_id");
      members->as_object().erase("secret_version");
    }
  }
  return value;
}

void compare(const Message* before, const Message* after, const Difference& subject, std::vector<Difference>& out) {
  Walk walk(subject, out);
  if (before == nullptr && after == nullptr) return;
  if (before == nullptr) return walk.report("", DifferenceKind::kAdded, nullptr, shown(*after));
  if (after == nullptr) return walk.report("", DifferenceKind::kRemoved, shown(*before), nullptr);
  walk.compare(*before, *after, "");
}

template <typename Object>
using ByName = std::map<std::string, const Object*>;

class FleetDiff {
 public:
  explicit FleetDiff(const DiffQuery& query) : query_(query) {}

  /// Two of one name are two objects when they are of two tenants, or of two lives (a cluster's).
  static bool is_same(const state::Cluster& left, const state::Cluster& right) {
    return left.tenant() == right.tenant() && left.created_seq() == right.created_seq();
  }
  static bool is_same(const state::SinkState& left, const state::SinkState& right) {
    return left.sink().tenant() == right.sink().tenant();
  }
  template <typename Object>
  static bool is_same(const Object&, const Object&) {
    return true;
  }

  template <typename Object, typename Describe>
  void objects(const ByName<Object>& before, const ByName<Object>& after, Describe&& describe) {
    std::set<std::string> names;
    for (const auto& [name, object] : before) names.insert(name);
    for (const auto& [name, object] : after) names.insert(name);
    for (const std::string& name : names) {
      if (result_.truncated) return;
      const auto was = before.find(name);
      const auto is = after.find(name);
      const Object* left = was == before.end() ? nullptr : was->second;
      const Object* right = is == after.end() ? nullptr : is->second;
      if (left == right) continue;
      if (left != nullptr && right != nullptr && !is_same(*left, *right)) {
        add(left, static_cast<const Object*>(nullptr), describe(*left), name);
        add(static_cast<const Object*>(nullptr), right, describe(*right), name);
      } else {
        add(left, right, describe(right != nullptr ? *right : *left), name);
      }
    }
  }

  void head(const state::Fleet& before, const state::Fleet& after) {
    Difference subject;
    subject.object = "fleet";
    if (!is_wanted(subject)) return;
    state::Fleet left = before;
    state::Fleet right = after;
    for (state::Fleet* fleet : {&left, &right}) {
      // Which event was the last is what the moments are; the rest is told object by object.
      fleet->clear_seq();
      fleet->clear_time_at_us();
      fleet->clear_tenants();
      fleet->clear_tokens();
      fleet->clear_price_lists();
      fleet->clear_sinks();
    }
    compare(&left, &right, subject, result_.differences);
    cut();
  }

  Diff take() { return std::move(result_); }

 private:
  template <typename Object>
  void add(const Object* left, const Object* right, Difference subject, const std::string& name) {
    subject.name = name;
    if (!is_wanted(subject)) return;
    compare(left, right, subject, result_.differences);
    cut();
  }
  [[nodiscard]] bool is_wanted(const Difference& subject) const {
    return (query_.tenant.empty() || subject.tenant == query_.tenant) &&
           (query_.cluster.empty() || subject.cluster == query_.cluster);
  }
  void cut() {
    if (result_.differences.size() <= query_.limit) return;
    result_.differences.resize(query_.limit);
    result_.truncated = true;
  }

  const DiffQuery& query_;
  Diff result_;
};

template <typename Map>
auto by_name(const Map& map) {
  ByName<typename Map::mapped_type> named;
  for (const auto& [name, object] : map) named.emplace(name, &object);
  return named;
}

template <typename List, typename Name>
auto by_name(const List& list, Name&& name) {
  ByName<typename List::value_type> named;
  for (const auto& object : list) named.emplace(name(object), &object);
  return named;
}

Difference subject_of(const char* object, const std::string& tenant, const std::string& cluster = {}) {
  Difference subject;
  subject.object = object;
  subject.tenant = tenant;
  subject.cluster = cluster;
  return subject;
}

std::string shortened(const json::value& value) {
  if (value.is_null()) return "nothing";
  std::string text = text_of(value);
  if (text.empty()) return "\"\"";
  if (text.size() <= kShownBytes) return text;
  std::size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;  // never within a character
  return text.substr(0, end) + "...";
}

}  // namespace

std::string_view name_of(DifferenceKind kind) {
  switch (kind) {
    case DifferenceKind::kAdded: return "added";
    case DifferenceKind::kRemoved: return "removed";
    case DifferenceKind::kChanged: return "changed";
  }
  return "changed";
}

Diff diff(const state::FleetState& before, const state::FleetState& after, const DiffQuery& query) {
  FleetDiff fleet(query);
  fleet.objects(by_name(before.clusters), by_name(after.clusters),
                [](const state::Cluster& cluster) { return subject_of("cluster", cluster.tenant(), cluster.name()); });
  fleet.head(before.head, after.head);
  fleet.objects(by_name(before.operations), by_name(after.operations), [](const state::Operation& operation) {
    return subject_of("operation", operation.tenant(), operation.cluster());
  });
  const auto list_id = [](const model::PriceList& list) { return list.id(); };
  fleet.objects(by_name(before.head.price_lists(), list_id), by_name(after.head.price_lists(), list_id),
                [](const model::PriceList& list) { return subject_of("price_list", list.tenant()); });
  const auto sink_name = [](const state::SinkState& sink) { return sink.sink().name(); };
  fleet.objects(by_name(before.head.sinks(), sink_name), by_name(after.head.sinks(), sink_name),
                [](const state::SinkState& sink) { return subject_of("sink", sink.sink().tenant()); });
  const auto tenant_name = [](const state::Tenant& tenant) { return tenant.name(); };
  fleet.objects(by_name(before.head.tenants(), tenant_name), by_name(after.head.tenants(), tenant_name),
                [](const state::Tenant& tenant) { return subject_of("tenant", tenant.name()); });
  const auto token_id = [](const state::Token& token) { return token.token_id(); };
  fleet.objects(by_name(before.head.tokens(), token_id), by_name(after.head.tokens(), token_id),
                [](const state::Token& token) { return subject_of("token", token.tenant()); });
  return fleet.take();
}

void append_differences(const state::Cluster* before, const state::Cluster* after, std::vector<Difference>& out) {
  if (before == nullptr && after == nullptr) return;
  const state::Cluster& any = after != nullptr ? *after : *before;
  Difference subject = subject_of("cluster", any.tenant(), any.name());
  subject.name = any.name();
  compare(before, after, subject, out);
}

std::string to_text(const Difference& difference) {
  const std::string what = difference.path.empty()
                               ? difference.object + (difference.name.empty() ? "" : " " + difference.name)
                               : difference.path;
  if (difference.kind == DifferenceKind::kAdded && difference.path.empty()) return what + " is new";
  if (difference.kind == DifferenceKind::kRemoved && difference.path.empty()) return what + " is gone";
  return what + ": " + shortened(difference.before) + " -> " + shortened(difference.after);
}

}  // namespace esaas::store
