#pragma once
// What a request must be in itself, whatever the state: names, numbers, shapes. Each refusal names the field and the
// rule. Pure.

#include <string_view>

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

/// A DNS label of at most `length_max` characters: lower-case letters, digits and inner dashes, beginning with a
/// letter.
Result<void> validate_name(std::string_view name, std::string_view field, std::size_t length_max = 40);

Result<void> validate(const model::CreateCluster& request);
Result<void> validate(const model::ScaleNodeGroup& request);
Result<void> validate(const model::ResizeNodeGroup& request);
Result<void> validate(const model::LabelCluster& request);

/// The rules for the whole of a cluster: at least one master-eligible and one data node, an odd number of dedicated
/// masters, not more than kNodesPerClusterMax. `field` names what the user changed.
Result<void> validate_shape(const model::ClusterSpec& spec, std::string_view field);

}  // namespace esaas::command
