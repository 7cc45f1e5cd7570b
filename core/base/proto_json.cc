#include "core/base/proto_json.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_stack.hpp>
#include <cctype>
#include <limits>
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/base/time.h"

namespace esaas {
namespace {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr std::string_view kMomentSuffix = "_at_us";
constexpr std::size_t kDepthMax = 32;

bool is_moment(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_INT64 && !field.is_repeated() &&
         std::string_view(field.name()).ends_with(kMomentSuffix);
}

std::string_view json_name(const FieldDescriptor& field) {
  std::string_view name = field.name();
  if (is_moment(field)) name.remove_suffix(3);  // "_us"
  return name;
}

/// NODE_ROLE_ for NodeRole: what its enumerators' names begin with.
std::string enum_prefix(const EnumDescriptor& type) {
  std::string prefix;
  for (const char c : type.name()) {
    if (std::isupper(static_cast<unsigned char>(c)) != 0 && !prefix.empty()) prefix += '_';
    prefix += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return prefix + "_";
}

std::string enumerator_name(const EnumValueDescriptor& value) {
  std::string_view name = value.name();
  const std::string prefix = enum_prefix(*value.type());
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  std::string text(name);
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// The zero of a type that has no meaning of its own; PLACE_STATUS_NONE is a zero that has.
bool is_unspecified(const EnumValueDescriptor& value) {
  return value.number() == 0 && value.name().ends_with("_UNSPECIFIED");
}

json::value scalar_to_json(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  const bool repeated = index >= 0;
  std::string scratch;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return repeated ? reflection.GetRepeatedInt32(message, &field, index) : reflection.GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      if (is_moment(field)) return json::value(to_rfc3339(from_us(reflection.GetInt64(message, &field))));
      return repeated ? reflection.GetRepeatedInt64(message, &field, index) : reflection.GetInt64(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return repeated ? reflection.GetRepeatedUInt32(message, &field, index) : reflection.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return repeated ? reflection.GetRepeatedUInt64(message, &field, index) : reflection.GetUInt64(message, &field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return repeated ? reflection.GetRepeatedDouble(message, &field, index) : reflection.GetDouble(message, &field);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return repeated ? reflection.GetRepeatedFloat(message, &field, index) : reflection.GetFloat(message, &field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return repeated ? reflection.GetRepeatedBool(message, &field, index) : reflection.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return json::value(enumerator_name(repeated ? *reflection.GetRepeatedEnum(message, &field, index)
                                                  : *reflection.GetEnum(message, &field)));
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string& text = repeated ? reflection.GetRepeatedStringReference(message, &field, index, &scratch)
                                         : reflection.GetStringReference(message, &field, &scratch);
      return json::value(field.type() == FieldDescriptor::TYPE_BYTES ? to_hex(text) : text);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return to_json(repeated ? reflection.GetRepeatedMessage(message, &field, index)
                              : reflection.GetMessage(message, &field));
  }
  return nullptr;
}

/// Unset messages, members of an unset oneof, moments at 0, empty bytes and UNSPECIFIED say nothing and are not shown.
bool is_shown(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) return true;
  if (field.has_presence() || is_moment(field) || field.type() == FieldDescriptor::TYPE_BYTES) {
    return reflection.HasField(message, &field);
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return !is_unspecified(*reflection.GetEnum(message, &field));
  return true;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

/// " (did you mean \"count\"?)" for the nearest of the names, or nothing when none is near.
std::string suggestion(std::string_view wrong, const std::vector<std::string>& names) {
  const std::string* best = nullptr;
  std::size_t best_distance = 3;
  for (const std::string& name : names) {
    if (wrong.size() >= name.size() + best_distance) continue;  // never near, and `wrong` may be a megabyte long
    const std::size_t distance = edit_distance(wrong, name);
    if (distance < best_distance) {
      best_distance = distance;
      best = &name;
    }
  }
  return best == nullptr ? "" : " (did you mean \"" + *best + "\"?)";
}

std::string shortened(std::string_view text) {
  constexpr std::size_t kShown = 61;
  if (text.size() <= kShown + 3) return std::string(text);
  std::size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;  // never within a character
  return std::string(text.substr(0, end)) + "...";
}

std::string_view type_name(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return "null";
    case json::kind::bool_: return "a boolean";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_: return "a number";
    case json::kind::string: return "a string";
    case json::kind::array: return "an array";
    case json::kind::object: return "an object";
  }
  return "a value";
}

/// Reads one JSON object into one message; `path_` is the field that is being read, for the error.
class Reader {
 public:
  Result<void> object(const json::value& value, Message& message, const std::string& path, std::size_t depth) {
    if (depth > kDepthMax) return refuse(path, "nested too deeply", "nesting_max_32");
    if (!value.is_object()) return wrong_type(path, "an object", value);
    const Descriptor& type = *message.GetDescriptor();
    for (const auto& member : value.get_object()) {
      const std::string_view name{member.key().data(), member.key().size()};
      const FieldDescriptor* field = find(type, name);
      const std::string member_path = path.empty() ? std::string(shortened(name)) : path + "." + shortened(name);
      if (field == nullptr) return unknown(type, member_path, name);
      if (member.value().is_null()) return wrong_type(member_path, "a value", member.value());
      ESAAS_CHECK(member_value(member.value(), message, *field, member_path, depth));
    }
    return {};
  }

 private:
  static const FieldDescriptor* find(const Descriptor& type, std::string_view name) {
    for (int i = 0; i < type.field_count(); ++i) {
      if (json_name(*type.field(i)) == name) return type.field(i);
    }
    return nullptr;
  }

  static Result<void> refuse(const std::string& path, const std::string& what, const std::string& rule) {
    return fail(ErrorCode::kInvalidArgument, (path.empty() ? "the body" : path) + ": " + what, path, rule);
  }

  static Result<void> wrong_type(const std::string& path, const std::string& wanted, const json::value& value) {
    return refuse(path, "must be " + wanted + ", not " + std::string(type_name(value)), "type");
  }

  static Result<void> unknown(const Descriptor& type, const std::string& path, std::string_view name) {
    std::vector<std::string> names;
    names.reserve(static_cast<std::size_t>(type.field_count()));
    for (int i = 0; i < type.field_count(); ++i) names.emplace_back(json_name(*type.field(i)));
    return refuse(path, "unknown field" + suggestion(name, names), "known_fields");
  }

  Result<void> member_value(const json::value& value, Message& message, const FieldDescriptor& field,
                            const std::string& path, std::size_t depth) {
    const Reflection& reflection = *message.GetReflection();
    if (field.is_repeated()) {
      if (!value.is_array()) return wrong_type(path, "an array", value);
      std::size_t i = 0;
      for (const json::value& item : value.get_array()) {
        ESAAS_CHECK(one(item, message, field, path + "[" + std::to_string(i++) + "]", depth));
      }
      return {};
    }
    if (const auto* oneof = field.real_containing_oneof(); oneof != nullptr && reflection.HasOneof(message, oneof)) {
      return refuse(path, "only one of the kinds may be given", "one_kind");
    }
    return one(value, message, field, path, depth);
  }

  Result<void> one(const json::value& value, Message& message, const FieldDescriptor& field, const std::string& path,
                   std::size_t depth) {
    const Reflection& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return object(value,
                      field.is_repeated() ? *reflection.AddMessage(&message, &field)
                                          : *reflection.MutableMessage(&message, &field),
                      path, depth + 1);
      case FieldDescriptor::CPPTYPE_ENUM: return enumerator(value, message, field, path);
      case FieldDescriptor::CPPTYPE_STRING: return text(value, message, field, path);
      case FieldDescriptor::CPPTYPE_BOOL:
        if (!value.is_bool()) return wrong_type(path, "true or false", value);
        field.is_repeated() ? reflection.AddBool(&message, &field, value.get_bool())
                            : reflection.SetBool(&message, &field, value.get_bool());
        return {};
      case FieldDescriptor::CPPTYPE_DOUBLE:
      case FieldDescriptor::CPPTYPE_FLOAT: return refuse(path, "has no JSON form", "type");
      default: return number(value, message, field, path);
    }
  }

  static Result<void> text(const json::value& value, Message& message, const FieldDescriptor& field,
                           const std::string& path) {
    if (!value.is_string()) return wrong_type(path, "a string", value);
    if (field.type() == FieldDescriptor::TYPE_BYTES) return refuse(path, "cannot be set", "read_only");
    const json::string& given = value.get_string();
    std::string copy(given.data(), given.size());
    if (copy.find('\0') != std::string::npos) return refuse(path, "holds a NUL byte", "text");
    const Reflection& reflection = *message.GetReflection();
    field.is_repeated() ? reflection.AddString(&message, &field, std::move(copy))
                        : reflection.SetString(&message, &field, std::move(copy));
    return {};
  }

  static Result<void> enumerator(const json::value& value, Message& message, const FieldDescriptor& field,
                                 const std::string& path) {
    if (!value.is_string()) return wrong_type(path, "a string", value);
    const std::string_view given{value.get_string().data(), value.get_string().size()};
    const EnumDescriptor& type = *field.enum_type();
    std::vector<std::string> names;
    for (int i = 0; i < type.value_count(); ++i) {
      if (is_unspecified(*type.value(i))) continue;  // is what is not given
      names.push_back(enumerator_name(*type.value(i)));
      if (names.back() != given) continue;
      const Reflection& reflection = *message.GetReflection();
      field.is_repeated() ? reflection.AddEnum(&message, &field, type.value(i))
                          : reflection.SetEnum(&message, &field, type.value(i));
      return {};
    }
    std::string choices;
    for (const std::string& name : names) choices += (choices.empty() ? "" : ", ") + name;
    return refuse(path, "\"" + shortened(given) + "\" is none of " + choices + suggestion(given, names),
                  "known_values");
  }

  static Result<void> number(const json::value& value, Message& message, const FieldDescriptor& field,
                             const std::string& path) {
    if (is_moment(field)) return moment(value, message, field, path);
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32: return integer<std::int32_t>(value, message, field, path);
      case FieldDescriptor::CPPTYPE_INT64: return integer<std::int64_t>(value, message, field, path);
      case FieldDescriptor::CPPTYPE_UINT32: return integer<std::uint32_t>(value, message, field, path);
      default: return integer<std::uint64_t>(value, message, field, path);
    }
  }

  static Result<void> moment(const json::value& value, Message& message, const FieldDescriptor& field,
                             const std::string& path) {
    if (!value.is_string()) return wrong_type(path, "a moment as RFC 3339 text", value);
    const auto time = parse_rfc3339({value.get_string().data(), value.get_string().size()});
    if (!time) return refuse(path, time.error().detail, "rfc3339");
    message.GetReflection()->SetInt64(&message, &field, to_us(*time));
    return {};
  }

  template <typename Integer>
  static Result<void> integer(const json::value& value, Message& message, const FieldDescriptor& field,
                              const std::string& path) {
    using Limits = std::numeric_limits<Integer>;
    if (!value.is_number()) return wrong_type(path, "a number", value);
    if (value.is_double()) return refuse(path, "must be a whole number", "integer");
    json::error_code failed;
    const auto number = value.to_number<Integer>(failed);
    if (failed) {
      return refuse(path,
                    json::serialize(value) + " is not between " + std::to_string(Limits::min()) + " and " +
                        std::to_string(Limits::max()),
                    "range");
    }
    set(message, field, number);
    return {};
  }

  static void set(Message& message, const FieldDescriptor& field, std::int32_t number) {
    const Reflection& r = *message.GetReflection();
    field.is_repeated() ? r.AddInt32(&message, &field, number) : r.SetInt32(&message, &field, number);
  }
  static void set(Message& message, const FieldDescriptor& field, std::int64_t number) {
    const Reflection& r = *message.GetReflection();
    field.is_repeated() ? r.AddInt64(&message, &field, number) : r.SetInt64(&message, &field, number);
  }
  static void set(Message& message, const FieldDescriptor& field, std::uint32_t number) {
    const Reflection& r = *message.GetReflection();
    field.is_repeated() ? r.AddUInt32(&message, &field, number) : r.SetUInt32(&message, &field, number);
  }
  static void set(Message& message, const FieldDescriptor& field, std::uint64_t number) {
    const Reflection& r = *message.GetReflection();
    field.is_repeated() ? r.AddUInt64(&message, &field, number) : r.SetUInt64(&message, &field, number);
  }
};

/// Builds the value, and stops at an object that has a key twice: Boost would keep the last of them without a word. The
/// keys of the objects that are open lie one after the other in one text, so that noting them costs no allocation each.
class UniqueKeysHandler {
 public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  UniqueKeysHandler() { stack_.reset(); }

  json::value release() { return stack_.release(); }
  /// The key that came twice; meaningful when `has_repeated_key`.
  [[nodiscard]] const std::string& repeated_key() const { return repeated_key_; }
  [[nodiscard]] bool has_repeated_key() const { return has_repeated_key_; }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return true; }
  bool on_object_end(std::size_t count, json::error_code& failed) {
    if (!are_unique(count)) {
      has_repeated_key_ = true;
      failed = json::error::syntax;
      return false;
    }
    forget(count);
    stack_.push_object(count);
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t count, json::error_code&) {
    stack_.push_array(count);
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    text_.append(part.data(), part.size());
    stack_.push_chars(part);
    return true;
  }
  bool on_key(json::string_view part, std::size_t size, json::error_code&) {
    text_.append(part.data(), part.size());
    keys_.push_back({text_.size() - size, size});
    stack_.push_key(part);
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    stack_.push_chars(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, json::error_code&) {
    stack_.push_string(part);
    return true;
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, json::error_code&) {
    stack_.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t number, json::string_view, json::error_code&) {
    stack_.push_uint64(number);
    return true;
  }
  bool on_double(double number, json::string_view, json::error_code&) {
    stack_.push_double(number);
    return true;
  }
  bool on_bool(bool flag, json::error_code&) {
    stack_.push_bool(flag);
    return true;
  }
  bool on_null(json::error_code&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  struct Key {
    std::size_t begin;
    std::size_t size;
  };
  [[nodiscard]] std::string_view view(const Key& key) const {
    return std::string_view(text_).substr(key.begin, key.size);
  }

  /// Of the last `count` keys. Few are compared each with each, which is quicker than to sort them.
  bool are_unique(std::size_t count) {
    constexpr std::size_t kFew = 12;
    const auto begin = keys_.end() - static_cast<std::ptrdiff_t>(count);
    if (count <= kFew) {
      for (auto one = begin; one != keys_.end(); ++one) {
        for (auto other = begin; other != one; ++other) {
          if (one->size == other->size && view(*one) == view(*other)) return note(*one);
        }
      }
      return true;
    }
    sorted_.assign(begin, keys_.end());
    std::ranges::sort(sorted_, {}, [this](const Key& key) { return view(key); });
    const auto twice = std::ranges::adjacent_find(sorted_, {}, [this](const Key& key) { return view(key); });
    return twice == sorted_.end() || note(*twice);
  }
  bool note(const Key& key) {
    repeated_key_ = shortened(view(key));
    return false;
  }
  void forget(std::size_t count) {
    if (count == 0) return;
    text_.resize(keys_[keys_.size() - count].begin);
    keys_.resize(keys_.size() - count);
  }

  json::value_stack stack_;
  std::string text_;
  std::vector<Key> keys_;    // of the objects that are open, outermost first
  std::vector<Key> sorted_;  // of a large object, while it is looked through
  std::string repeated_key_;
  bool has_repeated_key_ = false;
};

}  // namespace

json::object to_json(const Message& message) {
  json::object object;
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!is_shown(message, field)) continue;
    if (!field.is_repeated()) {
      object.emplace(json_name(field), scalar_to_json(message, field, -1));
      continue;
    }
    json::array array;
    const int size = message.GetReflection()->FieldSize(message, &field);
    array.reserve(static_cast<std::size_t>(size));
    for (int item = 0; item < size; ++item) array.push_back(scalar_to_json(message, field, item));
    object.emplace(json_name(field), std::move(array));
  }
  return object;
}

Result<void> from_json(const json::value& value, Message& message) { return Reader{}.object(value, message, "", 0); }

Result<json::value> parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = kDepthMax;
  json::basic_parser<UniqueKeysHandler> parser(options);
  json::error_code failed;
  const std::size_t consumed = parser.write_some(false, text.data(), text.size(), failed);
  if (const auto& handler = parser.handler(); handler.has_repeated_key()) {
    const std::string& key = handler.repeated_key();
    return fail(ErrorCode::kInvalidArgument, "\"" + key + "\" is given twice in one object", key, "key_given_twice");
  }
  if (!failed && consumed < text.size()) {
    const std::string_view rest = text.substr(consumed);
    if (rest.find_first_not_of(" \t\r\n") != std::string_view::npos) failed = json::error::extra_data;
  }
  if (failed) {
    return fail(ErrorCode::kInvalidArgument,
                "the body is not JSON: " + failed.message() + " at byte " + std::to_string(consumed), "", "json");
  }
  return parser.handler().release();
}

}  // namespace esaas
