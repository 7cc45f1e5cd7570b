#include "tests/store/tampering.h"

#include <rocksdb/db.h>

#include <vector>

#include "core/base/assert.h"
#include "core/base/hash.h"
#include "store/log/big_endian.h"
#include "store/log/record_codec.h"
#include "store/log/watermark.h"

namespace esaas::store::testing {
namespace {

/// The database of a log with all its column families; calls `use` with the one that holds the events.
void with_events(const std::filesystem::path& directory,
                 const std::function<void(rocksdb::DB&, rocksdb::ColumnFamilyHandle*)>& use) {
  const std::string path = (directory / "db").string();
  std::vector<std::string> names;
  ESAAS_ASSERT(rocksdb::DB::ListColumnFamilies({}, path, &names).ok(), path);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  ESAAS_ASSERT(rocksdb::DB::Open({}, path, families, &handles, &db).ok(), path);
  const std::unique_ptr<rocksdb::DB> owned(db);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == "events") use(*db, handles[i]);
  }
  for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
}

std::string key_for(std::uint64_t seq) {
  std::string key;
  append_big_endian(seq, key);
  return key;
}

}  // namespace

Tampering::Tampering(std::filesystem::path directory) : directory_(std::move(directory)) {
  with_events(directory_, [&](rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family) {
    const std::unique_ptr<rocksdb::Iterator> all(db.NewIterator({}, family));
    for (all->SeekToFirst(); all->Valid(); all->Next()) {
      before_[all->key().ToString()] = all->value().ToString();
      records[read_big_endian(all->key().ToString())] = all->value().ToString();
    }
  });
}

Tampering::~Tampering() = default;

event::Event Tampering::event(std::uint64_t seq) const {
  event::Event event;
  ESAAS_ASSERT(decode_record(records.at(seq), seq, event).has_value(), "no event");
  return event;
}

void Tampering::put(std::uint64_t seq, const event::Event& event) {
  ESAAS_ASSERT(encode_record(event, records[seq]).has_value(), "too long");
}

void Tampering::move_up(std::uint64_t seq) {
  for (std::uint64_t at = records.rbegin()->first; at >= seq; --at) records[at + 1] = records[at];
  records.erase(seq);
}

void Tampering::move_down(std::uint64_t seq) {
  const std::uint64_t last = records.rbegin()->first;
  for (std::uint64_t at = seq; at < last; ++at) records[at] = records[at + 1];
  records.erase(last);
}

void Tampering::make_chain() {
  Hash before{};
  for (auto& [seq, record] : records) {
    event::Event event;
    event.ParseFromString(record.substr(kRecordHeaderBytes));
    event.set_seq(seq);
    event.set_prev_hash(to_bytes(before));
    put(seq, event);
    before = blake2b_256(record);
  }
}

void Tampering::store(bool acknowledge) {
  with_events(directory_, [&](rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family) {
    for (const auto& [key, value] : before_) ESAAS_ASSERT(db.Delete({}, family, key).ok(), "not deleted");
    for (const auto& [seq, record] : records) ESAAS_ASSERT(db.Put({}, family, key_for(seq), record).ok(), "not put");
    for (const auto& [key, record] : strange) ESAAS_ASSERT(db.Put({}, family, key, record).ok(), "not put");
  });
  if (!acknowledge) return;
  std::filesystem::remove(directory_ / "ACKNOWLEDGED");
  const auto watermark = Watermark::create(directory_ / "ACKNOWLEDGED");
  ESAAS_ASSERT(watermark.has_value(), "no watermark");
  const auto& [seq, record] = *records.rbegin();
  ESAAS_ASSERT((*watermark)->advance(seq, blake2b_256(record)).has_value(), "not acknowledged");
}

}  // namespace esaas::store::testing
