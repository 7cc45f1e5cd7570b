#include "reconcilers/effects/mesos/live_framework.h"

#include <fmt/format.h>

namespace esaas::mesos {
namespace {

using Frameworks = wire::master::Response::GetFrameworks;

const wire::FrameworkInfo* find(const google::protobuf::RepeatedPtrField<Frameworks::Framework>& listed,
                                const std::string& id) {
  for (const auto& each : listed) {
    if (each.framework_info().id().value() == id) return &each.framework_info();
  }
  return nullptr;
}

/// "lists fw-1 and fw-2 of principal "q" under the name "esaas"".
std::string listed_under_our_name(const wire::FrameworkInfo& ours, const Frameworks& frameworks) {
  std::string ids;
  for (const auto& each : frameworks.frameworks()) {
    const wire::FrameworkInfo& info = each.framework_info();
    if (info.name() != ours.name()) continue;
    if (!ids.empty()) ids += " and ";
    ids += info.id().value();
    if (info.principal() != ours.principal()) ids += fmt::format(" of principal \"{}\"", info.principal());
  }
  return fmt::format("lists {} under the name \"{}\"", ids.empty() ? "none" : ids, ours.name());
}

}  // namespace

std::optional<std::string> live_framework_like(const wire::FrameworkInfo& ours, const Frameworks& frameworks) {
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
      "framework: nothing is begun beside them. Either take it over, by framework_id = \"{}\" in [mesos]: "
      "reservations that the log does not know are then kept, and not given back; or end it and its tasks, by TEARDOWN "
      "at the operator API of the master. This is looked at again",
      framework_id, ours.name(), ours.principal(), framework_id);
}

std::optional<std::string> why_not_taken_over(const wire::FrameworkInfo& ours, const Frameworks& frameworks) {
  const std::string& id = ours.id().value();
  std::string why;
  if (const wire::FrameworkInfo* info = find(frameworks.frameworks(), id)) {
    if (info->name() == ours.name() && info->principal() == ours.principal()) return std::nullopt;
    why = fmt::format("that framework has the name \"{}\" and principal \"{}\", and ours are \"{}\" and \"{}\"",
                      info->name(), info->principal(), ours.name(), ours.principal());
  } else if (find(frameworks.completed_frameworks(), id) != nullptr) {
    why = "that framework was torn down, or its time to come back is over";
  } else {
    why = "that framework is not known to it, or not shown to us";
  }
  return fmt::format(
      "framework_id = \"{}\" in [mesos] is not taken over: {}. The master {}. Nothing is written to the log: correct "
      "framework_id, or leave it out to begin a new framework. This is looked at again",
      id, why, listed_under_our_name(ours, frameworks));
}

}  // namespace esaas::mesos
