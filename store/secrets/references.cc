#include "store/secrets/references.h"

namespace esaas::store {
namespace {

void add(const model::ProxyAccess& access, SecretReferences& references) {
  for (const model::ProxyUser& user : access.users()) references.emplace(user.secret_id(), user.secret_version());
}

}  // namespace

void add_secrets_of(const state::Cluster& cluster, SecretReferences& references) {
  add(cluster.spec().access(), references);
}

void add_secrets_of(const state::Operation& operation, SecretReferences& references) {
  add(operation.request().proxies().access(), references);
  add(operation.request().create().spec().access(), references);
}

SecretReferences secrets_of(const state::FleetState& fleet) {
  SecretReferences references;
  for (const auto& [name, cluster] : fleet.clusters) add_secrets_of(cluster, references);
  for (const auto& [id, operation] : fleet.operations) add_secrets_of(operation, references);
  return references;
}

}  // namespace esaas::store
