#include "core/model/labels.h"

#include <algorithm>

namespace esaas::model {

void merge(Labels& labels, const Labels& change) {
  for (const Label& label : change) {
    const auto place = std::ranges::lower_bound(labels, label.key(), {}, &Label::key);
    const bool there = place != labels.end() && place->key() == label.key();
    if (there && label.value().empty()) {
      labels.erase(place);
    } else if (there) {
      place->set_value(label.value());
    } else if (!label.value().empty()) {
      const auto position = place - labels.begin();
      *labels.Add() = label;
      std::rotate(labels.pointer_begin() + position, labels.pointer_end() - 1, labels.pointer_end());
    }
  }
}

Labels named_by(const Labels& labels, const Labels& change) {
  Labels named;
  for (const Label& label : labels) {
    if (std::ranges::find(change, label.key(), &Label::key) != change.end()) *named.Add() = label;
  }
  return named;
}

}  // namespace esaas::model
