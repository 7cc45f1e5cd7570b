// Spans within a trace: what begins, how far it came, and what ended it; and why any one event happened.

#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <set>

#include "store/export/otlp.h"
#include "store/log/memory_event_log.h"
#include "store/views/trace_view.h"
#include "tests/store/sample_events.h"
#include "tests/store/trace_sample.h"

namespace esaas::store {
namespace {

using testing::append_trace_sample;
using testing::SampleEvents;

bool anyone(const event::Event&) { return true; }

class TraceSpans : public ::testing::Test {
 protected:
  TraceSpans() { append_trace_sample(log_); }

  const TraceNode& node(const Trace& trace, std::uint64_t seq) {
    for (const TraceNode& one : trace.nodes) {
      if (one.seq == seq) return one;
    }
    ADD_FAILURE() << "no event " << seq;
    return trace.nodes.front();
  }

  MemoryEventLog log_;
};

TEST_F(TraceSpans, LastFromTheirBeginningToTheirEnd) {
  const auto trace = TraceView(log_).trace("op-1");
  ASSERT_TRUE(trace) << trace.error().detail;
  const TraceNode& operation = node(*trace, 1);
  EXPECT_TRUE(operation.is_span);
  EXPECT_EQ(operation.duration_us, 60'000'000);
  EXPECT_EQ(operation.ended_seq, 11U);
  EXPECT_EQ(operation.marks, (std::vector<TraceMark>{{"started", 2'000'000, 2}}));
  EXPECT_EQ(node(*trace, 2).duration_us, 58'000'000) << "it ran";
  const TraceNode& hold = node(*trace, 3);
  EXPECT_EQ(hold.duration_us, 7'000'000);
  EXPECT_EQ(hold.basis, (std::vector<std::pair<std::string, std::string>>{{"offers", "0"}}));
  EXPECT_EQ(node(*trace, 5).duration_us, 2'000'000) << "the place was reserved";
  const TraceNode& launch = node(*trace, 7);
  EXPECT_EQ(launch.duration_us, 28'000'000);
  EXPECT_EQ(launch.marks, (std::vector<TraceMark>{{"running", 25'000'000, 8}}));
  EXPECT_EQ(node(*trace, 8).duration_us, 15'000'000) << "it ran and had not joined";
  EXPECT_FALSE(launch.failed);
  // The request lies open although the operation is over: nothing has answered it.
  const TraceNode& request = node(*trace, 10);
  EXPECT_TRUE(request.is_open);
  EXPECT_EQ(request.duration_us, trace->until_us - request.at_us);
}

TEST_F(TraceSpans, HangBelowWhatTheyEnd) {
  const auto trace = TraceView(log_).trace("op-1");
  ASSERT_TRUE(trace);
  const TraceNode& launch = node(*trace, 7);
  ASSERT_EQ(launch.children.size(), 1U);
  const TraceNode& running = trace->nodes[launch.children[0]];
  EXPECT_EQ(running.seq, 8U);
  ASSERT_EQ(running.children.size(), 1U);
  EXPECT_EQ(trace->nodes[running.children[0]].seq, 9U) << "what it joined by";
  EXPECT_EQ(trace->roots, (std::vector<std::size_t>{0}));
  const std::string text = to_text(*trace);
  EXPECT_NE(text.find("(28.0s, running after 13.0s)  #7"), std::string::npos) << text;
  EXPECT_NE(text.find("so far)  #10"), std::string::npos) << text;
}

TEST_F(TraceSpans, WhyATaskDiedIsItsKillAndWhatThatWasFor) {
  const auto trace = TraceView(log_).around(14, anyone);
  ASSERT_TRUE(trace) << trace.error().detail;
  EXPECT_EQ(trace->subject_seq, 14U);
  std::vector<std::uint64_t> seqs;
  for (const TraceNode& one : trace->nodes) seqs.push_back(one.seq);
  // The removal of the node, the kill, the death; and then that the node is gone.
  EXPECT_EQ(seqs, (std::vector<std::uint64_t>{12, 13, 14, 15}));
  const std::string text = to_text(*trace);
  EXPECT_NE(text.find("> "), std::string::npos) << text;
  EXPECT_EQ(trace->roots.size(), 1U) << text;
}

TEST_F(TraceSpans, WhatEndedBeforeTheEventHasEnded) {
  // The health of a cluster whose operation is over, told by it all the same.
  event::Event late = testing::plain_event(16, 90'000'000);
  late.set_cluster("logs");
  late.set_tenant("shop");
  late.set_cause_seq(7);
  late.mutable_node_left()->set_node("data-0");
  ASSERT_TRUE(log_.append({{late}, {}}));
  const auto trace = TraceView(log_).around(16, anyone);
  ASSERT_TRUE(trace);
  EXPECT_EQ(node(*trace, 1).ended_seq, 11U);
  const TraceNode& launch = node(*trace, 7);
  EXPECT_FALSE(launch.is_open);
  EXPECT_FALSE(launch.failed) << "it had joined";
  EXPECT_EQ(launch.ended_seq, 9U);
  EXPECT_EQ(launch.marks.size(), 1U);
}

TEST_F(TraceSpans, WhatMayNotBeShownIsNotFollowed) {
  const auto hidden = TraceView(log_).around(14, [](const event::Event& event) { return event.seq() != 13; });
  ASSERT_TRUE(hidden);
  for (const TraceNode& one : hidden->nodes) EXPECT_NE(one.seq, 13U);
  EXPECT_EQ(TraceView(log_).around(14, [](const event::Event&) { return false; }).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(TraceView(log_).around(99, anyone).error().code, ErrorCode::kNotFound);
}

TEST(TraceAround, IsThereForEveryEvent) {
  MemoryEventLog log;
  SampleEvents samples(3, 6);
  const auto events = samples.take(600);
  ASSERT_TRUE(log.append({events, {}}));
  for (std::uint64_t seq = 1; seq <= 600; seq += 7) {
    const auto trace = TraceView(log).around(seq, anyone);
    ASSERT_TRUE(trace) << trace.error().detail;
    std::set<std::size_t> reached(trace->roots.begin(), trace->roots.end());
    bool has_subject = false;
    for (std::size_t i = 0; i < trace->nodes.size(); ++i) {
      const TraceNode& one = trace->nodes[i];
      has_subject = has_subject || one.seq == seq;
      EXPECT_GE(one.duration_us, 0);
      for (const std::size_t child : one.children) {
        EXPECT_GT(child, i);
        EXPECT_TRUE(reached.insert(child).second) << "below two causes";
      }
    }
    EXPECT_TRUE(has_subject);
    EXPECT_EQ(reached.size(), trace->nodes.size());
  }
}

TEST_F(TraceSpans, AreSpansOfOpenTelemetry) {
  const auto trace = TraceView(log_).trace("op-1");
  ASSERT_TRUE(trace);
  const Hash identity = *log_.hash_of(1);
  const std::string text = to_otlp_json(*trace, identity, "1.2.3");
  EXPECT_EQ(text, to_otlp_json(*TraceView(log_).trace("op-1"), identity, "1.2.3")) << "the same each time";
  const auto spans = boost::json::parse(text).at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans").as_array();
  ASSERT_EQ(spans.size(), trace->nodes.size());
  std::set<std::string> ids;
  std::set<std::string> traces;
  for (const auto& span : spans) {
    ids.insert(std::string(span.at("spanId").as_string()));
    traces.insert(std::string(span.at("traceId").as_string()));
    const auto begin = std::stoull(std::string(span.at("startTimeUnixNano").as_string()));
    EXPECT_LE(begin, std::stoull(std::string(span.at("endTimeUnixNano").as_string())));
  }
  EXPECT_EQ(ids.size(), spans.size());
  EXPECT_EQ(traces.size(), 1U);
  EXPECT_EQ(traces.begin()->size(), 32U);
  EXPECT_EQ(ids.begin()->size(), 16U);
  for (std::size_t i = 1; i < spans.size(); ++i) {
    EXPECT_TRUE(ids.contains(std::string(spans[i].at("parentSpanId").as_string())));
  }
  // Of another log the same operation is another trace.
  EXPECT_EQ(to_otlp_json(*trace, blake2b_256("another"), "1.2.3").find(*traces.begin()), std::string::npos);
}

}  // namespace
}  // namespace esaas::store
