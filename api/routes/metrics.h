#pragma once
// Metrics of the API, in a prometheus registry that is passed in: other parts put theirs into the same one.
// Thread-safe.

#include <prometheus/registry.h>

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "api/routes/call.h"

namespace prometheus {
class Counter;
class Histogram;
}  // namespace prometheus

namespace esaas::api {

class Metrics {
 public:
  explicit Metrics(std::shared_ptr<prometheus::Registry> registry);

  /// Makes one series per route; called once, before the first request.
  void name_routes(const std::vector<Route>& routes);
  /// `route` beyond the table: a request that found none.
  void count_request(std::size_t route, unsigned status, std::chrono::steady_clock::duration took);

  /// A value that is asked for at each scrape (connections, durable seq). The function outlives no one it reads.
  void add_gauge(const std::string& name, const std::string& help, std::function<double()> read);

  /// One value of a family, and what tells it from the others.
  struct Sample {
    std::map<std::string, std::string> labels;
    double value = 0;
  };
  /// A family of values that come and go (of tenants, say), asked for at each scrape.
  void add_gauges(const std::string& name, const std::string& help, std::function<std::vector<Sample>()> read);

  /// The text exposition format, everything in the registry.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] const std::shared_ptr<prometheus::Registry>& registry() const { return registry_; }

 private:
  struct Series {
    std::array<prometheus::Counter*, 6> by_class{};  // [2] counts 2xx
    prometheus::Histogram* seconds = nullptr;
  };
  struct Sampled {
    prometheus::Gauge* gauge;
    std::function<double()> read;
  };
  struct SampledFamily {
    prometheus::Family<prometheus::Gauge>* family;
    std::function<std::vector<Sample>()> read;
    std::set<prometheus::Gauge*> shown;
  };

  Series make_series(const std::string& method, const std::string& path);

  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  std::vector<Series> routes_;
  std::vector<Sampled> sampled_;
  mutable std::mutex scrape_mutex_;  // what is shown of families changes with a scrape
  mutable std::vector<SampledFamily> sampled_families_;
};

}  // namespace esaas::api
