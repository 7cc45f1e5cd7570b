#pragma once
// TokenUses: tells the controller of each use of a token that this process has not seen: the first one, and from a new
// address. The log knows the newest 16 addresses of a token (state::kTokenAddressesMax), and a use that it knows is not
// told again, so that a restart tells nothing anew of a token that is used from no more. Of one that has so many, only
// one more address is told in an hour, and after a restart; the others when they are used after that. Thread-safe.

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/base/time.h"
#include "core/commands/decide.h"
#include "reconcilers/loop/front.h"

namespace esaas::api::auth {

/// Of a token that has as many addresses as the log knows, one more is told this often.
inline constexpr Duration kUseToldEvery = std::chrono::hours(1);

class TokenUses {
 public:
  /// `front` outlives the uses that it is told of. `now` is called on any thread.
  TokenUses(loop::Front& front, std::function<Time()> now) : front_(front), now_(std::move(now)) {}

  /// `caller` is authenticated by a request with this method and target. Waits for nothing: what the controller can not
  /// take now is told by the next use.
  void note(const command::Caller& caller, const std::string& method, const std::string& target);

 private:
  struct OfToken {
    std::size_t told = 0;  // by this process
    Time waits_until{};    // before it no more is told
  };
  struct Told {
    std::mutex mutex;
    std::unordered_set<std::string> uses;  // token and address
    std::unordered_map<std::string, OfToken> tokens;

    bool is_silent(const std::string& token_id, const std::string& use, Time now) const;
    void forget(const std::string& token_id, const std::string& use);
  };

  bool begin(const command::Caller& caller, const std::string& use);

  loop::Front& front_;
  const std::function<Time()> now_;
  std::shared_ptr<Told> told_ = std::make_shared<Told>();  // an answer may come when this is gone
};

}  // namespace esaas::api::auth
