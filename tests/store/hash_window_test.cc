// What verifying keeps and shares between threads: each hash where its seq says, for as long as somebody has it.
#include "store/digests/hash_window.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "store/digests/work_pool.h"

namespace esaas::store {
namespace {

Hash hash_of(std::uint64_t seq) { return blake2b_256(std::to_string(seq)); }

std::vector<Hash> hashes_of(std::uint64_t first, std::uint64_t last) {
  std::vector<Hash> hashes;
  for (std::uint64_t seq = first; seq <= last; ++seq) hashes.push_back(hash_of(seq));
  return hashes;
}

std::vector<Hash> all_of(const HashWindow::Slice& slice) {
  std::vector<Hash> hashes;
  for (const auto& part : slice) hashes.insert(hashes.end(), part.hashes.begin(), part.hashes.end());
  return hashes;
}

TEST(HashWindow, ASliceIsOfThoseSeqs) {
  HashWindow window(5);
  for (const std::uint64_t last : {7U, 8U, 13U}) window.append(hashes_of(window.end_seq(), last));
  window.append({});
  EXPECT_EQ(window.end_seq(), 14U);
  for (std::uint64_t dropped = 5; dropped <= 13; ++dropped) {
    window.drop_before(dropped);
    EXPECT_EQ(window.first_seq(), dropped);
    for (std::uint64_t first = dropped; first <= 13; ++first) {
      for (std::uint64_t last = first; last <= 13; ++last) {
        EXPECT_EQ(all_of(window.slice(first, last)), hashes_of(first, last)) << first << " to " << last;
      }
    }
  }
}

TEST(HashWindow, ASliceOutlivesWhatIsDropped) {
  HashWindow window(1);
  window.append(hashes_of(1, 9));
  const auto slice = window.slice(3, 8);
  window.drop_before(10);
  window.append(hashes_of(10, 11));
  EXPECT_EQ(all_of(slice), hashes_of(3, 8));
  EXPECT_EQ(all_of(window.slice(10, 11)), hashes_of(10, 11));
}

TEST(WorkPool, DoesAllThatIsWaitedForAndWhatIsFirstFirst) {
  WorkPool pool(1);
  std::promise<void> begin;
  std::vector<int> order;
  auto waits = pool.queue([may = begin.get_future().share()] { may.wait(); });
  auto second = pool.queue([&order] { order.push_back(2); });
  auto first = pool.queue_first([&order] { return order.push_back(1), 7; });
  begin.set_value();
  waits.get();
  second.get();
  EXPECT_EQ(first.get(), 7);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(WorkPool, WhatWasBegunEndsBeforeItGoes) {
  std::atomic<int> done = 0;
  {
    WorkPool pool(2);
    std::vector<std::future<void>> begun;
    for (int i = 0; i < 2; ++i) {
      auto begins = std::make_shared<std::promise<void>>();
      begun.push_back(begins->get_future());
      pool.queue([&done, begins] {
        begins->set_value();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        ++done;
      });
    }
    for (auto& one : begun) one.get();
  }
  EXPECT_EQ(done, 2);
}

}  // namespace
}  // namespace esaas::store
