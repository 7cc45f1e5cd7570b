#include "store/digests/log_verifier.h"

#include <algorithm>
#include <deque>
#include <future>
#include <set>
#include <thread>

#include "store/digests/digest.h"
#include "store/digests/hash_window.h"
#include "store/digests/merkle.h"
#include "store/digests/record_hashes.h"
#include "store/digests/record_range.h"
#include "store/digests/work_pool.h"
#include "store/log/stored_records.h"

namespace esaas::store {
namespace {

/// Hashes that wait for the digest that is over them; beyond that its events are read once more.
constexpr std::uint64_t kHashesWaitingMax = 4U << 20U;
/// Hashes whose root is being computed: as many more.
constexpr std::uint64_t kHashesUnderWayMax = 4U << 20U;
constexpr std::size_t kRootsUnderWayMax = 64;
constexpr std::size_t kAllOdditiesMax = 100'000;

/// Something that says what the log was like up to some event, and whether it still is.
struct Anchor {
  std::uint64_t first_seq = 0;  ///< of the events that it is over
  std::uint64_t through_seq = 0;
  bool fits = false;
  bool is_digest = false;
  bool is_trusted = false;  ///< kept elsewhere, or signed by a key that was
  std::string name;
};

Result<std::optional<Hash>> hash_at(const StoredRecords& records, std::uint64_t seq) {
  ESAAS_TRY(const auto record, records.find(seq));
  if (!record) return std::optional<Hash>();
  return std::optional(blake2b_256(*record));
}

/// By reading all of it; nothing when some of it is missing.
Result<std::optional<Hash>> root_by_reading(const StoredRecords& records, std::uint64_t first, std::uint64_t last,
                                            std::uint64_t range_events) {
  MerkleTree tree;
  for (std::uint64_t from = first; from <= last; from += range_events) {
    ESAAS_TRY(const RecordRange range, read_range(records, from, std::min(last, from + range_events - 1)));
    const auto has_gap = [](const Oddity& one) { return one.kind == Oddity::Kind::kGap; };
    if (std::ranges::any_of(range.oddities, has_gap)) return std::optional<Hash>();
    for (const Hash& record : range.hashes) tree.add(record);
  }
  return std::optional(tree.root());
}

Hash root_of(const HashWindow::Slice& records) {
  MerkleTree tree;
  for (const HashWindow::Part& part : records) {
    for (const Hash& record : part.hashes) tree.add(record);
  }
  return tree.root();
}

std::size_t threads_of(const VerifyOptions& options) {
  return options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
}

class LogVerifier {
 public:
  LogVerifier(const StoredRecords& records, const VerifyOptions& options)
      : records_(records), options_(options), threads_(threads_of(options)) {
    result_.last_seq = records.last_seq();
    if (!options.public_key.empty()) trusted_.insert(options.public_key);
    for (const DigestRecord& digest : options.digests) {
      if (options.public_key.empty()) trusted_.insert(digest.public_key);
    }
  }

  Result<Verification> run(const std::optional<Checkpoint>& begin) {
    ESAAS_CHECK(begin_at(begin));
    ESAAS_CHECK(read_all());
    settle_roots(0, 0);
    findings_ = findings_of(oddities_, result_.last_seq);
    ESAAS_CHECK(hold_against_kept());
    ESAAS_CHECK(hold_against_acknowledged());
    conclude();
    findings_.insert(findings_.end(), of_digests_.begin(), of_digests_.end());
    std::ranges::stable_sort(findings_, {}, &Finding::first_seq);
    result_.findings = std::move(findings_);
    if (result_.findings.empty()) result_.next = checkpoint();
    return std::move(result_);
  }

 private:
  // ---- Reading ----

  Result<void> begin_at(const std::optional<Checkpoint>& begin) {
    if (!begin) return {};
    keys_ = begin->public_keys;
    digest_seq_ = begin->digest_seq;
    known_digest_ = begin->digest_seq;
    through_ = begin->digest_through_seq;
    through_hash_ = begin->digest_chain_hash;
    result_.first_seq = through_ + 1;
    window_ = HashWindow(result_.first_seq);
    if (through_ != 0) {
      ESAAS_TRY(last_hash_, to_hash(through_hash_));
    }
    return {};
  }

  Result<void> read_all() {
    // Enough of them that no thread waits while what another one read is put together.
    const std::size_t under_way_max = 2 * threads_ + 1;
    std::deque<std::future<Result<RecordRange>>> under_way;
    std::uint64_t next = result_.first_seq;
    while (next <= result_.last_seq || !under_way.empty()) {
      while (next <= result_.last_seq && under_way.size() < under_way_max) {
        const std::uint64_t last = std::min(result_.last_seq, next + options_.range_events - 1);
        under_way.push_back(pool_.queue([&records = records_, next, last] { return read_range(records, next, last); }));
        next = last + 1;
      }
      ESAAS_TRY(const bool is_empty, take_first(under_way));
      if (!is_empty || next > result_.last_seq) continue;
      // Whoever put a record under a far seq shall not have all that is not there be looked at.
      ESAAS_TRY(const std::uint64_t there, records_.first_seq_from(next));
      if (there <= next) continue;
      while (!under_way.empty()) ESAAS_CHECK(take_first(under_way));
      pass_gap(next, there);
      next = there;
    }
    return {};
  }

  /// Whether nothing is stored there.
  Result<bool> take_first(std::deque<std::future<Result<RecordRange>>>& under_way) {
    ESAAS_TRY(RecordRange range, under_way.front().get());
    under_way.pop_front();
    const bool is_empty = std::ranges::any_of(range.oddities, [&](const Oddity& one) {
      return one.kind == Oddity::Kind::kGap && one.last_seq - one.seq + 1 == range.hashes.size();
    });
    ESAAS_CHECK(take(std::move(range)));
    return is_empty;
  }

  /// Nothing is stored from `first` on up to `end`.
  void pass_gap(std::uint64_t first, std::uint64_t end) {
    if (!goes_on(first)) oddities_.push_back({.kind = Oddity::Kind::kGap, .seq = first});
    oddities_.back().last_seq = end - 1;
    window_ = HashWindow(end);
    last_hash_ = {};
    last_is_there_ = false;
  }

  /// What is missing before `seq` reaches up to it.
  [[nodiscard]] bool goes_on(std::uint64_t seq) const {
    return !oddities_.empty() && oddities_.back().kind == Oddity::Kind::kGap && oddities_.back().last_seq + 1 == seq;
  }

  Result<void> take(RecordRange range) {
    join(range);
    result_.bytes += range.bytes;
    const std::size_t room = kAllOdditiesMax - std::min(kAllOdditiesMax, oddities_.size());
    const std::size_t kept = std::min(room, range.oddities.size());
    oddities_.insert(oddities_.end(), range.oddities.begin(),
                     range.oddities.begin() + static_cast<std::ptrdiff_t>(kept));
    window_.append(std::move(range.hashes));
    for (const event::Event& event : range.books) {
      if (event.has_signing_key_created()) {
        keys_[event.signing_key_created().key_id()] = event.signing_key_created().public_key();
      } else if (event.seq() > known_digest_) {
        ESAAS_CHECK(take_digest({event.seq(), event.digest_signed(), {}}));
      }
    }
    if (window_.end_seq() - window_.first_seq() > kHashesWaitingMax) window_.drop_before(window_.end_seq());
    last_hash_ = range.last_record;
    last_is_there_ = last_hash_ != Hash{};
    shift_ = range.last_shift;
    return {};
  }

  /// What lies between two stretches: the link, and that the one goes on as the other ended.
  void join(RecordRange& range) {
    const bool has_first = !range.first_names.empty();
    const bool has_before = range.first_seq == 1 || last_is_there_;
    const bool begins_with_gap = !range.oddities.empty() && range.oddities.front().kind == Oddity::Kind::kGap &&
                                 range.oddities.front().seq == range.first_seq;
    if (begins_with_gap && goes_on(range.first_seq)) {
      oddities_.back().last_seq = range.oddities.front().last_seq;
      range.oddities.erase(range.oddities.begin());
    }
    if (has_first && has_before && range.first_names != to_bytes(last_hash_)) {
      oddities_.push_back({.kind = Oddity::Kind::kBrokenLink, .seq = range.first_seq});
    }
    const auto first = std::ranges::find_if(range.oddities, [&](const Oddity& one) {
      return one.kind == Oddity::Kind::kShift && one.seq == range.first_seq;
    });
    const bool begins_shifted = first != range.oddities.end();
    if (begins_shifted && first->shift == shift_) {
      range.oddities.erase(first);
    } else if (!begins_shifted && has_first && shift_ != 0) {
      oddities_.push_back({.kind = Oddity::Kind::kShift, .seq = range.first_seq, .shift = 0});
    }
  }

  // ---- Digests in the log ----

  void blame(const DigestRecord& record, const std::string& why) {
    of_digests_.push_back({Finding::Kind::kDigest, record.seq, record.seq, why});
  }

  Result<void> take_digest(DigestRecord record) {
    const event::DigestSigned& digest = record.digest;
    ++result_.digests;
    if (digest.previous_digest_seq() != digest_seq_ || digest.first_seq() != through_ + 1) {
      blame(record, "it goes on after the digest that is event " + std::to_string(digest.previous_digest_seq()) +
                        ", and the one before it here is event " + std::to_string(digest_seq_));
    }
    const auto key = keys_.find(digest.key_id());
    if (key != keys_.end()) record.public_key = key->second;
    const bool makes_sense =
        digest.first_seq() >= 1 && digest.first_seq() <= digest.through_seq() && digest.through_seq() < record.seq;
    if (!makes_sense) {
      blame(record, "it is over events that it cannot be over");
    } else if (key == keys_.end()) {
      blame(record, "it is signed by key " + digest.key_id() + ", of which the log says nothing before it");
    } else if (const auto holds = verify_signature(digest, key->second); !holds) {
      blame(record, holds.error().detail);
    } else {
      ESAAS_CHECK(begin_root(record));
    }
    digest_seq_ = record.seq;
    if (makes_sense) {
      through_ = digest.through_seq();
      through_hash_ = digest.chain_hash();
    }
    return {};
  }

  Result<void> begin_root(const DigestRecord& record) {
    const std::uint64_t first = record.digest.first_seq();
    const std::uint64_t last = record.digest.through_seq();
    if (first < window_.first_seq()) {
      ESAAS_TRY(const auto root, root_by_reading(records_, first, last, options_.range_events));
      ESAAS_TRY(const auto hash, hash_at(records_, last));
      settle(record, root && hash && to_bytes(*root) == record.digest.root(), hash.value_or(Hash{}));
      return {};
    }
    HashWindow::Slice slice = window_.slice(first, last);
    window_.drop_before(last + 1);
    const Hash hash = slice.back().hashes.back();
    hashes_under_way_ += last - first + 1;
    roots_.push_back({record, hash, pool_.queue_first([slice = std::move(slice)] { return root_of(slice); })});
    settle_roots(kRootsUnderWayMax, kHashesUnderWayMax);
    return {};
  }

  void settle_roots(std::size_t left, std::uint64_t hashes_left) {
    while (roots_.size() > left || hashes_under_way_ > hashes_left) {
      auto [record, last, root] = std::move(roots_.front());
      roots_.pop_front();
      hashes_under_way_ -= record.digest.through_seq() - record.digest.first_seq() + 1;
      settle(record, to_bytes(root.get()) == record.digest.root(), last);
    }
  }

  void settle(const DigestRecord& record, bool root_fits, const Hash& last) {
    const event::DigestSigned& digest = record.digest;
    const bool fits = root_fits && to_bytes(last) == digest.chain_hash();
    anchors_.push_back({digest.first_seq(), digest.through_seq(), fits, true, trusted_.contains(record.public_key),
                        "the digest that is event " + std::to_string(record.seq)});
    if (fits) in_log_[record.seq] = record;
    if (!trusted_.empty() && !trusted_.contains(record.public_key)) ++by_other_keys_;
  }

  // ---- What was kept elsewhere ----

  Result<void> hold_against_kept() {
    for (const DigestRecord& kept : options_.digests) {
      const event::DigestSigned& digest = kept.digest;
      const auto same = in_log_.find(kept.seq);
      bool fits = same != in_log_.end() && same->second.digest.SerializeAsString() == digest.SerializeAsString();
      if (!fits && digest.through_seq() <= result_.last_seq) {
        ESAAS_TRY(const auto root,
                  root_by_reading(records_, digest.first_seq(), digest.through_seq(), options_.range_events));
        ESAAS_TRY(const auto last, hash_at(records_, digest.through_seq()));
        fits = root && to_bytes(*root) == digest.root() && last && to_bytes(*last) == digest.chain_hash();
      }
      anchors_.push_back({digest.first_seq(), digest.through_seq(), fits, true, true,
                          "the digest that was kept of event " + std::to_string(kept.seq)});
      note_end(digest.through_seq(),
               "a digest that was kept elsewhere goes up to event " + std::to_string(digest.through_seq()));
    }
    if (options_.checkpoint) {
      const Checkpoint& checkpoint = *options_.checkpoint;
      ESAAS_TRY(const auto hash, hash_at(records_, checkpoint.seq));
      const bool fits = hash && to_bytes(*hash) == checkpoint.hash;
      anchors_.push_back({1, checkpoint.seq, fits, false, true, "the checkpoint"});
      note_end(checkpoint.seq, "the log was verified up to event " + std::to_string(checkpoint.seq));
    }
    return {};
  }

  Result<void> hold_against_acknowledged() {
    const auto& acknowledged = records_.acknowledged();
    if (!acknowledged) {
      result_.notes.push_back("Up to where appends were acknowledged cannot be told: " + acknowledged.error().detail);
      return {};
    }
    const auto& [seq, named] = *acknowledged;
    if (seq == 0) return {};
    note_end(seq, "appends were acknowledged up to event " + std::to_string(seq));
    if (seq > result_.last_seq) return {};
    ESAAS_TRY(const auto hash, hash_at(records_, seq));
    anchors_.push_back(
        {seq, seq, hash == named, false, false, "what was acknowledged of event " + std::to_string(seq)});
    return {};
  }

  void note_end(std::uint64_t seq, const std::string& how_known) {
    if (seq <= result_.last_seq) return;
    const bool is_known = std::ranges::any_of(findings_, [&](Finding& finding) {
      if (finding.kind != Finding::Kind::kMissing || finding.first_seq != result_.last_seq + 1) return false;
      finding.last_seq = std::max(finding.last_seq, seq);
      return true;
    });
    if (is_known) return;
    findings_.push_back(
        {Finding::Kind::kMissing, result_.last_seq + 1, seq, "the log ends before them, and " + how_known});
  }

  // ---- What it comes to ----

  void conclude() {
    if (by_other_keys_ != 0) {
      result_.notes.push_back(std::to_string(by_other_keys_) +
                              " digests in the log are signed by another key than that which was kept elsewhere");
    }
    std::ranges::stable_sort(anchors_, {}, &Anchor::through_seq);
    const auto broken = std::ranges::find(anchors_, false, &Anchor::fits);
    // One that fits binds all before it, unless the chain up to it is broken: then the break is a finding.
    for (auto anchor = anchors_.begin(); anchor != broken; ++anchor) {
      if (!anchor->is_digest) continue;
      result_.signed_through = std::max(result_.signed_through, anchor->through_seq);
      if (anchor->is_trusted) result_.proven_through = std::max(result_.proven_through, anchor->through_seq);
    }
    const auto rewritten = std::find_if(broken, anchors_.end(),
                                        [&](const Anchor& anchor) { return !anchor.fits && !is_explained(anchor); });
    if (rewritten == anchors_.end()) return;
    // Where something was kept elsewhere, what only lies beside the log cannot say that a part of it is as it was.
    const bool has_trusted = std::ranges::any_of(anchors_, &Anchor::is_trusted);
    std::uint64_t before = 0;
    for (const Anchor& anchor : anchors_) {
      const bool counts = has_trusted ? anchor.is_trusted : anchor.is_digest;
      if (counts && anchor.fits && anchor.through_seq < rewritten->through_seq) before = anchor.through_seq;
    }
    const std::uint64_t end = std::min(rewritten->through_seq, result_.last_seq);
    if (before + 1 > end) return;  // what is missing at the end is a finding already
    findings_.push_back({Finding::Kind::kRewritten, before + 1, end,
                         rewritten->name + " does not fit, and the chain does: it was made to fit a change in here"});
  }

  /// Whether what was found already keeps it from fitting: something among the events that it is over, or that those
  /// behind it are stored elsewhere. What was changed in its place before them is no reason, and hides none.
  [[nodiscard]] bool is_explained(const Anchor& anchor) const {
    const bool is_within = std::ranges::any_of(findings_, [&](const Finding& one) {
      return one.first_seq <= anchor.through_seq && one.last_seq + 1 >= anchor.first_seq;
    });
    if (is_within) return true;
    std::int64_t shift = 0;
    for (const Oddity& one : oddities_) {
      if (one.kind == Oddity::Kind::kShift && one.seq <= anchor.first_seq) shift = one.shift;
    }
    return shift != 0;
  }

  [[nodiscard]] Checkpoint checkpoint() const {
    return {result_.last_seq, to_bytes(last_hash_), digest_seq_, through_, through_hash_, keys_};
  }

  struct Root {
    DigestRecord record;
    Hash last;  ///< of the last record that it is over
    std::future<Hash> root;
  };

  const StoredRecords& records_;
  const VerifyOptions& options_;
  const std::size_t threads_;
  std::set<std::string> trusted_;
  Verification result_;
  std::vector<Oddity> oddities_;
  std::vector<Finding> findings_;
  std::vector<Finding> of_digests_;
  std::vector<Anchor> anchors_;
  std::map<std::string, std::string> keys_;
  std::map<std::uint64_t, DigestRecord> in_log_;  // those that fit, by seq
  std::deque<Root> roots_;                        // under way
  std::uint64_t hashes_under_way_ = 0;            // that they are over
  HashWindow window_{1};
  std::uint64_t digest_seq_ = 0;    // of the digest before
  std::uint64_t through_ = 0;       // up to which it goes
  std::uint64_t known_digest_ = 0;  // of the checkpoint: it is read again, and was held against what it is over
  std::string through_hash_;
  Hash last_hash_{};
  bool last_is_there_ = true;
  std::int64_t shift_ = 0;
  std::uint64_t by_other_keys_ = 0;
  WorkPool pool_{threads_};  // the last member: what it does uses the others
};

Result<void> check_kept(const VerifyOptions& options) {
  for (const DigestRecord& kept : options.digests) {
    const std::string& key = options.public_key.empty() ? kept.public_key : options.public_key;
    const event::DigestSigned& digest = kept.digest;
    auto holds = verify_signature(digest, key);
    if (holds && (digest.first_seq() == 0 || digest.first_seq() > digest.through_seq())) {
      holds = fail(ErrorCode::kInvalidArgument, "a digest that was kept is over no events");
    }
    if (!holds) return fail(ErrorCode::kInvalidArgument, holds.error().detail, "digests", "signature");
  }
  return {};
}

}  // namespace

Result<Verification> verify_log(const std::filesystem::path& directory, const VerifyOptions& options) {
  ESAAS_CHECK(check_kept(options));
  ESAAS_TRY(const auto records, open_stored_records(directory));
  ESAAS_TRY(auto result, LogVerifier(*records, options).run(options.checkpoint));
  if (!options.checkpoint || result.findings.empty()) return result;
  // Where it is can only be told by looking at all.
  return LogVerifier(*records, options).run(std::nullopt);
}

}  // namespace esaas::store
