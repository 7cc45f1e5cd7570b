#include "core/events/storable.h"

#include <gtest/gtest.h>

#include "core/events/codec.h"

namespace esaas::event {
namespace {

Event latin1_everywhere() {
  Event event;
  event.set_seq(1);
  event.set_prev_hash(std::string(32, '\xFE'));
  event.mutable_actor()->set_address("h\xF6st");
  auto& payload = *event.mutable_operation_requested()->mutable_fulfilment();
  payload.add_labels_before()->set_value("\xFF");
  payload.add_labels_before()->set_value("fine");
  return event;
}

TEST(MakeStorable, WhatWouldNotReadBackDoesAfterwards) {
  Event event = latin1_everywhere();
  ASSERT_FALSE(decode(encode(event))) << "proto3 refuses text that is not UTF-8: the reason for make_storable";
  make_storable(event);
  const auto decoded = decode(encode(event));
  ASSERT_TRUE(decoded) << decoded.error().detail;
  EXPECT_EQ(decoded->actor().address(), "h\xEF\xBF\xBDst");
  const auto& labels = decoded->operation_requested().fulfilment().labels_before();
  EXPECT_EQ(labels[0].value(), "\xEF\xBF\xBD");
  EXPECT_EQ(labels[1].value(), "fine");
}

TEST(MakeStorable, LeavesBytesAndGoodTextAlone) {
  Event event;
  event.set_prev_hash(std::string(32, '\xFE'));
  event.mutable_exclusions_intended()->add_nodes("data-0");
  event.mutable_exclusions_intended()->add_nodes("s\xC3\xB6k");
  const std::string before = encode(event);
  make_storable(event);
  EXPECT_EQ(encode(event), before);
}

TEST(MakeStorable, MendsRepeatedText) {
  Event event;
  event.mutable_exclusions_intended()->add_nodes("\x80");
  make_storable(event);
  EXPECT_EQ(event.exclusions_intended().nodes(0), "\xEF\xBF\xBD");
}

}  // namespace
}  // namespace esaas::event
