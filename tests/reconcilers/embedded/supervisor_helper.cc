// The supervisor as a program of its own, as the tests of the runner start it.
#include "reconcilers/embedded/runner/supervisor.h"

int main(int argc, char** argv) { return esaas::embedded::run_task_supervisor(argc, argv); }
