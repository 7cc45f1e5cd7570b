// otlp_writer: prints the trace of the sample operation as OTLP's JSON, for a reader that others wrote.

#include <iostream>

#include "core/base/assert.h"
#include "store/export/otlp.h"
#include "store/log/memory_event_log.h"
#include "store/views/trace_view.h"
#include "tests/store/trace_sample.h"

int main() {
  esaas::store::MemoryEventLog log;
  esaas::store::testing::append_trace_sample(log);
  const auto trace = esaas::store::TraceView(log).trace("op-1");
  ESAAS_ASSERT(trace.has_value(), trace.error().detail);
  const auto identity = log.hash_of(1);
  ESAAS_ASSERT(identity.has_value(), identity.error().detail);
  std::cout << esaas::store::to_otlp_json(*trace, *identity, "test");
  return 0;
}
