#pragma once
// The supervisor of one task: a small process of its own, in a session of its own, that outlives the embedded Mesos. It
// fetches, starts the command, waits for it, and writes down how it ended.
//
// ## The folder of a task
//     spec      what to run (TaskSpec); written by the runner before the supervisor starts
//     lock      held by the supervisor as long as it lives: there is one supervisor per task
//     status    SupervisorStatus; replaced as a whole
//     kill      KillRequest; written before the supervisor gets SIGTERM
//     sandbox/  the task's working directory, with its stdout and stderr
//
// ## Signals
// SIGTERM means: end the task. The command's process group gets SIGTERM, and SIGKILL when the grace of `kill` is over.
// When the command has ended, all that it left behind is killed: its process group, and what was handed to the
// supervisor as a subreaper.

namespace esaas::embedded {

/// The hidden sub-command `task-supervisor FOLDER`. `argv[0]` is the sub-command's name and `argv[1]` the task's
/// folder. Returns the exit code of the process: 0 when the end of the task is written down.
int run_task_supervisor(int argc, char** argv);

}  // namespace esaas::embedded
