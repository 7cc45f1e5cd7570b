find_package(Python3 REQUIRED COMPONENTS Interpreter)

# esaas_real_mesos_test(NAME PROGRAM AGENTS [ARGUMENT ...]): one ctest that runs the program beside a real Mesos, or beside
# the master that ESAAS_MESOS_MASTER names. One at a time: each takes a good part of a small machine.
function(esaas_real_mesos_test name program agents)
  add_test(NAME ${name}
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/lab/mesos/with_mesos.py --agents ${agents}
            -- $<TARGET_FILE:${program}> ${ARGN})
  set_tests_properties(${name} PROPERTIES LABELS contract TIMEOUT 300 SKIP_RETURN_CODE 77 RESOURCE_LOCK real_mesos)
endfunction()
