#pragma once
// PublishedState: what other threads may see of the fleet: immutable snapshots per object, all at one durable seq.
// Thread-safe: one writer (the controller's thread), many readers; a reader holds the lock for a look-up, never for
// use.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/state/fleet_state.h"
#include "reconcilers/loop/front.h"

namespace esaas::loop {

class PublishedState {
 public:
  /// What one durable part changed. A null pointer: the object is gone.
  struct Change {
    std::uint64_t seq = 0;
    std::vector<std::pair<std::string, std::shared_ptr<const state::Cluster>>> clusters;
    std::vector<std::pair<std::string, std::shared_ptr<const state::Operation>>> operations;
    std::shared_ptr<const state::Fleet> head;  ///< set when tokens, tenants or the framework changed
  };

  /// Replaces everything by the state (at start).
  void reset(const state::FleetState& state);
  void publish(Change change);
  /// Called after each publish, on the thread that publishes, with the clusters and operations that the change took the
  /// place of (what is new took nobody's), and with the head if it did so with that. Set before the first publish.
  void on_replaced(std::function<void(const Change& replaced)> watcher) { watcher_ = std::move(watcher); }

  [[nodiscard]] std::shared_ptr<const state::Cluster> cluster(std::string_view name) const;
  [[nodiscard]] FleetView fleet() const;
  [[nodiscard]] Picture picture() const;
  [[nodiscard]] std::shared_ptr<const state::Fleet> head() const;
  [[nodiscard]] std::shared_ptr<const state::Operation> operation(std::string_view id) const;
  [[nodiscard]] std::vector<std::shared_ptr<const state::Operation>> operations() const;
  [[nodiscard]] std::vector<std::string> tenants() const;
  [[nodiscard]] std::shared_ptr<const state::Tenant> tenant(std::string_view name) const;
  [[nodiscard]] std::optional<TokenView> token(std::string_view hash) const;
  [[nodiscard]] std::vector<std::shared_ptr<const state::Token>> tokens() const;
  [[nodiscard]] std::uint64_t seq() const;

 private:
  void set_head(std::shared_ptr<const state::Fleet> head);

  std::function<void(const Change& replaced)> watcher_;
  mutable std::shared_mutex mutex_;
  std::uint64_t seq_ = 0;
  std::map<std::string, std::shared_ptr<const state::Cluster>, std::less<>> clusters_;
  std::map<std::string, std::shared_ptr<const state::Operation>, std::less<>> operations_;
  std::shared_ptr<const state::Fleet> head_;
  std::map<std::string, const state::Token*, std::less<>> tokens_by_hash_;  // into head_
};

}  // namespace esaas::loop
