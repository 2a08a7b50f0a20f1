/*
 * The memory functions that a driver's object is bound to: each tells the probe what it is about to
 * do, then does it. Linked into every driver's shared object, where they are local.
 *
 * Compilers call these for struct copies and initialisers as well, so nothing slips past. They are
 * weak: a driver that brings its own memcpy (instrumented like the rest of it) keeps it.
 */
#include <stddef.h>

/* What ringside calls size_t: also when the driver, and with it this file, has 32-bit pointers. */
#ifdef __ILP32__
typedef unsigned long long ringside_size;
#else
typedef size_t ringside_size;
#endif

void ringside_observe_copy(void *to, const void *from, ringside_size bytes, const void *caller);
void ringside_observe_set(void *to, int value, ringside_size bytes, const void *caller);
void ringside_observe_range(const void *from, ringside_size bytes, const void *caller);

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

#define CALLER __builtin_extract_return_addr(__builtin_return_address(0))

__attribute__((weak)) void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    ringside_observe_copy(to, from, bytes, CALLER);
    return to;
}

__attribute__((weak)) void *memmove(void *to, const void *from, size_t bytes)
{
    ringside_observe_copy(to, from, bytes, CALLER);
    return to;
}

__attribute__((weak)) void *memset(void *to, int value, size_t bytes)
{
    ringside_observe_set(to, value, bytes, CALLER);
    return to;
}

__attribute__((weak)) int memcmp(const void *a, const void *b, size_t bytes)
{
    const unsigned char *left = a;
    const unsigned char *right = b;

    ringside_observe_range(a, bytes, CALLER);
    ringside_observe_range(b, bytes, CALLER);
    for (size_t i = 0; i < bytes; i++) {
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}

/*
 * Functions of the C library that would end or change the process: each is told, and the call of
 * the driver ends there. A driver that defines its own function of the name keeps that.
 */
void ringside_driver_left(const char *format, long long argument, const void *caller);

/* X(type, name, parameters, text, argument): a call of it is told and does not come back. */
#define RINGSIDE_LEAVING(X)                                                                        \
    X(void, exit, (int status), "exit(%ld)", status)                                               \
    X(void, _exit, (int status), "_exit(%ld)", status)                                             \
    X(void, _Exit, (int status), "_Exit(%ld)", status)                                             \
    X(void, quick_exit, (int status), "quick_exit(%ld)", status)                                   \
    X(void, abort, (void), "abort()", 0)                                                           \
    X(void, pthread_exit, (void *result), "pthread_exit()", (long)result)                          \
    X(int, raise, (int number), "raise(%ld)", number)                                              \
    X(int, kill, (int process, int number), "kill() with signal %ld", process ? number : number)   \
    X(int, fork, (void), "fork()", 0)                                                              \
    X(int, vfork, (void), "vfork()", 0)                                                            \
    X(int, system, (const char *command), "system()", (long)command)                               \
    X(int, execv, (const char *path, char *const *words), "execv()", path ? (long)words : 0)       \
    X(int, execvp, (const char *path, char *const *words), "execvp()", path ? (long)words : 0)     \
    X(int, pthread_create, (void *thread, const void *how, void *(*run)(void *), void *argument),  \
      "pthread_create()", thread &&how &&run ? (long)argument : 0)                                 \
    X(int, close, (int fd), "close(%ld)", fd)                                                      \
    X(int, fclose, (void *stream), "fclose()", (long)stream)                                       \
    X(int, dup2, (int from, int to), "dup2() onto descriptor %ld", from ? to : to)                 \
    X(int, dup3, (int from, int to, int how), "dup3() onto descriptor %ld", from + how ? to : to)  \
    X(int, close_range, (unsigned from, unsigned to, int how), "close_range() from %ld",           \
      to + (unsigned)how ? from : from)                                                            \
    X(void, closefrom, (int from), "closefrom(%ld)", from)                                         \
    X(void *, signal, (int number, void *handler), "signal() for signal %ld",                      \
      handler ? number : number)                                                                   \
    X(int, sigaction, (int number, const void *to, void *old), "sigaction() for signal %ld",       \
      to || old ? number : number)                                                                 \
    X(int, sigprocmask, (int how, const void *set, void *old), "sigprocmask()",                    \
      set || old ? how : how)                                                                      \
    X(int, pthread_sigmask, (int how, const void *set, void *old), "pthread_sigmask()",            \
      set || old ? how : how)                                                                      \
    X(int, sigaltstack, (const void *to, void *old), "sigaltstack()", to ? (long)old : 0)          \
    X(int, setitimer, (int which, const void *to, void *old), "setitimer()",                       \
      to || old ? which : which)                                                                   \
    X(unsigned, alarm, (unsigned seconds), "alarm(%ld)", seconds)                                  \
    X(int, pause, (void), "pause()", 0)                                                            \
    X(int, brk, (void *to), "brk()", (long)to)                                                     \
    X(void *, sbrk, (long bytes), "sbrk(%ld)", bytes)                                              \
    X(int, mprotect, (void *at, size_t bytes, int how), "mprotect()",                              \
      bytes + (size_t)how ? (long)at : (long)at)                                                   \
    X(void *, mremap, (void *at, size_t old, size_t bytes, int how), "mremap()",                   \
      old + bytes + (size_t)how ? (long)at : (long)at)

#define X(type, name, parameters, text, argument)                                                  \
    type name parameters;                                                                          \
    __attribute__((weak)) type name parameters                                                     \
    {                                                                                              \
        ringside_driver_left(text, (long)(argument), CALLER);                                      \
        __builtin_unreachable();                                                                   \
    }
RINGSIDE_LEAVING(X)
#undef X

/* ---- memory: a heap of the driver's own ---- */

void *ringside_driver_malloc(ringside_size bytes, ringside_size align_bytes, const void *caller);
void ringside_driver_free(void *memory, const void *caller);
ringside_size ringside_driver_block_bytes(const void *memory);
_Bool ringside_driver_owns(const void *memory);

#define WEAK __attribute__((weak))

void *malloc(size_t bytes);
void free(void *memory);
void *calloc(size_t count, size_t bytes);
void *realloc(void *memory, size_t bytes);
void *aligned_alloc(size_t align_bytes, size_t bytes);
void *memalign(size_t align_bytes, size_t bytes);
int posix_memalign(void **out, size_t align_bytes, size_t bytes);
char *strdup(const char *text);
void *mmap(void *at, size_t bytes, int access, int how, int fd, long offset);
void *mmap64(void *at, size_t bytes, int access, int how, int fd, long offset);
int munmap(void *at, size_t bytes);

WEAK void *malloc(size_t bytes)
{
    return ringside_driver_malloc(bytes, 16, CALLER);
}

WEAK void free(void *memory)
{
    ringside_driver_free(memory, CALLER);
}

static void *zeroed(size_t bytes, size_t align_bytes, const void *caller)
{
    unsigned char *memory = ringside_driver_malloc(bytes, align_bytes, caller);

    for (size_t i = 0; memory && i < bytes; i++)
        memory[i] = 0;
    return memory;
}

WEAK void *calloc(size_t count, size_t bytes)
{
    if (bytes && count > (size_t)-1 / bytes)
        return (void *)0;
    return zeroed(count * bytes, 16, CALLER);
}

WEAK void *realloc(void *memory, size_t bytes)
{
    size_t old_bytes = ringside_driver_block_bytes(memory);
    unsigned char *moved = ringside_driver_malloc(bytes, 16, CALLER);

    for (size_t i = 0; moved && i < bytes && i < old_bytes; i++)
        moved[i] = ((unsigned char *)memory)[i];
    ringside_driver_free(memory, CALLER);
    return moved;
}

WEAK void *aligned_alloc(size_t align_bytes, size_t bytes)
{
    return ringside_driver_malloc(bytes, align_bytes, CALLER);
}

WEAK void *memalign(size_t align_bytes, size_t bytes)
{
    return ringside_driver_malloc(bytes, align_bytes, CALLER);
}

WEAK int posix_memalign(void **out, size_t align_bytes, size_t bytes)
{
    *out = ringside_driver_malloc(bytes, align_bytes, CALLER);
    return 0;
}

WEAK char *strdup(const char *text)
{
    size_t bytes = 1;
    char *copy;

    while (text[bytes - 1])
        bytes++;
    copy = ringside_driver_malloc(bytes, 16, CALLER);
    for (size_t i = 0; copy && i < bytes; i++)
        copy[i] = text[i];
    return copy;
}

/* MAP_ANONYMOUS without MAP_FIXED is memory like any other; all else is the process's. */
#define RINGSIDE_MAP_ANONYMOUS 0x20
#define RINGSIDE_MAP_FIXED     0x100010
#define RINGSIDE_PAGE_BYTES    4096

static void *map(void *at, size_t bytes, int how, const void *caller)
{
    if ((how & RINGSIDE_MAP_ANONYMOUS) == 0 || (how & RINGSIDE_MAP_FIXED) != 0)
        ringside_driver_left("mmap() of a file or at a fixed address", (long)at, caller);
    return zeroed(bytes, RINGSIDE_PAGE_BYTES, caller);
}

WEAK void *mmap(void *at, size_t bytes, int access, int how, int fd, long offset)
{
    (void)access;
    (void)fd;
    (void)offset;
    return map(at, bytes, how, CALLER);
}

WEAK void *mmap64(void *at, size_t bytes, int access, int how, int fd, long offset)
{
    (void)access;
    (void)fd;
    (void)offset;
    return map(at, bytes, how, CALLER);
}

WEAK int munmap(void *at, size_t bytes)
{
    (void)bytes;
    if (!ringside_driver_owns(at))
        ringside_driver_left("munmap() of memory that is not its own", (long)at, CALLER);
    return 0; /* a driver's memory goes when its run is over */
}
