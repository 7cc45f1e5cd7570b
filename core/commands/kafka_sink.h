#pragma once
// What a sink that is a topic of Kafka may be: its brokers, and how it is sure of them and they of it. Pure; only for
// sinks.cc.

#include <cstddef>

#include "core/base/result.h"
#include "core/model/sink.pb.h"

namespace esaas::command {

inline constexpr int kSinkBrokersMax = 32;
inline constexpr std::size_t kSinkBrokersLengthMax = 8'000;
/// Room for eight certificates or so: they are in the log, and in every state.
inline constexpr std::size_t kSinkCertificatesBytesMax = 16 * 1024;
inline constexpr std::size_t kSinkUserLengthMax = 255;

/// `before` is what the sink was; empty when it was none, or no Kafka.
///
/// A password that was given for other brokers, or to be better protected on its way, is not sent to these: whoever
/// may configure a sink need not know its password, and must not get it sent to brokers of their own.
Result<void> check_kafka(const model::KafkaSink& kafka, const model::KafkaSink& before);

}  // namespace esaas::command
