#include "api/routes/kept_secrets.h"

#include <algorithm>
#include <tuple>

#include "api/routes/read_pool.h"
#include "store/secrets/secret_store.h"

namespace esaas::api {

bool came_to_nothing(const Result<http::Response>& answer) {
  if (!answer) return answer.error().code != ErrorCode::kDeadlineExceeded;
  return std::ranges::any_of(answer->headers,
                             [](const auto& header) { return header.first == "Idempotency-Replayed"; });
}

boost::asio::awaitable<void> forget(const Call& call, std::shared_ptr<store::SecretReferences> kept) {
  if (kept->empty()) co_return;
  std::function<Result<std::size_t>()> erase = [kept, secrets = call.foundation.secrets] {
    return secrets->erase_unless(
        [&](std::string_view id, std::uint32_t version) { return !kept->contains({std::string(id), version}); });
  };
  std::ignore = co_await call.foundation.reads.run<std::size_t>(call.exchange, std::move(erase));
}

}  // namespace esaas::api
