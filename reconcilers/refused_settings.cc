#include "reconcilers/refused_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "reconcilers/setting_answer.h"

namespace esaas::reconcile {
namespace {

std::string joined(const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text.empty() ? "none" : text;
}

const SettingAnswer* answer_to(const View& view, const event::Event& intent) {
  const auto& answers = view.input().setting_answers;
  const auto found = std::ranges::find(answers, intent.payload_case(), &SettingAnswer::intent);
  return found == answers.end() ? nullptr : &*found;
}

/// A controller that has just started has heard no answer yet: what was refused before is refused until it has.
const state::Hold* told_before(const View& view, const std::string& setting) {
  const auto& holds = view.cluster().holds();
  const auto found = std::ranges::find_if(holds, [&](const state::Hold& hold) {
    if (hold.rule() != kElasticsearchRefusesSetting) return false;
    return std::ranges::any_of(hold.basis(), [&](const model::Figure& figure) {
      return figure.name() == "setting" && figure.value() == setting;
    });
  });
  return found == holds.end() ? nullptr : &*found;
}

}  // namespace

std::string setting_of(const event::Event& intent) {
  switch (intent.payload_case()) {
    case event::Event::kExclusionsIntended:
      return "cluster.routing.allocation.exclude._name = " + joined(intent.exclusions_intended().nodes());
    case event::Event::kMinimumMasterNodesIntended:
      return fmt::format("discovery.zen.minimum_master_nodes = {}", intent.minimum_master_nodes_intended().value());
    case event::Event::kAllocationIntended: {
      const std::string& enable = intent.allocation_intended().enable();
      return "cluster.routing.allocation.enable = " + (enable.empty() ? "its default" : enable);
    }
    case event::Event::kVotingExclusionsIntended:
      return "voting_config_exclusions = " + joined(intent.voting_exclusions_intended().nodes());
    default: return {};
  }
}

void hold_refused_settings(const View& view, Draft& draft) {
  for (const event::Event& repeat : draft.repeats()) {
    const std::string setting = setting_of(repeat);
    if (setting.empty()) continue;
    const SettingAnswer* answer = answer_to(view, repeat);
    if (answer == nullptr) {
      if (const state::Hold* hold = told_before(view, setting)) {
        return draft.hold(hold->rule(), hold->node(), {hold->why(), {hold->basis().begin(), hold->basis().end()}});
      }
    } else if (!answer->refusal.empty() && answer->setting == setting) {
      draft.hold_also(
          kElasticsearchRefusesSetting, "",
          {fmt::format("{} is asked for again and again. {}", setting, answer->refusal), {figure("setting", setting)}});
    }
  }
}

}  // namespace esaas::reconcile
