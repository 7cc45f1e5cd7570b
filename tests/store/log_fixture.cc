#include "tests/store/log_fixture.h"

#include <zstd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "store/log/record_codec.h"
#include "store/snapshots/recovery.h"
#include "store/snapshots/snapshot_codec.h"

namespace esaas::store::testing {
namespace {

constexpr std::uint64_t kMoments = 20;
constexpr std::size_t kBytesMax = 64U << 20U;

void append_length(std::size_t length, std::string& bytes) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(length >> shift & 0xFFU));
}

Result<std::vector<std::string>> split(std::string_view bytes) {
  std::vector<std::string> records;
  while (!bytes.empty()) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4 && i < bytes.size(); ++i)
      length = length << 8U | static_cast<unsigned char>(bytes[i]);
    if (bytes.size() < 4 || bytes.size() - 4 < length) return fail(ErrorCode::kDataLoss, "a record is cut");
    records.emplace_back(bytes.substr(4, length));
    bytes.remove_prefix(4 + length);
  }
  return records;
}

Result<std::string> decompress(const std::string& bytes) {
  std::string out(kBytesMax, '\0');
  const std::size_t size = ZSTD_decompress(out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size) != 0) return fail(ErrorCode::kDataLoss, ZSTD_getErrorName(size));
  out.resize(size);
  return out;
}

std::string compress(const std::string& bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 19));
  return out;
}

Result<void> write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  file.close();
  if (file) return {};
  return fail(ErrorCode::kInternal, "cannot write " + path.string());
}

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorCode::kNotFound, "cannot read " + path.string());
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

std::string describe(const state::FleetState& fleet) {
  std::string text = "at " + std::to_string(fleet.seq()) + ": " + std::to_string(fleet.head.tenants_size()) +
                     " tenants, " + std::to_string(fleet.head.tokens_size()) + " tokens\n";
  for (const auto& [id, operation] : fleet.operations) {
    text += "  " + id + " " + model::OperationStatus_Name(operation.status()) + " of " + operation.cluster() + "\n";
  }
  for (const auto& [name, cluster] : fleet.clusters) {
    text += "  cluster " + name + " of " + cluster.tenant() + " " + state::ClusterPhase_Name(cluster.phase()) + " " +
            model::HealthStatus_Name(cluster.health().status()) + ", " + std::to_string(cluster.labels_size()) +
            " labels, " + std::to_string(cluster.queued_operations_size()) + " queued\n";
    for (const auto& node : cluster.nodes()) {
      text += "    " + node.name() + " on " + node.place().hostname() + " " +
              state::PlaceStatus_Name(node.place_status()) + " attempt " + std::to_string(node.attempt()) + " " +
              model::TaskState_Name(node.task().state()) + (node.removing() ? " leaving" : "") + "\n";
    }
  }
  return text;
}

std::uint64_t description_distance(std::uint64_t last_seq) { return std::max<std::uint64_t>(last_seq / kMoments, 1); }

Result<LogFixture> capture(const EventLog& log) {
  LogFixture fixture;
  const std::uint64_t last = log.last_seq();
  ESAAS_TRY(const auto cursor, log.read(1, {.verify_chain = true}));
  state::FleetState fleet;
  std::string record;
  for (;;) {
    ESAAS_TRY(const event::Event* event, cursor->next());
    if (event == nullptr) break;
    ESAAS_CHECK(encode_record(*event, record));
    fixture.records.push_back(record);
    state::evolve(fleet, *event);
    if (fleet.seq() % description_distance(last) == 0 || fleet.seq() == last) fixture.states += describe(fleet);
    if (fleet.seq() == (last + 1) / 2) {
      ESAAS_TRY(const Snapshot snapshot, take_snapshot(log, fleet));
      fixture.snapshot = encode_snapshot(snapshot);
    }
  }
  return fixture;
}

Result<void> save(const LogFixture& fixture, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::string bytes;
  for (const auto& record : fixture.records) {
    append_length(record.size(), bytes);
    bytes += record;
  }
  ESAAS_CHECK(write_file(folder / "records.zst", compress(bytes)));
  ESAAS_CHECK(write_file(folder / "snapshot", fixture.snapshot));
  return write_file(folder / "states.txt", fixture.states);
}

Result<LogFixture> load(const std::filesystem::path& folder) {
  LogFixture fixture;
  ESAAS_TRY(const std::string compressed, read_file(folder / "records.zst"));
  ESAAS_TRY(const std::string bytes, decompress(compressed));
  ESAAS_TRY(fixture.records, split(bytes));
  ESAAS_TRY(fixture.snapshot, read_file(folder / "snapshot"));
  ESAAS_TRY(fixture.states, read_file(folder / "states.txt"));
  return fixture;
}

}  // namespace esaas::store::testing
