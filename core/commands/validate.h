#pragma once
// What a request must be in itself, whatever the state: names, numbers, shapes. Each refusal names the field and the
// rule. Pure.

#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.h"
#include "core/model/model.pb.h"

namespace esaas::command {

/// Limits of what is accepted; absurd sizes are refused before anything else looks at them.
inline constexpr std::uint32_t kNodesPerClusterMax = 1000;
inline constexpr std::uint32_t kNodeGroupsMax = 16;
inline constexpr std::uint32_t kCpusMilliMin = 100;
inline constexpr std::uint32_t kCpusMilliMax = 256'000;
inline constexpr std::uint32_t kMemMibMin = 256;
inline constexpr std::uint32_t kMemMibMax = 4 * 1024 * 1024;
inline constexpr std::uint32_t kDiskMibMin = 256;
inline constexpr std::uint32_t kDiskMibMax = 256U * 1024 * 1024;
inline constexpr std::size_t kLabelsMax = 64;
inline constexpr std::size_t kConstraintsMax = 32;
inline constexpr std::size_t kConstraintLengthMax = 255;
inline constexpr std::size_t kDiskTypeLengthMax = 63;
inline constexpr std::size_t kReasonLengthMax = 1000;
inline constexpr std::uint32_t kCompanionsMax = 16;
inline constexpr int kSettingsMax = 256;
inline constexpr int kPluginsMax = 32;
inline constexpr int kIndicesMax = 256;
inline constexpr int kProxyUsersMax = 256;
inline constexpr int kNetworksMax = 256;
inline constexpr std::uint32_t kReplicasMax = 100;
inline constexpr std::uint32_t kShardsPerNodeMax = 100'000;
inline constexpr std::uint32_t kSnapshotEverySMin = 10;
inline constexpr std::uint32_t kSnapshotEverySMax = 366U * 24 * 3600;
inline constexpr std::uint32_t kSnapshotsKeptMax = 1000;

/// The node groups of the companions: by these names they are asked for and found.
inline constexpr std::string_view kProxyGroup = "proxy";
inline constexpr std::string_view kKibanaGroup = "kibana";

/// A DNS label of at most `length_max` characters: lower-case letters, digits and inner dashes, beginning with a
/// letter.
Result<void> validate_name(std::string_view name, std::string_view field, std::size_t length_max = 40);

Result<void> validate(const model::CreateCluster& request);
Result<void> validate(const model::ScaleNodeGroup& request);
Result<void> validate(const model::ResizeNodeGroup& request);
Result<void> validate(const model::LabelCluster& request);
Result<void> validate(const model::RestartCluster& request);
Result<void> validate(const model::UpgradeCluster& request);
Result<void> validate(const model::ConfigureNodeGroup& request);
Result<void> validate(const model::PutClusterSettings& request);
Result<void> validate(const model::SetReplicas& request);
Result<void> validate(const model::OpenIndices& request);
Result<void> validate(const model::CloseIndices& request);
Result<void> validate(const model::InstallPlugin& request);
Result<void> validate(const model::RemovePlugin& request);
Result<void> validate(const model::RegisterRepository& request);
Result<void> validate(const model::TakeSnapshot& request);
Result<void> validate(const model::DeleteSnapshot& request);
Result<void> validate(const model::RestoreSnapshot& request);
Result<void> validate(const model::SetPolicies& request);
Result<void> validate(const model::SetProxies& request);
Result<void> validate(const model::InstallKibana& request);

using Plugins = google::protobuf::RepeatedPtrField<model::Plugin>;
Result<void> validate_plugins(const Plugins& plugins, const std::string& field);
/// What each plugin needs of a cluster of this version, as far as that is known before Elasticsearch is asked: a source
/// that has it, and that it is built for the version. `catalogue` holds versions with the plugins that there are for
/// them. `field` names the plugins, or with `is_upgrade` what asks for the version.
Result<void> check_plugins_fit(const Plugins& plugins, const std::string& version,
                               const std::set<std::pair<std::string, std::string>>& catalogue, const std::string& field,
                               bool is_upgrade = false);
/// Users by unique names with a secret each, networks in CIDR notation.
Result<void> validate_access(const model::ProxyAccess& access, const std::string& field);
Result<void> validate_policies(const model::Policies& policies, const std::string& field);
Result<void> validate_repository_name(const std::string& name, const std::string& field);

/// The rules for the whole of a cluster: at least one master-eligible and one data node, an odd number of dedicated
/// masters, not more than kNodesPerClusterMax. Companions do not count. `field` names what the user changed.
Result<void> validate_shape(const model::ClusterSpec& spec, std::string_view field);

}  // namespace esaas::command
