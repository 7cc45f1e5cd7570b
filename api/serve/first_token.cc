#include "api/serve/first_token.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <future>
#include <memory>
#include <string>

#include "api/auth/token.h"

namespace esaas::api {
namespace {

constexpr std::chrono::seconds kAnswerTimeout{30};

/// Never readable by others, not even for a moment.
Result<void> write_secret(const std::filesystem::path& file, const std::string& text) {
  const std::string temporary = file.string() + ".tmp";
  ::unlink(temporary.c_str());
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const auto failed = [&](const char* what) {
    return fail(ErrorCode::kInternal, std::string(what) + " " + temporary + ": " + std::strerror(errno));
  };
  if (descriptor < 0) return failed("cannot create");
  const ssize_t written = ::write(descriptor, text.data(), text.size());
  const bool synced = ::fsync(descriptor) == 0;
  ::close(descriptor);
  if (written != static_cast<ssize_t>(text.size()) || !synced) return failed("cannot write");
  if (::rename(temporary.c_str(), file.c_str()) != 0) return failed("cannot rename");
  return {};
}

}  // namespace

Result<bool> ensure_first_token(loop::Front& front, const std::filesystem::path& file, Time now) {
  if (!front.tokens().empty()) return false;
  const auth::NewToken made = auth::make_token();
  // The file first: a token that was issued and is not in it could never be used, one in it that was not is harmless.
  ESAAS_CHECK(write_secret(file, made.token + "\n"));
  loop::Submission submission;
  submission.command = command::IssueToken{.token_id = made.token_id,
                                           .tenant = "",
                                           .role = model::TOKEN_ROLE_ADMIN,
                                           .hash = made.hash,
                                           .expires_at = now + kFirstTokenLifetime,
                                           .description = "made at the first start"};
  submission.caller = {.token_id = "first-start", .tenant = "", .role = model::TOKEN_ROLE_ADMIN, .address = "local"};
  auto answered = std::make_shared<std::promise<Result<loop::Accepted>>>();
  auto answer = answered->get_future();
  front.submit({std::move(submission)}, [answered](std::vector<Result<loop::Accepted>> results) {
    answered->set_value(std::move(results.front()));
  });
  if (answer.wait_for(kAnswerTimeout) != std::future_status::ready) {
    return fail(ErrorCode::kDeadlineExceeded, "the first token was not durable within 30 s");
  }
  const auto accepted = answer.get();
  if (!accepted) return std::unexpected(accepted.error());
  return true;
}

}  // namespace esaas::api
