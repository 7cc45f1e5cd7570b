#include "store/log/batch_check.h"

#include "store/log/index_entries.h"

namespace esaas::store {
namespace {

std::unexpected<Error> refuse(std::uint64_t seq, std::string what, std::string field) {
  return fail(ErrorCode::kInvalidArgument, "event " + std::to_string(seq) + " " + std::move(what), std::move(field));
}

bool is_indexable(std::string_view value) {
  return value.size() <= kIndexedBytesMax && value.find('\0') == std::string_view::npos;
}

Result<void> check_event(const event::Event& event, std::uint64_t expected_seq, std::int64_t time_before_us) {
  if (event.seq() != expected_seq) {
    return fail(ErrorCode::kConflict,
                "the next event has seq " + std::to_string(expected_seq) + ", and not " + std::to_string(event.seq()),
                "seq", "expected_seq");
  }
  if (event.time_at_us() < time_before_us) {
    return refuse(event.seq(),
                  "is of time " + std::to_string(event.time_at_us()) + ", which is before the event before it (" +
                      std::to_string(time_before_us) + ")",
                  "time_at_us");
  }
  if (event.payload_case() == event::Event::PAYLOAD_NOT_SET) {
    return refuse(event.seq(), "has no payload", "payload");
  }
  if (!is_indexable(event.operation_id()) || !is_indexable(event.cluster()) || !is_indexable(event.tenant()) ||
      !is_indexable(event.actor().name())) {
    return refuse(event.seq(),
                  "has an operation id, cluster, tenant or actor name that holds a zero byte or is "
                  "longer than " +
                      std::to_string(kIndexedBytesMax) + " bytes",
                  "operation_id, cluster, tenant, actor.name");
  }
  return {};
}

}  // namespace

Result<void> check_batch(const Batch& batch, std::uint64_t last_seq, std::int64_t last_time_at_us) {
  if (batch.events.empty()) {
    return fail(ErrorCode::kInvalidArgument, "a batch without events cannot be appended", "events");
  }
  for (const auto& event : batch.events) {
    ESAAS_CHECK(check_event(event, last_seq + 1, last_time_at_us));
    last_seq = event.seq();
    last_time_at_us = event.time_at_us();
  }
  for (const auto& entry : batch.idempotency) {
    if (entry.key.empty() || entry.key.size() > kIndexedBytesMax) {
      return fail(ErrorCode::kInvalidArgument,
                  "an idempotency key has between 1 and " + std::to_string(kIndexedBytesMax) + " bytes, and not " +
                      std::to_string(entry.key.size()),
                  "idempotency.key");
    }
    if (entry.at_us < 0 || entry.at_us > last_time_at_us) {
      return fail(ErrorCode::kInvalidArgument, "the idempotency key \"" + entry.key + "\" is of a time after its event",
                  "idempotency.at_us");
    }
  }
  return {};
}

}  // namespace esaas::store
