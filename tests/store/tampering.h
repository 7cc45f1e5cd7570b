#pragma once
// Tampering: what somebody who may write a log's files can do to it: RocksDB's own checks stay content, and the chain
// of hashes too when it is wanted.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/events/event.pb.h"

namespace esaas::store::testing {

/// All records of a log, taken out to be put back otherwise. One at a time; the log is not open meanwhile.
class Tampering {
 public:
  /// `directory` is the log's.
  explicit Tampering(std::filesystem::path directory);
  ~Tampering();

  std::map<std::uint64_t, std::string> records;
  /// Stored besides under keys that are no seq.
  std::map<std::string, std::string> strange;

  [[nodiscard]] event::Event event(std::uint64_t seq) const;
  void put(std::uint64_t seq, const event::Event& event);
  /// Stores from `seq` on one place later, or (taking the place of what is at `seq`) earlier. The records stay as they
  /// are.
  void move_up(std::uint64_t seq);
  void move_down(std::uint64_t seq);
  /// Gives each event the seq that it is stored under, and the hash of the one before.
  void make_chain();
  /// Writes it all back, and with `acknowledge` that this is what was acknowledged.
  void store(bool acknowledge = false);

 private:
  std::filesystem::path directory_;
  std::map<std::string, std::string> before_;
};

}  // namespace esaas::store::testing
