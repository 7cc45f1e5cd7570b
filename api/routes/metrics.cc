#include "api/routes/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/text_serializer.h>

#include <algorithm>

namespace esaas::api {

Metrics::Metrics(std::shared_ptr<prometheus::Registry> registry)
    : registry_(std::move(registry)),
      requests_(prometheus::BuildCounter()
                    .Name("esaas_http_requests_total")
                    .Help("Answered HTTP requests by route and class of status")
                    .Register(*registry_)),
      seconds_(prometheus::BuildHistogram()
                   .Name("esaas_http_request_seconds")
                   .Help("Time from a complete request to its answer")
                   .Register(*registry_)) {
  routes_.push_back(make_series("other", "other"));
}

Metrics::Series Metrics::make_series(const std::string& method, const std::string& path) {
  static const prometheus::Histogram::BucketBoundaries kSeconds{0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                                0.05,   0.1,    0.25,  0.5,    1,     5};
  Series series;
  for (std::size_t i = 2; i <= 5; ++i) {
    series.by_class[i] = &requests_.Add({{"method", method}, {"path", path}, {"status", std::to_string(i) + "xx"}});
  }
  series.seconds = &seconds_.Add({{"method", method}, {"path", path}}, kSeconds);
  return series;
}

void Metrics::name_routes(const std::vector<Route>& routes) {
  std::vector<Series> made;
  for (const auto& route : routes) {
    made.push_back(make_series(std::string(http::name_of(route.verb)), std::string(route.path)));
  }
  made.push_back(routes_.back());  // requests that found no route stay last
  routes_ = std::move(made);
}

void Metrics::count_request(std::size_t route, unsigned status, std::chrono::steady_clock::duration took) {
  auto& series = routes_[std::min(route, routes_.size() - 1)];
  if (auto* counter = series.by_class[std::clamp(status / 100, 2U, 5U)]) counter->Increment();
  series.seconds->Observe(std::chrono::duration<double>(took).count());
}

void Metrics::add_gauge(const std::string& name, const std::string& help, std::function<double()> read) {
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(*registry_);
  sampled_.push_back({&family.Add({}), std::move(read)});
}

void Metrics::add_gauges(const std::string& name, const std::string& help, std::function<std::vector<Sample>()> read) {
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(*registry_);
  sampled_families_.push_back({&family, std::move(read), {}});
}

std::string Metrics::text() const {
  const std::lock_guard lock(scrape_mutex_);
  for (auto& [family, read, shown] : sampled_families_) {
    std::set<prometheus::Gauge*> now;
    for (const Sample& sample : read()) {
      auto& gauge = family->Add(sample.labels);  // the same one for the same labels
      gauge.Set(sample.value);
      now.insert(&gauge);
    }
    for (prometheus::Gauge* gone : shown) {
      if (!now.contains(gone)) family->Remove(gone);
    }
    shown = std::move(now);
  }
  for (const auto& sampled : sampled_) sampled.gauge->Set(sampled.read());
  return prometheus::TextSerializer().Serialize(registry_->Collect());
}

}  // namespace esaas::api
