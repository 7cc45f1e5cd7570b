#include "api/auth/token_uses.h"

#include <algorithm>
#include <vector>

#include "core/state/evolve_books.h"

namespace esaas::api::auth {
namespace {

/// Beyond it all is forgotten, and told once more if the log does not know it.
constexpr std::size_t kUsesMax = 100'000;

bool is_settled(const Result<loop::Accepted>& answer) {
  return answer || answer.error().code == ErrorCode::kAlreadyExists || answer.error().code == ErrorCode::kNotFound;
}

struct Known {
  bool is_use = false;              // in the log
  bool has_many_addresses = false;  // has the token
};

Known known_of(const state::Fleet& head, const command::Caller& caller) {
  const auto token = std::ranges::find(head.tokens(), caller.token_id, &state::Token::token_id);
  if (token == head.tokens().end()) return {};
  const auto& addresses = token->addresses();
  return {.is_use = std::ranges::find(addresses, caller.address) != addresses.end(),
          .has_many_addresses = addresses.size() >= state::kTokenAddressesMax};
}

}  // namespace

bool TokenUses::Told::is_silent(const std::string& token_id, const std::string& use, Time now) const {
  if (uses.contains(use)) return true;
  const auto token = tokens.find(token_id);
  return token != tokens.end() && now < token->second.waits_until;
}

void TokenUses::Told::forget(const std::string& token_id, const std::string& use) {
  uses.erase(use);
  tokens.erase(token_id);
}

/// Whether the use is to be told now; if so, it counts as told.
bool TokenUses::begin(const command::Caller& caller, const std::string& use) {
  const Time now = now_();
  {
    const std::lock_guard lock(told_->mutex);
    if (told_->is_silent(caller.token_id, use, now)) return false;
  }
  const Known known = known_of(*front_.head(), caller);
  const std::lock_guard lock(told_->mutex);
  if (told_->is_silent(caller.token_id, use, now)) return false;
  if (told_->uses.size() >= kUsesMax) {
    told_->uses.clear();
    told_->tokens.clear();
  }
  told_->uses.insert(use);
  if (known.is_use) return false;
  OfToken& token = told_->tokens[caller.token_id];
  // What was told a moment ago may not be in the published state yet.
  const bool has_many = known.has_many_addresses || token.told >= std::size_t{state::kTokenAddressesMax};
  if (has_many) token.waits_until = now + kUseToldEvery;
  ++token.told;
  return true;
}

void TokenUses::note(const command::Caller& caller, const std::string& method, const std::string& target) {
  std::string use = caller.token_id + " " + caller.address;
  if (!begin(caller, use)) return;
  std::vector<loop::Submission> submissions(1);
  submissions.front().command = command::NoteTokenUse{};
  submissions.front().caller = caller;
  submissions.front().caller.method = method;
  submissions.front().caller.url = target;
  front_.submit(std::move(submissions), [told = told_, token = caller.token_id,
                                         use = std::move(use)](const std::vector<Result<loop::Accepted>>& answers) {
    if (answers.size() == 1 && is_settled(answers.front())) return;
    const std::lock_guard lock(told->mutex);
    told->forget(token, use);
  });
}

}  // namespace esaas::api::auth
