#include "core/commands/operation_holds.h"

namespace esaas::command {

bool holds_operation(const state::Hold& hold, const state::Operation& operation, const state::Cluster& cluster) {
  bool names_another = false;
  for (const model::Figure& figure : hold.basis()) {
    if (figure.name() != "operation") continue;
    if (figure.value() == operation.id()) return true;
    names_another = true;
  }
  if (names_another || hold.rule().starts_with("policy_")) return false;
  return cluster.active_operation() == operation.id();
}

}  // namespace esaas::command
