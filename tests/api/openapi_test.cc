// Holds api/openapi.yaml against the route table: paths, verbs, roles and query parameters. It reads the file line by
// line and relies on its layout (the file says which); whether it is valid OpenAPI is for other tools to say.

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "api/routes/route_table.h"
#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

struct Documented {
  std::string roles;
  std::set<std::string> parameters;  // of the query
  std::string why_no_at;
};

struct Contract {
  std::map<std::string, Documented> operations;         // "GET /v1/clusters"
  std::map<std::string, std::string> query_parameters;  // components/parameters that are in: query, and their names
  std::map<std::string, std::uint64_t> maxima;          // of those that have one, by component
  std::map<std::string, std::vector<std::string>> references;  // components by operation
};

std::string after(const std::string& line, const std::string& text) {
  return line.substr(line.find(text) + text.size());
}

Contract read_contract() {
  std::ifstream stream(ESAAS_SOURCE_DIR "/api/openapi.yaml");
  Contract contract;
  std::string line, section, path, verb;
  auto& references = contract.references;
  while (std::getline(stream, line)) {
    const auto indent = line.find_first_not_of(' ');
    if (indent == std::string::npos || line[indent] == '#') continue;
    const bool ends_in_colon = line.back() == ':';
    if (indent == 0) section = line;
    if (section == "paths:") {
      if (indent == 2 && ends_in_colon) path = line.substr(2, line.size() - 3);
      if (indent == 4 && ends_in_colon) {
        verb = line.substr(4, line.size() - 5);
        for (char& c : verb) c = static_cast<char>(std::toupper(c));
      }
      const auto key = verb + " " + path;
      if (line.find("x-roles: ") != std::string::npos) contract.operations[key].roles = after(line, "x-roles: ");
      if (line.find("x-no-at: ") != std::string::npos) contract.operations[key].why_no_at = after(line, "x-no-at: ");
      if (line.find("#/components/parameters/") != std::string::npos) {
        auto name = after(line, "#/components/parameters/");
        references[key].push_back(name.substr(0, name.find('\'')));
      }
    } else if (section == "components:" && line.find("in: query") != std::string::npos) {
      const auto component = line.substr(indent, line.find(':') - indent);
      const auto name = after(line, "{name: ");
      contract.query_parameters[component] = name.substr(0, name.find(','));
      if (line.find("maximum: ") != std::string::npos)
        contract.maxima[component] = std::stoull(after(line, "maximum: "));
    }
  }
  for (const auto& [key, names] : references) {
    for (const auto& name : names) {
      const auto known = contract.query_parameters.find(name);
      if (known != contract.query_parameters.end()) contract.operations[key].parameters.insert(known->second);
    }
  }
  contract.operations.erase("PARAMETERS " + path);
  std::erase_if(contract.operations, [](const auto& row) { return row.first.starts_with("PARAMETERS "); });
  return contract;
}

std::string key_of(const Route& route) {
  return std::string(http::name_of(route.verb)) + " " + std::string(route.path);
}

std::string roles_of(const auth::Access& access) {
  if (access.open) return "open";
  std::string letters;
  for (const auto& [role, letter] : {std::pair{model::TOKEN_ROLE_VIEWER, 'V'},
                                     {model::TOKEN_ROLE_OPERATOR, 'O'},
                                     {model::TOKEN_ROLE_BILLING, 'B'},
                                     {model::TOKEN_ROLE_ADMIN, 'A'}}) {
    if (access.roles.contains(role)) letters += access.all_tenants ? static_cast<char>(std::tolower(letter)) : letter;
  }
  return letters;
}

TEST(OpenApi, DocumentsExactlyTheRoutesThatExist) {
  auto contract = read_contract();
  for (const auto& route : all_routes()) {
    ASSERT_TRUE(contract.operations.contains(key_of(route))) << key_of(route) << " is not in openapi.yaml";
    EXPECT_EQ(contract.operations[key_of(route)].roles, roles_of(route.access)) << key_of(route);
    contract.operations.erase(key_of(route));
  }
  for (const auto& [key, documented] : contract.operations) ADD_FAILURE() << key << " is documented and not there";
}

/// The names in "...; known are a, b".
std::set<std::string> known_parameters(const std::string& detail) {
  std::set<std::string> names;
  const auto begin = detail.find("known are ");
  if (begin == std::string::npos) return names;
  std::string rest = detail.substr(begin + 10) + ", ";
  for (std::size_t end = 0; (end = rest.find(", ")) != std::string::npos; rest.erase(0, end + 2)) {
    names.insert(rest.substr(0, end));
  }
  return names;
}

TEST(OpenApi, DocumentsExactlyTheQueryParametersThatAreTaken) {
  TestApi api;
  const auto contract = read_contract();
  ASSERT_GT(contract.query_parameters.size(), 15U);
  for (const auto& route : all_routes()) {
    std::string path(route.path);
    for (std::size_t at = 0; (at = path.find('{')) != std::string::npos;)
      path.replace(at, path.find('}') - at + 1, "x");
    const auto answer = api.connect()->request(http::name_of(route.verb), path + "?no_such_parameter=1");
    ASSERT_EQ(answer.status, 400U) << key_of(route);
    ASSERT_EQ(answer.problem_rule(), "known_parameter") << key_of(route) << answer.body;
    const std::string detail(answer.json().at("detail").as_string());
    EXPECT_EQ(known_parameters(detail), contract.operations.at(key_of(route)).parameters) << key_of(route);
  }
}

/// What was can be asked of everything that is read. What can not tell is listed here, and says why in the contract.
TEST(OpenApi, EveryReadIsOfAnyMomentOrSaysWhyNot) {
  std::set<std::string> only_now{"/v1/clusters/{cluster}/repositories",
                                 "/v1/clusters/{cluster}/snapshots",
                                 "/v1/ledger",
                                 "/v1/diff",
                                 "/v1/exports/usage",
                                 "/v1/backups",
                                 "/healthz",
                                 "/readyz",
                                 "/metrics"};
  const auto contract = read_contract();
  int reads = 0;
  for (const auto& route : all_routes()) {
    const Documented& documented = contract.operations.at(key_of(route));
    EXPECT_EQ(route.takes_at, documented.parameters.contains("at")) << key_of(route);
    if (route.verb != http::Verb::kGet) {
      EXPECT_FALSE(route.takes_at) << key_of(route);
      continue;
    }
    ++reads;
    const bool is_only_now = only_now.erase(std::string(route.path)) > 0;
    EXPECT_EQ(route.takes_at, !is_only_now) << key_of(route);
    EXPECT_EQ(documented.why_no_at.size() > 10, is_only_now) << key_of(route) << ": " << documented.why_no_at;
  }
  EXPECT_GT(reads, 30);
  EXPECT_TRUE(only_now.empty()) << *only_now.begin() << " is no read";
}

TEST(OpenApi, DocumentsTheLargestPageOfEachList) {
  TestApi api;
  const auto contract = read_contract();
  auto client = api.connect();
  api.front.books.emplace();  // the ledger is a list too
  int lists = 0;
  for (const auto& [key, components] : contract.references) {
    for (const auto& component : components) {
      const auto most = contract.maxima.find(component);
      if (most == contract.maxima.end()) continue;
      ++lists;
      const auto target = key.substr(key.find(' ') + 1) + "?" + contract.query_parameters.at(component) + "=";
      EXPECT_EQ(client->request("GET", target + std::to_string(most->second)).status, 200U) << key;
      EXPECT_EQ(client->request("GET", target + std::to_string(most->second + 1)).problem_rule(), "range") << key;
    }
  }
  EXPECT_EQ(lists, 15);
}

}  // namespace
}  // namespace esaas::api
