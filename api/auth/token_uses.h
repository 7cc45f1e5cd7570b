#pragma once
// TokenUses: tells the controller of each use of a token that this process has not seen: the first one, and from a new
// address. What the log knows already it refuses, so that a restart tells nothing anew. Thread-safe.

#include <mutex>
#include <string>
#include <unordered_set>

#include "core/commands/decide.h"
#include "reconcilers/loop/front.h"

namespace esaas::api::auth {

class TokenUses {
 public:
  /// `front` outlives the uses that it is told of.
  explicit TokenUses(loop::Front& front) : front_(front) {}

  /// `caller` is authenticated by a request with this method and target. Waits for nothing: what the controller can not
  /// take now is told by the next use.
  void note(const command::Caller& caller, const std::string& method, const std::string& target);

 private:
  struct Told {
    std::mutex mutex;
    std::unordered_set<std::string> uses;  // token and address
  };

  loop::Front& front_;
  std::shared_ptr<Told> told_ = std::make_shared<Told>();  // an answer may come when this is gone
};

}  // namespace esaas::api::auth
