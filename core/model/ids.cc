#include "core/model/ids.h"

#include <array>
#include <charconv>
#include <chrono>

namespace esaas::model {
namespace {

constexpr std::string_view kRolePrefix = "es-";

std::string make(std::string_view cluster, std::string_view node, std::string_view kind, std::uint64_t seq,
                 std::string_view incarnation) {
  std::string id;
  const std::string number = std::to_string(seq);
  id.reserve(cluster.size() + node.size() + kind.size() + number.size() + incarnation.size() + 4);
  id.append(cluster).append(1, '.').append(node).append(1, '.').append(kind).append(1, '-').append(number);
  if (!incarnation.empty()) id.append(1, '.').append(incarnation);
  return id;
}

}  // namespace

std::string operation_id(std::uint64_t requested_seq) { return "op-" + std::to_string(requested_seq); }

std::optional<std::uint64_t> requested_seq(std::string_view operation_id) {
  constexpr std::string_view kPrefix = "op-";
  if (!operation_id.starts_with(kPrefix)) return std::nullopt;
  operation_id.remove_prefix(kPrefix.size());
  std::uint64_t seq = 0;
  const auto [end, error] = std::from_chars(operation_id.data(), operation_id.data() + operation_id.size(), seq);
  const bool whole = error == std::errc{} && end == operation_id.data() + operation_id.size();
  return whole && seq > 0 && operation_id.front() != '0' ? std::optional(seq) : std::nullopt;
}

std::string node_name(std::string_view group, std::uint32_t ordinal) {
  return std::string(group) + "-" + std::to_string(ordinal);
}

std::string incarnation_of(Time start) {
  constexpr int kBase = 36;
  std::array<char, 16> digits{};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(start.time_since_epoch()).count();
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), seconds, kBase);
  return {digits.data(), written.ptr};
}

std::string task_id(std::string_view cluster, std::string_view node, std::uint64_t seq, std::string_view incarnation) {
  return make(cluster, node, "task", seq, incarnation);
}

std::string volume_id(std::string_view cluster, std::string_view node, std::uint64_t seq,
                      std::string_view incarnation) {
  return make(cluster, node, "volume", seq, incarnation);
}

std::string mesos_operation_id(std::string_view cluster, std::string_view node, std::string_view step,
                               std::uint64_t seq, std::string_view incarnation) {
  return make(cluster, node, step, seq, incarnation);
}

std::optional<ParsedId> parse_id(std::string_view id) {
  const auto first = id.find('.');
  if (first == std::string_view::npos || first == 0) return std::nullopt;
  const auto second = id.find('.', first + 1);
  if (second == std::string_view::npos || second == first + 1) return std::nullopt;
  ParsedId parsed{std::string(id.substr(0, first)), std::string(id.substr(first + 1, second - first - 1)), {}, 0, {}};
  std::string_view made = id.substr(second + 1);
  if (const auto third = made.find('.'); third != std::string_view::npos) {
    parsed.incarnation = made.substr(third + 1);
    if (parsed.incarnation.empty()) return std::nullopt;
    made = made.substr(0, third);
  }
  const auto dash = made.rfind('-');
  if (dash == std::string_view::npos || dash == 0) return std::nullopt;
  parsed.kind = made.substr(0, dash);
  const std::string_view digits = made.substr(dash + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed.seq);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty()) return std::nullopt;
  return parsed;
}

std::string role_of_tenant(std::string_view tenant) { return std::string(kRolePrefix) + std::string(tenant); }

std::string tenant_of_role(std::string_view role) {
  return role.starts_with(kRolePrefix) ? std::string(role.substr(kRolePrefix.size())) : std::string{};
}

}  // namespace esaas::model
