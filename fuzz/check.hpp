// What a fuzz target says when something that must hold does not: libFuzzer and the replay program both take
// an abort for a finding.
#pragma once

#include <cstdio>
#include <cstdlib>

#define FUZZ_CHECK(condition)                                                            \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            std::abort();                                                                \
        }                                                                                \
    } while (false)

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, unsigned long size);
