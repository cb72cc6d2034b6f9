# Warnings are errors; hardening for every build; sanitizers by TOCSIN_SANITIZE (e.g. "address,undefined").
include(CheckCCompilerFlag)
include(CheckLinkerFlag)
set(TOCSIN_SANITIZE "" CACHE STRING "sanitizers, comma separated")
option(TOCSIN_FUZZ "build the fuzz targets (clang)" OFF)

add_library(tocsin_flags INTERFACE)
target_compile_definitions(tocsin_flags INTERFACE _GNU_SOURCE TOCSIN_VERSION="${PROJECT_VERSION}")
target_compile_options(tocsin_flags INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wformat=2 -Wpointer-arith -Wcast-qual -Wwrite-strings
  -Wstrict-prototypes -Wmissing-prototypes -Wimplicit-fallthrough -Wundef -Wvla -Wswitch-enum
  -Werror=implicit -Werror=incompatible-pointer-types -Werror=int-conversion
  -fno-strict-aliasing -fno-strict-overflow -fno-delete-null-pointer-checks
  -fno-omit-frame-pointer -fstack-protector-strong -fexceptions)

function(flag_if_supported flag)
  string(MAKE_C_IDENTIFIER "has${flag}" var)
  check_c_compiler_flag(${flag} ${var})
  if(${var})
    target_compile_options(tocsin_flags INTERFACE ${flag})
  endif()
endfunction()
foreach(flag -fstack-clash-protection -fcf-protection=full -ftrivial-auto-var-init=zero
        -Wtrampolines -Wbidi-chars=any -fstrict-flex-arrays=3)
  flag_if_supported(${flag})
endforeach()

if(TOCSIN_SANITIZE)
  target_compile_options(tocsin_flags INTERFACE -fsanitize=${TOCSIN_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(tocsin_flags INTERFACE -fsanitize=${TOCSIN_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_options(tocsin_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
target_link_options(tocsin_flags INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed)
