#include "api/serve/past_keeper.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace esaas::api {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kUntilNextLook{10};
constexpr std::chrono::minutes kAfterAFailure{5};

/// True when the thread shall go on.
bool rest(const std::stop_token& stop, Clock::duration duration) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace

PastKeeper::PastKeeper(store::PastStates& states, std::function<Result<void>()> has_room,
                       std::function<void(const std::string&)> warn)
    : states_(states),
      has_room_(std::move(has_room)),
      warn_(std::move(warn)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Result<bool> PastKeeper::keep_next() {
  ESAAS_CHECK(has_room_());
  return states_.keep_next();
}

void PastKeeper::run(const std::stop_token& stop) {
  Clock::duration pause{};
  while (rest(stop, pause)) {
    const auto begin = Clock::now();
    const auto kept = keep_next();
    if (!kept) {
      warn_(kept.error().detail);
      pause = kAfterAFailure;
    } else {
      pause = *kept ? Clock::now() - begin : Clock::duration(kUntilNextLook);
    }
  }
}

}  // namespace esaas::api
