#include "reconcilers/loop/dropped_secrets.h"

namespace esaas::loop {

store::SecretReferences dropped_secrets(const PublishedState::Change& replaced, const PublishedState& published) {
  store::SecretReferences dropped;
  store::SecretReferences kept;
  for (const auto& [name, cluster] : replaced.clusters) {
    store::add_secrets_of(*cluster, dropped);
    if (const auto now = published.cluster(name)) store::add_secrets_of(*now, kept);
  }
  for (const auto& [id, operation] : replaced.operations) {
    store::add_secrets_of(*operation, dropped);
    if (const auto now = published.operation(id)) store::add_secrets_of(*now, kept);
  }
  if (replaced.head != nullptr) {
    store::add_secrets_of(*replaced.head, dropped);
    store::add_secrets_of(*published.head(), kept);
  }
  const auto is_kept = [&](const auto& reference) { return kept.contains(reference); };
  std::erase_if(dropped, is_kept);
  if (dropped.empty()) return dropped;
  // Others may refer to it still: an operation that waits keeps the password that the cluster has now.
  for (const auto& cluster : published.fleet().clusters) store::add_secrets_of(*cluster, kept);
  for (const auto& operation : published.operations()) store::add_secrets_of(*operation, kept);
  std::erase_if(dropped, is_kept);
  return dropped;
}

}  // namespace esaas::loop
