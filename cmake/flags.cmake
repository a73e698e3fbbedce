# Warnings, hardening and sanitizers in one interface target that every library and program links.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)

add_library(loadstone_flags INTERFACE)
target_compile_definitions(loadstone_flags INTERFACE _GNU_SOURCE LOADSTONE_VERSION="${PROJECT_VERSION}")

function(flags_if_known)
  foreach(flag IN LISTS ARGN)
    string(MAKE_C_IDENTIFIER "have${flag}" known)
    check_c_compiler_flag(${flag} ${known})
    if(${known})
      target_compile_options(loadstone_flags INTERFACE ${flag})
    endif()
  endforeach()
endfunction()

target_compile_options(loadstone_flags INTERFACE
  -Wall -Wextra -Wformat=2 -Wimplicit-fallthrough -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wvla -Wundef -Wpointer-arith -Wwrite-strings -Wno-missing-field-initializers
  -Werror=format-security -Werror=implicit -Werror=incompatible-pointer-types -Werror=int-conversion
  -Werror=return-type
  -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing
  -fstack-protector-strong)
flags_if_known(-Wno-format-truncation -fstack-clash-protection -fcf-protection=full -ftrivial-auto-var-init=zero
  -Wtrampolines -Wbidi-chars=any -fstrict-flex-arrays=3 -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)

set(CMAKE_EXE_LINKER_FLAGS "${CMAKE_EXE_LINKER_FLAGS} -pie")
foreach(flag IN ITEMS -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code -Wl,--as-needed)
  target_link_options(loadstone_flags INTERFACE ${flag})
endforeach()

if(LOADSTONE_SANITIZE)
  target_compile_options(loadstone_flags INTERFACE
    -fsanitize=${LOADSTONE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(loadstone_flags INTERFACE -fsanitize=${LOADSTONE_SANITIZE})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  # glibc's checks need optimisation, and hide what the sanitizers would say.
  target_compile_options(loadstone_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
if(LOADSTONE_SANITIZE OR LOADSTONE_COVERAGE)
  # Their run-time libraries write files, start programs and trace themselves.
  target_compile_definitions(loadstone_flags INTERFACE LOADSTONE_NO_SANDBOX)
endif()
if(LOADSTONE_FUZZ)
  # libFuzzer is guided by what is reached in pkg/, not only in the target.
  target_compile_options(loadstone_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(LOADSTONE_MUTANTS)
  target_compile_definitions(loadstone_flags INTERFACE LOADSTONE_MUTANTS)
endif()
if(LOADSTONE_COVERAGE)
  target_compile_options(loadstone_flags INTERFACE --coverage)
  target_link_options(loadstone_flags INTERFACE --coverage)
endif()
