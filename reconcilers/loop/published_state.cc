#include "reconcilers/loop/published_state.h"

#include <mutex>

namespace esaas::loop {
namespace {

template <typename Map, typename Key>
auto find_in(const Map& map, const Key& key) -> typename Map::mapped_type {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : found->second;
}

/// The old values of the keys that change.
template <typename Map, typename Changes>
Changes replaced_in(const Map& map, const Changes& changes) {
  Changes replaced;
  for (const auto& [key, value] : changes) {
    if (auto old = find_in(map, key); old != nullptr) replaced.emplace_back(key, std::move(old));
  }
  return replaced;
}

template <typename Map, typename Changes>
void apply(Map& map, Changes& changes) {
  for (auto& [key, value] : changes) {
    if (value == nullptr) {
      map.erase(key);
    } else {
      map.insert_or_assign(std::move(key), std::move(value));
    }
  }
}

}  // namespace

void PublishedState::reset(const state::FleetState& state) {
  const std::unique_lock lock(mutex_);
  clusters_.clear();
  operations_.clear();
  for (const auto& [name, cluster] : state.clusters) clusters_[name] = std::make_shared<const state::Cluster>(cluster);
  for (const auto& [id, operation] : state.operations) {
    operations_[id] = std::make_shared<const state::Operation>(operation);
  }
  set_head(std::make_shared<const state::Fleet>(state.head));
  seq_ = state.seq();
}

void PublishedState::publish(Change change) {
  Change replaced;
  {
    const std::unique_lock lock(mutex_);
    if (watcher_) {
      replaced.seq = seq_;
      replaced.clusters = replaced_in(clusters_, change.clusters);
      replaced.operations = replaced_in(operations_, change.operations);
      if (change.head != nullptr) replaced.head = head_;
    }
    apply(clusters_, change.clusters);
    apply(operations_, change.operations);
    if (change.head != nullptr) set_head(std::move(change.head));
    seq_ = change.seq;
  }
  if (watcher_) watcher_(replaced);
}

void PublishedState::set_head(std::shared_ptr<const state::Fleet> head) {
  head_ = std::move(head);
  tokens_by_hash_.clear();
  for (const state::Token& token : head_->tokens()) tokens_by_hash_[token.hash()] = &token;
}

std::shared_ptr<const state::Cluster> PublishedState::cluster(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  return find_in(clusters_, name);
}

FleetView PublishedState::fleet() const {
  const std::shared_lock lock(mutex_);
  FleetView view{.seq = seq_, .clusters = {}};
  view.clusters.reserve(clusters_.size());
  for (const auto& [name, cluster] : clusters_) view.clusters.push_back(cluster);
  return view;
}

Picture PublishedState::picture() const {
  const std::shared_lock lock(mutex_);
  Picture picture{.seq = seq_, .head = head_, .clusters = {}, .operations = {}};
  picture.clusters.reserve(clusters_.size());
  for (const auto& [name, cluster] : clusters_) picture.clusters.push_back(cluster);
  picture.operations.reserve(operations_.size());
  for (const auto& [id, operation] : operations_) picture.operations.push_back(operation);
  return picture;
}

std::shared_ptr<const state::Fleet> PublishedState::head() const {
  const std::shared_lock lock(mutex_);
  return head_;
}

std::shared_ptr<const state::Operation> PublishedState::operation(std::string_view id) const {
  const std::shared_lock lock(mutex_);
  return find_in(operations_, id);
}

std::vector<std::shared_ptr<const state::Operation>> PublishedState::operations() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::shared_ptr<const state::Operation>> all;
  all.reserve(operations_.size());
  for (const auto& [id, operation] : operations_) all.push_back(operation);
  return all;
}

std::vector<std::string> PublishedState::tenants() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::string> names;
  if (head_ == nullptr) return names;
  for (const state::Tenant& tenant : head_->tenants()) names.push_back(tenant.name());
  return names;
}

std::shared_ptr<const state::Tenant> PublishedState::tenant(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  if (head_ == nullptr) return nullptr;
  for (const state::Tenant& tenant : head_->tenants()) {
    // The pointer keeps the whole head alive, which is immutable.
    if (tenant.name() == name) return {head_, &tenant};
  }
  return nullptr;
}

std::optional<TokenView> PublishedState::token(std::string_view hash) const {
  const std::shared_lock lock(mutex_);
  const auto found = tokens_by_hash_.find(hash);
  if (found == tokens_by_hash_.end()) return std::nullopt;
  const state::Token& token = *found->second;
  return TokenView{token.token_id(), token.tenant(), token.role(), token.expires_at_us()};
}

std::vector<std::shared_ptr<const state::Token>> PublishedState::tokens() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::shared_ptr<const state::Token>> all;
  if (head_ == nullptr) return all;
  // Each pointer keeps the whole head alive, which is immutable.
  for (const state::Token& token : head_->tokens()) all.emplace_back(head_, &token);
  return all;
}

std::uint64_t PublishedState::seq() const {
  const std::shared_lock lock(mutex_);
  return seq_;
}

}  // namespace esaas::loop
