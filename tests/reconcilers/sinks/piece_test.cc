#include "reconcilers/loop/sinks/piece.h"

#include <gtest/gtest.h>

#include "tests/api/fake_front.h"

namespace esaas::sinks {
namespace {

std::string as_seq(const model::Sink&, const event::Event& event) { return std::to_string(event.seq()); }

class SinkPiece : public ::testing::Test {
 protected:
  void append(const std::string& tenant, const std::string& cluster) {
    event::Event event;
    event.mutable_unknown_task_observed()->set_task_id("unknown");
    event.set_tenant(tenant);
    event.set_cluster(cluster);
    front_.append(std::move(event));
  }
  void append_position() {
    event::Event event;
    event.mutable_sink_advanced()->set_name("another");
    front_.append(std::move(event));
  }
  Piece read(std::uint64_t after_seq) {
    auto piece = read_piece(front_.log, sink_, after_seq, limits_, as_seq);
    EXPECT_TRUE(piece.has_value());
    return std::move(*piece);
  }
  static std::string seqs(const Piece& piece) {
    std::string text;
    for (const OutEvent& event : piece.delivery.events) text += event.json + " ";
    return text;
  }

  api::FakeFront front_;
  model::Sink sink_;
  PieceLimits limits_;
};

TEST_F(SinkPiece, HasAllEventsButPositionsWithTheKeyThatKeepsThemInOrder) {
  append("", "");
  append("shop", "");
  append("shop", "search");
  append_position();
  append("", "");
  const Piece piece = read(0);
  EXPECT_EQ(seqs(piece), "1 2 3 5 ");
  EXPECT_EQ(piece.through_seq, 5U);
  EXPECT_EQ(piece.passed, 0U);
  EXPECT_EQ(piece.delivery.events[0].key, "");
  EXPECT_EQ(piece.delivery.events[1].key, "shop");
  EXPECT_EQ(piece.delivery.events[2].key, "search");
  EXPECT_EQ(seqs(read(3)), "5 ");
}

TEST_F(SinkPiece, KeepsToTenantAndCluster) {
  append("shop", "search");
  append("shop", "logs");
  append("other", "search-2");
  append("", "");
  sink_.set_tenant("shop");
  EXPECT_EQ(seqs(read(0)), "1 2 ");
  EXPECT_EQ(read(0).passed, 2U);
  sink_.set_cluster("logs");
  EXPECT_EQ(seqs(read(0)), "2 ");
}

TEST_F(SinkPiece, EndsAtItsBounds) {
  for (int i = 0; i < 100; ++i) append("shop", "search");
  limits_.events_max = 7;
  EXPECT_EQ(read(0).delivery.events.size(), 7U);
  EXPECT_EQ(read(0).through_seq, 7U);
  limits_ = {.bytes = 10};
  EXPECT_EQ(seqs(read(0)), "1 2 3 4 5 6 7 8 9 10 ") << "it ends behind the event that fills it";
  limits_ = {.looked_at_max = 20};
  sink_.set_tenant("shop");
  sink_.set_cluster("search");
  EXPECT_EQ(read(0).through_seq, 20U);
}

TEST_F(SinkPiece, IsEmptyAtTheEndOfTheLog) {
  append("shop", "search");
  EXPECT_EQ(read(1).through_seq, 1U);
  EXPECT_TRUE(read(1).delivery.events.empty());
}

TEST_F(SinkPiece, IsOneEventForASinkThatTakesThemOneByOne) {
  for (int i = 0; i < 5; ++i) append("shop", "search");
  sink_.mutable_webhook()->set_format("cloudevents");
  EXPECT_EQ(seqs(read(0)), "1 ");
  EXPECT_EQ(read(0).through_seq, 1U);
  sink_.mutable_webhook()->set_format("cloudevents-batch");
  EXPECT_EQ(seqs(read(0)), "1 2 3 4 5 ");
}

TEST_F(SinkPiece, FarBehindItSkipsWhatTheFilterLeavesOut) {
  limits_.looked_at_max = 10;
  for (int i = 0; i < 100; ++i) append("other", "");
  append("shop", "");
  for (int i = 0; i < 100; ++i) append("other", "");
  sink_.set_tenant("shop");
  const Piece piece = read(0);
  EXPECT_EQ(seqs(piece), "101 ");
  EXPECT_EQ(piece.through_seq, 201U);
  EXPECT_EQ(piece.passed, 200U);
}

TEST_F(SinkPiece, AnEventThatCanNotBeShownIsAnErrorAndNothingIsLeftOut) {
  append("", "");
  const auto fails = [](const model::Sink&, const event::Event&) -> Result<std::string> {
    return fail(ErrorCode::kDataLoss, "no first event");
  };
  const auto piece = read_piece(front_.log, sink_, 0, limits_, fails);
  ASSERT_FALSE(piece);
  EXPECT_EQ(piece.error().code, ErrorCode::kDataLoss);
}

}  // namespace
}  // namespace esaas::sinks
