#pragma once
// The router: path templates to routes. Pure; immutable after it is filled, then thread-safe. It knows nothing of what
// a route does: a route is its index in the caller's table.

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/request.h"

namespace esaas::api::http {

class Router {
 public:
  enum class Outcome : std::uint8_t { kFound, kNoPath, kNoVerb };
  struct Match {
    Outcome outcome = Outcome::kNoPath;
    std::size_t route = 0;                ///< when found
    std::vector<std::string> parameters;  ///< the segments that stood for {..}, in order
    std::string allow;                    ///< "DELETE, GET, HEAD" when the path exists without this verb
  };

  /// Adds "/v1/clusters/{cluster}/scale". Preconditions: begins with a slash; the same verb and path only once. A
  /// literal segment wins over a parameter.
  void add(Verb verb, std::string_view path_template, std::size_t route);

  /// Finds the route for decoded segments. HEAD finds a GET route.
  [[nodiscard]] Match match(Verb verb, const std::vector<std::string>& segments) const;

 private:
  struct Branch {
    std::map<std::string, std::unique_ptr<Branch>, std::less<>> literals;
    std::unique_ptr<Branch> parameter;
    std::map<Verb, std::size_t> routes;
  };

  /// The branch with routes that the segments from `depth` on lead to, or null.
  static const Branch* descend(const Branch& branch, const std::vector<std::string>& segments, std::size_t depth,
                               std::vector<std::string>& parameters);

  Branch root_;
};

}  // namespace esaas::api::http
