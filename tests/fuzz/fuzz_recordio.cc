// Fuzzes what reads the event stream of a Mesos master: RecordIO, then the subscription that takes
// events out of it. The first byte of an input says in which pieces the rest arrives; the outcome
// must not depend on it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/stubs/logging.h>

#include "core/base/assert.h"
#include "reconcilers/effects/mesos/recordio.h"
#include "reconcilers/effects/mesos/scheduler_session.h"

namespace {

using esaas::mesos::RecordDecoder;
using esaas::mesos::SchedulerSession;

constexpr std::size_t kRecordLimit = 4096;

struct Decoded {
  std::vector<std::string> records;
  std::string error;
  bool at_boundary = false;
};

Decoded decode(std::string_view bytes, std::size_t piece) {
  RecordDecoder decoder(kRecordLimit);
  Decoded out;
  while (!bytes.empty() && out.error.empty()) {
    decoder.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    while (true) {
      auto record = decoder.next();
      if (!record) out.error = record.error().detail;
      if (!record || !*record) break;
      out.records.push_back(std::move(**record));
    }
  }
  out.at_boundary = decoder.at_boundary();
  return out;
}

void check_decoder(std::string_view bytes, std::size_t piece) {
  const Decoded whole = decode(bytes, bytes.size() + 1);
  const Decoded pieces = decode(bytes, piece);
  ESAAS_ASSERT(whole.records == pieces.records, "records depend on how the bytes arrive");
  ESAAS_ASSERT(whole.error == pieces.error, "errors depend on how the bytes arrive");
  std::string again;
  for (const auto& record : whole.records) {
    ESAAS_ASSERT(record.size() <= kRecordLimit, "a record is larger than the limit");
    again += esaas::mesos::encode_record(record);
  }
  if (whole.at_boundary) ESAAS_ASSERT(decode(again, 7).records == whole.records, "encode and decode disagree");
}

void check_session(std::string_view bytes, std::size_t piece, bool known_id) {
  esaas::mesos::SessionConfig config;
  config.masters = {{"m", 5050}};
  SchedulerSession session(config);
  esaas::mesos::wire::FrameworkInfo info;
  info.set_user("u");
  info.set_name("n");
  if (known_id) info.mutable_id()->set_value("fw-1");
  const esaas::Time now{};
  session.start(info, now);
  esaas::mesos::ResponseHead head;
  head.status = 200;
  head.content_type = "application/x-protobuf";
  head.stream_id = "s";
  session.on_response_head(head, now);
  while (!bytes.empty()) {
    const auto actions = session.on_body(bytes.substr(0, piece), now);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (const auto& action : actions) {
      const auto* delivered = std::get_if<esaas::mesos::DeliverEvent>(&action);
      if (delivered != nullptr) ESAAS_ASSERT(delivered->event.IsInitialized(), "half an event was delivered");
    }
    if (session.ready()) ESAAS_ASSERT(session.framework_info().has_id(), "ready without an id");
  }
  session.confirm_framework_id_durable(now);
  ESAAS_ASSERT(session.stopped() != session.next_wake().has_value(), "a live session waits for something");
}

}  // namespace

// Debug builds of protobuf print a line for each string that is not UTF-8, which made-up inputs are full of.
[[maybe_unused]] auto* const kNoProtobufLog = google::protobuf::SetLogHandler(nullptr);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = data[0] % 64U + 1U;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_decoder(bytes, piece);
  check_session(bytes, piece, data[0] >= 128);
  static_cast<void>(esaas::mesos::parse_endpoints(bytes).has_value());
  static_cast<void>(esaas::mesos::parse_redirect(bytes, data[0] >= 128).has_value());
  return 0;
}
