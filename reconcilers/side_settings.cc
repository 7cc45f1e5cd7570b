// PUT /_cluster/settings. What each setting was just before is in the intent, so that the change can be taken back.

#include <fmt/format.h>

#include <algorithm>

#include "reconcilers/effects/elasticsearch/requests.h"
#include "reconcilers/setting_defaults.h"
#include "reconcilers/side_operation.h"

namespace esaas::reconcile {
namespace {

const std::string* value_in(const std::vector<model::Setting>& settings, std::string_view key) {
  const auto found = std::ranges::find(settings, key, &model::Setting::key);
  return found == settings.end() ? nullptr : &found->value();
}

class Changes {
 public:
  Changes(const View& view, const Observation& seen)
      : can_unset_(can_unset_settings(view.cluster().spec().version())), seen_(seen) {}

  /// False: it can not be done, `refusal` says why.
  bool add(std::string_view scope, const std::vector<model::Setting>& before, const model::Setting& wanted) {
    event::SettingChange change;
    change.set_scope(std::string(scope));
    change.set_key(wanted.key());
    if (const std::string* value = value_in(before, wanted.key())) {
      change.set_before(*value);
    } else {
      change.set_unset_before(true);
    }
    change.set_after(wanted.value());
    change.set_unset_after(wanted.unset());
    if (wanted.unset() && !can_unset_ && !change.unset_before() && !give_default(scope, change)) return false;
    changes_.push_back(std::move(change));
    return true;
  }

  /// Nothing that differs from what is.
  [[nodiscard]] bool empty() const {
    return std::ranges::all_of(changes_, [](const event::SettingChange& change) {
      if (change.unset_before() || change.unset_after()) return change.unset_before() && change.unset_after();
      return change.before() == change.after();
    });
  }

  /// Of one scope, as they are to be sent. What is not set and shall not be is left out.
  [[nodiscard]] std::vector<model::Setting> to_send(std::string_view scope) const {
    std::vector<model::Setting> settings;
    for (const event::SettingChange& change : changes_) {
      if (change.scope() != scope || (change.unset_before() && change.unset_after())) continue;
      model::Setting& setting = settings.emplace_back();
      setting.set_key(change.key());
      setting.set_value(change.after());
      setting.set_unset(change.unset_after());
    }
    return settings;
  }

  [[nodiscard]] const std::vector<event::SettingChange>& changes() const { return changes_; }
  [[nodiscard]] const std::string& refusal() const { return refusal_; }

 private:
  /// What the setting would fall back to. A transient one gives way to the persistent one.
  bool give_default(std::string_view scope, event::SettingChange& change) {
    const std::string* persistent = scope == "transient" && seen_.persistent_settings
                                        ? value_in(*seen_.persistent_settings, change.key())
                                        : nullptr;
    const auto known = default_of_2x(change.key());
    if (persistent == nullptr && !known) {
      refusal_ = fmt::format(
          "Elasticsearch 2.x can not take a setting away, and {} has no default that is known here: set it to the "
          "value "
          "that you want. Nothing was changed.",
          change.key());
      return false;
    }
    change.set_after(persistent != nullptr ? *persistent : std::string(*known));
    change.set_unset_after(false);
    return true;
  }

  bool can_unset_;
  const Observation& seen_;
  std::vector<event::SettingChange> changes_;
  std::string refusal_;
};

void look_at(SideOperation& operation, const RequestAnswered& answer) {
  if (answer.progress == RequestProgress::kAccepted) operation.succeed("The settings are in force.");
  if (answer.progress == RequestProgress::kRefused) operation.fail(std::string(answer.why));
}

}  // namespace

void reconcile_settings(SideOperation& operation) {
  constexpr std::string_view kPurpose = "put_settings";
  if (operation.find(kPurpose, "") != nullptr) {
    return look_at(operation, operation.ask({.purpose = std::string(kPurpose)}));
  }
  const Observation* seen = operation.seen();
  if (seen == nullptr || !seen->persistent_settings || !seen->transient_settings) return;
  const model::PutClusterSettings& wanted = operation.request().settings();
  Changes changes(operation.view(), *seen);
  for (const model::Setting& setting : wanted.persistent()) {
    if (!changes.add("persistent", *seen->persistent_settings, setting)) return operation.fail(changes.refusal());
  }
  for (const model::Setting& setting : wanted.transient()) {
    if (!changes.add("transient", *seen->transient_settings, setting)) return operation.fail(changes.refusal());
  }
  if (changes.empty()) return operation.succeed("The settings were so already.");
  operation.ask({.purpose = std::string(kPurpose),
                 .method = "PUT",
                 .path = "/_cluster/settings?flat_settings=true&master_timeout=10s&timeout=10s",
                 .body = es::settings_body(changes.to_send("persistent"), changes.to_send("transient")),
                 .changes = changes.changes()});
}

}  // namespace esaas::reconcile
