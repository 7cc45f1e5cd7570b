#include "reconcilers/effects/haproxy/runtime.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "core/base/hash.h"
#include "reconcilers/effects/haproxy/launch.h"

namespace esaas::haproxy {
namespace {

constexpr std::string_view kAll = "all";
constexpr std::string_view kListed = "listed";

// Bits of srv_admin_state.
constexpr std::uint32_t kInMaintenance = 0x01 | 0x02 | 0x20;
constexpr std::uint32_t kDraining = 0x08 | 0x10;

// srv_op_state.
constexpr std::uint32_t kRunning = 2;
// srv_check_health: a server that is made ready is presumed to be up before its first check, with as much health as
// `rise` says (launch.cc); a check that succeeds makes it full.
constexpr std::uint32_t kPresumedHealth = 1;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

/// A table whose first line names its columns behind a hash.
class Table {
 public:
  Table(std::string_view answer, char separator) : separator_(separator) {
    for (const std::string_view line : split(answer, '\n')) {
      if (line.starts_with("# ") && columns_.empty()) {
        columns_ = split(line.substr(2), separator);
      } else if (!line.empty() && !columns_.empty()) {
        rows_.push_back(line);
      }
    }
  }

  [[nodiscard]] bool has(std::string_view column) const {
    return std::ranges::find(columns_, column) != columns_.end();
  }
  [[nodiscard]] const std::vector<std::string_view>& rows() const { return rows_; }
  /// Empty when the row has no such cell.
  [[nodiscard]] std::string_view cell(const std::vector<std::string_view>& cells, std::string_view column) const {
    const auto index = static_cast<std::size_t>(std::ranges::find(columns_, column) - columns_.begin());
    return index < cells.size() ? cells[index] : std::string_view{};
  }
  [[nodiscard]] std::vector<std::string_view> cells(std::string_view row) const { return split(row, separator_); }

 private:
  char separator_;
  std::vector<std::string_view> columns_;
  std::vector<std::string_view> rows_;
};

std::unexpected<Error> not_understood(std::string_view what) {
  return fail(ErrorCode::kUnavailable, "HAProxy did not answer with its " + std::string(what) + ".");
}

bool is_at(const Slot& slot, const Server& server) {
  return slot.backend == server.backend && slot.address == server.address && slot.port == server.port;
}

SlotState state_of(const Server& server) { return server.drained ? SlotState::kDrained : SlotState::kReady; }

std::string_view word_of(SlotState state) {
  switch (state) {
    case SlotState::kReady: return "ready";
    case SlotState::kDrained: return "drain";
    case SlotState::kOff: return "maint";
  }
  return "maint";
}

std::string set_state(const Slot& slot, SlotState state) {
  return fmt::format("set server {}/{} state {}", slot.backend, slot.name, word_of(state));
}

/// Which slot is whose: each server stays where it is; a new one takes a slot that is off, and rather one that nothing
/// is under way at any more.
class Seats {
 public:
  explicit Seats(const Standing& standing) : standing_(standing), taken_(standing.slots.size()) {}

  void keep(const std::vector<Server>& servers) {
    seat_of_.assign(servers.size(), kNone);
    for (std::size_t i = 0; i < servers.size(); ++i) {
      for (std::size_t slot = 0; slot < taken_.size(); ++slot) {
        if (taken_[slot] || !is_at(standing_.slots[slot], servers[i])) continue;
        take(i, slot);
        break;
      }
    }
  }
  /// False: there is none.
  bool find(std::size_t server, const std::string& backend) {
    std::size_t best = kNone;
    for (std::size_t slot = 0; slot < taken_.size(); ++slot) {
      const Slot& candidate = standing_.slots[slot];
      if (taken_[slot] || candidate.backend != backend || candidate.state != SlotState::kOff) continue;
      if (best == kNone || candidate.sessions < standing_.slots[best].sessions) best = slot;
    }
    if (best == kNone) return false;
    take(server, best);
    return true;
  }
  [[nodiscard]] bool is_seated(std::size_t server) const { return seat_of_[server] != kNone; }
  [[nodiscard]] const Slot& slot_of(std::size_t server) const { return standing_.slots[seat_of_[server]]; }
  [[nodiscard]] bool is_taken(std::size_t slot) const { return taken_[slot]; }

 private:
  static constexpr std::size_t kNone = ~std::size_t{0};
  void take(std::size_t server, std::size_t slot) {
    taken_[slot] = true;
    seat_of_[server] = slot;
  }
  const Standing& standing_;
  std::vector<bool> taken_;
  std::vector<std::size_t> seat_of_;
};

/// In one order for all lists: what is new comes in, then what is gone goes.
void change_list(std::string_view kind, std::string_view file, const std::set<std::string>& before,
                 const std::set<std::string>& after, std::string_view value, std::vector<std::string>& commands) {
  for (const std::string& one : after) {
    if (!before.contains(one)) commands.push_back(fmt::format("add {} {} {}{}", kind, file, one, value));
  }
  for (const std::string& one : before) {
    if (!after.contains(one)) commands.push_back(fmt::format("del {} {} {}", kind, file, one));
  }
}

/// A door opens before the list behind it is emptied, and closes after it was filled.
void change_door(const Standing& standing, std::string_view door, std::string_view wanted, bool opens,
                 std::vector<std::string>& commands) {
  const auto found = standing.doors.find(door);
  const bool is_set = found != standing.doors.end();
  if ((wanted == kAll) != opens || (is_set && found->second == wanted)) return;
  commands.push_back(fmt::format("{} map {} {} {}", is_set ? "set" : "add", kDoorsFile, door, wanted));
}

void change_access(const Standing& standing, const Orders& orders, std::vector<std::string>& commands) {
  const std::string_view users = orders.asks_for_users ? kListed : kAll;
  const std::string_view networks = orders.networks.empty() ? kAll : kListed;
  const auto change_doors = [&](bool opens) {
    change_door(standing, "users", users, opens, commands);
    change_door(standing, "networks", networks, opens, commands);
  };
  change_doors(true);
  change_list("map", kUsersFile, standing.digests, orders.digests, " user", commands);
  change_list("acl", kNetworksFile, standing.networks, orders.networks, "", commands);
  change_doors(false);
}

}  // namespace

std::string ask_users() { return fmt::format("show map {}", kUsersFile); }
std::string ask_networks() { return fmt::format("show acl {}", kNetworksFile); }
std::string ask_doors() { return fmt::format("show map {}", kDoorsFile); }

Result<std::vector<Slot>> parse_slots(std::string_view answer) {
  const Table table(answer, ' ');
  for (const std::string_view column :
       {"be_name", "srv_name", "srv_addr", "srv_port", "srv_op_state", "srv_admin_state", "srv_check_health"}) {
    if (!table.has(column)) return not_understood("servers");
  }
  std::vector<Slot> slots;
  for (const std::string_view row : table.rows()) {
    const auto cells = table.cells(row);
    Slot slot{.backend = std::string(table.cell(cells, "be_name")),
              .name = std::string(table.cell(cells, "srv_name")),
              .address = std::string(table.cell(cells, "srv_addr"))};
    if (slot.backend != kElasticsearch && slot.backend != kKibana) continue;
    const auto port = number(table.cell(cells, "srv_port"));
    const auto admin = number(table.cell(cells, "srv_admin_state"));
    const auto operation = number(table.cell(cells, "srv_op_state"));
    const auto health = number(table.cell(cells, "srv_check_health"));
    if (!port || !admin || !operation || !health || slot.name.empty()) return not_understood("servers");
    slot.port = *port;
    slot.state = (*admin & kInMaintenance) != 0 ? SlotState::kOff
                 : (*admin & kDraining) != 0    ? SlotState::kDrained
                                                : SlotState::kReady;
    slot.is_up = *operation == kRunning && *health > kPresumedHealth;
    slots.push_back(std::move(slot));
  }
  return slots;
}

Result<void> parse_sessions(std::string_view answer, std::vector<Slot>& slots) {
  const Table table(answer, ',');
  for (const std::string_view column : {"pxname", "svname", "scur"}) {
    if (!table.has(column)) return not_understood("sessions");
  }
  for (const std::string_view row : table.rows()) {
    const auto cells = table.cells(row);
    const auto slot = std::ranges::find_if(slots, [&](const Slot& one) {
      return one.backend == table.cell(cells, "pxname") && one.name == table.cell(cells, "svname");
    });
    if (slot == slots.end()) continue;
    const auto sessions = number(table.cell(cells, "scur"));
    if (!sessions) return not_understood("sessions");
    slot->sessions = *sessions;
  }
  return {};
}

Result<std::vector<std::pair<std::string, std::string>>> parse_entries(std::string_view answer) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (const std::string_view line : split(answer, '\n')) {
    if (line.empty()) continue;
    const auto words = split(line, ' ');
    // Each begins with the entry's address in memory.
    if (words.size() < 2 || !words[0].starts_with("0x")) return not_understood("lists");
    entries.emplace_back(words[1], words.size() > 2 ? words[2] : std::string_view{});
  }
  return entries;
}

Result<std::vector<std::string>> commands_for(const Standing& standing, const Orders& orders) {
  std::vector<std::string> commands;
  change_access(standing, orders, commands);
  Seats seats(standing);
  seats.keep(orders.servers);
  std::vector<std::string> arrivals;
  for (std::size_t i = 0; i < orders.servers.size(); ++i) {
    const Server& server = orders.servers[i];
    if (!seats.is_seated(i)) {
      if (!seats.find(i, server.backend)) {
        return fail(ErrorCode::kResourceExhausted, "The proxy has no place for " + server.node + ".");
      }
      const Slot& slot = seats.slot_of(i);
      arrivals.push_back(
          fmt::format("set server {}/{} addr {} port {}", slot.backend, slot.name, server.address, server.port));
    }
    const Slot& slot = seats.slot_of(i);
    if (slot.state != state_of(server)) arrivals.push_back(set_state(slot, state_of(server)));
  }
  commands.insert(commands.end(), arrivals.begin(), arrivals.end());
  for (std::size_t i = 0; i < standing.slots.size(); ++i) {
    const Slot& slot = standing.slots[i];
    if (!seats.is_taken(i) && slot.state != SlotState::kOff) commands.push_back(set_state(slot, SlotState::kOff));
  }
  return commands;
}

std::map<std::string, std::uint32_t, std::less<>> sessions_by_node(const Standing& standing, const Orders& orders) {
  std::map<std::string, std::uint32_t, std::less<>> sessions;
  for (const Server& server : orders.servers) {
    for (const Slot& slot : standing.slots) {
      if (is_at(slot, server)) sessions[server.node] += slot.sessions;
    }
  }
  return sessions;
}

std::set<std::string, std::less<>> nodes_that_are_up(const Standing& standing, const Orders& orders) {
  std::set<std::string, std::less<>> nodes;
  for (const Server& server : orders.servers) {
    const bool is_up = std::ranges::any_of(standing.slots, [&](const Slot& slot) {
      return is_at(slot, server) && slot.state != SlotState::kOff && slot.is_up;
    });
    if (is_up) nodes.insert(server.node);
  }
  return nodes;
}

std::string digest_of(std::string_view user, std::string_view password) {
  const std::string plain = std::string(user) + ":" + std::string(password);
  std::string encoded(4 * ((plain.size() + 2) / 3) + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                      reinterpret_cast<const unsigned char*>(plain.data()), static_cast<int>(plain.size()));
  encoded.resize(static_cast<std::size_t>(length));
  const std::string header = "Basic " + encoded;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int digest_length = 0;
  EVP_Digest(header.data(), header.size(), digest.data(), &digest_length, EVP_sha256(), nullptr);
  std::string hex = to_hex(std::string_view(reinterpret_cast<const char*>(digest.data()), digest_length));
  std::ranges::transform(hex, hex.begin(), [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
  return hex;
}

}  // namespace esaas::haproxy
