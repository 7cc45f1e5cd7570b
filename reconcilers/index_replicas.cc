#include "reconcilers/index_replicas.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reconcilers/effects/elasticsearch/requests.h"

namespace esaas::reconcile {

bool matches(std::string_view pattern, std::string_view name) {
  if (pattern == "_all") return true;
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == name;
  if (!name.starts_with(pattern.substr(0, star))) return false;
  const std::string_view rest = pattern.substr(star + 1);
  for (std::size_t at = star; at <= name.size(); ++at) {
    if (matches(rest, name.substr(at))) return true;
  }
  return false;
}

bool matches_any(const google::protobuf::RepeatedPtrField<std::string>& patterns, std::string_view name) {
  if (patterns.empty()) return true;
  return std::ranges::any_of(patterns, [&](const std::string& pattern) { return matches(pattern, name); });
}

bool expands_by_itself(const IndexInfo& index) {
  return !index.auto_expand_replicas.empty() && index.auto_expand_replicas != "false";
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) text += (i == 0 ? "" : ", ") + names[i];
  return names.size() <= kShown ? text : fmt::format("{} and {} more", text, names.size() - kShown);
}

std::vector<WantedRequest> replicas_requests(std::string_view purpose, const std::vector<const IndexInfo*>& indices,
                                             std::uint32_t replicas) {
  std::map<std::uint32_t, std::vector<std::string>> by_number;
  for (const IndexInfo* index : indices) by_number[index->replicas].push_back(index->name);
  std::vector<WantedRequest> requests;
  for (const auto& [before, names] : by_number) {
    for (const auto& part : joined_in_parts(names)) {
      WantedRequest& request = requests.emplace_back();
      request.purpose = purpose;
      request.subject = part;
      request.method = "PUT";
      request.path = "/" + path_escaped(part) + "/_settings?master_timeout=10s&timeout=10s";
      request.body = es::replicas_body(replicas);
      for (std::size_t begin = 0; begin < part.size();) {
        const std::size_t end = std::min(part.find(',', begin), part.size());
        event::SettingChange& change = request.changes.emplace_back();
        change.set_scope(part.substr(begin, end - begin));
        change.set_key("index.number_of_replicas");
        change.set_before(std::to_string(before));
        change.set_after(std::to_string(replicas));
        begin = end + 1;
      }
    }
  }
  return requests;
}

}  // namespace esaas::reconcile
