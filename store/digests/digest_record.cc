#include "store/digests/digest_record.h"

#include <boost/json/array.hpp>

#include <optional>

#include "core/base/hash.h"
#include "core/base/proto_json.h"

namespace esaas::store {
namespace {

namespace json = boost::json;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Takes the member out.
Result<void> take_hex_of(json::object& object, std::string_view name, std::string& bytes) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) {
    return fail(ErrorCode::kInvalidArgument, std::string(name) + ": is no text", std::string(name), "text");
  }
  ESAAS_TRY(bytes, bytes_of_hex(value->get_string(), name));
  object.erase(name);
  return {};
}

std::optional<std::int64_t> whole_number(const json::value* value) {
  if (value == nullptr) return std::nullopt;
  boost::system::error_code failed;
  const auto number = value->to_number<std::int64_t>(failed);
  if (failed) return std::nullopt;
  return number;
}

}  // namespace

Result<std::string> bytes_of_hex(std::string_view text, std::string_view field) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) break;
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  if (bytes.size() * 2 == text.size()) return bytes;
  return fail(ErrorCode::kInvalidArgument, std::string(field) + ": is not hexadecimal", std::string(field),
              "hexadecimal");
}

json::object to_json(const DigestRecord& record) {
  json::object object{{"seq", record.seq}};
  for (auto& member : esaas::to_json(record.digest)) object[member.key()] = std::move(member.value());
  object["signed_at_us"] = record.digest.signed_at_us();
  if (!record.public_key.empty()) object["public_key"] = to_hex(record.public_key);
  return object;
}

Result<DigestRecord> digest_from_json(json::object object) {
  DigestRecord record;
  const auto seq = whole_number(object.if_contains("seq"));
  const auto signed_at_us = whole_number(object.if_contains("signed_at_us"));
  if (!seq || *seq <= 0) return fail(ErrorCode::kInvalidArgument, "seq: is no number of an event", "seq", "number");
  if (!signed_at_us) {
    return fail(ErrorCode::kInvalidArgument, "signed_at_us: is no number", "signed_at_us", "number");
  }
  record.seq = static_cast<std::uint64_t>(*seq);
  if (object.contains("public_key")) {
    ESAAS_CHECK(take_hex_of(object, "public_key", record.public_key));
  }
  std::string root;
  std::string chain_hash;
  std::string signature;
  ESAAS_CHECK(take_hex_of(object, "root", root));
  ESAAS_CHECK(take_hex_of(object, "chain_hash", chain_hash));
  ESAAS_CHECK(take_hex_of(object, "signature", signature));
  for (const char* name : {"seq", "signed_at", "signed_at_us"}) object.erase(name);
  ESAAS_CHECK(from_json(object, record.digest));
  record.digest.set_root(std::move(root));
  record.digest.set_chain_hash(std::move(chain_hash));
  record.digest.set_signature(std::move(signature));
  record.digest.set_signed_at_us(*signed_at_us);
  return record;
}

Result<std::vector<DigestRecord>> digests_from_json(const json::value& value) {
  std::vector<DigestRecord> records;
  const json::value* items = value.is_object() ? value.get_object().if_contains("items") : &value;
  if (items == nullptr) {
    ESAAS_TRY(records.emplace_back(), digest_from_json(value.get_object()));
    return records;
  }
  if (!items->is_array()) return fail(ErrorCode::kInvalidArgument, "these are no digests", "", "list");
  for (const json::value& item : items->get_array()) {
    if (!item.is_object()) return fail(ErrorCode::kInvalidArgument, "one of these is no digest", "", "object");
    ESAAS_TRY(records.emplace_back(), digest_from_json(item.get_object()));
  }
  return records;
}

}  // namespace esaas::store
