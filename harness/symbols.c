/*
 * Reads the dynamic symbols of a driver's object that are not defined in it.
 *
 * Not handled: versions of symbols; objects of other machines, which the loader refuses before.
 */
#include "symbols.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define LIBRARIES_MAX 16u
#define HINTS_MAX     16u
#define NAMES_BYTES   512u

/* ---- hints ---- */

static const char hint_shims[] = "link the SHIMS (ringside_shims.h)";
static const char hint_register[] =
    "a register of another machine in inline assembly (see ringside_asm.h): replace the function";
static const char hint_cpp[] = "the C++ run-time: build with -fno-exceptions -fno-rtti, without "
                               "standard library";
static const char hint_thread[] = "a thread pointer or stack check: build without "
                                  "-fstack-protector, TLS and coverage";
static const char hint_linker[] = "a name of the linker script: give the adapter an array of it";
static const char hint_table[] = "the adapter's table is missing: const struct suite_driver "
                                 "ringside_driver (suite.h)";
static const char hint_stub[] = "give the adapter a function of the name";

/* What ringside_shims.c defines; a test holds the two against each other. */
static const char *const shims[] = {
    "DELAY", "SCB_CleanDCache_by_Addr", "SCB_CleanInvalidateDCache_by_Addr",
    "SCB_InvalidateDCache_by_Addr", "_ZdaPv", "_ZdaPvm", "_ZdlPv", "_ZdlPvm", "_Znam", "_Znwm",
    "__cxa_pure_virtual", "acquire", "acquiresleep", "alloc_contiguous", "alloc_page",
    "alloc_pages", "arch_clean_cache_range", "arch_clean_invalidate_cache_range",
    "arch_disable_ints", "arch_enable_ints", "arch_invalidate_cache_range", "bus_to_virt",
    "cache_clean", "cache_flush", "cache_invalidate", "calloc", "clean_dcache_range",
    "console_puts", "cpu_relax", "current_time", "dcache_clean", "dcache_clean_invalidate",
    "dcache_invalidate", "delay_ms", "delay_us", "disable_interrupts", "dma_alloc",
    "dma_alloc_coherent", "dma_free", "dma_free_coherent", "dma_rmb", "dma_wmb",
    "enable_interrupts", "flush_dcache_range", "free", "free_page", "free_pages",
    "get_free_page", "get_ticks", "get_time_ms", "get_time_ns", "get_time_us", "initlock",
    "initsleeplock", "intr_off", "intr_on", "inv_dcache_range", "invalidate_dcache_range",
    "irq_disable", "irq_enable", "irq_register", "k_busy_wait", "k_free", "k_malloc", "k_msleep",
    "k_uptime_get", "kalloc", "kcalloc", "kfree", "klog", "kmalloc", "kpanic", "kprintf",
    "kputs", "ktime_get_ns", "kvtophys", "kzalloc", "malloc", "mb", "mdelay", "memory_barrier",
    "msleep", "mutex_acquire", "mutex_init", "mutex_lock", "mutex_release", "mutex_unlock",
    "ndelay", "p2v", "page_alloc", "page_free", "palloc", "panic", "phys_to_virt", "pmm_alloc",
    "pmm_alloc_block", "pmm_alloc_page", "pmm_alloc_pages", "pmm_free", "pmm_free_block",
    "pmm_free_page", "pmm_free_pages", "pop_off", "printf", "printk", "ptov", "push_off",
    "putchar", "puts", "pvPortMalloc", "release", "releasesleep", "request_irq",
    "ringside_panic", "rmb", "rt_free", "rt_kprintf", "rt_malloc", "rt_thread_mdelay",
    "sched_yield", "schedule", "sem_init", "sem_post", "sem_wait", "serial_putc",
    "serial_puts", "sleep", "smp_mb", "smp_rmb", "smp_wmb", "spin_lock", "spin_lock_init",
    "spin_unlock", "spinlock_acquire", "spinlock_init", "spinlock_release",
    "sys_cache_data_flush_and_invd_range", "sys_cache_data_flush_range",
    "sys_cache_data_invd_range", "thread_yield", "timer_delay_ms", "timer_delay_us",
    "uart_printf", "uart_putc", "uart_puts", "uart_send", "uart_send_string", "udelay",
    "uptime_ms", "usleep", "v2p", "vPortFree", "virt_to_bus", "virt_to_phys", "vtophys",
    "wait_for_interrupt", "wake_up", "wakeup", "wmb", "yield",
};

/* Names of the C library that kernels use for things of their own. */
static const char *const misleading[] = {"sleep",    "usleep",   "sem_init", "sem_wait",
                                         "sem_post", "wait",     "select",   "poll",
                                         "sched_yield", "mount", "reboot",   "nanosleep"};

static bool is_in(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i], name) == 0)
            return true;
    }
    return false;
}

/* x0, w30, a7, tp: also what `mov x0, %0` makes of a register that this assembler does not know. */
static bool is_register(const char *name)
{
    static const char *const words[] = {"sp", "tp", "gp", "ra", "lr", "fp", "zero", "xzr", "wzr"};
    size_t digits = strlen(name) > 1 ? strspn(name + 1, "0123456789") : 0;

    if (is_in(name, words, COUNT(words)))
        return true;
    return strchr("xwratsc", name[0]) != NULL && digits > 0 && digits < 3 &&
           name[1 + digits] == '\0';
}

static bool starts(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

const char *symbol_hint(const char *name)
{
    static const char *const linker[] = {"end", "_end", "__end", "etext", "_etext", "edata",
                                         "kernel_end", "heap_start", "stack_top", "__bss_start"};

    if (is_in(name, shims, COUNT(shims)))
        return hint_shims;
    if (is_register(name))
        return hint_register;
    if (strcmp(name, "ringside_driver") == 0)
        return hint_table;
    if (starts(name, "_ZSt") || starts(name, "_ZNSt") || starts(name, "_ZTV") ||
        starts(name, "__cxa_") || starts(name, "__gxx_") || starts(name, "_Unwind_"))
        return hint_cpp;
    if (starts(name, "__stack_chk") || starts(name, "__tls_") || starts(name, "__gcov_"))
        return hint_thread;
    if (is_in(name, linker, COUNT(linker)))
        return hint_linker;
    return hint_stub;
}

/* ---- the object ---- */

struct object {
    const uint8_t *bytes;
    size_t size_bytes;
    const Elf64_Sym *symbols;
    size_t symbol_count;
    const char *names;
    size_t names_bytes;
    void *library[LIBRARIES_MAX];
    unsigned library_count;
};

static bool inside(const struct object *object, uint64_t offset, uint64_t bytes)
{
    return offset <= object->size_bytes && bytes <= object->size_bytes - offset;
}

static const char *name_at(const struct object *object, uint64_t offset)
{
    if (offset >= object->names_bytes ||
        memchr(object->names + offset, '\0', object->names_bytes - offset) == NULL)
        return "";
    return object->names + offset;
}

/* Libraries that the object asks for, so that what they define is not missing. */
static void open_libraries(struct object *object, const Elf64_Shdr *section)
{
    const Elf64_Dyn *entry = (const void *)(object->bytes + section->sh_offset);

    for (uint64_t i = 0; i < section->sh_size / sizeof *entry; i++) {
        if (entry[i].d_tag == DT_NEEDED && object->library_count < LIBRARIES_MAX) {
            void *handle = dlopen(name_at(object, entry[i].d_un.d_val), RTLD_LAZY | RTLD_LOCAL);
            if (handle != NULL)
                object->library[object->library_count++] = handle;
        }
    }
}

/* Finds the table of dynamic symbols and their names. */
static bool read_object(struct object *object)
{
    const Elf64_Ehdr *head = (const void *)object->bytes;
    const Elf64_Shdr *sections;

    if (object->size_bytes < sizeof *head || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 ||
        head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_shoff % 8 != 0 ||
        !inside(object, head->e_shoff, (uint64_t)head->e_shnum * sizeof *sections))
        return false;
    sections = (const void *)(object->bytes + head->e_shoff);
    for (unsigned i = 0; i < head->e_shnum; i++) {
        const Elf64_Shdr *section = &sections[i];
        if (section->sh_type != SHT_DYNSYM || section->sh_link >= head->e_shnum ||
            section->sh_offset % 8 != 0 ||
            !inside(object, section->sh_offset, section->sh_size) ||
            !inside(object, sections[section->sh_link].sh_offset,
                    sections[section->sh_link].sh_size))
            continue;
        object->symbols = (const void *)(object->bytes + section->sh_offset);
        object->symbol_count = section->sh_size / sizeof *object->symbols;
        object->names = (const char *)object->bytes + sections[section->sh_link].sh_offset;
        object->names_bytes = sections[section->sh_link].sh_size;
    }
    for (unsigned i = 0; i < head->e_shnum && object->names != NULL; i++) {
        if (sections[i].sh_type == SHT_DYNAMIC && sections[i].sh_offset % 8 == 0 &&
            inside(object, sections[i].sh_offset, sections[i].sh_size))
            open_libraries(object, &sections[i]);
    }
    return object->symbols != NULL;
}

static bool is_provided(const struct object *object, const char *name)
{
    if (dlsym(RTLD_DEFAULT, name) != NULL)
        return true;
    for (unsigned i = 0; i < object->library_count; i++) {
        if (dlsym(object->library[i], name) != NULL)
            return true;
    }
    return false;
}

/* ---- the line ---- */

/* Names by what to do about them. */
struct line {
    const char *hint[HINTS_MAX];
    char names[HINTS_MAX][NAMES_BYTES];
    unsigned count;
};

static void add(struct line *line, const char *name)
{
    const char *hint = symbol_hint(name);
    size_t length;
    unsigned row = 0;

    while (row < line->count && line->hint[row] != hint)
        row++;
    if (row == HINTS_MAX)
        return;
    if (row == line->count)
        line->hint[line->count++] = hint;
    length = strlen(line->names[row]);
    snprintf(line->names[row] + length, NAMES_BYTES - length, "%s%s", length > 0 ? ", " : "", name);
}

static bool collect(const char *path, bool want_misleading, char *out, size_t out_bytes)
{
    struct object object = {0};
    struct line line = {0};
    struct stat status;
    size_t length = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *bytes = MAP_FAILED;

    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size > 0)
        bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (fd >= 0)
        close(fd);
    if (bytes == MAP_FAILED)
        return false;
    object.bytes = bytes;
    object.size_bytes = (size_t)status.st_size;
    if (!read_object(&object))
        object.symbol_count = 0;
    for (size_t i = 1; i < object.symbol_count; i++) {
        const Elf64_Sym *symbol = &object.symbols[i];
        const char *name = name_at(&object, symbol->st_name);
        if (symbol->st_shndx != SHN_UNDEF || ELF64_ST_BIND(symbol->st_info) == STB_WEAK)
            continue;
        if (want_misleading ? is_in(name, misleading, COUNT(misleading))
                            : !is_provided(&object, name))
            add(&line, name);
    }
    for (unsigned i = 0; i < object.library_count; i++)
        dlclose(object.library[i]);
    munmap(bytes, object.size_bytes);
    out[0] = '\0';
    for (unsigned i = 0; i < line.count && length < out_bytes; i++)
        length += (size_t)snprintf(out + length, out_bytes - length, "%s%s: %s", i > 0 ? "; " : "",
                                   line.names[i], line.hint[i]);
    return line.count > 0;
}

bool symbols_missing(const char *path, char *out, size_t out_bytes)
{
    return collect(path, false, out, out_bytes);
}

bool symbols_misleading(const char *path, char *out, size_t out_bytes)
{
    return collect(path, true, out, out_bytes);
}
