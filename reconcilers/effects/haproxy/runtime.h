#pragma once
// HAProxy's Runtime API as text: what is said to it, and what its answers mean. Pure.
//
// A proxy is compared with what is wanted of it and told the difference, so telling it twice does no harm and a proxy
// that started anew is told everything. Who may come in is told before where to send them.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace esaas::haproxy {

/// One server as it is wanted.
struct Server {
  std::string node = {};
  std::string backend = {};  ///< kElasticsearch or kKibana
  std::string address = {};  ///< an IP address: HAProxy resolves no name here
  std::uint32_t port = 0;
  bool drained = false;  ///< gets nothing new
};

/// All that a proxy is told.
struct Orders {
  std::vector<Server> servers = {};
  bool asks_for_users = false;          ///< only who is among `digests` may come in
  std::set<std::string> digests = {};   ///< of their Authorization headers (digest_of)
  std::set<std::string> networks = {};  ///< in CIDR notation, that clients may come from; none: from anywhere
};

enum class SlotState : std::uint8_t { kOff, kReady, kDrained };

/// A place for a server in the running configuration.
struct Slot {
  std::string backend = {};
  std::string name = {};
  std::string address = {};
  std::uint32_t port = 0;
  SlotState state = SlotState::kOff;
  std::uint32_t sessions = 0;  ///< requests that are under way
  bool is_up = false;          ///< its health was checked and found well since it is at this address
};

/// What a proxy says of itself.
struct Standing {
  std::vector<Slot> slots = {};
  std::set<std::string> digests = {};
  std::set<std::string> networks = {};
  std::map<std::string, std::string, std::less<>> doors = {};
};

// ---- Questions ----
inline constexpr std::string_view kAskSlots = "show servers state";
inline constexpr std::string_view kAskSessions = "show stat -1 4 -1";
std::string ask_users();
std::string ask_networks();
std::string ask_doors();

// ---- Answers; kUnavailable when they are not what HAProxy says ----
Result<std::vector<Slot>> parse_slots(std::string_view answer);
/// Puts the sessions into the slots that the answer names.
Result<void> parse_sessions(std::string_view answer, std::vector<Slot>& slots);
/// Keys and values of a map; of a list the values are empty.
Result<std::vector<std::pair<std::string, std::string>>> parse_entries(std::string_view answer);

/// What is to be said, in this order, for the proxy to be as wanted. Empty: it is. kResourceExhausted: it has no place
/// for so many servers.
Result<std::vector<std::string>> commands_for(const Standing& standing, const Orders& orders);

/// Nodes among the servers that the proxy found well, and sends requests unless they are drained.
std::set<std::string, std::less<>> nodes_that_are_up(const Standing& standing, const Orders& orders);

/// Requests under way by node, as far as it is among the servers.
std::map<std::string, std::uint32_t, std::less<>> sessions_by_node(const Standing& standing, const Orders& orders);

/// What the proxy compares: SHA-256, in upper-case hexadecimal, of the Authorization header that this user sends.
std::string digest_of(std::string_view user, std::string_view password);

}  // namespace esaas::haproxy
