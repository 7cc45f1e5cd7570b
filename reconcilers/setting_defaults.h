#pragma once
// Taking a setting of Elasticsearch away. From 5.x on it is set to null; 2.x can only be given what it has by default.
// Pure.

#include <optional>
#include <string_view>

namespace esaas::reconcile {

/// This version can take a setting away. False of one that nobody knows.
bool can_unset_settings(std::string_view version);

/// The default of a setting of 2.x whose default is one value on every machine; nothing for another.
std::optional<std::string_view> default_of_2x(std::string_view key);

}  // namespace esaas::reconcile
