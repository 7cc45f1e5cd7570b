// What the words of a text are, and of an event of the audit.

#include "store/log/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/log/audit_words.h"
#include "tests/store/sample_events.h"

namespace esaas::store {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;
using ::testing::Not;

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> found;
  append_words(text, found);
  return found;
}

TEST(Words, AreRunsOfLettersAndDigitsWhateverTheCase) {
  EXPECT_THAT(words("Scale: data to 5, CPUs_milli=2000"),
              ElementsAre("scale", "data", "to", "5", "cpus", "milli", "2000"));
  EXPECT_THAT(words(""), IsEmpty());
  EXPECT_THAT(words(" -_. "), IsEmpty());
}

TEST(Words, FoldCaseBeyondAscii) { EXPECT_THAT(words("ÜBER Straße ΣΟΦΙΑ"), ElementsAre("über", "straße", "σοφια")); }

TEST(Words, OfChineseAreBigrams) {
  EXPECT_THAT(words("扩容集群"), ElementsAre("扩", "扩容", "容", "容集", "集", "集群", "群"));
  EXPECT_THAT(words_to_find("扩容集群"), ElementsAre("容集", "扩容", "集群"));
  EXPECT_THAT(words_to_find("群"), ElementsAre("群")) << "one character is looked for as it is";
  EXPECT_THAT(words("es集群2"), ElementsAre("es", "集", "集群", "群", "2"));
  EXPECT_THAT(words_to_find("集 群"), ElementsAre("群", "集")) << "two runs have no bigram in common";
}

TEST(Words, ThatAreTooLongAreKnownByTheirBeginningBothWays) {
  const std::string longer(200, 'x');
  EXPECT_THAT(words(longer), ElementsAre(std::string(kWordBytesMax, 'x')));
  EXPECT_EQ(words_to_find(longer), words(longer));
  const std::string umlauts = "a" + [] {
    std::string text;
    for (int i = 0; i < 50; ++i) text += "ü";
    return text;
  }();
  ASSERT_EQ(words(umlauts).size(), 1U);
  EXPECT_EQ(words(umlauts)[0].size(), kWordBytesMax - 1) << "no character is cut in two";
}

TEST(Words, ThatAreNoUtf8DivideAndDoNoHarm) {
  EXPECT_THAT(words("ab\xff"
                    "cd\xe9\x9b"),
              ElementsAre("ab", "cd"));
}

TEST(Words, WhatIsLookedForIsAmongTheWordsOfTheSameText) {
  for (const char* text : {"plain words", "扩容 cluster 集群到5个节点", "a.b_c-d", "ひらがなカタカナ한국어"}) {
    EXPECT_THAT(words_to_find(text), IsSubsetOf(words(text))) << text;
  }
}

TEST(AuditWords, AreOfWhoAskedWhatAndWhyAndNeverOfAHash) {
  event::Event event = testing::plain_event(7);
  event.set_cluster("search");
  event.set_tenant("shop");
  event.mutable_actor()->set_kind(event::ACTOR_KIND_USER);
  event.mutable_actor()->set_name("token-3");
  event.mutable_actor()->set_address("10.1.2.3");
  auto& requested = *event.mutable_operation_requested();
  requested.set_id("op-7");
  requested.set_reason("容量不足");
  requested.mutable_request()->mutable_scale()->set_group("data");
  requested.mutable_request()->mutable_scale()->set_count(17);
  const auto words = words_of_action(event);
  for (const char* word : {"search", "shop", "token", "3", "10", "scale", "data", "17", "count", "容量"}) {
    EXPECT_THAT(words, Contains(word));
  }
  EXPECT_TRUE(std::ranges::is_sorted(words));

  event.mutable_token_issued()->set_token_id("token-9");
  event.mutable_token_issued()->set_hash("abcdefghijklmnopqrstuvwxyzabcdef");
  EXPECT_THAT(words_of_action(event), Not(Contains("abcdefghijklmnopqrstuvwxyzabcdef")));
  EXPECT_THAT(words_of_action(event), Contains("issue"));
}

}  // namespace
}  // namespace esaas::store
