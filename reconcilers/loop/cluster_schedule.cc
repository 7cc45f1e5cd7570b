#include "reconcilers/loop/cluster_schedule.h"

namespace esaas::loop {

void Alarms::set(const std::string& name, Time at) {
  clear(name);
  by_name_[name] = at;
  by_time_.emplace(at, name);
}

void Alarms::clear(const std::string& name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return;
  by_time_.erase({found->second, name});
  by_name_.erase(found);
}

std::vector<std::string> Alarms::take_due(Time now) {
  std::vector<std::string> due;
  while (!by_time_.empty() && by_time_.begin()->first <= now) {
    due.push_back(by_time_.begin()->second);
    by_name_.erase(due.back());
    by_time_.erase(by_time_.begin());
  }
  return due;
}

std::optional<Time> Alarms::next() const {
  if (by_time_.empty()) return std::nullopt;
  return by_time_.begin()->first;
}

std::optional<Time> Alarms::of(const std::string& name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

void ClusterSchedule::forget(const std::string& cluster) {
  checks.clear(cluster);
  polls.clear(cluster);
  dirty_.erase(cluster);
  last_want.erase(cluster);
  silent.erase(cluster);
  poll_took.erase(cluster);
  unchanged.erase(cluster);
  for (auto& [role, clusters] : wanting) clusters.erase(cluster);
}

}  // namespace esaas::loop
