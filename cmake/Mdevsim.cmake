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
  gtest_discover_tests(${name}
    DISCOVERY_MODE PRE_TEST
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 120)
endfunction()
