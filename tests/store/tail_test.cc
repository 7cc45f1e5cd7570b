#include "store/log/tail.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>

namespace esaas::store {
namespace {

TEST(Tail, MovedSubscriptionGoesOnAndEndsOnce) {
  Tail tail;
  int calls = 0;
  Tail::Subscription outer;
  {
    auto inner = tail.subscribe([&](std::uint64_t) { ++calls; });
    outer = std::move(inner);
  }
  tail.notify(1);
  EXPECT_EQ(calls, 1);
  outer = tail.subscribe([&](std::uint64_t) { calls += 10; });
  tail.notify(2);
  EXPECT_EQ(calls, 11);
  outer.end();
  outer.end();
  tail.notify(3);
  EXPECT_EQ(calls, 11);
}

TEST(Tail, CallbackNeverRunsAfterItsSubscriptionEnded) {
  Tail tail;
  std::atomic<bool> stop = false;
  std::thread notifier([&] {
    for (std::uint64_t seq = 1; !stop; ++seq) tail.notify(seq);
  });
  for (int i = 0; i < 1000; ++i) {
    const auto alive = std::make_unique<std::atomic<bool>>(true);
    auto subscription = tail.subscribe([&flag = *alive](std::uint64_t) { EXPECT_TRUE(flag); });
    subscription.end();
    *alive = false;
  }
  stop = true;
  notifier.join();
}

}  // namespace
}  // namespace esaas::store
