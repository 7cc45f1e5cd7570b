#include "tests/properties/any_message.h"

#include <google/protobuf/descriptor.h>

#include <limits>
#include <string>

namespace esaas::test {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kDepthMax = 5;
constexpr std::int64_t kLastMomentUs = 253'402'300'799'999'999;  // the end of year 9999

std::string any_text() {
  return *rc::gen::weightedOneOf<std::string>(
      {{8, rc::gen::elementOf(std::vector<std::string>{"search", "logs", "shop", "data", "data-0", "data-1", "op-1",
                                                       "op-2", "op-3", "wait_for_green", ""})},
       {1, rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~'))},
       {1, rc::gen::just(std::string("s\xC3\xB6k \xF0\x9F\x98\x80 \"\\\n"))}});
}

template <typename Integer>
Integer any_integer() {
  return *rc::gen::weightedOneOf<Integer>({{4, rc::gen::inRange<Integer>(0, 10)},
                                           {1, rc::gen::arbitrary<Integer>()},
                                           {1, rc::gen::just(std::numeric_limits<Integer>::max())}});
}

void fill_at(Message& message, bool with_bytes, int depth);

int any_enumerator(const google::protobuf::EnumDescriptor& type, bool repeated) {
  // A repeated enumerator that is unspecified says nothing and has no JSON form.
  return type.value(any_between(repeated ? 1 : 0, type.value_count()))->number();
}

void set_one(Message& message, const FieldDescriptor& field, bool with_bytes, int depth) {
  const Reflection& r = *message.GetReflection();
  const bool many = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return fill_at(many ? *r.AddMessage(&message, &field) : *r.MutableMessage(&message, &field), with_bytes,
                     depth + 1);
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int value = any_enumerator(*field.enum_type(), many);
      return many ? r.AddEnumValue(&message, &field, value) : r.SetEnumValue(&message, &field, value);
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      if (field.type() == FieldDescriptor::TYPE_BYTES && !with_bytes) return;
      std::string text = any_text();
      return many ? r.AddString(&message, &field, std::move(text)) : r.SetString(&message, &field, std::move(text));
    }
    case FieldDescriptor::CPPTYPE_BOOL: return r.SetBool(&message, &field, *rc::gen::arbitrary<bool>());
    case FieldDescriptor::CPPTYPE_INT64:
      return r.SetInt64(&message, &field, any_between<std::int64_t>(0, kLastMomentUs + 1));
    case FieldDescriptor::CPPTYPE_UINT32: {
      const auto number = any_integer<std::uint32_t>();
      return many ? r.AddUInt32(&message, &field, number) : r.SetUInt32(&message, &field, number);
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      const auto number = any_integer<std::uint64_t>();
      return many ? r.AddUInt64(&message, &field, number) : r.SetUInt64(&message, &field, number);
    }
    default: RC_FAIL("a field type that the domain does not use");
  }
}

void fill_at(Message& message, bool with_bytes, int depth) {
  const auto& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.real_containing_oneof() != nullptr) continue;
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && depth >= kDepthMax) continue;
    const int count = any_between(0, field.is_repeated() ? 3 : 2);
    for (int n = 0; n < count; ++n) set_one(message, field, with_bytes, depth);
  }
  for (int i = 0; i < type.real_oneof_decl_count(); ++i) {
    const auto& oneof = *type.oneof_decl(i);
    const int chosen = any_between(0, oneof.field_count() + 1);
    if (chosen < oneof.field_count()) set_one(message, *oneof.field(chosen), with_bytes, depth);
  }
}

}  // namespace

void fill(Message& message, bool with_bytes) { fill_at(message, with_bytes, 0); }

event::Event any_event() {
  event::Event event;
  const auto& payloads = *event::Event::descriptor()->FindOneofByName("payload");
  const auto& payload = *payloads.field(any_between(0, payloads.field_count()));
  set_one(event, payload, true, 0);
  event.set_cluster(*rc::gen::elementOf(std::vector<std::string>{"search", "logs", "nosuch"}));
  event.set_tenant("shop");
  event.mutable_actor()->set_kind(event::ACTOR_KIND_CONTROLLER);
  return event;
}

}  // namespace esaas::test
