// Logs of every format that was ever released fold, and to what they folded then. The folder of a format is never
// changed, only new ones are added (log_fixture.h).

#include <gtest/gtest.h>

#include <set>

#include "core/events/event_kind.h"
#include "store/digests/log_verifier.h"
#include "store/log/record_codec.h"
#include "store/log/rocksdb_event_log.h"
#include "store/snapshots/recovery.h"
#include "store/snapshots/snapshot_codec.h"
#include "tests/store/log_fixture.h"
#include "tests/store/stored_logs.h"
#include "tests/store/temp_directory.h"

namespace esaas::store {
namespace {

namespace fs = std::filesystem;

using testing::stored_logs;

const fs::path kFolder = testing::stored_logs_folder();

class OldLog : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    auto loaded = testing::load(kFolder / GetParam());
    ASSERT_TRUE(loaded) << loaded.error().detail;
    fixture_ = std::move(*loaded);
    ASSERT_FALSE(fixture_.records.empty());
  }

  /// Folds the records after `fleet`, and describes the states on the way.
  std::string fold(state::FleetState& fleet, std::optional<Hash> hash_before) {
    std::string states;
    const std::uint64_t last = fixture_.records.size();
    RecordReader reader(fleet.seq() + 1, hash_before);
    while (fleet.seq() < last) {
      const auto event = reader.read(fleet.seq() + 1, fixture_.records[fleet.seq()]);
      EXPECT_TRUE(event) << event.error().detail;
      if (!event) break;
      state::evolve(fleet, **event);
      if (fleet.seq() % testing::description_distance(last) == 0 || fleet.seq() == last)
        states += testing::describe(fleet);
    }
    return states;
  }

  testing::LogFixture fixture_;
};

TEST_P(OldLog, FoldsToWhatItFoldedToThenAndItsChainHolds) {
  state::FleetState fleet;
  EXPECT_EQ(fold(fleet, Hash{}), fixture_.states);
}

TEST_P(OldLog, ItsSnapshotIsUsedOrRefusedAsOfAnotherVersion) {
  const auto snapshot = decode_snapshot(fixture_.snapshot);
  if (!snapshot) {
    EXPECT_EQ(snapshot.error().code, ErrorCode::kUnsupportedVersion) << snapshot.error().detail;
    return;
  }
  EXPECT_EQ(snapshot->hash, blake2b_256(fixture_.records.at(snapshot->seq - 1)));
  auto from_snapshot = state::decode_fleet(snapshot->fleet);
  ASSERT_TRUE(from_snapshot) << from_snapshot.error().detail;
  fold(*from_snapshot, snapshot->hash);
  state::FleetState whole;
  fold(whole, Hash{});
  EXPECT_EQ(state::encode(*from_snapshot), state::encode(whole));
}

TEST_P(OldLog, IsStoredAnewByteForByteAndItsDigestsFit) {
  const testing::TempDirectory directory;
  std::uint64_t digests = 0;
  {
    const auto log = open_rocksdb_log({.directory = directory.path()});
    ASSERT_TRUE(log) << log.error().detail;
    for (std::uint64_t seq = 1; seq <= fixture_.records.size(); ++seq) {
      event::Event event;
      ASSERT_TRUE(decode_record(fixture_.records[seq - 1], seq, event));
      ASSERT_TRUE((*log)->append({{event}, {}}));
      ASSERT_EQ(*(*log)->hash_of(seq), blake2b_256(fixture_.records[seq - 1])) << event.ShortDebugString();
      digests += event.has_digest_signed() ? 1 : 0;
    }
  }
  const auto verified = verify_log(directory.path(), {});
  ASSERT_TRUE(verified) << verified.error().detail;
  EXPECT_TRUE(verified->findings.empty()) << verified->findings.front().detail;
  EXPECT_EQ(verified->digests, digests);
}

INSTANTIATE_TEST_SUITE_P(Stored, OldLog, ::testing::ValuesIn(stored_logs()), [](const auto& log) {
  std::string name = log.param;
  std::ranges::replace_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});

/// The kinds of payload of the stored logs below that folder.
std::set<std::string> kinds_below(std::string_view folder) {
  std::set<std::string> kinds;
  for (const std::string& name : stored_logs()) {
    if (!name.starts_with(folder)) continue;
    const auto fixture = testing::load(kFolder / name);
    EXPECT_TRUE(fixture) << fixture.error().detail;
    if (!fixture) continue;
    for (std::uint64_t seq = 1; seq <= fixture->records.size(); ++seq) {
      event::Event event;
      EXPECT_TRUE(decode_record(fixture->records[seq - 1], seq, event));
      kinds.emplace(event::kind_of(event));
    }
  }
  return kinds;
}

TEST(OldLogs, KeepEveryKindOfEventOfTheFirstFormat) {
  const std::set<std::string> kinds = kinds_below("format-1/");
  // No run that was kept had a Mesos that tears the framework down, or remains of what the log does not know.
  const auto* payload = event::Event::descriptor()->FindOneofByName("payload");
  std::set<std::string> missing;
  for (int i = 0; i < payload->field_count(); ++i) {
    if (!kinds.contains(payload->field(i)->name())) missing.insert(payload->field(i)->name());
  }
  // Quotas, moved, adopted and growing places and answered maintenance are younger than these logs; format-1-places/
  // has what a simulation had of them.
  EXPECT_EQ(missing, (std::set<std::string>{"allocation_applied",
                                            "allocation_intended",
                                            "backup_failed",
                                            "backup_intended",
                                            "backup_taken",
                                            "budget_alerted",
                                            "budget_set",
                                            "cluster_version_changed",
                                            "digest_signed",
                                            "elasticsearch_request_answered",
                                            "elasticsearch_request_intended",
                                            "framework_stopped",
                                            "full_restart_began",
                                            "full_restart_ended",
                                            "full_restart_prepared",
                                            "full_restart_stopped",
                                            "invoice_closed",
                                            "log_restored",
                                            "maintenance_answered",
                                            "node_group_added",
                                            "node_group_configured",
                                            "node_restart_began",
                                            "node_restart_ended",
                                            "node_restart_prepared",
                                            "node_shielded",
                                            "node_unshielded",
                                            "orphan_release_intended",
                                            "place_adopted",
                                            "place_grown",
                                            "place_growth_failed",
                                            "place_growth_intended",
                                            "place_growth_release_intended",
                                            "place_growth_reserved",
                                            "place_moved",
                                            "plugins_changed",
                                            "policies_changed",
                                            "policy_run_began",
                                            "policy_run_finished",
                                            "price_list_published",
                                            "proxy_access_changed",
                                            "restart_requested",
                                            "rule_overridden",
                                            "servers_applied",
                                            "servers_intended",
                                            "signing_key_created",
                                            "sink_advanced",
                                            "sink_configured",
                                            "sink_removed",
                                            "sink_stalled",
                                            "task_adopted",
                                            "tenant_policies_set",
                                            "tenant_quota_applied",
                                            "tenant_quota_found",
                                            "tenant_quota_intended",
                                            "tenant_quota_refused",
                                            "token_used",
                                            "unknown_task_kill_intended",
                                            "unknown_task_observed",
                                            "volume_growth_intended",
                                            "voting_exclusions_applied",
                                            "voting_exclusions_intended"}));
}

/// A server's, and what was restored of it.
TEST(OldLogs, KeepEveryKindOfEventOfTheBooks) {
  const std::set<std::string> kinds = kinds_below("format-1-books/");
  for (const char* kind :
       {"backup_failed", "backup_intended", "backup_taken", "budget_alerted", "budget_set", "digest_signed",
        "invoice_closed", "log_restored", "price_list_published", "signing_key_created", "sink_advanced",
        "sink_configured", "sink_removed", "sink_stalled", "token_used"}) {
    EXPECT_TRUE(kinds.contains(kind)) << kind;
  }
}

}  // namespace
}  // namespace esaas::store
