// Fuzzes what finds the master: the znodes that masters write into ZooKeeper (names, one a line, and MasterInfo), and
// the address that the configuration has. What is taken reads back as the same.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/assert.h"
#include "reconcilers/effects/mesos/master_address.h"
#include "reconcilers/effects/mesos/master_info.h"

namespace {

void check_names(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const auto end = text.find('\n');
    names.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  const auto znodes = esaas::mesos::order_masters(names);
  ESAAS_ASSERT(znodes.in_order.size() + znodes.odd.size() <= names.size(), "no name is made up");
  for (std::size_t i = 1; i < znodes.in_order.size(); ++i) {
    ESAAS_ASSERT(std::stoull(znodes.in_order[i - 1].substr(10)) <= std::stoull(znodes.in_order[i].substr(10)),
                 "the lowest number leads");
  }
}

void check_info(std::string_view bytes) {
  const auto info = esaas::mesos::parse_master_info(bytes);
  if (!info) return;
  for (const bool tls : {false, true}) {
    const auto endpoint = info->endpoint(tls);
    const auto again = esaas::mesos::parse_endpoint(endpoint.to_string());
    ESAAS_ASSERT(again && *again == endpoint, "an address that was taken can be connected to");
  }
}

void check_address(std::string_view text) {
  const auto address = esaas::mesos::parse_master_address(text);
  if (!address) {
    ESAAS_ASSERT(!address.error().detail.empty(), "a refusal says why");
    return;
  }
  ESAAS_ASSERT(address->in_zookeeper == address->masters.empty(), "masters are listed or looked for");
  if (!address->in_zookeeper) return;
  auto group = address->zookeeper;
  const auto again = esaas::mesos::parse_zookeeper_group(group.to_string());
  group.password.clear();
  ESAAS_ASSERT(again && *again == group, "a group reads back as it is shown");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_names(bytes);
  check_info(bytes);
  check_address(bytes);
  return 0;
}
