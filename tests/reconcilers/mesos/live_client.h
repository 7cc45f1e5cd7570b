#pragma once
// A Client with a handler that records everything, for tests that run against a master over
// sockets.

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "reconcilers/effects/mesos/client.h"

namespace esaas::mesos::testing {

class LiveClient : public Client::Handler {
 public:
  LiveClient(boost::asio::io_context& io, ClientConfig config) : io_(io), client(io, std::move(config), *this) {}

  void subscribed(const Client::Event::Subscribed& event, bool confirmation_needed) override {
    subscriptions.push_back(event);
    confirmations.push_back(confirmation_needed);
    if (confirmation_needed && confirm_at_once) client.confirm_framework_id_durable();
  }
  void event(const Client::Event& event) override { events.push_back(event); }
  void event_skipped(const std::string& why) override { skipped.push_back(why); }
  void disconnected(const std::string& why) override { disconnections.push_back(why); }
  void stopped(StopReason reason, const std::string& why) override {
    stop_reason = reason;
    stop_why = why;
  }
  void master_note(const std::string& text) override { notes.push_back(text); }
  void call_failed(const Client::Call& call, const Error& error) override {
    failures.push_back(Client::Call::Type_Name(call.type()) + ": " + error.detail);
    failure_codes.push_back(error.code);
  }

  /// Runs the io_context until `done` or the time is over; answers what `done` says in the end.
  bool run_until(const std::function<bool()>& done, std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done() && std::chrono::steady_clock::now() < end) {
      io_.restart();
      io_.run_one_for(std::chrono::milliseconds(20));
    }
    return done();
  }

  /// The first recorded event of this type that `wanted` takes, removed from the record; waits for
  /// it.
  std::optional<Client::Event> take(Client::Event::Type type, const std::function<bool(const Client::Event&)>& wanted,
                                    std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    std::optional<Client::Event> found;
    const auto look = [&] {
      for (auto it = events.begin(); it != events.end(); ++it) {
        if (it->type() != type || !wanted(*it)) continue;
        found = *it;
        events.erase(it);
        return true;
      }
      return false;
    };
    run_until(look, limit);
    return found;
  }

  std::string framework_id() const {
    return subscriptions.empty() ? std::string() : subscriptions.back().framework_id().value();
  }

 private:
  boost::asio::io_context& io_;

 public:
  Client client;
  bool confirm_at_once = true;
  std::vector<Client::Event::Subscribed> subscriptions;
  std::vector<bool> confirmations;
  std::deque<Client::Event> events;
  std::vector<std::string> skipped;
  std::vector<std::string> notes;
  std::vector<std::string> disconnections;
  std::vector<std::string> failures;
  std::vector<ErrorCode> failure_codes;
  std::optional<StopReason> stop_reason;
  std::string stop_why;
};

}  // namespace esaas::mesos::testing
