#pragma once
// StretchedLog: a log of the sample fleet whose days are full of events: the samples, with their time stretched.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/assert.h"
#include "core/billing/price_book.h"
#include "store/log/event_log.h"
#include "tests/store/sample_events.h"

namespace esaas::store::testing {

inline model::PriceList sample_prices(std::uint64_t seq, std::int64_t effective_at_us, std::uint64_t cpu_hour_nanos) {
  model::PriceList list;
  list.set_id(billing::price_list_id(seq));
  list.set_currency("CNY");
  list.set_minor_digits(2);
  list.set_effective_at_us(effective_at_us);
  list.mutable_prices()->set_cpu_hour_nanos(cpu_hour_nanos);
  list.mutable_prices()->set_memory_gib_hour_nanos(90'123'457);
  list.mutable_prices()->set_storage_gib_hour_nanos(3'000'001);
  list.mutable_prices()->set_cluster_hour_nanos(2'000'000'000);
  list.mutable_high_availability()->Add()->set_factor_permille(1'250);
  return list;
}

class StretchedLog {
 public:
  /// Each second of the samples becomes that many. `log` must outlive it.
  explicit StretchedLog(EventLog& log, std::uint32_t seed = 3, std::uint32_t clusters = 12, std::int64_t factor = 300)
      : log_(log), samples_(seed, clusters), factor_(factor) {}

  void grow(int count) {
    std::vector<event::Event> events;
    for (int i = 0; i < count; ++i) {
      event::Event event = samples_.next();
      if (begin_us_ == 0) begin_us_ = event.time_at_us();
      events.push_back(std::move(event));
      stamp(events.back(), begin_us_ + (events.back().time_at_us() - begin_us_) * factor_);
    }
    append(std::move(events));
  }
  /// At the time of the newest event, or later.
  void add(event::Event event, std::int64_t at_us = 0) {
    std::vector<event::Event> events{std::move(event)};
    stamp(events[0], std::max(at_us, log_.last_time_at_us()));
    append(std::move(events));
  }
  std::uint64_t publish(std::uint64_t cpu_hour_nanos) {
    const std::uint64_t seq = log_.last_seq() + 1;
    event::Event event = plain_event(seq);
    *event.mutable_price_list_published()->mutable_price_list() =
        sample_prices(seq, log_.last_time_at_us(), cpu_hour_nanos);
    add(std::move(event));
    return seq;
  }
  void close(const model::Invoice& invoice) {
    event::Event event = plain_event(log_.last_seq() + 1);
    *event.mutable_invoice_closed()->mutable_invoice() = invoice;
    event.mutable_invoice_closed()->mutable_invoice()->set_id("inv-" + std::to_string(event.seq()));
    add(std::move(event));
  }

 private:
  void stamp(event::Event& event, std::int64_t at_us) {
    // Of its own: what else is appended takes seqs, too.
    next_seq_ = std::max(next_seq_, log_.last_seq()) + 1;
    event.set_seq(next_seq_);
    event.set_time_at_us(std::max(at_us, log_.last_time_at_us()));
    event.set_wall_at_us(event.time_at_us());
  }
  void append(std::vector<event::Event> events) {
    const auto appended = log_.append({std::move(events), {}});
    ESAAS_ASSERT(appended.has_value(), appended.error().detail);
    next_seq_ = 0;
  }

  EventLog& log_;
  SampleEvents samples_;
  std::int64_t factor_;
  std::int64_t begin_us_ = 0;
  std::uint64_t next_seq_ = 0;
};

}  // namespace esaas::store::testing
