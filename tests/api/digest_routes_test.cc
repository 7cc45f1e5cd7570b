// Digests and proofs over HTTP.

#include <gtest/gtest.h>
#include <boost/json/array.hpp>

#include <set>

#include "store/digests/digest.h"
#include "store/digests/proof.h"
#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

namespace json = boost::json;

class DigestRoutes : public ::testing::Test {
 protected:
  json::object sign() {
    const auto answer = client_->request("POST", "/v1/digests");
    EXPECT_EQ(answer.status, 201U) << answer.body;
    return answer.json();
  }
  static store::DigestRecord record_of(const json::object& object) {
    const auto record = store::digest_from_json(object);
    EXPECT_TRUE(record.has_value()) << record.error().detail;
    return record.value_or(store::DigestRecord{});
  }

  TestApi api_;
  std::unique_ptr<TestClient> client_ = api_.connect();
};

TEST_F(DigestRoutes, SignShowAndListByPages) {
  EXPECT_EQ(client_->request("GET", "/v1/digests").json().at("items").as_array().size(), 0U);
  std::vector<json::object> made;
  for (int i = 0; i < 5; ++i) {
    api_.add_noise(3);
    made.push_back(sign());
  }
  const auto record = record_of(made[0]);
  EXPECT_TRUE(store::verify_signature(record.digest, record.public_key).has_value());
  EXPECT_EQ(client_->request("GET", "/v1/digests/" + std::to_string(record.seq)).json(), made[0]);
  std::string cursor;
  std::vector<json::object> listed;
  for (int page = 0; page < 3; ++page) {
    const auto answer =
        client_->request("GET", "/v1/digests?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor)).json();
    for (const auto& item : answer.at("items").as_array()) listed.push_back(item.as_object());
    const auto* next = answer.if_contains("next_cursor");
    EXPECT_EQ(next != nullptr, page < 2);
    if (next != nullptr) cursor = std::string(next->as_string());
  }
  EXPECT_EQ(listed, made);
  const std::string then = "?at=" + std::to_string(record.seq);
  EXPECT_EQ(client_->request("GET", "/v1/digests" + then).json().at("items").as_array().size(), 1U)
      << "as of the first";
  EXPECT_EQ(client_->request("GET", "/v1/digests/" + std::to_string(record.seq) + then).json(), made[0]);
  const std::string second = std::to_string(record_of(made[1]).seq);
  EXPECT_EQ(client_->request("GET", "/v1/digests/" + second + then).status, 404U);
  const std::string between = std::to_string(record.seq + 1);
  EXPECT_EQ(client_->request("GET", "/v1/events/" + between + "/proof").status, 200U);
  EXPECT_EQ(client_->request("GET", "/v1/events/" + between + "/proof?at=" + between).problem_rule(), "in_a_digest");
  EXPECT_EQ(client_->request("GET", "/v1/digests/1").status, 404U);
  EXPECT_EQ(client_->request("GET", "/v1/digests/99999").status, 404U);
  EXPECT_EQ(client_->request("GET", "/v1/digests/first").status, 404U);
  EXPECT_EQ(client_->request("POST", "/v1/digests", R"({"now":true})").status, 400U);
}

TEST_F(DigestRoutes, AProofVerifiesByItself) {
  const auto created = api_.create_cluster("search");
  api_.add_noise(9);
  const std::string path = "/v1/events/" + std::to_string(created.seq) + "/proof";
  const auto early = client_->request("GET", path);
  EXPECT_EQ(early.status, 404U);
  EXPECT_NE(early.body.find("in_a_digest"), std::string::npos) << early.body;
  const auto record = record_of(sign());
  const auto answer = client_->request("GET", path);
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const auto proof = store::proof_from_json(answer.json());
  ASSERT_TRUE(proof.has_value()) << proof.error().detail;
  EXPECT_EQ(proof->seq, created.seq);
  EXPECT_TRUE(store::check_proof(*proof, record.public_key).has_value());
  EXPECT_EQ(client_->request("GET", "/v1/events/0/proof").status, 404U);
  EXPECT_EQ(client_->request("GET", "/v1/events/99999/proof").status, 404U);
}

TEST_F(DigestRoutes, ATenantProvesWhatItMaySeeAndNothingElse) {
  const auto ours = api_.create_cluster("search");
  const auto theirs = api_.create_cluster("secret", "other");
  const std::uint64_t through = record_of(sign()).digest.through_seq();
  const auto tenant = api_.connect(api_.make_token(model::TOKEN_ROLE_VIEWER, "shop"));
  std::set<std::uint64_t> proven;
  for (std::uint64_t seq = 1; seq <= through; ++seq) {
    const auto status = tenant->request("GET", "/v1/events/" + std::to_string(seq) + "/proof").status;
    const bool is_theirs = api_.front.log.read_one(seq)->tenant() == "shop";
    EXPECT_EQ(status, is_theirs ? 200U : 404U) << seq;
    if (is_theirs) proven.insert(seq);
  }
  EXPECT_TRUE(proven.contains(ours.seq));
  EXPECT_FALSE(proven.contains(theirs.seq));
  EXPECT_EQ(tenant->request("GET", "/v1/digests").status, 403U);
  EXPECT_EQ(tenant->request("POST", "/v1/digests").status, 403U);
}

TEST_F(DigestRoutes, NoAnswerHoldsAnythingSecret) {
  sign();
  const auto seed = api_.front.signing_secrets.get("controller/signing-key", 1);
  ASSERT_TRUE(seed.has_value());
  const std::string hex = to_hex(*seed);
  for (std::uint64_t seq = 1; seq <= api_.front.log.last_seq(); ++seq) {
    const auto event = api_.front.log.read_one(seq);
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(event->SerializeAsString().find(*seed), std::string::npos) << seq;
  }
  EXPECT_EQ(client_->request("GET", "/v1/digests").body.find(hex), std::string::npos);
}

TEST_F(DigestRoutes, WhoSignsIsInTheAudit) {
  sign();
  const auto audit = client_->request("GET", "/v1/audit?action=sign_digest").json();
  EXPECT_EQ(audit.at("count").as_int64(), 1);
}

}  // namespace
}  // namespace esaas::api
