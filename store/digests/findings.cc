#include "store/digests/findings.h"

#include <algorithm>

namespace esaas::store {
namespace {

using Kind = Finding::Kind;

class OddityReader {
 public:
  OddityReader(const std::vector<Oddity>& oddities, std::uint64_t last_seq)
      : oddities_(oddities), last_seq_(last_seq) {}

  std::vector<Finding> read() {
    for (std::size_t i = 0; i < oddities_.size(); ++i) {
      const Oddity& one = oddities_[i];
      switch (one.kind) {
        case Oddity::Kind::kGap: add(Kind::kMissing, one.seq, one.last_seq, "nothing is stored there"); break;
        case Oddity::Kind::kNoRecord: add(Kind::kChanged, one.seq, one.seq, "what is stored there is no record"); break;
        case Oddity::Kind::kStrangeKey:
          add(Kind::kExtra, one.seq, one.seq, "something is stored behind it under a key that is no seq");
          break;
        case Oddity::Kind::kShift: i = read_shifts(i); break;
        case Oddity::Kind::kBrokenLink: break;
      }
    }
    // A link next to what was found already is broken by that.
    const std::vector<Finding> causes = findings_;
    for (std::size_t i = 0; i < oddities_.size(); ++i) {
      if (oddities_[i].kind == Oddity::Kind::kBrokenLink) i = read_links(i, causes);
    }
    std::ranges::stable_sort(findings_, {}, &Finding::first_seq);
    return std::move(findings_);
  }

 private:
  void add(Kind kind, std::uint64_t first, std::uint64_t last, std::string detail) {
    findings_.push_back({kind, first, last, std::move(detail)});
  }

  /// The index of the next one of this kind after `i`; the end when there is none.
  [[nodiscard]] std::size_t next_of(Oddity::Kind kind, std::size_t i) const {
    const auto found = std::find_if(oddities_.begin() + static_cast<std::ptrdiff_t>(i) + 1, oddities_.end(),
                                    [&](const Oddity& one) { return one.kind == kind; });
    return static_cast<std::size_t>(found - oddities_.begin());
  }

  /// Records that say other seqs: all that follow by as much (some were taken out or put in before them), or only some.
  std::size_t read_shifts(std::size_t i) {
    const Oddity& first = oddities_[i];
    const std::int64_t before = shift_;
    std::size_t last = i;
    for (std::size_t next = next_of(Oddity::Kind::kShift, last);
         next < oddities_.size() && oddities_[next].seq == oddities_[last].seq + 1 && oddities_[last].shift != before;
         next = next_of(Oddity::Kind::kShift, last)) {
      last = next;
    }
    shift_ = oddities_[last].shift;
    if (shift_ == before || last != i) {
      const std::uint64_t end = shift_ == before ? oddities_[last].seq - 1 : oddities_[last].seq;
      add(Kind::kOutOfOrder, first.seq, end, "the records say to be other events than where they are stored");
    } else if (first.seq == last_seq_) {
      // Nothing follows that would tell which of both it is.
      const bool is_that_before = shift_ == before - 1 && first.seq > 1;
      add(Kind::kOutOfOrder, first.seq - (is_that_before ? 1 : 0), first.seq,
          "the last record says to be another event than where it is stored");
    } else if (shift_ > before) {
      const std::uint64_t from = first.seq + static_cast<std::uint64_t>(before);
      const std::uint64_t to = first.seq + static_cast<std::uint64_t>(shift_) - 1;
      add(Kind::kMissing, from, to, "the records after it are stored in its place");
    } else {
      const auto count = static_cast<std::uint64_t>(before - shift_);
      add(Kind::kExtra, first.seq > count ? first.seq - count : 1, first.seq - 1,
          "the records that were there are stored after it");
    }
    return last;
  }

  /// One broken link: the record before it was changed. Two in a row: the one between them, or both before and it.
  std::size_t read_links(std::size_t i, const std::vector<Finding>& causes) {
    const std::uint64_t first = oddities_[i].seq;
    std::size_t last = i;
    for (std::size_t next = next_of(Oddity::Kind::kBrokenLink, last);
         next < oddities_.size() && oddities_[next].seq == oddities_[last].seq + 1;
         next = next_of(Oddity::Kind::kBrokenLink, last)) {
      last = next;
    }
    const std::uint64_t end = oddities_[last].seq;
    // Nothing is stored under what is missing, but beside it; what was put in or moved breaks the link after it, too.
    const bool is_caused = std::ranges::any_of(
        causes, [&](const Finding& cause) { return first <= cause.last_seq + 1 && cause.first_seq <= end; });
    if (is_caused) return last;
    if (first == 1) {
      add(Kind::kChanged, 1, end, "the first event names an event before it: what the log began with is not there");
    } else if (first == end) {
      add(Kind::kChanged, first - 1, first - 1,
          "event " + std::to_string(first) + " names another hash for it; or all from event " + std::to_string(first) +
              " on was written anew");
    } else {
      add(Kind::kChanged, first - 1, end - 1,
          "one or more of these: each names another hash than that of the record before it has");
    }
    return last;
  }

  const std::vector<Oddity>& oddities_;
  std::uint64_t last_seq_;
  std::vector<Finding> findings_;
  std::int64_t shift_ = 0;
};

}  // namespace

std::string_view name_of(Finding::Kind kind) {
  switch (kind) {
    case Kind::kChanged: return "changed";
    case Kind::kMissing: return "missing";
    case Kind::kExtra: return "extra";
    case Kind::kOutOfOrder: return "out_of_order";
    case Kind::kRewritten: return "rewritten";
    case Kind::kDigest: return "digest";
  }
  return {};
}

std::string events_text(std::uint64_t first_seq, std::uint64_t last_seq) {
  if (first_seq == last_seq) return "event " + std::to_string(first_seq);
  return "events " + std::to_string(first_seq) + " to " + std::to_string(last_seq);
}

std::vector<Finding> findings_of(const std::vector<Oddity>& oddities, std::uint64_t last_seq) {
  return OddityReader(oddities, last_seq).read();
}

}  // namespace esaas::store
