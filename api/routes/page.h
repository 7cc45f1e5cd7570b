#pragma once
// Pages of a list that is walked in ascending order of a key: the cursor is the key of the last item given, so that
// what is added or removed meanwhile neither repeats nor hides another item. Pure.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include "api/routes/query.h"

namespace esaas::api {

struct Page {
  std::uint64_t limit = 100;
  std::string cursor;
};

inline constexpr std::uint64_t kPageLimitMax = 1000;

/// `limit` (1 to 1000, 100 when absent) and `cursor`.
Page read_page(Query& query);

class PageBuilder {
 public:
  explicit PageBuilder(Page page) : page_(std::move(page)) {}

  [[nodiscard]] bool is_after_cursor(std::string_view key) const { return page_.cursor.empty() || key > page_.cursor; }
  /// Adds an item; false when the page is full (the item is the next page's first).
  bool add(std::string key, boost::json::object item);
  /// {"items":[...],"next_cursor":"..."}, the cursor only when there is more.
  boost::json::object finish();

 private:
  Page page_;
  std::string last_key_;
  bool more_ = false;
  boost::json::array items_;
};

/// The number with leading zeros, so that text sorts as numbers do.
std::string padded(std::uint64_t number);

}  // namespace esaas::api
