/* What Firefox's ClearKey module expects of Firefox: four functions of the program, and a cryptographic library that the program has opened.
   Compiled by the tests and preloaded into the child. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

void *moz_xmalloc(size_t size) {
    void *memory = malloc(size);
    if (!memory) abort();
    return memory;
}

void mozalloc_abort(const char *why) {
    (void)why;
    abort();
}

/* mozilla::TimeStamp::Now(bool) */
uint64_t _ZN7mozilla9TimeStamp3NowEb(_Bool high) {
    struct timespec now;
    (void)high;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* mozilla::BaseTimeDurationPlatformUtils::TicksFromMilliseconds(double) */
int64_t _ZN7mozilla29BaseTimeDurationPlatformUtils21TicksFromMillisecondsEd(double milliseconds) {
    return (int64_t)(milliseconds * 1e6);
}

/* The library loads parts of itself when it is first used. A program that shuts its module in uses it before. */
__attribute__((constructor)) static void open_library(void) {
    void *library = dlopen("libnss3.so", RTLD_NOW | RTLD_GLOBAL);
    int (*init)(const char *) = library ? (int (*)(const char *))dlsym(library, "NSS_NoDB_Init") : 0;
    if (init) init(".");
}
