#include "store/log/audit_words.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>

#include "store/log/user_actions.h"
#include "store/log/words.h"

namespace esaas::store {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Words = std::vector<std::string>;

void append_message(const Message& message, Words& words);

void append_value(const Message& message, const FieldDescriptor& field, int index, Words& words) {
  const Reflection& of = *message.GetReflection();
  const bool many = field.is_repeated();
  std::string scratch;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      append_words(many ? of.GetRepeatedStringReference(message, &field, index, &scratch)
                        : of.GetStringReference(message, &field, &scratch),
                   words);
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      append_message(many ? of.GetRepeatedMessage(message, &field, index) : of.GetMessage(message, &field), words);
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      append_words((many ? of.GetRepeatedEnum(message, &field, index) : of.GetEnum(message, &field))->name(), words);
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      append_words(std::to_string(many ? of.GetRepeatedInt32(message, &field, index) : of.GetInt32(message, &field)),
                   words);
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      append_words(std::to_string(many ? of.GetRepeatedUInt32(message, &field, index) : of.GetUInt32(message, &field)),
                   words);
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      append_words(std::to_string(many ? of.GetRepeatedInt64(message, &field, index) : of.GetInt64(message, &field)),
                   words);
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      append_words(std::to_string(many ? of.GetRepeatedUInt64(message, &field, index) : of.GetUInt64(message, &field)),
                   words);
      break;
    default: break;  // a flag says all by its name
  }
}

void append_message(const Message& message, Words& words) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->type() == FieldDescriptor::TYPE_BYTES) continue;  // hashes, keys, signatures
    append_words(field->name(), words);
    const int count = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 1;
    for (int index = 0; index < count; ++index) append_value(message, *field, index, words);
  }
}

Words sorted(Words words) {
  std::ranges::sort(words);
  const auto repeated = std::ranges::unique(words);
  words.erase(repeated.begin(), repeated.end());
  return words;
}

}  // namespace

Words words_of_action(const event::Event& event) {
  Words words;
  for (const std::string* text : {&event.actor().name(), &event.actor().address(), &event.actor().url(),
                                  &event.tenant(), &event.cluster(), &event.operation_id()}) {
    append_words(*text, words);
  }
  append_words(action_of(event), words);
  const FieldDescriptor* payload = event.GetDescriptor()->FindFieldByNumber(static_cast<int>(event.payload_case()));
  if (payload != nullptr) append_message(event.GetReflection()->GetMessage(event, payload), words);
  return sorted(std::move(words));
}

Words words_of_outcome(const event::OperationFinished& finished) {
  Words words;
  append_words(finished.detail(), words);
  return sorted(std::move(words));
}

}  // namespace esaas::store
