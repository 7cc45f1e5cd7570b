#include "api/routes/sink_status.h"

#include <algorithm>

#include "api/routes/metrics.h"
#include "core/base/proto_json.h"
#include "core/base/time.h"

namespace esaas::api {

namespace json = boost::json;

std::uint64_t lag_of(const state::SinkState& sink, const std::optional<sinks::Progress>& progress,
                     std::uint64_t last_seq) {
  const std::uint64_t through_seq = std::max(sink.through_seq(), progress ? progress->through_seq : 0);
  return last_seq - std::min(through_seq, last_seq);
}

json::object present(const state::SinkState& sink, const std::optional<sinks::Progress>& progress,
                     std::uint64_t last_seq) {
  json::object object = esaas::to_json(sink.sink());
  if (json::value* webhook = object.if_contains("webhook")) {
    json::object& shown = webhook->as_object();
    shown.erase("secret_id");
    shown.erase("secret_version");
    shown["signed"] = !sink.sink().webhook().secret_id().empty();
  }
  if (json::value* kafka = object.if_contains("kafka")) {
    json::object& shown = kafka->as_object();
    shown.erase("secret_id");
    shown.erase("secret_version");
    shown["has_password"] = !sink.sink().kafka().secret_id().empty();
  }
  object["configured_seq"] = sink.configured_seq();
  object["through_seq"] = sink.through_seq();
  object["lag_events"] = lag_of(sink, progress, last_seq);
  if (progress && progress->failures > 0) {
    object["failures"] = progress->failures;
    object["last_error"] = progress->last_error;
  }
  if (!sink.stalled().empty()) {
    object["stalled"] = json::object{{"why", sink.stalled()}, {"since", to_rfc3339(from_us(sink.stalled_since_us()))}};
  }
  return object;
}

void add_sink_gauges(Metrics& metrics, const loop::Front& front, const store::EventLog& log, SinkProgress progress) {
  const auto samples_of = [&front](auto value_of) {
    std::vector<Metrics::Sample> samples;
    const auto head = front.head();
    for (const state::SinkState& sink : head->sinks()) {
      samples.push_back({{{"sink", sink.sink().name()}}, static_cast<double>(value_of(sink))});
    }
    return samples;
  };
  metrics.add_gauges(
      "esaas_sink_lag_events", "Events of the log that the sink has not come past", [samples_of, &log, progress] {
        return samples_of(
            [&](const state::SinkState& sink) { return lag_of(sink, progress(sink.sink().name()), log.last_seq()); });
      });
  metrics.add_gauges("esaas_sink_stalled", "1 while deliveries to the sink fail", [samples_of] {
    return samples_of([](const state::SinkState& sink) { return sink.stalled().empty() ? 0 : 1; });
  });
}

}  // namespace esaas::api
