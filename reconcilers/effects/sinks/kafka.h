#pragma once
// A Destination that is a topic of Kafka: one message an event, its key the event's cluster (else tenant), its value
// the event's JSON, with the headers `seq` and `sink`. Taken is what all in-sync replicas have; the producer is
// idempotent, so that what the client library sends again is there once and in order. What a whole delivery repeats is
// there twice.
//
// Over TLS the brokers' certificates have to be signed by whom the sink trusts (or this machine, when it names nobody)
// and to be of the host that was asked for.

#include <memory>
#include <string>

#include "core/model/sink.pb.h"
#include "reconcilers/effects/sinks/destination.h"

namespace esaas::sinks {

/// `password` is of the sink's user; empty when it has none. It is in no error.
std::unique_ptr<Destination> make_kafka(const model::KafkaSink& sink, std::string password = {});

}  // namespace esaas::sinks
