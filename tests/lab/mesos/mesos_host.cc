// mesos_host: one program that is a Mesos 1.11.0 master, a Mesos agent, or the agent's `mesos-containerizer launch`.
//
//   mesos-host master               flags in MESOS_* and LIBPROCESS_*, as for the originals
//   mesos-host agent
//   mesos-containerizer launch ...  the same file under another name; the agent calls it for every container
//
// All of Mesos comes out of one shared object, a libmesos that exports its C++ symbols but brings no headers. So what
// is called is declared here by hand: the name and the parameters have to be the originals (they make the symbol), the
// size only has to be enough (objects are built in zeroed memory that is larger than they are), and where a
// conversion to a base class is needed the object's own run-time type information does it.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

// The library's own vocabulary types: a tag and a value, in this order.
template <typename T>
class Option {
 public:
  Option() {}
  Option(T value) : tag_(Tag::kSome) { new (&value_) T(std::move(value)); }
  Option(const Option& other) : tag_(other.tag_) {
    if (tag_ == Tag::kSome) new (&value_) T(other.value_);
  }
  Option& operator=(const Option&) = delete;
  ~Option() {
    if (tag_ == Tag::kSome) value_.~T();
  }
  bool has_value() const { return tag_ == Tag::kSome; }
  const T& value() const { return value_; }

 private:
  enum class Tag : int { kSome = 0, kNone = 1 };
  Tag tag_ = Tag::kNone;
  union {
    T value_;
  };
};

struct Failure {
  std::string message;
};

template <typename T>
struct Outcome {
  Option<T> value;
  Option<Failure> failure;
};

struct Duration {
  long nanoseconds;
};

/// Memory for an object of which only the constructor is known.
template <std::size_t kBytes>
struct Opaque {
  alignas(16) unsigned char bytes[kBytes];
};

namespace flags {
struct Warnings {
  std::vector<std::string> texts;
};
class FlagsBase {
 public:
  Outcome<Warnings> load(const Option<std::string>& prefix, int argc, const char* const* argv, bool allow_unknown,
                         bool allow_duplicates);
};
}  // namespace flags

namespace process {
class ProcessBase;
struct UPID : Opaque<1024> {
  ~UPID() {}
};
template <typename T>
struct PID : UPID {};
template <typename T>
struct Owned {
  std::shared_ptr<void> pointer;
};
bool initialize(const Option<std::string>& delegate, const Option<std::string>& read_write_realm,
                const Option<std::string>& read_only_realm);
UPID spawn(ProcessBase* process, bool manage);
bool wait(const UPID& process, const Duration& limit);
namespace ID {
std::string generate(const std::string& prefix);
}
namespace network {
namespace unix {
class Address;
}
namespace internal {
template <typename T>
struct Socket {
  std::shared_ptr<void> pointer;
};
}  // namespace internal
}  // namespace network
}  // namespace process

namespace mesos {
class Authorizer;
class SecretGenerator;
struct SecretResolver {
  static Outcome<SecretResolver*> create(const Option<std::string>& module);
};
namespace allocator {
class Allocator;
}
namespace master::detector {
struct MasterDetector {
  static Outcome<MasterDetector*> create(const Option<std::string>& master, const Option<std::string>& module,
                                         const Option<Duration>& zookeeper_timeout);
};
}  // namespace master::detector
namespace slave {
struct ResourceEstimator {
  static Outcome<ResourceEstimator*> create(const Option<std::string>& module);
};
struct QoSController {
  static Outcome<QoSController*> create(const Option<std::string>& module);
};
}  // namespace slave

namespace internal {
class PendingFutureTracker;
struct Files : Opaque<4096> {
  Files(const Option<std::string>& realm, const Option<Authorizer*>& authorizer);
};
struct VersionProcess : Opaque<8192> {
  VersionProcess();
};
namespace logging {
struct Flags : Opaque<16384> {
  Flags();
};
void initialize(const std::string& name, bool install_failure_handler, const Option<Flags>& flags);
}  // namespace logging
namespace master {
class Master;
}
namespace local {
struct Flags : Opaque<16384> {
  Flags();
};
process::PID<master::Master> launch(const Flags& flags, allocator::Allocator* allocator);
}  // namespace local
namespace slave {
class CSIServer;
class VolumeGidManager;
struct Flags : Opaque<65536> {
  Flags();
};
struct Fetcher : Opaque<4096> {
  explicit Fetcher(const Flags& flags);
};
struct GarbageCollector : Opaque<4096> {
  explicit GarbageCollector(const std::string& work_dir);
};
struct TaskStatusUpdateManager : Opaque<4096> {
  explicit TaskStatusUpdateManager(const Flags& flags);
};
struct Containerizer {
  static Outcome<Containerizer*> create(const Flags& flags, bool local, Fetcher* fetcher, GarbageCollector* collector,
                                        SecretResolver* resolver, VolumeGidManager* gid_manager,
                                        PendingFutureTracker* tracker, CSIServer* csi_server);
};
struct Slave : Opaque<262144> {
  Slave(const std::string& id, const Flags& flags, mesos::master::detector::MasterDetector* detector,
        Containerizer* containerizer, Files* files, GarbageCollector* collector, TaskStatusUpdateManager* updates,
        mesos::slave::ResourceEstimator* estimator, mesos::slave::QoSController* controller, SecretGenerator* generator,
        VolumeGidManager* gid_manager, PendingFutureTracker* tracker, process::Owned<CSIServer>&& csi_server,
        const Option<process::network::internal::Socket<process::network::unix::Address>>& executor_socket,
        const Option<Authorizer*>& authorizer);
};
struct MesosContainerizerLaunch {
  struct Flags : Opaque<4096> {
    Flags();
  };
  int execute();
};
}  // namespace slave
}  // namespace internal
}  // namespace mesos

extern "C" {
extern const std::type_info _ZTIN5flags9FlagsBaseE;
extern const std::type_info _ZTIN7process11ProcessBaseE;
extern const std::type_info _ZTIN5mesos8internal14VersionProcessE;
extern const std::type_info _ZTIN5mesos8internal5local5FlagsE;
extern const std::type_info _ZTIN5mesos8internal5slave5FlagsE;
extern const std::type_info _ZTIN5mesos8internal5slave5SlaveE;
extern const std::type_info _ZTIN5mesos8internal5slave24MesosContainerizerLaunch5FlagsE;
extern char _ZTVN5mesos8internal5slave24MesosContainerizerLaunchE[];
}

namespace {

using namespace mesos::internal;  // NOLINT: this program is nothing but its caller
using Text = Option<std::string>;

constexpr Duration kForever{-1'000'000'000};

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "mesos-host: %s\n", why.c_str());
  std::exit(1);
}

template <typename T, typename... Arguments>
T* build(Arguments&&... arguments) {
  return new (std::calloc(1, sizeof(T))) T(std::forward<Arguments>(arguments)...);
}

template <typename T>
T* created(const Outcome<T*>& outcome, const char* what) {
  if (!outcome.value.has_value()) give_up(std::string(what) + ": " + outcome.failure.value().message);
  return outcome.value.value();
}

/// What a catch clause does: from an object of type `is` to its base of type `wanted`, virtual or not.
template <typename Base>
Base* to_base(void* object, const std::type_info& is, const std::type_info& wanted) {
  if (!wanted.__do_catch(&is, &object, 1)) give_up(std::string("not a base of ") + is.name());
  return static_cast<Base*>(object);
}

flags::FlagsBase* base_of_flags(void* object, const std::type_info& is) {
  return to_base<flags::FlagsBase>(object, is, _ZTIN5flags9FlagsBaseE);
}

void load(flags::FlagsBase* flags, const char* prefix, int argc, const char* const* argv, bool allow_unknown) {
  const auto outcome = flags->load(Text(std::string(prefix)), argc, argv, allow_unknown, false);
  if (!outcome.value.has_value()) give_up("flags: " + outcome.failure.value().message);
}

void load_environment(flags::FlagsBase* flags) {
  const char* const name = "mesos-host";
  load(flags, "MESOS_", 1, &name, true);
}

process::UPID spawn(void* object, const std::type_info& is) {
  return process::spawn(to_base<process::ProcessBase>(object, is, _ZTIN7process11ProcessBaseE), false);
}

/// Logging to standard error, the actors' threads and socket, and the /version that a health check asks for.
void start_runtime(const std::string& delegate, const std::string& realm) {
  logging::initialize(delegate, false, Option<logging::Flags>());
  process::initialize(Text(delegate), Text("mesos-" + realm + "-readwrite"), Text("mesos-" + realm + "-readonly"));
  spawn(build<VersionProcess>(), _ZTIN5mesos8internal14VersionProcessE);
}

/// The library's in-process cluster, with no agents in it, is a master that reads the usual MESOS_* flags.
int run_master() {
  ::setenv("MESOS_NUM_SLAVES", "0", 1);
  auto* flags = build<local::Flags>();
  load_environment(base_of_flags(flags, _ZTIN5mesos8internal5local5FlagsE));
  start_runtime("master", "master");
  process::wait(local::launch(*flags, nullptr), kForever);
  return 0;
}

const char* required(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr) give_up(std::string(variable) + " is not set");
  return value;
}

/// The parts that the original agent's main() puts together, without those that need more than one library.
int run_agent() {
  auto* flags = build<slave::Flags>();
  load_environment(base_of_flags(flags, _ZTIN5mesos8internal5slave5FlagsE));
  start_runtime("slave(1)", "agent");

  auto* collector = build<slave::GarbageCollector>(std::string(required("MESOS_WORK_DIR")));
  auto* secrets = created(mesos::SecretResolver::create(Text()), "secret resolver");
  auto* containerizer = created(slave::Containerizer::create(*flags, false, build<slave::Fetcher>(*flags), collector,
                                                             secrets, nullptr, nullptr, nullptr),
                                "containerizer");
  using mesos::master::detector::MasterDetector;
  auto* detector = created(
      MasterDetector::create(Text(std::string(required("MESOS_MASTER"))), Text(), Option<Duration>()), "detector");
  using ExecutorSocket = process::network::internal::Socket<process::network::unix::Address>;
  auto* agent = build<slave::Slave>(
      process::ID::generate("slave"), *flags, detector, containerizer,
      build<Files>(Text(), Option<mesos::Authorizer*>()), collector, build<slave::TaskStatusUpdateManager>(*flags),
      created(mesos::slave::ResourceEstimator::create(Text()), "resource estimator"),
      created(mesos::slave::QoSController::create(Text()), "QoS controller"),
      static_cast<mesos::SecretGenerator*>(nullptr), static_cast<slave::VolumeGidManager*>(nullptr),
      static_cast<PendingFutureTracker*>(nullptr), process::Owned<slave::CSIServer>(), Option<ExecutorSocket>(),
      Option<mesos::Authorizer*>());
  process::wait(spawn(agent, _ZTIN5mesos8internal5slave5SlaveE), kForever);
  return 0;
}

/// The subcommand has no exported constructor, so its object is put together in place: the table of virtual functions,
/// its name, and at kFlags (as the library's own getFlags() has it) the FlagsBase of its flags.
int run_containerizer(int argc, char** argv) {
  if (argc < 2 || std::string_view(argv[1]) != "launch") give_up("mesos-containerizer can only `launch` here");
  using Launch = slave::MesosContainerizerLaunch;
  constexpr std::size_t kBytes = 16384;
  constexpr std::size_t kFlags = 0x168;
  constexpr std::size_t kFirstVirtualFunction = 2 * sizeof(void*);
  const std::type_info& type = _ZTIN5mesos8internal5slave24MesosContainerizerLaunch5FlagsE;

  auto* sample = build<Launch::Flags>();
  const auto base_offset = reinterpret_cast<char*>(base_of_flags(sample, type)) - reinterpret_cast<char*>(sample);

  auto* launch = static_cast<char*>(std::calloc(1, kBytes));
  *reinterpret_cast<char**>(launch) = _ZTVN5mesos8internal5slave24MesosContainerizerLaunchE + kFirstVirtualFunction;
  new (launch + sizeof(void*)) std::string("launch");
  new (launch + kFlags - base_offset) Launch::Flags();
  load(reinterpret_cast<flags::FlagsBase*>(launch + kFlags), "MESOS_CONTAINERIZER_", argc - 1, argv + 1, false);
  return reinterpret_cast<Launch*>(launch)->execute();
}

int run(int argc, char** argv) {
  const std::string_view path = argv[0];
  if (path.substr(path.rfind('/') + 1) == "mesos-containerizer") return run_containerizer(argc, argv);
  const std::string_view role = argc == 2 ? argv[1] : "";
  if (role == "master") return run_master();
  if (role == "agent") return run_agent();
  give_up("usage: mesos-host master|agent");
}

}  // namespace

int main(int argc, char** argv) {
  // The library's threads are still there; its destructors would pull the ground from under them.
  ::_exit(run(argc, argv));
}
