#pragma once
// Who a process is: its number, when it started and in which boot. A number alone is never signalled, since it may have
// been given to somebody else. Linux only. Thread-safe.

#include <optional>

#include "reconcilers/embedded/runner/supervisor.pb.h"

namespace esaas::embedded {

/// The process with this number as it is now; nothing when there is none.
std::optional<ProcessId> identify(int pid);

/// Whether that very process has not ended (a zombie has).
bool is_running(const ProcessId& process);

/// A pidfd of that very process, readable once it has ended; -1 when it is gone. The caller closes it.
int open_process(const ProcessId& process);

/// Signals through a pidfd. False: the process is gone.
bool send_signal(int pidfd, int signal);

/// Signals every process of the group that `leader` made, each verified like `leader` itself; also when the leader has
/// ended. Returns how many were signalled.
int signal_group(const ProcessId& leader, int signal);

}  // namespace esaas::embedded
