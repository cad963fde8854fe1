# mdevsim_add_test(NAME name COMMAND program [argument...] [HOST file] [OPTIONS option...]): a ctest that runs inside of a
# simulated host: the program's /sys is the host's, and mdevsim_test::Host::inside() is that host.
#
#   include(MdevsimTest)   # from share/mdevsim/cmake, or the folder bindings/cxx of the source
#   mdevsim_add_test(NAME manager COMMAND manager_test HOST ${CMAKE_CURRENT_SOURCE_DIR}/hosts/full.toml)
#
# HOST is a host file, builtin:kernel-samples by default. OPTIONS are those of mdevsim run. The program mdevsim is
# MDEVSIM_EXECUTABLE, or found where programs are.
function(mdevsim_add_test)
  cmake_parse_arguments(arg "" "NAME;HOST" "COMMAND;OPTIONS" ${ARGN})
  if(NOT arg_NAME OR NOT arg_COMMAND)
    message(FATAL_ERROR "mdevsim_add_test: NAME and COMMAND are needed")
  endif()
  if(NOT arg_HOST)
    set(arg_HOST builtin:kernel-samples)
  endif()
  if(NOT MDEVSIM_EXECUTABLE)
    find_program(MDEVSIM_EXECUTABLE mdevsim REQUIRED)
  endif()
  list(POP_FRONT arg_COMMAND program)
  if(TARGET ${program})
    set(program $<TARGET_FILE:${program}>)
  endif()
  add_test(NAME ${arg_NAME}
    COMMAND ${MDEVSIM_EXECUTABLE} run ${arg_OPTIONS} ${arg_HOST} -- ${program} ${arg_COMMAND})
endfunction()
