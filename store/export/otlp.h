#pragma once
// A trace as OpenTelemetry takes it: one ExportTraceServiceRequest in OTLP's JSON encoding, which Jaeger, Tempo and any
// collector load at /v1/traces. Pure, thread-safe.
//
// Every event is a span. Ids come from the log's identity, the operation and the seqs alone, so that the same trace has
// the same ids whenever it is exported, and two exports of one operation meet in one trace. What is still open ends at
// the log's newest event and says so (esaas.open). What happens at one moment lasts as long as what it led to.

#include <string>
#include <string_view>

#include "core/base/hash.h"
#include "store/views/trace_view.h"

namespace esaas::store {

/// `log_identity`: the hash of the log's first event (EventLog::hash_of(1)); `version`: of this program.
std::string to_otlp_json(const Trace& trace, const Hash& log_identity, std::string_view version);

}  // namespace esaas::store
