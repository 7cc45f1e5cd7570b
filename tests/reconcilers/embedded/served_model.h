#pragma once
// ServedModel: an embedded Mesos inside the test: engine and HTTP front on a thread of their own, and a runner that
// only pretends: every task runs at once, and ends when it is killed.

#include <filesystem>
#include <future>
#include <memory>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "reconcilers/embedded/front/engine.h"
#include "reconcilers/embedded/front/http_front.h"
#include "tests/reconcilers/embedded/temporary_folder.h"

namespace esaas::embedded::testing {

class PretendingRunner final : public TaskRunner {
 public:
  void launch(const LaunchCommand& command) override {
    report_(command.task, {wire::TASK_STARTING, {}, {}, 0});
    report_(command.task, {wire::TASK_RUNNING, {}, {}, 4711});
  }
  void kill(const KillCommand& command) override {
    report_(command.task, {wire::TASK_KILLED, "Command terminated with signal Terminated", {}, 0});
  }
  void destroy_volume(const DestroyVolumeCommand&) override {}
  void end_all_but(const std::vector<TaskKey>&) override {}
  void on_report(Report report) { report_ = std::move(report); }

 private:
  Report report_;
};

class ServedModel {
 public:
  ServedModel(ModelOptions options, const std::vector<AgentSpec>& agents, FrontOptions front = {},
              std::filesystem::path folder = {})
      : folder_(folder.empty() ? own_folder_.path() : std::move(folder)), timer_(io_) {
    auto file = StateFile::open(folder_);
    Engine::Hooks hooks;
    hooks.clock = [] { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); };
    hooks.due_changed = [this](std::optional<Time> due) { wake_at(due); };
    hooks.failed = [](const Error& error) { ADD_FAILURE() << error.detail; };
    engine_ = Engine::open(std::move(options), agents, std::move(file).value(), hooks).value();
    runner_.on_report([this](const TaskKey& task, const TaskReport& report) { engine_->report(task, report); });
    engine_->start(runner_);
    front_ = std::make_unique<HttpFront>(io_, *engine_, std::move(front));
    port_ = front_->listen().value();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~ServedModel() {
    // stop() ends what waits in an orderly way before the context is torn down.
    run([this] {
      front_->stop();
      timer_.cancel();
    });
    guard_.reset();
    io_.stop();
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  Engine& engine() { return *engine_; }
  /// On the server's thread; returns when it is done.
  void run(std::function<void()> work) {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  void wake_at(std::optional<Time> due) {
    if (!due) return;
    timer_.expires_after(
        std::max(Duration(0), *due - std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now())));
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) engine_->tick();
    });
  }

  TemporaryFolder own_folder_;
  std::filesystem::path folder_;
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{io_.get_executor()};
  boost::asio::steady_timer timer_;
  PretendingRunner runner_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<HttpFront> front_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace esaas::embedded::testing
