#pragma once
// SignedLog: a log on disk of a fleet at work, signed now and then as a controller would.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/assert.h"
#include "store/digests/digest_record.h"
#include "store/digests/signer.h"
#include "store/log/rocksdb_event_log.h"
#include "tests/api/fake_secrets.h"
#include "tests/store/sample_events.h"
#include "tests/store/temp_directory.h"

namespace esaas::store::testing {

class SignedLog {
 public:
  explicit SignedLog(std::uint32_t seed = 7) : samples_(seed) { open(); }

  void open() {
    auto log = open_rocksdb_log({.directory = directory()});
    ESAAS_ASSERT(log.has_value(), log.error().detail);
    log_ = *std::move(log);
  }
  /// So that it can be copied, or changed.
  void close() { log_.reset(); }

  void grow(std::size_t events) {
    Batch batch;
    for (std::size_t i = 0; i < events; ++i) batch.events.push_back(stamp(samples_.next(), i));
    append(std::move(batch));
  }
  /// Signs up to now; in between `late` events come in, as while a digest is computed.
  const DigestRecord& sign(std::size_t late = 0) {
    event::DigestSigned asked;
    asked.set_first_seq(digests.empty() ? 1 : digests.back().digest.through_seq() + 1);
    asked.set_through_seq(log_->last_seq());
    asked.set_previous_digest_seq(digests.empty() ? 0 : digests.back().seq);
    asked.set_signed_at_us(log_->last_time_at_us() + 5);
    const auto made = sign_digest(*log_, secrets, asked);
    ESAAS_ASSERT(made.has_value(), made.error().detail);
    if (late > 0) grow(late);
    Batch batch;
    if (digests.empty()) {
      event::Event created;
      created.mutable_signing_key_created()->set_key_id(made->digest.key_id());
      created.mutable_signing_key_created()->set_public_key(made->public_key);
      batch.events.push_back(stamp(created, 0));
    }
    event::Event event;
    *event.mutable_digest_signed() = made->digest;
    batch.events.push_back(stamp(event, batch.events.size()));
    append(std::move(batch));
    return digests.emplace_back(log_->last_seq(), made->digest, made->public_key);
  }

  [[nodiscard]] std::filesystem::path directory() const { return directory_.path() / "log"; }
  [[nodiscard]] EventLog& log() { return *log_; }

  std::vector<DigestRecord> digests;
  api::FakeSecrets secrets;

 private:
  event::Event stamp(event::Event event, std::size_t index) const {
    const event::Event plain = plain_event(log_->last_seq() + 1 + index, log_->last_time_at_us());
    event.set_seq(plain.seq());
    event.set_time_at_us(plain.time_at_us());
    event.set_schema_version(plain.schema_version());
    event.set_min_reader_version(plain.min_reader_version());
    return event;
  }
  void append(Batch batch) {
    const auto appended = log_->append(std::move(batch));
    ESAAS_ASSERT(appended.has_value(), appended.error().detail);
  }

  TempDirectory directory_;
  std::unique_ptr<EventLog> log_;
  SampleEvents samples_;
};

}  // namespace esaas::store::testing
