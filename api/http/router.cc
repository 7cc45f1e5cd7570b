#include "api/http/router.h"

#include <algorithm>
#include <set>

#include "core/base/assert.h"

namespace esaas::api::http {

std::string_view name_of(Verb verb) {
  switch (verb) {
    case Verb::kGet: return "GET";
    case Verb::kHead: return "HEAD";
    case Verb::kPost: return "POST";
    case Verb::kPut: return "PUT";
    case Verb::kPatch: return "PATCH";
    case Verb::kDelete: return "DELETE";
    case Verb::kOther: break;
  }
  return "OTHER";
}

void Router::add(Verb verb, std::string_view path_template, std::size_t route) {
  ESAAS_ASSERT(!path_template.empty() && path_template.front() == '/', path_template);
  Branch* branch = &root_;
  for (std::size_t begin = 1; begin < path_template.size();) {
    const auto end = std::min(path_template.find('/', begin), path_template.size());
    const auto segment = path_template.substr(begin, end - begin);
    auto& child = segment.starts_with('{') ? branch->parameter : branch->literals[std::string(segment)];
    if (!child) child = std::make_unique<Branch>();
    branch = child.get();
    begin = end + 1;
  }
  const bool added = branch->routes.emplace(verb, route).second;
  ESAAS_ASSERT(added, path_template);
}

const Router::Branch* Router::descend(const Branch& branch, const std::vector<std::string>& segments, std::size_t depth,
                                      std::vector<std::string>& parameters) {
  if (depth == segments.size()) return branch.routes.empty() ? nullptr : &branch;
  const auto literal = branch.literals.find(segments[depth]);
  if (literal != branch.literals.end()) {
    if (const auto* found = descend(*literal->second, segments, depth + 1, parameters)) return found;
  }
  if (!branch.parameter) return nullptr;
  parameters.push_back(segments[depth]);
  const auto* found = descend(*branch.parameter, segments, depth + 1, parameters);
  if (found == nullptr) parameters.pop_back();
  return found;
}

Router::Match Router::match(Verb verb, const std::vector<std::string>& segments) const {
  Match match;
  const auto* branch = descend(root_, segments, 0, match.parameters);
  if (branch == nullptr) return match;
  auto route = branch->routes.find(verb);
  if (route == branch->routes.end() && verb == Verb::kHead) route = branch->routes.find(Verb::kGet);
  if (route != branch->routes.end()) {
    match.outcome = Outcome::kFound;
    match.route = route->second;
    return match;
  }
  match.outcome = Outcome::kNoVerb;
  std::set<std::string_view> names;
  for (const auto& [allowed, unused] : branch->routes) {
    names.insert(name_of(allowed));
    if (allowed == Verb::kGet) names.insert("HEAD");
  }
  for (const auto name : names) {
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += name;
  }
  return match;
}

}  // namespace esaas::api::http
