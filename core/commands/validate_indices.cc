// Indices, repositories, snapshots and policies: what a request about them must be in itself.

#include <algorithm>

#include "core/commands/checks.h"
#include "core/commands/validate.h"

namespace esaas::command {
namespace {

constexpr std::size_t kIndexLengthMax = 255;
constexpr std::size_t kLocationLengthMax = 1000;

using Names = google::protobuf::RepeatedPtrField<std::string>;

/// A name or a pattern, as Elasticsearch allows them in a path: no separator, nothing that a path or a shell reads.
Result<void> validate_index(const std::string& name, const std::string& field) {
  if (name.empty()) return refuse(field, "is empty", "required");
  if (name.size() > kIndexLengthMax) return refuse(field, "has more than 255 characters", "length");
  if (name == "." || name == ".." || name.front() == '-' || name.front() == '+') {
    return refuse(field, "\"" + name + "\" is no name of an index", "index_name");
  }
  constexpr std::string_view kNever = " \"\\/,|<>?#:%&{}";
  const auto is_bad = [kNever](char c) {
    return is_upper(c) || static_cast<unsigned char>(c) < 0x20 || c == 0x7f || kNever.find(c) != std::string_view::npos;
  };
  if (std::ranges::none_of(name, is_bad)) return {};
  return refuse(field, "\"" + name + "\": index names are lower case, without spaces, commas, slashes and the like",
                "index_name");
}

Result<void> validate_indices(const Names& names) {
  if (names.size() > kIndicesMax) {
    return refuse("indices", "are more than " + std::to_string(kIndicesMax), "indices_max");
  }
  for (int i = 0; i < names.size(); ++i) {
    ESAAS_CHECK(validate_index(names[i], "indices[" + std::to_string(i) + "]"));
  }
  return {};
}

Result<void> validate_some_indices(const Names& names) {
  if (names.empty()) return refuse("indices", "is empty: name the indices, or patterns of names", "required");
  return validate_indices(names);
}

/// All of a cluster is closed with `suspend`, which says so.
Result<void> refuse_all(const Names& names) {
  for (int i = 0; i < names.size(); ++i) {
    if (names[i] != "_all" && names[i].find_first_not_of('*') != std::string::npos) continue;
    return refuse("indices[" + std::to_string(i) + "]", "closes every index: name them, or suspend the cluster",
                  "closes_some_indices");
  }
  return {};
}

Result<void> validate_snapshot_name(const std::string& name, const std::string& field) {
  ESAAS_CHECK(validate_word(name, field, "._-", 200));
  if (std::ranges::any_of(name, is_upper) || name.front() == '_' || name.front() == '.') {
    return refuse(field, "must be lower case, and begin with a letter, a digit or '-'", "snapshot_name");
  }
  return {};
}

Result<void> validate_location(const std::string& location) {
  if (location.empty()) return refuse("location", "is missing", "required");
  if (location.size() > kLocationLengthMax) return refuse("location", "is too long", "length");
  if (location.front() != '/') return refuse("location", "must be an absolute path", "absolute_path");
  if ((location + "/").find("/../") != std::string::npos) {
    return refuse("location", "must not lead upwards (..)", "absolute_path");
  }
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::none_of(location, is_control)) return {};
  return refuse("location", "holds a control character", "characters");
}

}  // namespace

Result<void> validate_repository_name(const std::string& name, const std::string& field) {
  ESAAS_CHECK(validate_word(name, field, "._-", 100));
  if (name.front() != '_' && name.front() != '.') return {};
  return refuse(field, "must begin with a letter, a digit or '-'", "repository_name");
}

Result<void> validate(const model::SetReplicas& request) {
  ESAAS_CHECK(in_range(request.replicas(), 0, kReplicasMax, "replicas"));
  return validate_indices(request.indices());
}

Result<void> validate(const model::OpenIndices& request) { return validate_some_indices(request.indices()); }

Result<void> validate(const model::CloseIndices& request) {
  ESAAS_CHECK(validate_some_indices(request.indices()));
  return refuse_all(request.indices());
}

Result<void> validate(const model::RegisterRepository& request) {
  ESAAS_CHECK(validate_repository_name(request.repository(), "repository"));
  return validate_location(request.location());
}

Result<void> validate(const model::TakeSnapshot& request) {
  ESAAS_CHECK(validate_repository_name(request.repository(), "repository"));
  ESAAS_CHECK(validate_snapshot_name(request.snapshot(), "snapshot"));
  return validate_indices(request.indices());
}

Result<void> validate(const model::DeleteSnapshot& request) {
  ESAAS_CHECK(validate_repository_name(request.repository(), "repository"));
  return validate_snapshot_name(request.snapshot(), "snapshot");
}

Result<void> validate(const model::RestoreSnapshot& request) {
  ESAAS_CHECK(validate_repository_name(request.repository(), "repository"));
  ESAAS_CHECK(validate_snapshot_name(request.snapshot(), "snapshot"));
  return validate_indices(request.indices());
}

Result<void> validate(const model::SetPolicies& request) { return validate_policies(request.policies(), "policies"); }

Result<void> validate_policies(const model::Policies& policies, const std::string& field) {
  if (policies.has_replicas_min()) {
    ESAAS_CHECK(in_range(policies.replicas_min(), 0, kReplicasMax, field + ".replicas_min"));
  }
  if (policies.has_shards_per_node_max()) {
    ESAAS_CHECK(in_range(policies.shards_per_node_max(), 1, kShardsPerNodeMax, field + ".shards_per_node_max"));
  }
  if (!policies.has_snapshots()) return {};
  const model::SnapshotSchedule& schedule = policies.snapshots();
  const std::string in = field + ".snapshots";
  ESAAS_CHECK(validate_repository_name(schedule.repository(), in + ".repository"));
  ESAAS_CHECK(in_range(schedule.every_s(), kSnapshotEverySMin, kSnapshotEverySMax, in + ".every_s"));
  return in_range(schedule.keep(), 1, kSnapshotsKeptMax, in + ".keep");
}

}  // namespace esaas::command
