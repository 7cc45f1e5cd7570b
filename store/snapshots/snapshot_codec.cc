#include "store/snapshots/snapshot_codec.h"

#include <zstd.h>

#include <cstring>

#include "core/base/assert.h"
#include "store/log/big_endian.h"

namespace esaas::store {
namespace {

constexpr std::string_view kMagic = "esaassnp";
constexpr std::size_t kChecksumBytes = 32;
constexpr std::size_t kHashBytes = 32;
// magic, format version, state version, seq, hash, size of the fleet, size of its compressed form
constexpr std::size_t kHeaderBytes = 8 + 8 + 8 + 8 + kHashBytes + 8 + 8;
constexpr std::uint64_t kFleetBytesMax = 2ULL << 30U;
constexpr int kCompressionLevel = 3;

std::string compress(std::string_view bytes) {
  std::string compressed(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size =
      ZSTD_compress(compressed.data(), compressed.size(), bytes.data(), bytes.size(), kCompressionLevel);
  ESAAS_ASSERT(ZSTD_isError(size) == 0, ZSTD_getErrorName(size));
  compressed.resize(size);
  return compressed;
}

std::unexpected<Error> broken(std::string what) {
  return fail(ErrorCode::kDataLoss, "broken snapshot: " + std::move(what));
}

Result<std::string> decompress(std::string_view compressed, std::uint64_t size) {
  if (size > kFleetBytesMax) return broken("it claims " + std::to_string(size) + " bytes of state");
  std::string bytes(size, '\0');
  const std::size_t got = ZSTD_decompress(bytes.data(), bytes.size(), compressed.data(), compressed.size());
  if (ZSTD_isError(got) != 0) return broken(ZSTD_getErrorName(got));
  if (got != size) return broken("its state is shorter than it claims");
  return bytes;
}

/// Takes the next eight bytes as a number. Precondition: they are there.
std::uint64_t take(std::string_view& bytes) {
  const std::uint64_t value = read_big_endian(bytes);
  bytes.remove_prefix(kBigEndianBytes);
  return value;
}

Result<void> check_version(std::uint64_t found, std::uint64_t known, std::string_view of) {
  if (found == known) return {};
  return fail(ErrorCode::kUnsupportedVersion, "its " + std::string(of) + " version is " + std::to_string(found) +
                                                  "; this program knows " + std::to_string(known));
}

}  // namespace

std::string encode_snapshot(const Snapshot& snapshot) {
  const std::string compressed = compress(snapshot.fleet);
  std::string bytes;
  bytes.reserve(kHeaderBytes + compressed.size() + kChecksumBytes);
  bytes.append(kMagic);
  append_big_endian(kSnapshotVersion, bytes);
  append_big_endian(kStateVersion, bytes);
  append_big_endian(snapshot.seq, bytes);
  bytes += to_bytes(snapshot.hash);
  append_big_endian(snapshot.fleet.size(), bytes);
  append_big_endian(compressed.size(), bytes);
  bytes += compressed;
  bytes += to_bytes(blake2b_256(bytes));
  return bytes;
}

Result<Snapshot> decode_snapshot(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes + kChecksumBytes) {
    return broken("it has only " + std::to_string(bytes.size()) + " bytes");
  }
  if (!bytes.starts_with(kMagic)) return broken("it does not begin as one");
  std::string_view rest = bytes.substr(kMagic.size());
  // The version comes before the checksum, which is where a newer one might differ.
  ESAAS_CHECK(check_version(take(rest), kSnapshotVersion, "format"));
  const std::string checksum = to_bytes(blake2b_256(bytes.substr(0, bytes.size() - kChecksumBytes)));
  if (bytes.substr(bytes.size() - kChecksumBytes) != checksum) return broken("its checksum is wrong");
  ESAAS_CHECK(check_version(take(rest), kStateVersion, "state"));
  Snapshot snapshot;
  snapshot.seq = take(rest);
  std::memcpy(snapshot.hash.data(), rest.data(), kHashBytes);
  rest.remove_prefix(kHashBytes);
  const std::uint64_t fleet_bytes = take(rest);
  const std::uint64_t compressed_bytes = take(rest);
  if (rest.size() != compressed_bytes + kChecksumBytes) return broken("its length is wrong");
  ESAAS_TRY(snapshot.fleet, decompress(rest.substr(0, compressed_bytes), fleet_bytes));
  return snapshot;
}

}  // namespace esaas::store
