# Helpers that every folder below server/ uses: one folder, one library, one test binary.
#
#   twinpane_library(NAME bayeux SOURCES a.cpp b.cpp DEPS twinpane::base [LINK Boost::json])
#   twinpane_test(NAME bayeux SOURCES a_test.cpp [DEPS ...])
#   twinpane_bench(NAME fanout SOURCES x_bench.cpp [DEPS ...])

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(TWINPANE_CCACHE ccache)
if(TWINPANE_CCACHE)
  # Paths relative to the source tree, so that several build folders share one cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${TWINPANE_CCACHE})
endif()
find_program(TWINPANE_MOLD mold)
if(TWINPANE_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options(-fuse-ld=lld)
endif()

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS system json)
find_package(ZLIB REQUIRED)
find_package(OpenSSL 3 REQUIRED)

add_library(twinpane_flags INTERFACE)
target_include_directories(twinpane_flags INTERFACE ${CMAKE_SOURCE_DIR}/server)
target_compile_options(twinpane_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Werror
  -fstack-protector-strong
  # GCC 12's own headers use what clang finds deprecated.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>)
target_compile_definitions(twinpane_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION TWINPANE_VERSION="${PROJECT_VERSION}"
  $<$<CONFIG:Release>:_FORTIFY_SOURCE=2> _GLIBCXX_ASSERTIONS)
target_link_libraries(twinpane_flags INTERFACE Threads::Threads)

set(TWINPANE_SANITIZE "" CACHE STRING "Sanitizers, for example address,undefined or thread")
if(TWINPANE_SANITIZE)
  # GCC 12 sees uninitialised members in std::variant once the sanitizers have changed its flow analysis.
  target_compile_options(twinpane_flags INTERFACE -fsanitize=${TWINPANE_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(twinpane_flags INTERFACE -fsanitize=${TWINPANE_SANITIZE})
  if(TWINPANE_SANITIZE MATCHES "thread")
    # The thread sanitizer does not see fences. Asio's are on top of its mutexes, which it does see.
    target_compile_definitions(twinpane_flags INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()

function(twinpane_library)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS;LINK" ${ARGN})
  if(ARG_SOURCES)
    add_library(twinpane_${ARG_NAME} STATIC ${ARG_SOURCES})
    target_link_libraries(twinpane_${ARG_NAME} PUBLIC twinpane_flags ${ARG_DEPS} ${ARG_LINK})
  else()
    add_library(twinpane_${ARG_NAME} INTERFACE)
    target_link_libraries(twinpane_${ARG_NAME} INTERFACE twinpane_flags ${ARG_DEPS} ${ARG_LINK})
  endif()
  add_library(twinpane::${ARG_NAME} ALIAS twinpane_${ARG_NAME})
endfunction()

if(TWINPANE_TESTS)
  enable_testing()
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()

# One test binary per folder, named <name>_test; ctest label = folder name.
function(twinpane_test)
  if(NOT TWINPANE_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS;LINK" ${ARGN})
  add_executable(${ARG_NAME}_test ${ARG_SOURCES})
  target_link_libraries(${ARG_NAME}_test PRIVATE ${ARG_DEPS} ${ARG_LINK} GTest::gmock GTest::gtest_main)
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME}_test)
  set_tests_properties(${ARG_NAME} PROPERTIES LABELS ${ARG_NAME} TIMEOUT 300)
endfunction()

# Built on demand only (bench/run); bench/run takes them from the release preset.
function(twinpane_bench)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS;LINK" ${ARGN})
  add_executable(${ARG_NAME}_bench EXCLUDE_FROM_ALL ${ARG_SOURCES})
  target_link_libraries(${ARG_NAME}_bench PRIVATE ${ARG_DEPS} ${ARG_LINK})
endfunction()
