#include "reconcilers/loop/repeats.h"

#include <algorithm>

namespace esaas::loop {
namespace {

/// Nobody is told anything: the proxies are only asked how many sessions there are.
bool only_asks(const event::Event& intent) {
  return intent.has_servers_intended() && intent.servers_intended().servers().empty();
}

}  // namespace

std::string request_key(std::uint64_t seq) { return "request/" + std::to_string(seq); }

std::string effect_key(const event::Event& intent) {
  switch (intent.payload_case()) {
    case event::Event::kTaskKillIntended: return intent.task_kill_intended().task_id();
    case event::Event::kExclusionsIntended: return "exclusions";
    case event::Event::kAllocationIntended: return "allocation";
    case event::Event::kVotingExclusionsIntended: return "voting_exclusions";
    case event::Event::kElasticsearchRequestIntended: return request_key(intent.seq());
    case event::Event::kServersIntended: return only_asks(intent) ? "sessions" : "servers";
    default: return "minimum_master_nodes";
  }
}

Duration repeat_pause(const reconcile::Settings& settings, const event::Event& intent) {
  if (intent.has_task_kill_intended()) return settings.kill_repeat;
  // A proxy is there a moment after its task runs.
  return intent.has_servers_intended() ? settings.poll_interval : settings.settings_repeat;
}

bool Repeats::take(const std::string& key, Duration pause, Time now) {
  constexpr std::size_t kFew = 64;
  if (until_.size() > std::max(swept_above_, kFew)) {
    std::erase_if(until_, [now](const auto& item) { return item.second <= now; });
    swept_above_ = 2 * until_.size();
  }
  const auto [until, is_first] = until_.try_emplace(key, now + pause);
  if (!is_first && now < until->second) return false;
  until->second = now + pause;
  return true;
}

void Repeats::forget_all(std::string_view prefix) {
  std::erase_if(until_, [prefix](const auto& item) { return item.first.starts_with(prefix); });
}

}  // namespace esaas::loop
