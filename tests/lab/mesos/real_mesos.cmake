find_package(Python3 REQUIRED COMPONENTS Interpreter)

# esaas_real_mesos_test(NAME PROGRAM AGENTS [ARGUMENT ...] [LAB OPTION ...]): one ctest that runs the program beside a real
# Mesos, or beside the master that ESAAS_MESOS_MASTER names. LAB: further options of with_mesos.py. One at a time: each takes
# a good part of a small machine.
function(esaas_real_mesos_test name program agents)
  cmake_parse_arguments(PARSE_ARGV 3 ARG "" "" "LAB")
  add_test(NAME ${name}
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/lab/mesos/with_mesos.py --agents ${agents} ${ARG_LAB}
            -- $<TARGET_FILE:${program}> ${ARG_UNPARSED_ARGUMENTS})
  set_tests_properties(${name} PROPERTIES LABELS contract TIMEOUT 300 SKIP_RETURN_CODE 77 RESOURCE_LOCK real_mesos)
endfunction()
