#include "store/secrets/references.h"

namespace esaas::store {
namespace {

void add(const model::ProxyAccess& access, SecretReferences& references) {
  for (const model::ProxyUser& user : access.users()) references.emplace(user.secret_id(), user.secret_version());
}

}  // namespace

SecretReferences secrets_of(const state::FleetState& fleet) {
  SecretReferences references;
  for (const auto& [name, cluster] : fleet.clusters) add(cluster.spec().access(), references);
  for (const auto& [id, operation] : fleet.operations) {
    add(operation.request().proxies().access(), references);
    add(operation.request().create().spec().access(), references);
  }
  return references;
}

}  // namespace esaas::store
