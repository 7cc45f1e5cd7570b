#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "store/log/memory_event_log.h"
#include "store/snapshots/durable_file.h"
#include "store/snapshots/recovery.h"
#include "store/snapshots/snapshot_store.h"
#include "tests/store/sample_events.h"
#include "tests/store/temp_directory.h"

namespace esaas::store {
namespace {

using testing::SampleEvents;

Snapshot sample() { return {42, blake2b_256("event 42"), std::string(10'000, 'x').append("state")}; }

TEST(SnapshotCodec, DecodesWhatItEncodedAndCompresses) {
  const std::string bytes = encode_snapshot(sample());
  EXPECT_LT(bytes.size(), 300U);
  const auto decoded = decode_snapshot(bytes);
  ASSERT_TRUE(decoded) << decoded.error().detail;
  EXPECT_EQ(*decoded, sample());
  EXPECT_EQ(*decode_snapshot(encode_snapshot({})), Snapshot{});
}

TEST(SnapshotCodec, RefusesEveryFlippedBit) {
  const std::string bytes = encode_snapshot(sample());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(decode_snapshot(flipped)) << "bit " << bit;
  }
}

TEST(SnapshotCodec, RefusesEveryTruncationAndWhatFollows) {
  const std::string bytes = encode_snapshot(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(decode_snapshot(bytes.substr(0, size)).error().code, ErrorCode::kDataLoss) << size;
  }
  EXPECT_EQ(decode_snapshot(bytes + "x").error().code, ErrorCode::kDataLoss);
}

TEST(SnapshotCodec, NamesTheVersionItDoesNotKnow) {
  std::string bytes = encode_snapshot(sample());
  bytes[15] = 7;
  const auto refused = decode_snapshot(bytes);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupportedVersion);
  EXPECT_NE(refused.error().detail.find('7'), std::string::npos);
}

class Recovery : public ::testing::Test {
 protected:
  void grow(std::size_t events) {
    if (events == 0) return;
    const auto appended = log_.append(samples_.batch(events));
    ASSERT_TRUE(appended) << appended.error().detail;
  }
  void save() {
    const auto recovered = recover(log_, nullptr);
    const auto snapshot = take_snapshot(log_, recovered->fleet);
    ASSERT_TRUE(snapshots_.save(*snapshot));
  }
  std::string full_fold(std::uint64_t up_to_seq = RecoveryOptions{}.up_to_seq) {
    return state::encode(recover(log_, nullptr, {.up_to_seq = up_to_seq})->fleet);
  }
  std::filesystem::path newest_file() { return snapshots_.list()->front(); }
  void damage(const std::filesystem::path& file) {
    std::string bytes = *read_whole(file);
    bytes[bytes.size() / 2] = static_cast<char>(~bytes[bytes.size() / 2]);
    std::ofstream(file, std::ios::binary) << bytes;
  }

  testing::TempDirectory directory_;
  SampleEvents samples_{5, 10};
  MemoryEventLog log_;
  SnapshotStore snapshots_ = *SnapshotStore::open(directory_.path() / "snapshots");
};

TEST_F(Recovery, OfNothingIsAnEmptyFleet) {
  const auto recovered = recover(log_, &snapshots_);
  ASSERT_TRUE(recovered);
  EXPECT_EQ(recovered->fleet.seq(), 0U);
  EXPECT_TRUE(recovered->warnings.empty());
}

TEST_F(Recovery, SnapshotAndTailGiveTheBytesOfTheFullFold) {
  for (int round = 0; round < 8; ++round) {
    grow(static_cast<std::size_t>(100 + 37 * round));
    save();
    grow(static_cast<std::size_t>(13 * round));
    const auto recovered = recover(log_, &snapshots_);
    ASSERT_TRUE(recovered) << recovered.error().detail;
    EXPECT_EQ(state::encode(recovered->fleet), full_fold());
    EXPECT_EQ(recovered->stats.events_folded, static_cast<std::uint64_t>(13 * round));
    EXPECT_EQ(recovered->stats.snapshot_seq + recovered->stats.events_folded, log_.last_seq());
    EXPECT_TRUE(recovered->warnings.empty());
  }
  EXPECT_EQ(snapshots_.list()->size(), SnapshotStore::kKept);
}

TEST_F(Recovery, PassesOverABrokenSnapshotWithItsName) {
  grow(100);
  save();
  grow(100);
  save();
  const auto broken = newest_file();
  damage(broken);
  const auto recovered = recover(log_, &snapshots_);
  ASSERT_TRUE(recovered);
  EXPECT_EQ(recovered->stats.snapshot_seq, 100U);
  ASSERT_EQ(recovered->warnings.size(), 1U);
  EXPECT_NE(recovered->warnings[0].find(broken.string()), std::string::npos) << recovered->warnings[0];
  EXPECT_EQ(state::encode(recovered->fleet), full_fold());
}

TEST_F(Recovery, FoldsTheWholeLogWhenEverySnapshotIsBroken) {
  grow(100);
  save();
  grow(100);
  save();
  const auto files = *snapshots_.list();
  for (const auto& file : files) damage(file);
  const auto recovered = recover(log_, &snapshots_);
  ASSERT_TRUE(recovered);
  EXPECT_EQ(recovered->stats.snapshot_seq, 0U);
  EXPECT_EQ(recovered->stats.events_folded, 200U);
  EXPECT_EQ(recovered->warnings.size(), 2U);
  EXPECT_EQ(state::encode(recovered->fleet), full_fold());
}

TEST_F(Recovery, DoesNotUseTheSnapshotOfAnotherLog) {
  grow(100);
  ASSERT_TRUE(snapshots_.save({50, blake2b_256("another log"), full_fold(50)}));
  const auto recovered = recover(log_, &snapshots_);
  ASSERT_TRUE(recovered);
  EXPECT_EQ(recovered->stats.snapshot_seq, 0U);
  ASSERT_EQ(recovered->warnings.size(), 1U);
  EXPECT_NE(recovered->warnings[0].find("event 50"), std::string::npos);
}

TEST_F(Recovery, DoesNotUseASnapshotWhoseStateIsOfAnotherEvent) {
  grow(100);
  ASSERT_TRUE(snapshots_.save({50, *log_.hash_of(50), full_fold(49)}));
  ASSERT_TRUE(snapshots_.save({60, *log_.hash_of(60), "no state"}));
  const auto recovered = recover(log_, &snapshots_);
  ASSERT_TRUE(recovered);
  EXPECT_EQ(recovered->warnings.size(), 2U);
  EXPECT_EQ(state::encode(recovered->fleet), full_fold());
}

TEST_F(Recovery, RefusesALogThatEndsBeforeItsSnapshot) {
  grow(100);
  ASSERT_TRUE(snapshots_.save({101, {}, ""}));
  const auto refused = recover(log_, &snapshots_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kDataLoss);
  EXPECT_NE(refused.error().detail.find("101"), std::string::npos);
}

TEST_F(Recovery, AnswersThePast) {
  grow(100);
  save();
  grow(100);
  save();
  for (const std::uint64_t seq : {1U, 99U, 100U, 101U, 150U, 200U}) {
    const auto recovered = recover(log_, &snapshots_, {.up_to_seq = seq});
    ASSERT_TRUE(recovered);
    EXPECT_EQ(recovered->fleet.seq(), seq);
    EXPECT_EQ(state::encode(recovered->fleet), full_fold(seq));
  }
  EXPECT_EQ(recover(log_, &snapshots_, {.up_to_seq = 201}).error().code, ErrorCode::kNotFound);
}

TEST_F(Recovery, StopsAtABrokenEvent) {
  grow(100);
  log_.stored_bytes(60)[0] = 'x';
  const auto refused = recover(log_, &snapshots_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kDataLoss);
  EXPECT_NE(refused.error().detail.find("event 60"), std::string::npos);
}

TEST_F(Recovery, SnapshotOfWhatIsNotDurableIsRefused) {
  state::FleetState ahead;
  ahead.head.set_seq(1);
  EXPECT_EQ(take_snapshot(log_, ahead).error().code, ErrorCode::kNotFound);
}

TEST_F(Recovery, UnfinishedFilesAreNoSnapshots) {
  grow(10);
  save();
  std::ofstream(directory_.path() / "snapshots" / "fleet-00000000000000000099.snapshot.tmp") << "half";
  std::ofstream(directory_.path() / "snapshots" / "notes.txt") << "hello";
  EXPECT_EQ(snapshots_.list()->size(), 1U);
}

TEST(SnapshotStore, SaysWhenItCannotWrite) {
  const testing::TempDirectory directory;
  std::ofstream(directory.path() / "file") << "in the way";
  const auto refused = SnapshotStore::open(directory.path() / "file" / "snapshots");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInternal);
  const auto written = write_durably(directory.path() / "nowhere" / "x", "bytes");
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().detail.find("nowhere"), std::string::npos);
}

}  // namespace
}  // namespace esaas::store
