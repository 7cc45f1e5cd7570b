#include "store/secrets/references.h"

namespace esaas::store {
namespace {

void add(const model::ProxyAccess& access, SecretReferences& references) {
  for (const model::ProxyUser& user : access.users()) references.emplace(user.secret_id(), user.secret_version());
}

void add_certificates(const state::Cluster& cluster, SecretReferences& references) {
  for (const state::Node& node : cluster.nodes()) {
    const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
    const bool is_proxy = group != nullptr && state::is_proxy(*group);
    if (is_proxy && node.has_task()) references.emplace(proxy_certificate_id(node.task().task_id()), 1);
  }
}

}  // namespace

std::string proxy_certificate_id(std::string_view task_id) { return "proxy-certificate/" + std::string(task_id); }

void add_secrets_of(const state::Cluster& cluster, SecretReferences& references) {
  add(cluster.spec().access(), references);
  add_certificates(cluster, references);
}

void add_secrets_of(const state::Operation& operation, SecretReferences& references) {
  add(operation.request().proxies().access(), references);
  add(operation.request().create().spec().access(), references);
}

void add_secrets_of(const state::Fleet& head, SecretReferences& references) {
  for (const state::SinkState& one : head.sinks()) {
    const model::WebhookSink& webhook = one.sink().webhook();
    if (!webhook.secret_id().empty()) references.emplace(webhook.secret_id(), webhook.secret_version());
    const model::KafkaSink& kafka = one.sink().kafka();
    if (!kafka.secret_id().empty()) references.emplace(kafka.secret_id(), kafka.secret_version());
  }
}

SecretReferences secrets_of(const state::FleetState& fleet) {
  SecretReferences references;
  add_secrets_of(fleet.head, references);
  for (const auto& [name, cluster] : fleet.clusters) add_secrets_of(cluster, references);
  for (const auto& [id, operation] : fleet.operations) add_secrets_of(operation, references);
  return references;
}

}  // namespace esaas::store
