#include "api/routes/page.h"

namespace esaas::api {

Page read_page(Query& query) {
  Page page;
  page.limit = query.number("limit", 1, kPageLimitMax, page.limit);
  page.cursor = query.text("cursor");
  return page;
}

bool PageBuilder::add(std::string key, boost::json::object item) {
  if (items_.size() == page_.limit) {
    more_ = true;
    return false;
  }
  last_key_ = std::move(key);
  items_.push_back(std::move(item));
  return true;
}

boost::json::object PageBuilder::finish() {
  boost::json::object object{{"items", std::move(items_)}};
  if (more_) object["next_cursor"] = last_key_;
  return object;
}

std::string padded(std::uint64_t number) {
  const auto digits = std::to_string(number);
  return std::string(20 - digits.size(), '0') + digits;
}

}  // namespace esaas::api
