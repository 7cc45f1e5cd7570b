// Each rule of a create: the field and the rule that the refusal names. In order of precedence within a row's object.
#include "core/commands/validate.h"
#include "tests/core/story.h"

namespace esaas {
namespace {

using test::Story;

struct Case {
  const char* name;
  void (*change)(model::CreateCluster&);
  const char* field;
  const char* rule;
};

model::NodeGroup& first_group(model::CreateCluster& request) { return *request.mutable_spec()->mutable_node_groups(0); }

void add_label(model::CreateCluster& request, std::string key, std::string value) {
  auto& label = *request.add_labels();
  label.set_key(std::move(key));
  label.set_value(std::move(value));
}

void add_constraint(model::CreateCluster& request, const char* attribute, model::ConstraintOperator how,
                    std::string value) {
  auto& constraint = *first_group(request).add_constraints();
  constraint.set_attribute(attribute);
  constraint.set_operator_(how);
  constraint.set_value(std::move(value));
}

const Case kCases[] = {
    {"NameMissing", [](auto& r) { r.clear_name(); }, "name", "required"},
    {"NameUpperCase", [](auto& r) { r.set_name("Search"); }, "name", "dns_label"},
    {"NameBeginsWithDigit", [](auto& r) { r.set_name("1search"); }, "name", "dns_label"},
    {"NameEndsWithDash", [](auto& r) { r.set_name("search-"); }, "name", "dns_label"},
    {"NameTooLong", [](auto& r) { r.set_name(std::string(41, 'a')); }, "name", "dns_label"},
    {"NameWithDot", [](auto& r) { r.set_name("a.b"); }, "name", "dns_label"},
    {"NameNotAscii", [](auto& r) { r.set_name("s\xC3\xB6k"); }, "name", "dns_label"},
    {"TenantMissing", [](auto& r) { r.clear_tenant(); }, "tenant", "required"},
    {"TenantTooLong", [](auto& r) { r.set_tenant(std::string(31, 't')); }, "tenant", "dns_label"},
    {"VersionMissing", [](auto& r) { r.mutable_spec()->clear_version(); }, "spec.version", "required"},
    {"NoGroups", [](auto& r) { r.mutable_spec()->clear_node_groups(); }, "spec.node_groups", "required"},
    {"TooManyGroups",
     [](auto& r) {
       for (int i = 0; i < 16; ++i) *r.mutable_spec()->add_node_groups() = first_group(r);
     },
     "spec.node_groups", "node_groups_max"},
    {"GroupNameMissing", [](auto& r) { first_group(r).clear_name(); }, "spec.node_groups[0].name", "required"},
    {"GroupNameTooLong", [](auto& r) { first_group(r).set_name(std::string(21, 'g')); }, "spec.node_groups[0].name",
     "dns_label"},
    {"GroupNameTwice", [](auto& r) { *r.mutable_spec()->add_node_groups() = first_group(r); },
     "spec.node_groups[1].name", "unique"},
    {"NoRoles", [](auto& r) { first_group(r).clear_roles(); }, "spec.node_groups[0].roles", "required"},
    {"RoleTwice", [](auto& r) { first_group(r).add_roles(model::NODE_ROLE_DATA); }, "spec.node_groups[0].roles",
     "unique"},
    {"RoleUnspecified", [](auto& r) { first_group(r).add_roles(model::NODE_ROLE_UNSPECIFIED); },
     "spec.node_groups[0].roles", "known_values"},
    {"CoordinatingAndData", [](auto& r) { first_group(r).add_roles(model::NODE_ROLE_COORDINATING); },
     "spec.node_groups[0].roles", "coordinating_stands_alone"},
    {"PreemptibleData", [](auto& r) { first_group(r).set_preemptible(true); }, "spec.node_groups[0].preemptible",
     "preemptible_keeps_nothing"},
    {"PreemptibleMasters",
     [](auto& r) {
       auto& masters = *r.mutable_spec()->add_node_groups();
       masters = test::group("masters", {model::NODE_ROLE_MASTER}, 3);
       masters.set_preemptible(true);
     },
     "spec.node_groups[1].preemptible", "preemptible_keeps_nothing"},
    {"CoordinatingDiskType",
     [](auto& r) {
       auto& front = *r.mutable_spec()->add_node_groups();
       front = test::group("front", {model::NODE_ROLE_COORDINATING}, 1);
       front.set_disk_type("ssd");
     },
     "spec.node_groups[1].disk_type", "sandbox_disk"},
    {"CoordinatingWithoutSandbox",
     [](auto& r) {
       auto& front = *r.mutable_spec()->add_node_groups();
       front = test::group("front", {model::NODE_ROLE_COORDINATING}, 1);
       front.mutable_resources()->set_disk_mib(0);
     },
     "spec.node_groups[1].resources.disk_mib", "range"},
    {"OnlyCoordinating", [](auto& r) { first_group(r) = test::group("front", {model::NODE_ROLE_COORDINATING}, 3); },
     "spec.node_groups", "needs_master_eligible_node"},
    {"CountZero", [](auto& r) { first_group(r).set_count(0); }, "spec.node_groups[0].count", "range"},
    {"CountAbsurd", [](auto& r) { first_group(r).set_count(4'000'000'000); }, "spec.node_groups[0].count", "range"},
    {"ResourcesMissing", [](auto& r) { first_group(r).clear_resources(); }, "spec.node_groups[0].resources",
     "required"},
    {"CpusTooFew", [](auto& r) { first_group(r).mutable_resources()->set_cpus_milli(99); },
     "spec.node_groups[0].resources.cpus_milli", "range"},
    {"CpusTooMany", [](auto& r) { first_group(r).mutable_resources()->set_cpus_milli(256'001); },
     "spec.node_groups[0].resources.cpus_milli", "range"},
    {"MemTooSmall", [](auto& r) { first_group(r).mutable_resources()->set_mem_mib(255); },
     "spec.node_groups[0].resources.mem_mib", "range"},
    {"DiskMissing", [](auto& r) { first_group(r).mutable_resources()->clear_disk_mib(); },
     "spec.node_groups[0].resources.disk_mib", "range"},
    {"ConstraintWithoutAttribute", [](auto& r) { add_constraint(r, "", model::CONSTRAINT_OPERATOR_LIKE, "a"); },
     "spec.node_groups[0].constraints[0].attribute", "required"},
    {"ConstraintWithoutOperator",
     [](auto& r) { add_constraint(r, "rack", model::CONSTRAINT_OPERATOR_UNSPECIFIED, "a"); },
     "spec.node_groups[0].constraints[0].operator", "required"},
    {"ConstraintNoExpression", [](auto& r) { add_constraint(r, "rack", model::CONSTRAINT_OPERATOR_LIKE, "a("); },
     "spec.node_groups[0].constraints[0].value", "regular_expression"},
    {"ConstraintTooLong",
     [](auto& r) { add_constraint(r, "rack", model::CONSTRAINT_OPERATOR_LIKE, std::string(256, 'a')); },
     "spec.node_groups[0].constraints[0].value", "length"},
    {"ConstraintWithoutPattern", [](auto& r) { add_constraint(r, "rack", model::CONSTRAINT_OPERATOR_UNLIKE, ""); },
     "spec.node_groups[0].constraints[0].value", "required"},
    {"ConstraintOnAnUnknownName", [](auto& r) { add_constraint(r, "@rack", model::CONSTRAINT_OPERATOR_UNIQUE, ""); },
     "spec.node_groups[0].constraints[0].attribute", "known_attribute"},
    {"AttributeTooLong",
     [](auto& r) { add_constraint(r, std::string(256, 'a').c_str(), model::CONSTRAINT_OPERATOR_UNIQUE, ""); },
     "spec.node_groups[0].constraints[0].attribute", "length"},
    {"UniqueWithAValue", [](auto& r) { add_constraint(r, "rack", model::CONSTRAINT_OPERATOR_UNIQUE, "3"); },
     "spec.node_groups[0].constraints[0].value", "no_value"},
    {"GroupByNoNumber", [](auto& r) { add_constraint(r, "rack", model::CONSTRAINT_OPERATOR_GROUP_BY, "two"); },
     "spec.node_groups[0].constraints[0].value", "number"},
    {"GroupByZero", [](auto& r) { add_constraint(r, "rack", model::CONSTRAINT_OPERATOR_GROUP_BY, "0"); },
     "spec.node_groups[0].constraints[0].value", "number"},
    {"MaxPerWithoutANumber", [](auto& r) { add_constraint(r, "rack", model::CONSTRAINT_OPERATOR_MAX_PER, ""); },
     "spec.node_groups[0].constraints[0].value", "number"},
    {"MaxPerNoNumber", [](auto& r) { add_constraint(r, "rack", model::CONSTRAINT_OPERATOR_MAX_PER, "2x"); },
     "spec.node_groups[0].constraints[0].value", "number"},
    {"MaxPerNegative", [](auto& r) { add_constraint(r, "rack", model::CONSTRAINT_OPERATOR_MAX_PER, "-1"); },
     "spec.node_groups[0].constraints[0].value", "number"},
    {"MaxPerAbsurd", [](auto& r) { add_constraint(r, "rack", model::CONSTRAINT_OPERATOR_MAX_PER, "1001"); },
     "spec.node_groups[0].constraints[0].value", "number"},
    {"ConstraintTwice",
     [](auto& r) {
       add_constraint(r, "rack", model::CONSTRAINT_OPERATOR_CLUSTER, "a");
       add_constraint(r, "rack", model::CONSTRAINT_OPERATOR_CLUSTER, "b");
     },
     "spec.node_groups[0].constraints[1]", "unique"},
    {"DiskTypeRoot", [](auto& r) { first_group(r).set_disk_type("root"); }, "spec.node_groups[0].disk_type",
     "disk_type"},
    {"DiskTypeRaw", [](auto& r) { first_group(r).set_disk_type("raw"); }, "spec.node_groups[0].disk_type", "disk_type"},
    {"DiskTypeOddCharacters", [](auto& r) { first_group(r).set_disk_type("s/d"); }, "spec.node_groups[0].disk_type",
     "disk_type"},
    {"DiskTypeTooLong", [](auto& r) { first_group(r).set_disk_type(std::string(64, 's')); },
     "spec.node_groups[0].disk_type", "length"},
    {"TooManyConstraints",
     [](auto& r) {
       for (int i = 0; i < 33; ++i) add_constraint(r, "rack", model::CONSTRAINT_OPERATOR_LIKE, "a");
     },
     "spec.node_groups[0].constraints", "constraints_max"},
    {"LabelKeyEmpty", [](auto& r) { add_label(r, "", "x"); }, "labels[0].key", "length"},
    {"LabelKeyTooLong", [](auto& r) { add_label(r, std::string(64, 'k'), "x"); }, "labels[0].key", "length"},
    {"LabelValueTooLong", [](auto& r) { add_label(r, "k", std::string(256, 'v')); }, "labels[0].value", "length"},
    {"LabelTwice", [](auto& r) { add_label(r, "k", "1"), add_label(r, "k", "2"); }, "labels[1].key", "unique"},
    {"TooManyLabels",
     [](auto& r) {
       for (int i = 0; i < 65; ++i) add_label(r, "k" + std::to_string(i), "v");
     },
     "labels", "labels_max"},
    {"NoMaster", [](auto& r) { first_group(r) = test::group("data", {model::NODE_ROLE_DATA}, 3); }, "spec.node_groups",
     "needs_master_eligible_node"},
    {"NoData", [](auto& r) { first_group(r) = test::group("masters", {model::NODE_ROLE_MASTER}, 3); },
     "spec.node_groups", "needs_data_node"},
    {"EvenDedicatedMasters",
     [](auto& r) {
       first_group(r) = test::group("masters", {model::NODE_ROLE_MASTER}, 2);
       *r.mutable_spec()->add_node_groups() = test::group("data", {model::NODE_ROLE_DATA}, 3);
     },
     "spec.node_groups", "odd_number_of_masters"},
    {"TooManyNodes",
     [](auto& r) {
       first_group(r).set_count(1000);
       *r.mutable_spec()->add_node_groups() = test::group("warm", {model::NODE_ROLE_DATA}, 1);
     },
     "spec.node_groups", "nodes_per_cluster_max"},
    {"UnknownTenant", [](auto& r) { r.set_tenant("nobody"); }, "tenant", "known_tenant"},
    {"FirstMistakeWins", [](auto& r) { r.clear_name(), r.clear_tenant(), r.clear_spec(); }, "name", "required"},
};

class CreateRefused : public testing::TestWithParam<Case> {};

TEST_P(CreateRefused, NamesFieldAndRule) {
  Story story;
  story.accept(command::CreateTenant{"shop"});
  model::CreateCluster request = test::create_search();
  GetParam().change(request);
  const Error error = story.refusal(test::submit(request));
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error.field, GetParam().field) << error.detail;
  EXPECT_EQ(error.rule, GetParam().rule) << error.detail;
  EXPECT_TRUE(error.detail.starts_with(error.field)) << error.detail;
}

INSTANTIATE_TEST_SUITE_P(Rules, CreateRefused, testing::ValuesIn(kCases),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(DecideCreate, RequestsCreatesAndStartsInThatOrder) {
  Story story;
  story.accept(command::CreateTenant{"shop"});
  const auto events = story.when(test::submit(test::create_search()));
  ASSERT_TRUE(events) << events.error().detail;
  EXPECT_EQ(test::kinds_of(*events),
            (std::vector<std::string>{"operation_requested", "cluster_created", "operation_started"}));
  EXPECT_EQ(events->at(0).operation_requested().id(), "op-2");
  for (const auto& event : *events) {
    EXPECT_EQ(event.operation_id(), "op-2");
    EXPECT_EQ(event.tenant(), "shop");
    EXPECT_EQ(event.cluster(), "search");
    EXPECT_EQ(event.actor().name(), "tok-root");
  }
  EXPECT_EQ(events->at(0).cause_seq(), 0U);
  EXPECT_EQ(events->at(1).cause_seq(), 2U);
}

TEST(DecideCreate, KeepsLabelsSortedByKey) {
  Story story;
  story.accept(command::CreateTenant{"shop"});
  auto request = test::create_search();
  add_label(request, "zone", "a");
  add_label(request, "app", "shop");
  story.accept(test::submit(request));
  EXPECT_EQ(story.cluster().labels(0).key(), "app");
  EXPECT_EQ(story.cluster().labels(1).key(), "zone");
}

TEST(DecideCreate, AcceptsDedicatedMastersBesideDataNodes) {
  Story story;
  story.accept(command::CreateTenant{"shop"});
  auto request = test::create_search();
  *request.mutable_spec()->mutable_node_groups(0) = test::group("masters", {model::NODE_ROLE_MASTER}, 3);
  *request.mutable_spec()->add_node_groups() = test::group("data", {model::NODE_ROLE_DATA}, 2);
  story.accept(test::submit(request));
  EXPECT_EQ(story.cluster().spec().node_groups_size(), 2);
}

TEST(DecideCreate, RefusesANameThatIsTakenEvenByAnotherTenant) {
  Story story;
  story.given_search();
  story.accept(command::CreateTenant{"other"});
  auto request = test::create_search();
  request.set_tenant("other");
  const Error error = story.refusal(test::submit(request));
  EXPECT_EQ(error.code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(error.field, "name");
}

TEST(DecideCreate, RefusesAVersionThatTheCatalogueLacksAndNamesWhatItHas) {
  Story story;
  story.accept(command::CreateTenant{"shop"});
  const std::set<std::string> versions{"2.4.6", "7.17.28"};
  const auto events = command::decide(story.state, test::submit(test::create_search()),
                                      {story.now, story.caller, story.state.seq() + 1, &versions});
  ASSERT_FALSE(events);
  EXPECT_EQ(events.error().field, "spec.version");
  EXPECT_EQ(events.error().rule, "version_in_catalogue");
  EXPECT_NE(events.error().detail.find("2.4.6, 7.17.28"), std::string::npos) << events.error().detail;
}

TEST(DecideCreate, RefusesAnotherTenantsName) {
  Story story;
  story.accept(command::CreateTenant{"shop"});
  story.caller.tenant = "other";
  const Error error = story.refusal(test::submit(test::create_search()));
  EXPECT_EQ(error.code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(error.rule, "own_tenant");
}

TEST(ValidateName, AcceptsDnsLabels) {
  for (const char* name : {"a", "search", "shop-1", "a--b", "x2"}) {
    EXPECT_TRUE(command::validate_name(name, "name")) << name;
  }
}

}  // namespace
}  // namespace esaas
