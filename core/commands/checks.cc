#include "core/commands/checks.h"

#include <algorithm>

#include "core/commands/validate.h"

namespace esaas::command {

std::unexpected<Error> refuse(std::string_view field, const std::string& what, std::string_view rule) {
  return fail(ErrorCode::kInvalidArgument, std::string(field) + ": " + what, std::string(field), std::string(rule));
}

Result<void> in_range(std::uint64_t value, std::uint64_t least, std::uint64_t most, const std::string& field) {
  if (value >= least && value <= most) return {};
  return refuse(field,
                std::to_string(value) + " is not between " + std::to_string(least) + " and " + std::to_string(most),
                "range");
}

Result<void> validate_word(std::string_view value, const std::string& field, std::string_view also,
                           std::size_t length_max) {
  if (value.empty()) return refuse(field, "is missing", "required");
  if (value.size() > length_max) {
    return refuse(field, "has more than " + std::to_string(length_max) + " characters", "length");
  }
  const auto is_good = [also](char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) || also.find(c) != std::string_view::npos;
  };
  if (std::ranges::all_of(value, is_good)) return {};
  return refuse(field, "may hold letters, digits and \"" + std::string(also) + "\" only", "characters");
}

Result<void> validate_confirm(const std::string& confirm, const std::string& cluster, const std::string& what) {
  if (confirm == cluster) return {};
  return refuse("confirm", "repeat the cluster's name: " + what, "confirm_names_the_cluster");
}

Result<void> validate_resources(const model::Resources& resources, const std::string& field, bool zero_allowed) {
  struct Limit {
    const char* name;
    std::uint32_t value, least, most;
  };
  for (const Limit& limit : {Limit{"cpus_milli", resources.cpus_milli(), kCpusMilliMin, kCpusMilliMax},
                             Limit{"mem_mib", resources.mem_mib(), kMemMibMin, kMemMibMax},
                             Limit{"disk_mib", resources.disk_mib(), kDiskMibMin, kDiskMibMax}}) {
    if (zero_allowed && limit.value == 0) continue;
    ESAAS_CHECK(in_range(limit.value, limit.least, limit.most, field + "." + limit.name));
  }
  return {};
}

}  // namespace esaas::command
