#include "api/auth/token_uses.h"

#include <utility>

namespace esaas::api::auth {
namespace {

/// Beyond it all is forgotten and told once more, which the controller refuses.
constexpr std::size_t kUsesMax = 100'000;

bool is_settled(const Result<loop::Accepted>& answer) {
  return answer || answer.error().code == ErrorCode::kAlreadyExists || answer.error().code == ErrorCode::kNotFound;
}

}  // namespace

void TokenUses::note(const command::Caller& caller, const std::string& method, const std::string& target) {
  std::string use = caller.token_id + " " + caller.address;
  {
    const std::lock_guard lock(told_->mutex);
    if (told_->uses.size() >= kUsesMax) told_->uses.clear();
    if (!told_->uses.insert(use).second) return;
  }
  std::vector<loop::Submission> submissions(1);
  submissions.front().command = command::NoteTokenUse{};
  submissions.front().caller = caller;
  submissions.front().caller.method = method;
  submissions.front().caller.url = target;
  front_.submit(std::move(submissions),
                [told = told_, use = std::move(use)](std::vector<Result<loop::Accepted>> answers) {
                  if (answers.size() == 1 && is_settled(answers.front())) return;
                  const std::lock_guard lock(told->mutex);
                  told->uses.erase(use);
                });
}

}  // namespace esaas::api::auth
