#include "store/log/watermark.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "store/log/big_endian.h"

namespace esaas::store {
namespace {

constexpr std::string_view kMagic = "esaasak1";
constexpr std::size_t kChecksumBytes = 8;
constexpr std::size_t kBodyBytes = 8 + kBigEndianBytes + 32;
constexpr std::size_t kSlotBytes = kBodyBytes + kChecksumBytes;
constexpr std::uint64_t kSlots = 2;
constexpr std::uint64_t kSlotDistance = 4096;  // so that one torn sector never touches both

struct Slot {
  std::uint64_t seq = 0;
  Hash hash{};
};

std::string encode_slot(std::uint64_t seq, const Hash& hash) {
  std::string bytes{kMagic};
  append_big_endian(seq, bytes);
  bytes += to_bytes(hash);
  bytes += to_bytes(blake2b_256(bytes)).substr(0, kChecksumBytes);
  return bytes;
}

std::optional<Slot> decode_slot(std::string_view bytes) {
  if (bytes.size() != kSlotBytes || !bytes.starts_with(kMagic)) return std::nullopt;
  const std::string checksum = to_bytes(blake2b_256(bytes.substr(0, kBodyBytes)));
  if (bytes.substr(kBodyBytes) != std::string_view(checksum).substr(0, kChecksumBytes)) {
    return std::nullopt;
  }
  Slot slot;
  slot.seq = read_big_endian(bytes.substr(kMagic.size()));
  std::memcpy(slot.hash.data(), bytes.data() + kMagic.size() + kBigEndianBytes, slot.hash.size());
  return slot;
}

std::unexpected<Error> io_error(const std::filesystem::path& file, std::string_view what) {
  return fail(ErrorCode::kInternal, "cannot " + std::string(what) + " " + file.string() + ": " + std::strerror(errno));
}

}  // namespace

Watermark::Watermark(std::filesystem::path file, int descriptor) : file_(std::move(file)), descriptor_(descriptor) {}

Watermark::~Watermark() { ::close(descriptor_); }

Result<std::unique_ptr<Watermark>> Watermark::create(const std::filesystem::path& file) {
  // Under another name until it is whole: a kill meanwhile leaves a log that was never acknowledged anything.
  const std::filesystem::path unfinished = file.string() + ".new";
  const int descriptor = ::open(unfinished.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (descriptor < 0) return io_error(unfinished, "create");
  std::unique_ptr<Watermark> watermark(new Watermark(file, descriptor));
  for (std::uint64_t slot = 0; slot < kSlots; ++slot) {
    ESAAS_CHECK(watermark->write_slot(slot, 0, Hash{}));
  }
  if (::fsync(descriptor) != 0) return io_error(unfinished, "sync");
  if (::rename(unfinished.c_str(), file.c_str()) != 0) return io_error(file, "create");
  const int directory = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return io_error(file.parent_path(), "open");
  const int synced = ::fsync(directory);
  ::close(directory);
  if (synced != 0) return io_error(file.parent_path(), "sync");
  return watermark;
}

Result<std::unique_ptr<Watermark>> Watermark::open(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return io_error(file, "open");
  std::unique_ptr<Watermark> watermark(new Watermark(file, descriptor));
  std::optional<Slot> newest;
  for (std::uint64_t i = 0; i < kSlots; ++i) {
    std::array<char, kSlotBytes> bytes{};
    const auto got = ::pread(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(i * kSlotDistance));
    if (got < 0) return io_error(file, "read");
    const auto slot = decode_slot({bytes.data(), static_cast<std::size_t>(got)});
    if (!slot || (newest && slot->seq < newest->seq)) continue;
    newest = slot;
    watermark->next_slot_ = (i + 1) % kSlots;
  }
  if (!newest) {
    return fail(ErrorCode::kDataLoss,
                file.string() + " is broken: it cannot be told whether acknowledged events are missing");
  }
  watermark->seq_ = newest->seq;
  watermark->hash_ = newest->hash;
  return watermark;
}

Result<void> Watermark::write_slot(std::uint64_t slot, std::uint64_t seq, const Hash& hash) {
  const std::string bytes = encode_slot(seq, hash);
  const auto written = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(slot * kSlotDistance));
  if (written < 0) return io_error(file_, "write");
  if (static_cast<std::size_t>(written) != bytes.size()) {
    return fail(ErrorCode::kInternal, "cannot write the whole of a slot of " + file_.string());
  }
  return {};
}

Result<void> Watermark::advance(std::uint64_t seq, const Hash& hash) {
  ESAAS_CHECK(write_slot(next_slot_, seq, hash));
  next_slot_ = (next_slot_ + 1) % kSlots;
  seq_ = seq;
  hash_ = hash;
  return {};
}

}  // namespace esaas::store
