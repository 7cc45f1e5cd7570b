#include "reconcilers/effects/mesos/live_framework.h"

#include <fmt/format.h>

namespace esaas::mesos {

std::optional<std::string> live_framework_like(const wire::FrameworkInfo& ours,
                                               const wire::master::Response::GetFrameworks& frameworks) {
  for (const auto& each : frameworks.frameworks()) {
    const wire::FrameworkInfo& info = each.framework_info();
    if (info.name() != ours.name() || info.principal() != ours.principal()) continue;
    if (!each.allocated_resources().empty() || each.recovered()) return info.id().value();
  }
  return std::nullopt;
}

std::string why_not_beside(const std::string& framework_id, const wire::FrameworkInfo& ours) {
  return fmt::format(
      "framework {} of the same name \"{}\" and principal \"{}\" has live tasks, and this data directory knows no "
      "framework: nothing is begun beside them. Either take it over, by framework_id = \"{}\" in [mesos]; or end it "
      "and "
      "its tasks, by TEARDOWN at the operator API of the master. This is looked at again",
      framework_id, ours.name(), ours.principal(), framework_id);
}

}  // namespace esaas::mesos
