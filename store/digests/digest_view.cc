#include "store/digests/digest_view.h"

#include <algorithm>

#include "store/log/check_indexed.h"

namespace esaas::store {
namespace {

constexpr std::size_t kKeysMax = 1'000;
/// Digests looked at in one go for the one that an event is under: the first one, but while a long log is caught up
/// with.
constexpr std::size_t kLookedAt = 8;

IndexQuery book_query(const char* which, std::uint64_t from_seq, std::size_t limit) {
  return {.kind = IndexKind::kBook, .value = which, .from_seq = from_seq, .limit = limit};
}

}  // namespace

Result<DigestView::Keys> DigestView::keys() const {
  ESAAS_CHECK(check_indexed(log_, "signing keys"));
  Keys keys;
  ESAAS_TRY(const auto seqs, log_.read_index(book_query("signing_key", 1, kKeysMax)));
  for (const std::uint64_t seq : seqs) {
    ESAAS_TRY(const event::Event event, log_.read_one(seq));
    keys[event.signing_key_created().key_id()] = event.signing_key_created().public_key();
  }
  return keys;
}

Result<std::vector<DigestRecord>> DigestView::read(const std::vector<std::uint64_t>& seqs) const {
  std::vector<DigestRecord> records;
  ESAAS_TRY(const Keys known, keys());
  for (const std::uint64_t seq : seqs) {
    ESAAS_TRY(event::Event event, log_.read_one(seq));
    DigestRecord& record = records.emplace_back(seq, std::move(*event.mutable_digest_signed()), std::string());
    const auto key = known.find(record.digest.key_id());
    if (key != known.end()) record.public_key = key->second;
  }
  return records;
}

Result<std::vector<DigestRecord>> DigestView::list(std::uint64_t after_seq, std::size_t limit) const {
  ESAAS_CHECK(check_indexed(log_, "digests"));
  ESAAS_TRY(const auto seqs, log_.read_index(book_query("digest", after_seq + 1, limit)));
  return read(seqs);
}

Result<DigestRecord> DigestView::at(std::uint64_t seq) const {
  const auto event = log_.read_one(seq);
  if (!event && event.error().code != ErrorCode::kNotFound) return std::unexpected(event.error());
  if (!event || !event->has_digest_signed()) {
    return fail(ErrorCode::kNotFound, "event " + std::to_string(seq) + " is no digest");
  }
  ESAAS_TRY(auto found, read({seq}));
  return std::move(found.front());
}

Result<DigestRecord> DigestView::over(std::uint64_t seq) const {
  std::uint64_t after = seq;
  for (;;) {
    ESAAS_TRY(const auto digests, list(after, kLookedAt));
    for (const DigestRecord& record : digests) {
      if (record.digest.first_seq() <= seq && seq <= record.digest.through_seq()) return record;
    }
    if (digests.size() < kLookedAt) break;
    after = digests.back().seq;
  }
  return fail(ErrorCode::kNotFound,
              "event " + std::to_string(seq) +
                  " is under no digest yet: the next one is signed within the period, or by "
                  "POST /v1/digests",
              "", "in_a_digest");
}

}  // namespace esaas::store
