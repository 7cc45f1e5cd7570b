#include "core/base/proto_json.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "core/base/text.h"
#include "core/events/event.pb.h"
#include "core/model/model.pb.h"
#include "core/state/state.pb.h"

namespace esaas {
namespace {

template <typename Message>
Result<Message> read(std::string_view text) {
  ESAAS_TRY(const auto value, parse_json(text));
  Message message;
  ESAAS_CHECK(from_json(value, message));
  return message;
}

struct Case {
  const char* name;
  const char* body;  ///< of a CreateCluster
  const char* field;
  const char* rule;
  const char* says;  ///< part of the detail
};

class FromJsonRefuses : public testing::TestWithParam<Case> {};

TEST_P(FromJsonRefuses, NamingPathAndRule) {
  const auto message = read<model::CreateCluster>(GetParam().body);
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(message.error().field, GetParam().field);
  EXPECT_EQ(message.error().rule, GetParam().rule);
  EXPECT_NE(message.error().detail.find(GetParam().says), std::string::npos) << message.error().detail;
}

INSTANTIATE_TEST_SUITE_P(
    Rules, FromJsonRefuses,
    testing::Values(Case{"NotAnObject", R"([1])", "", "type", "the body: must be an object, not an array"},
                    Case{"UnknownField", R"({"nam": "a"})", "nam", "known_fields", R"(did you mean "name")"},
                    Case{"UnknownFieldFarFromAll", R"({"zzzzzzzz": 1})", "zzzzzzzz", "known_fields", "unknown field"},
                    Case{"NestedUnknownField", R"({"spec": {"node_groups": [{"cuont": 3}]}})",
                         "spec.node_groups[0].cuont", "known_fields", R"(did you mean "count")"},
                    Case{"TextForNumber", R"({"spec": {"node_groups": [{}, {"count": "3"}]}})",
                         "spec.node_groups[1].count", "type", "must be a number, not a string"},
                    Case{"NumberForText", R"({"name": 7})", "name", "type", "must be a string, not a number"},
                    Case{"ObjectForArray", R"({"labels": {}})", "labels", "type", "must be an array, not an object"},
                    Case{"TextForObject", R"({"spec": "2.3.3"})", "spec", "type", "must be an object, not a string"},
                    Case{"Null", R"({"name": null})", "name", "type", "not null"},
                    Case{"Fraction", R"({"spec": {"node_groups": [{"count": 1.5}]}})", "spec.node_groups[0].count",
                         "integer", "whole number"},
                    Case{"Negative", R"({"spec": {"node_groups": [{"count": -1}]}})", "spec.node_groups[0].count",
                         "range", "-1 is not between 0 and 4294967295"},
                    Case{"TooLarge", R"({"spec": {"node_groups": [{"count": 4294967296}]}})",
                         "spec.node_groups[0].count", "range", "4294967296 is not between"},
                    Case{"Exponent", R"({"spec": {"node_groups": [{"count": 1e300}]}})", "spec.node_groups[0].count",
                         "integer", "whole number"},
                    Case{"UnknownEnumerator", R"({"spec": {"node_groups": [{"roles": ["dta"]}]}})",
                         "spec.node_groups[0].roles[0]", "known_values",
                         R"("dta" is none of master, data, coordinating, proxy, kibana (did you mean "data"?))"},
                    Case{"EnumeratorByItsProtoName", R"({"spec": {"node_groups": [{"roles": ["NODE_ROLE_DATA"]}]}})",
                         "spec.node_groups[0].roles[0]", "known_values", "none of master, data"},
                    Case{"UnspecifiedEnumerator", R"({"spec": {"node_groups": [{"roles": ["unspecified"]}]}})",
                         "spec.node_groups[0].roles[0]", "known_values", "none of"},
                    Case{"EnumeratorByNumber", R"({"spec": {"node_groups": [{"roles": [1]}]}})",
                         "spec.node_groups[0].roles[0]", "type", "must be a string"},
                    Case{"NulByte", R"({"name": "a\u0000b"})", "name", "text", "NUL"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(FromJson, RefusesTwoKindsOfOneRequest) {
  const auto message = read<model::Request>(R"({"suspend": {}, "resume": {}})");
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().field, "resume");
  EXPECT_EQ(message.error().rule, "one_kind");
}

TEST(FromJson, RefusesBytesFromOutside) {
  const auto message = read<event::TokenIssued>(R"({"hash": "00ff"})");
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().field, "hash");
  EXPECT_EQ(message.error().rule, "read_only");
}

TEST(FromJson, RefusesAMomentThatIsNone) {
  const auto message = read<event::TokenIssued>(R"({"expires_at": "soon"})");
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().field, "expires_at");
  EXPECT_EQ(message.error().rule, "rfc3339");
  EXPECT_EQ(read<event::TokenIssued>(R"({"expires_at": 12})").error().rule, "type");
}

TEST(FromJson, AMomentIsNotKnownByItsStoredName) {
  EXPECT_EQ(read<event::TokenIssued>(R"({"expires_at_us": 12})").error().rule, "known_fields");
}

TEST(FromJson, AMegabyteOfFieldNameIsRefusedShortly) {
  const std::string body = "{\"" + std::string(1'000'000, 'x') + "\": 1}";
  const auto message = read<model::CreateCluster>(body);
  ASSERT_FALSE(message);
  EXPECT_LT(message.error().detail.size(), 200U);
}

TEST(FromJson, ALongFieldNameIsNotCutWithinACharacter) {
  std::string name(60, 'x');
  for (int i = 0; i < 10; ++i) name += "\u00fc";
  const auto message = read<model::CreateCluster>("{\"" + name + "\": 1}");
  ASSERT_FALSE(message);
  EXPECT_TRUE(is_valid_utf8(message.error().field));
  EXPECT_EQ(message.error().field, std::string(60, 'x') + "...");
}

TEST(ParseJson, NamesTheByteOfASyntaxError) {
  for (const char* text : {"", "{", "{\"a\":}", "{} x", "nul", "\"\xFF\"", "{\"a\":1,}"}) {
    const auto value = parse_json(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().rule, "json") << text;
    EXPECT_NE(value.error().detail.find("at byte "), std::string::npos) << value.error().detail;
  }
}

TEST(ParseJson, RefusesAKeyThatOneObjectHasTwice) {
  const auto refused_key = [](std::string_view text) {
    const auto value = parse_json(text);
    if (value) return std::string("accepted");
    EXPECT_EQ(value.error().rule, "key_given_twice") << text;
    EXPECT_NE(value.error().detail.find("\"" + value.error().field + "\" is given twice"), std::string::npos);
    return value.error().field;
  };
  EXPECT_EQ(refused_key(R"({"count":1,"group":"data","count":2})"), "count");
  EXPECT_EQ(refused_key(R"({"count":1,"c\u006funt":1})"), "count");
  EXPECT_EQ(refused_key(R"([{"a":{"b":{},"c":{"x":1},"b":{}}}])"), "b");
  EXPECT_EQ(refused_key(R"({"":1,"":1})"), "");
  std::string many = "{";
  for (int i = 0; i < 1000; ++i) many += "\"key-" + std::to_string(i) + "\":{\"same\":1},";
  EXPECT_EQ(refused_key(many + R"("key-777":1})"), "key-777");
  EXPECT_EQ(refused_key(many + R"("other":1})"), "accepted");
  // The same key in two objects is no repetition: beside, within and after.
  EXPECT_EQ(refused_key(R"([{"a":{"a":{"a":1},"b":2},"b":{}},{"a":1}])"), "accepted");
}

TEST(ParseJson, BuildsEveryKindOfValue) {
  const std::string text = R"({"a":[1,-1,18446744073709551615,1.5,true,null,"x\ny"],"":{}})";
  const auto value = parse_json(" " + text + " \n");
  ASSERT_TRUE(value) << value.error().detail;
  EXPECT_EQ(*value, boost::json::parse(text));
}

TEST(ParseJson, BoundsTheNesting) {
  EXPECT_TRUE(parse_json(std::string(32, '[') + std::string(32, ']')));
  EXPECT_FALSE(parse_json(std::string(33, '[') + std::string(33, ']')));
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
}

TEST(ToJson, ShowsTheWholeObjectInItsStableForm) {
  model::CreateCluster request;
  request.set_name("search");
  auto& group = *request.mutable_spec()->add_node_groups();
  group.set_name("data");
  group.add_roles(model::NODE_ROLE_DATA);
  EXPECT_EQ(boost::json::serialize(to_json(request)),
            R"({"name":"search","tenant":"","spec":{"version":"","node_groups":[{"name":"data","roles":["data"],)"
            R"("count":0,"constraints":[],"disk_type":"","preemptible":false,"settings":[],"version":""}],)"
            R"("plugins":[]},"labels":[]})");
}

TEST(ToJson, MomentsAreTextBytesAreHexadecimalAndZeroIsLeftOut) {
  event::TokenIssued token;
  token.set_role(model::TOKEN_ROLE_ADMIN);
  token.set_hash("\x01\xAB");
  token.set_expires_at_us(1'000'000);
  EXPECT_EQ(boost::json::serialize(to_json(token)),
            R"({"token_id":"","tenant":"","role":"admin","hash":"01ab","expires_at":"1970-01-01T00:00:01.000000Z",)"
            R"("description":""})");
  token.clear_hash();
  token.clear_expires_at_us();
  const auto shown = to_json(token);
  EXPECT_FALSE(shown.contains("hash"));
  EXPECT_FALSE(shown.contains("expires_at"));
}

TEST(ToJson, LargeNumbersStayExact) {
  state::Node node;
  node.set_added_seq(18'446'744'073'709'551'615U);
  const auto back = read<state::Node>(boost::json::serialize(to_json(node)));
  ASSERT_TRUE(back) << back.error().detail;
  EXPECT_EQ(back->added_seq(), node.added_seq());
}

TEST(ToJson, AZeroThatMeansSomethingIsShownAndReadAndOneThatDoesNotIsLeftOut) {
  const auto shown = to_json(state::Node{});
  EXPECT_EQ(shown.at("place_status").as_string(), "none");
  EXPECT_FALSE(to_json(state::Task{}).contains("state"));
  EXPECT_TRUE(read<state::Node>(R"({"place_status": "none"})"));
}

TEST(ToJson, OnlyTheKindThatIsSetIsShown) {
  model::Request request;
  request.mutable_suspend();
  EXPECT_EQ(boost::json::serialize(to_json(request)), R"({"suspend":{},"undoes":""})");
}

}  // namespace
}  // namespace esaas
