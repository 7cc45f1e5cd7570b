#include "api/routes/turn.h"

#include <mutex>
#include <set>
#include <utility>
#include <vector>

namespace esaas::api {
namespace {

using Name = std::pair<const store::EventLog*, std::string>;

struct Taken {
  std::mutex mutex;
  std::set<Name> names;
};

}  // namespace

Turn take_turn(const store::EventLog& log, const std::string& name) {
  // A turn may end with the last answer of a controller that is being destroyed.
  static const auto taken = std::make_shared<Taken>();
  auto own = std::make_unique<const Name>(&log, name);
  {
    const std::lock_guard lock(taken->mutex);
    if (!taken->names.insert(*own).second) return nullptr;
  }
  return Turn(own.release(), [kept = taken](const Name* ended) {
    const std::unique_ptr<const Name> last(ended);
    const std::lock_guard lock(kept->mutex);
    kept->names.erase(*last);
  });
}

boost::asio::awaitable<Result<loop::Accepted>> submit_in_turn(const Call& call, loop::Submission submission,
                                                              Turn turn) {
  using Answers = std::vector<Result<loop::Accepted>>;
  std::function<void(std::function<void(Answers)>)> start = [&front = call.foundation.front, &submission,
                                                             &turn](std::function<void(Answers)> answer) {
    std::vector<loop::Submission> one;
    one.push_back(std::move(submission));
    front.submit(std::move(one), [answer = std::move(answer), turn = std::move(turn)](Answers answers) mutable {
      turn.reset();  // before anybody hears of it, and asks for the next one
      answer(std::move(answers));
    });
  };
  const auto answers = co_await call.exchange->ask<Answers>(std::move(start), call.foundation.limits.answer_timeout);
  if (answers && answers->size() == 1) co_return answers->front();
  co_return fail(ErrorCode::kDeadlineExceeded,
                 "the controller did not answer in time; the change may still be made: repeat it with the same "
                 "Idempotency-Key to learn",
                 "", "answer_timeout");
}

}  // namespace esaas::api
