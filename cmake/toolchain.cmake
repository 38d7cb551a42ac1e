# What every target is compiled and linked with.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "imgmill is built with clang 19 (README: Building). Run scripts/bootstrap, "
                      "then configure with a preset: cmake --preset release")
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                    -Wnon-virtual-dtor -Werror=return-type -Werror=unused-result
                    -fno-omit-frame-pointer)
add_link_options(-fuse-ld=lld)
add_compile_definitions(_GNU_SOURCE)

if(IMGMILL_SANITIZE)
  add_compile_options(-fsanitize=${IMGMILL_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${IMGMILL_SANITIZE})
else()
  add_compile_options(-fstack-protector-strong -D_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro,-z,now -Wl,--as-needed)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
