#include "api/routes/look.h"

#include <functional>
#include <utility>

namespace esaas::api {

boost::asio::awaitable<Result<reconcile::Observation>> look_at(const Call& call, std::string cluster,
                                                               reconcile::Questions questions) {
  using Answer = Result<reconcile::Observation>;
  std::function<void(std::function<void(Answer)>)> start = [&front = call.foundation.front, &cluster,
                                                            &questions](std::function<void(Answer)> answer) {
    front.observe(std::move(cluster), std::move(questions), std::move(answer));
  };
  auto answer = co_await call.exchange->ask<Answer>(std::move(start), call.foundation.limits.answer_timeout);
  if (!answer) co_return fail(ErrorCode::kDeadlineExceeded, "nobody answered in time", "", "answer_timeout");
  co_return std::move(*answer);
}

}  // namespace esaas::api
