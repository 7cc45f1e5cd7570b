// What is known of a plugin before Elasticsearch is asked: whether there is a source of it, and for which version it
// is.

#include <set>
#include <utility>

#include "core/commands/validate.h"
#include "tests/core/requests.h"
#include "tests/core/story.h"

namespace esaas {
namespace {

using test::Story;
using test::submit_json;

using Catalogue = std::set<std::pair<std::string, std::string>>;

const Catalogue kCatalogue{{"2.3.3", "our-own"}, {"2.4.6", "delete-by-query"}};

Error answer(const Story& story, const std::string& request) {
  const command::Context context{
      .now = story.now, .caller = story.caller, .next_seq = story.state.seq() + 1, .plugins = &kCatalogue};
  auto events = command::decide(story.state, submit_json(request), context);
  return events ? Error{.code = ErrorCode::kInternal, .detail = "accepted", .field = {}, .rule = {}} : events.error();
}

std::string install(const std::string& name, const std::string& uri = {}) {
  return R"({"install_plugin":{"plugin":{"name":")" + name + R"(","uri":")" + uri + R"("}}})";
}

class PluginsFit : public ::testing::Test {
 protected:
  PluginsFit() { story_.given_search(); }
  Story story_;
};

TEST_F(PluginsFit, OneByItsNameAloneIsOfficialOrInTheCatalogue) {
  EXPECT_EQ(answer(story_, install("analysis-icu")).detail, "accepted");
  EXPECT_EQ(answer(story_, install("our-own")).detail, "accepted");
  const Error error = answer(story_, install("analysis-icuu"));
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error.field, "plugin.uri");
  EXPECT_EQ(error.rule, "plugin_has_a_source");
  EXPECT_NE(error.detail.find("analysis-icuu is no official plugin of Elasticsearch 2.3.3"), std::string::npos);
  // Official later, and not yet.
  EXPECT_EQ(answer(story_, install("analysis-nori")).rule, "plugin_has_a_source");
  EXPECT_EQ(answer(story_, install("analysis-icuu", "https://example.org/icuu.zip")).detail, "accepted");
}

TEST_F(PluginsFit, AnArchiveThatSaysAnotherVersionIsRefused) {
  const std::string folder = "https://example.org/plugin/";
  EXPECT_EQ(answer(story_, install("delete-by-query", folder + "delete-by-query-2.3.3.zip")).detail, "accepted");
  const Error error = answer(story_, install("delete-by-query", folder + "delete-by-query-2.4.6.zip?x=1"));
  EXPECT_EQ(error.field, "plugin.uri");
  EXPECT_EQ(error.rule, "plugin_version_matches");
  EXPECT_NE(error.detail.find("built for Elasticsearch 2.4.6, and not for 2.3.3"), std::string::npos);
  // What it says in another way, or of a plugin with versions of its own, is not known here.
  EXPECT_EQ(answer(story_, install("delete-by-query", folder + "dbq.zip")).detail, "accepted");
  EXPECT_EQ(answer(story_, install("our-own", folder + "our-own-1.0.0.zip")).detail, "accepted");
}

TEST_F(PluginsFit, AChecksumNeedsAnArchive) {
  const Error error = answer(
      story_, R"({"install_plugin":{"plugin":{"name":"analysis-icu","sha256":")" + std::string(64, 'a') + R"("}}})");
  EXPECT_EQ(error.field, "plugin.sha256");
  EXPECT_EQ(error.rule, "sha256_of_uri");
}

TEST_F(PluginsFit, AnUpgradeThatAPluginCannotFollowIsRefused) {
  story_.accept(submit_json(install("delete-by-query", "file:///p/delete-by-query-2.3.3.zip")));
  story_.finish_active("search");
  const Error error = answer(story_, R"({"upgrade":{"version":"2.4.6"}})");
  EXPECT_EQ(error.field, "version");
  EXPECT_EQ(error.rule, "plugin_version_matches");
  EXPECT_NE(error.detail.find("remove it first"), std::string::npos);
  story_.accept(submit_json(R"({"install_plugin":{"plugin":{"name":"delete-by-query"}}})"));
  story_.finish_active("search");
  EXPECT_EQ(answer(story_, R"({"upgrade":{"version":"2.4.6"}})").detail, "accepted");
  EXPECT_EQ(answer(story_, R"({"upgrade":{"version":"5.6.16","confirm":"search"}})").rule, "plugin_has_a_source");
}

TEST_F(PluginsFit, ANewClustersPluginsAreLookedAtToo) {
  model::CreateCluster create = test::create_search();
  create.set_name("other");
  create.mutable_spec()->add_plugins()->set_name("analysis-icu");
  create.mutable_spec()->add_plugins()->set_name("no-such-one");
  const command::Context context{
      .now = story_.now, .caller = story_.caller, .next_seq = story_.state.seq() + 1, .plugins = &kCatalogue};
  const auto refused = command::decide(story_.state, test::submit(create), context);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().field, "spec.plugins[1].uri");
  EXPECT_EQ(refused.error().rule, "plugin_has_a_source");
}

}  // namespace
}  // namespace esaas
