#include "reconcilers/effects/mesos/zookeeper_detector.h"

#include <cerrno>
#include <set>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <zookeeper/zookeeper.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace esaas::mesos {
namespace {

namespace asio = boost::asio;

// Without connection for this many session timeouts, the handle is replaced.
constexpr int kReplaceAfterTimeouts = 3;

std::string servers_text(const std::vector<Endpoint>& servers) {
  std::string text;
  for (const auto& server : servers) text += (text.empty() ? "" : ",") + server.to_string();
  return text;
}

}  // namespace

/// Everything but `handler_` is used by `thread_` alone once the constructor is through.
class ZookeeperDetector::Impl {
 public:
  Impl(asio::io_context& owner, ZookeeperConfig config, Handler& handler)
      : owner_(owner), handler_(std::make_shared<Handler*>(&handler)), config_(std::move(config)) {
    zoo_set_debug_level(static_cast<ZooLogLevel>(0));  // it would write to stderr by itself
    asio::post(io_, [this] { open(); });
    thread_ = std::thread([this] { io_.run(); });
  }

  ~Impl() {
    *handler_ = nullptr;
    asio::post(io_, [this] {
      ending_ = true;
      close();
      retry_.cancel();
      silence_.cancel();
      work_.reset();
    });
    thread_.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

 private:
  /// What callbacks get as context. Lives as long as the handle: zookeeper_close calls all that is outstanding.
  struct Session {
    Impl& impl;
    zhandle_t* handle = nullptr;
  };
  /// One request, owned by its completion, which is called exactly once when the request was taken.
  struct Ask {
    std::shared_ptr<Session> session;
    std::uint64_t round = 0;
    std::size_t candidate = 0;
  };

  // ---- The C client's callbacks, on its threads ----

  static void on_watch(zhandle_t*, int type, int state, const char*, void* context) {
    auto* session = static_cast<Session*>(context);
    asio::post(session->impl.io_, [&impl = session->impl, session, type, state] {
      // Compared, not dereferenced: the session may be over.
      if (impl.session_.get() != session) return;
      if (type == ZOO_SESSION_EVENT) {
        impl.session_changed(state);
      } else {
        impl.refresh();
      }
    });
  }

  template <typename Result, typename Take>
  static void finish(const void* data, Result result, Take take) {
    auto* raw = static_cast<Ask*>(const_cast<void*>(data));
    Impl& impl = raw->session->impl;
    // The Ask goes with the post, so that nothing of a session is freed on the C client's threads.
    asio::post(impl.io_, [&impl, ask = std::shared_ptr<Ask>(raw), result = std::move(result), take] {
      if (impl.session_ == ask->session && impl.round_ == ask->round) take(impl, *ask, result);
    });
  }

  static void on_children(int rc, const String_vector* names, const void* data) {
    std::vector<std::string> children;
    if (rc == ZOK && names != nullptr) children.assign(names->data, names->data + names->count);
    finish(data, std::pair{rc, std::move(children)},
           [](Impl& impl, const Ask&, const auto& answer) { impl.children_read(answer.first, answer.second); });
  }

  static void on_exists(int rc, const Stat*, const void* data) {
    finish(data, rc, [](Impl& impl, const Ask&, int answer) { impl.existence_read(answer); });
  }

  static void on_data(int rc, const char* bytes, int length, const Stat*, const void* data) {
    std::string text;
    if (rc == ZOK && bytes != nullptr && length > 0) text.assign(bytes, static_cast<std::size_t>(length));
    finish(data, std::pair{rc, std::move(text)}, [](Impl& impl, const Ask& ask, const auto& answer) {
      impl.master_read(ask.candidate, answer.first, answer.second);
    });
  }

  // ---- The session ----

  void open() {
    if (ending_) return;
    close();
    session_ = std::make_shared<Session>(*this);
    const auto timeout = static_cast<int>(config_.session_timeout.count());
    errno = 0;
    session_->handle =
        zookeeper_init(servers_text(config_.group.servers).c_str(), &on_watch, timeout, nullptr, session_.get(), 0);
    watch_silence();
    if (session_->handle == nullptr) {
      const std::string why = errno != 0 ? std::generic_category().message(errno) : "unknown reason";
      note(fmt::format("{}: no handle could be opened ({}): is each server's name known?", where(), why));
      session_.reset();
      tell_answering(false);
      return try_again(&Impl::open);
    }
    if (config_.group.user.empty()) return;
    const std::string login = config_.group.user + ":" + config_.group.password;
    const int rc =
        zoo_add_auth(session_->handle, "digest", login.data(), static_cast<int>(login.size()), nullptr, nullptr);
    if (rc != ZOK) note(fmt::format("{}: user \"{}\" could not be named: {}", where(), config_.group.user, zerror(rc)));
  }

  void close() {
    if (!session_) return;
    connected_ = false;
    ++round_;
    if (session_->handle != nullptr) zookeeper_close(session_->handle);
    // What zookeeper_close called is posted and finds another session; it may still look at the address of this one.
    asio::post(io_, [ended = std::move(session_)] {});
    session_.reset();
  }

  void session_changed(int state) {
    if (state == ZOO_CONNECTED_STATE) {
      connected_ = true;
      silence_.cancel();
      tell_answering(true);
      return refresh();
    }
    if (state == ZOO_EXPIRED_SESSION_STATE) {
      note(fmt::format("{}: the session expired; a new one is opened", where()));
      notes_.clear();
      return open();
    }
    if (state == ZOO_AUTH_FAILED_STATE) {
      note(fmt::format("{}: authentication as \"{}\" failed", where(), config_.group.user));
      close();
      return try_again(&Impl::open);
    }
    if (std::exchange(connected_, false)) watch_silence();
  }

  /// Begins to count the time without connection.
  void watch_silence() {
    silence_.expires_after(config_.session_timeout);
    silence_.async_wait([this](const boost::system::error_code& ec) {
      if (ec || connected_) return;
      tell_answering(false);
      note(fmt::format("{} does not answer; {}", where(),
                       known_ && *known_ ? "the leading master that it named last is kept"
                                         : "no leading master is known until it does"));
      silence_.expires_after(config_.session_timeout * (kReplaceAfterTimeouts - 1));
      silence_.async_wait([this](const boost::system::error_code& later) {
        if (!later && !connected_) open();
      });
    });
  }

  void try_again(void (Impl::*what)()) {
    retry_.expires_after(config_.retry_after);
    retry_.async_wait([this, what](const boost::system::error_code& ec) {
      if (!ec) (this->*what)();
    });
  }

  // ---- The group ----

  /// Reads the group from the start, and sets its watches. What an earlier round asked for is not looked at any more.
  void refresh() {
    if (!session_ || !connected_) return;
    ++round_;
    ask(zoo_awget_children, &on_children, config_.group.path, 0);
  }

  template <typename Function, typename Completion>
  void ask(Function function, Completion completion, const std::string& path, std::size_t candidate) {
    auto request = std::make_unique<Ask>(session_, round_, candidate);
    const int rc = function(session_->handle, path.c_str(), &on_watch, session_.get(), completion, request.get());
    if (rc == ZOK) {
      static_cast<void>(request.release());
    } else {
      failed(rc);
    }
  }

  void children_read(int rc, const std::vector<std::string>& children) {
    if (rc == ZNONODE) return ask(zoo_awexists, &on_exists, config_.group.path, 0);
    if (rc != ZOK) return failed(rc);
    MasterZnodes znodes = order_masters(children);
    notes_now_.clear();
    for (const auto& name : znodes.odd) {
      round_note(fmt::format("{}: znode {} is skipped: its name ends in no sequence number", where(), name));
    }
    candidates_ = std::move(znodes.in_order);
    read_candidate(0);
  }

  void existence_read(int rc) {
    if (rc == ZOK) return refresh();  // made in between
    if (rc != ZNONODE) return failed(rc);
    notes_now_.clear();
    publish(std::nullopt);
  }

  void read_candidate(std::size_t candidate) {
    if (candidate >= candidates_.size()) return publish(std::nullopt);
    ask(zoo_awget, &on_data, config_.group.path + "/" + candidates_[candidate], candidate);
  }

  void master_read(std::size_t candidate, int rc, const std::string& bytes) {
    if (rc == ZNONODE) return refresh();  // gone since the children were read
    if (rc != ZOK) return failed(rc);
    auto info = parse_master_info(bytes);
    if (info) return publish(std::move(*info));
    round_note(fmt::format("{}: znode {} is skipped: {}", where(), candidates_[candidate], info.error().detail));
    read_candidate(candidate + 1);
  }

  void failed(int rc) {
    // A lost connection or session is told by a session event, which leads on.
    if (rc == ZNOAUTH) {
      note(fmt::format("{} may not be read by {}", where(),
                       config_.group.user.empty() ? "everybody: name a user, as in zk://USER@HOST:PORT/PATH"
                                                  : fmt::format("user \"{}\" with this password", config_.group.user)));
    } else if (rc != ZCONNECTIONLOSS && rc != ZOPERATIONTIMEOUT && rc != ZSESSIONEXPIRED && rc != ZCLOSING &&
               rc != ZINVALIDSTATE) {
      note(fmt::format("{} cannot be read: {}", where(), zerror(rc)));
    }
    try_again(&Impl::refresh);
  }

  void publish(std::optional<MasterInfo> leader) {
    notes_ = std::move(notes_now_);
    notes_now_.clear();
    if (known_ && *known_ == leader) return;
    known_ = std::move(leader);
    tell([known = *known_](Handler& handler) { handler.leader_changed(known); });
  }

  // ---- Telling ----

  std::string where() const { return "ZooKeeper " + config_.group.to_string(); }

  /// A note about what this round found; told unless the round before found the same.
  void round_note(const std::string& text) {
    if (!notes_.contains(text) && !notes_now_.contains(text)) say(text);
    notes_now_.insert(text);
  }

  /// A note about what keeps a round from ending; told once until one ends.
  void note(const std::string& text) {
    if (notes_.insert(text).second) say(text);
  }

  void say(std::string text) {
    tell([text = std::move(text)](Handler& handler) { handler.detector_note(text); });
  }

  void tell_answering(bool answers) {
    if (std::exchange(answering_, answers) == answers) return;
    tell([answers](Handler& handler) { handler.zookeeper_answers(answers); });
  }

  template <typename What>
  void tell(What what) {
    asio::post(owner_, [target = handler_, what = std::move(what)] {
      if (*target != nullptr) what(**target);
    });
  }

  asio::io_context& owner_;
  std::shared_ptr<Handler*> handler_;  // read and written on the owner's thread alone
  ZookeeperConfig config_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  asio::steady_timer retry_{io_};
  asio::steady_timer silence_{io_};
  std::shared_ptr<Session> session_;
  bool connected_ = false;
  bool ending_ = false;
  std::optional<bool> answering_;
  std::uint64_t round_ = 0;
  std::vector<std::string> candidates_;
  std::optional<std::optional<MasterInfo>> known_;  // null until the first answer
  std::set<std::string> notes_;                     // told, and still so
  std::set<std::string> notes_now_;                 // of the round that goes on
  std::thread thread_;
};

ZookeeperDetector::ZookeeperDetector(asio::io_context& io, ZookeeperConfig config, Handler& handler)
    : impl_(std::make_unique<Impl>(io, std::move(config), handler)) {}

ZookeeperDetector::~ZookeeperDetector() = default;

}  // namespace esaas::mesos
