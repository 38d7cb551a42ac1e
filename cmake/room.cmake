# imgmill_room(NAME SOURCES a.cpp … [TESTS a_test.cpp …] [LINKS target …] [TEST_LINKS target …])
#
# One room of src/ as the static library imgmill_NAME, with its exact link list, and its unit tests
# as the program NAME_test, which CTest runs as NAME.
function(imgmill_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;TESTS;LINKS;TEST_LINKS" ${ARGN})
  add_library(imgmill_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(imgmill_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(imgmill_${name} PUBLIC ${ROOM_LINKS})
  if(ROOM_TESTS)
    imgmill_test(${name} SOURCES ${ROOM_TESTS} LINKS imgmill_${name} ${ROOM_TEST_LINKS})
  endif()
endfunction()

# imgmill_test(NAME SOURCES … LINKS …): a GoogleTest program NAME_test, run by CTest as NAME.
function(imgmill_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name}_test ${TEST_SOURCES})
  target_link_libraries(${name}_test PRIVATE ${TEST_LINKS} GTest::gmock GTest::gtest_main)
  target_include_directories(${name}_test PRIVATE ${CMAKE_SOURCE_DIR})
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES TIMEOUT 300 LABELS unit)
endfunction()
