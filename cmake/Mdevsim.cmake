# mdevsim_library(NAME SOURCES ... LINKS ...): one floor's library. The LINKS mirror the include edges of tests/tidy.
function(mdevsim_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${arg_LINKS} PRIVATE mdevsim_warnings ${arg_PRIVATE_LINKS})
  if(MDEVSIM_SANITIZE)
    target_compile_options(${name} PRIVATE -fsanitize=${MDEVSIM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${name} PUBLIC -fsanitize=${MDEVSIM_SANITIZE})
  endif()
  if(MDEVSIM_BUILD_FUZZ)
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()

# mdevsim_unit_test(NAME SOURCES ... LINKS ... [LABELS ...]): a gtest executable; every TEST of it is a ctest of the label
# `unit`, or of those given. Tests run in the source folder, where they find the recordings. They are listed when ctest
# runs, not when they are built, so that a sanitizer's executable is only ever started by ctest.
function(mdevsim_unit_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;LABELS" ${ARGN})
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${arg_LINKS} mdevsim_warnings GTest::gmock GTest::gtest_main)
  if(MDEVSIM_SANITIZE)
    target_compile_options(${name} PRIVATE -fsanitize=${MDEVSIM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${name} PRIVATE -fsanitize=${MDEVSIM_SANITIZE})
  endif()
  math(EXPR timeout "120 * ${MDEVSIM_TIMEOUT_FACTOR}")
  gtest_discover_tests(${name}
    DISCOVERY_MODE PRE_TEST
    NO_PRETTY_VALUES
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${timeout})
endfunction()

# mdevsim_test(NAME COMMAND ... LABELS ... TIMEOUT SECONDS [ENVIRONMENT ...] [RESOURCE_LOCK ...]): any other test, such
# as a script. LABELS: oracle, mount, clients, cli, package. The timeout is for an uninstrumented server on two cores.
function(mdevsim_test name)
  cmake_parse_arguments(arg "" "TIMEOUT;WORKING_DIRECTORY" "COMMAND;LABELS;ENVIRONMENT;RESOURCE_LOCK" ${ARGN})
  if(NOT arg_COMMAND OR NOT arg_LABELS OR NOT arg_TIMEOUT)
    message(FATAL_ERROR "mdevsim_test(${name}): COMMAND, LABELS and TIMEOUT are needed")
  endif()
  if(NOT arg_WORKING_DIRECTORY)
    set(arg_WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  endif()
  math(EXPR timeout "${arg_TIMEOUT} * ${MDEVSIM_TIMEOUT_FACTOR}")
  add_test(NAME ${name} COMMAND ${arg_COMMAND} WORKING_DIRECTORY ${arg_WORKING_DIRECTORY})
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${timeout}
    ENVIRONMENT "${arg_ENVIRONMENT}" RESOURCE_LOCK "${arg_RESOURCE_LOCK}")
endfunction()

# mdevsim_user_test(NAME FILE LABELS ... TIMEOUT SECONDS USERS root|unprivileged ... [CASES ...] [ENVIRONMENT ...]
#                   [RESOURCE_LOCK ...] [OWN_MOUNTS]): a Python script of the current folder that uses mdevsim, once as each
# of these users: the test NAME.USER. With OWN_MOUNTS in a mount namespace of its own.
function(mdevsim_user_test name file)
  cmake_parse_arguments(arg "OWN_MOUNTS" "TIMEOUT" "LABELS;USERS;CASES;ENVIRONMENT;RESOURCE_LOCK" ${ARGN})
  math(EXPR seconds "(${arg_TIMEOUT} - 20) * ${MDEVSIM_TIMEOUT_FACTOR}")
  set(command ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/${file} ${arg_CASES})
  if(arg_OWN_MOUNTS)
    list(PREPEND command unshare --mount --propagation private)
  endif()
  foreach(user IN LISTS arg_USERS)
    mdevsim_test(${name}.${user}
      COMMAND ${command}
      LABELS ${arg_LABELS} ${user} TIMEOUT ${arg_TIMEOUT} RESOURCE_LOCK ${arg_RESOURCE_LOCK}
      ENVIRONMENT PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=${PROJECT_SOURCE_DIR}/tests/support:${PROJECT_SOURCE_DIR}/tests/mount
        MDEVSIM_BIN=$<TARGET_FILE_DIR:mdevsim> MDEVSIM_TEST_USER=${user} MDEVSIM_TEST_SECONDS=${seconds} ${arg_ENVIRONMENT})
    set_tests_properties(${name}.${user} PROPERTIES FIXTURES_REQUIRED dev_fuse)
  endforeach()
endfunction()

# mdevsim_fuzz_target(NAME SOURCES ... LINKS ... [CORPUS FOLDER] [DICTIONARY FILE]): a libFuzzer target, built by the
# preset `fuzz` alone, and a ctest of the label `fuzz` that runs it for MDEVSIM_FUZZ_SECONDS.
function(mdevsim_fuzz_target name)
  if(NOT MDEVSIM_BUILD_FUZZ)
    return()
  endif()
  cmake_parse_arguments(arg "" "CORPUS;DICTIONARY" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${arg_LINKS} mdevsim_warnings)
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer,${MDEVSIM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer,${MDEVSIM_SANITIZE})
  if(NOT TARGET fuzzers)
    add_custom_target(fuzzers)
  endif()
  add_dependencies(fuzzers ${name})
  set(command ${PROJECT_SOURCE_DIR}/tests/fuzz/run $<TARGET_FILE:${name}>)
  foreach(file IN LISTS arg_CORPUS arg_DICTIONARY)
    list(APPEND command ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  endforeach()
  add_test(NAME fuzz.${name} COMMAND ${command} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 100000)
endfunction()
