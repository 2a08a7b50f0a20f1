/*
 * What a world is made of before the driver runs: RAM, register windows, the driver's stack and
 * static data, the bus and the device in it.
 *
 * With `memory identity` RAM and windows lie at their physical addresses, with `memory offset N`
 * that much higher; else anywhere, and never where a pointer equals a physical address. What the
 * host cannot give is one line with the way round.
 */
#include "world_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "blk.h"
#include "crash.h"
#include "gpu.h"
#include "ringside_asan.h"
#include "rng.h"

/* AddressSanitizer has its shadow from 0x7fff8000 to above 2^44, and a heap. */
#define ASAN_SHADOW_LOW UINT64_C(0x7fff8000)
#define ASAN_SHADOW_END UINT64_C(0x200000000000)
#define ASAN_HEAP_LOW   UINT64_C(0x600000000000)
#define ASAN_HEAP_END   UINT64_C(0x640000000000)

static char message[DRIVER_PATH_BYTES + 256];

/* ---- addresses ---- */

static bool is_mapped_plainly(const struct scenario *scenario)
{
    return scenario->identity || scenario->memory_offset != 0;
}

/* The host address of a physical one, if the scenario says where that is; else 0. */
static uintptr_t host_of(const struct scenario *scenario, uint64_t addr)
{
    return is_mapped_plainly(scenario) ? (uintptr_t)(addr + scenario->memory_offset) : 0;
}

static const char *taken(const char *what, uintptr_t from, uint64_t bytes)
{
#ifdef RINGSIDE_HAS_ASAN
    uint64_t end = from + bytes;
    bool is_asan = (end > ASAN_SHADOW_LOW && from < ASAN_SHADOW_END) ||
                   (end > ASAN_HEAP_LOW && from < ASAN_HEAP_END);
#else
    bool is_asan = false;
#endif
    snprintf(message, sizeof message,
             "%s cannot lie at 0x%" PRIxPTR " to 0x%" PRIx64 " in this process: %s", what, from,
             from + bytes - 1,
             is_asan
                 ? "AddressSanitizer has its own memory there; use a build of ringside without it"
                 : "something else is there; use another `memory base`, or `memory offset N`");
    return message;
}

/* ---- memory ---- */

/* The part of RAM's host addresses that the driver's object has been loaded at. */
static void leave_hole(struct world *world, struct arena_config *config)
{
    const struct driver *driver = world->driver;
    uint64_t end = config->host_wanted + config->size_bytes;

    if (config->host_wanted == 0 || driver == NULL || driver->image_low < config->host_wanted ||
        driver->image_high > end)
        return;
    config->hole_low = driver->image_low;
    config->hole_high = driver->image_high;
    world->driver->aliased = true;
}

/* Pointers to static data are taken for addresses in RAM, so the object must have been loaded
 * there. */
static const char *check_image(const struct world *world, const struct arena_config *config)
{
    const struct driver *driver = world->driver;
    uint64_t middle = config->host_wanted + config->size_bytes / 2;

    if (config->host_wanted == 0 || driver == NULL || !world->scenario->static_dma ||
        config->hole_high != 0)
        return NULL;
    snprintf(message, sizeof message,
             "%s lies at 0x%" PRIxPTR ", outside RAM (0x%" PRIxPTR " to 0x%" PRIx64
             "): build it with TEXT_SEGMENT 0x%" PRIx64,
             driver->path, driver->image_low, config->host_wanted,
             config->host_wanted + config->size_bytes - 1, middle & ~UINT64_C(0xfffff));
    return message;
}

static void observe_range(uintptr_t from, uintptr_t to)
{
    if (from < to)
        probe.memory[probe.memory_count++] = (struct probe_range){from, to - from};
}

/* What lies in the hole is the driver's object, no memory of the machine: see place_static_data().
 */
static void observe_ram(const struct world *world)
{
    uintptr_t from = (uintptr_t)world->arena.host;
    uintptr_t to = from + world->arena.size_bytes;
    uintptr_t hole = world->arena.hole.host;
    size_t hole_bytes = world->arena.hole.size_bytes;

    probe.memory_count = 0;
    observe_range(from, hole_bytes != 0 ? hole : to);
    if (hole_bytes != 0)
        observe_range(hole + hole_bytes, to);
}

static const char *create_memory(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    struct arena_config config = {
        .base = scenario->memory_base,
        .size_bytes = scenario->memory_bytes,
        .host_wanted = host_of(scenario, scenario->memory_base),
        .shadow = world->options->check_stores || world->far != NULL,
        .file = world->far != NULL ? qemu_device_ram(world->far) : 0,
        .poison = scenario->poison,
    };
    const char *error;

    leave_hole(world, &config);
    error = arena_create(&world->arena, &config);
    if (error != NULL && config.host_wanted != 0)
        return taken("the machine's RAM", config.host_wanted, config.size_bytes);
    if (error == NULL)
        error = check_image(world, &config);
    if (error != NULL)
        return error;
    if (scenario->memory_next != 0)
        world->arena.next = scenario->memory_next;
    observe_ram(world);
    return NULL;
}

/*
 * Mappings that one run leaves to the next: they cost more to make than to clear. What a scenario
 * wants at an address of its own is made for it, and given back.
 */
static struct {
    void *window, *stack;
    size_t window_bytes;
} kept;

/* The register windows of the run before, if they are as large; open. */
static void *kept_window(size_t bytes)
{
    void *map = kept.window;

    if (map == NULL || kept.window_bytes != bytes)
        return NULL;
    kept.window = NULL;
    memset(map, 0, bytes);
    return map;
}

static void *map_window(uintptr_t wanted, size_t bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | (wanted != 0 ? MAP_FIXED_NOREPLACE : 0);
    void *map = wanted == 0 ? kept_window(bytes) : NULL;

    return map != NULL ? map : mmap((void *)wanted, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
}

static void unmap_window(struct world *world)
{
    uintptr_t wanted = host_of(world->scenario, world->scenario->machine.base);

    if (wanted != 0 || kept.window != NULL) {
        munmap(world->window_map, world->window_map_bytes);
        return;
    }
    if (!world->window_open)
        world_window_protect(world, true);
    kept.window = world->window_map;
    kept.window_bytes = world->window_map_bytes;
}

static const char *create_window(struct world *world)
{
    const struct sim_machine *machine = &world->scenario->machine;
    uint64_t below_bytes = machine->base % WORLD_PAGE_BYTES;
    uintptr_t wanted = host_of(world->scenario, machine->base - below_bytes);
    void *map;

    world->window_map_bytes = (below_bytes + machine_bytes(machine) + WORLD_PAGE_BYTES - 1) &
                              ~(size_t)(WORLD_PAGE_BYTES - 1);
    map = map_window(wanted, world->window_map_bytes);
    if (map == MAP_FAILED && wanted != 0)
        return taken("the register windows", wanted, world->window_map_bytes);
    if (map == MAP_FAILED)
        return "no memory for the register windows";
    world->window_map = map;
    world->window = world->window_map + below_bytes;
    world->window_open = true;
    world->guard = world->options->guard;
    world_window_open(world, false);
    probe.window = (struct probe_range){(uintptr_t)world->window, machine_bytes(machine)};
    return NULL;
}

/* The stack between its guards; all zero. */
static void *map_stack(bool low)
{
    size_t bytes = WORLD_STACK_BYTES + 2 * WORLD_STACK_GUARD_BYTES;
    uint8_t *map = low ? NULL : kept.stack;

    if (map != NULL) {
        kept.stack = NULL;
        if (madvise(map + WORLD_STACK_GUARD_BYTES, WORLD_STACK_BYTES, MADV_DONTNEED) != 0)
            memset(map + WORLD_STACK_GUARD_BYTES, 0, WORLD_STACK_BYTES);
        return map;
    }
    map = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (low ? MAP_32BIT : 0), -1, 0);
    if (map == MAP_FAILED)
        return NULL;
    if (mprotect(map, WORLD_STACK_GUARD_BYTES, PROT_NONE) == 0 &&
        mprotect(map + bytes - WORLD_STACK_GUARD_BYTES, WORLD_STACK_GUARD_BYTES, PROT_NONE) == 0)
        return map;
    munmap(map, bytes);
    return NULL;
}

static void unmap_stack(struct world *world)
{
    if (world->scenario->identity || kept.stack != NULL)
        munmap(world->stack, WORLD_STACK_BYTES + 2 * WORLD_STACK_GUARD_BYTES);
    else
        kept.stack = world->stack;
}

/*
 * The stack lies between its guards. With `memory stack-dma` it is the top of RAM, where the device
 * reaches it and every access to it is a step. Else it is low if RAM is: the driver may keep
 * pointers in 32 bits.
 */
static const char *create_stack(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    size_t bytes = WORLD_STACK_BYTES + WORLD_STACK_GUARD_BYTES;
    uint8_t *stack;

    if (scenario->stack_dma) {
        uint64_t addr = world->arena.base + world->arena.size_bytes - WORLD_STACK_BYTES;
        if (world->arena.size_bytes < 4 * bytes ||
            !arena_reserve(&world->arena, addr - WORLD_STACK_GUARD_BYTES,
                           WORLD_STACK_GUARD_BYTES) ||
            !arena_declare(&world->arena, ARENA_REGION_STACK, addr, WORLD_STACK_BYTES, "stack"))
            return "the driver's stack cannot be made DMA memory: RAM is too small";
        stack = arena_host(&world->arena, addr) - WORLD_STACK_GUARD_BYTES;
        if (mprotect(stack, WORLD_STACK_GUARD_BYTES, PROT_NONE) != 0)
            return "the driver's stack cannot be guarded";
    } else {
        /* identity: always so for a driver with 32-bit pointers */
        stack = map_stack(scenario->identity);
        if (stack == NULL)
            return "no memory for the driver's stack and its guards";
        world->stack_mapped = true;
        if (scenario->poison)
            memset(stack + WORLD_STACK_GUARD_BYTES, ARENA_POISON, WORLD_STACK_BYTES);
    }
    world->stack = stack;
    world->stack_top = world->stack + bytes - WORLD_STACK_ABOVE_BYTES;
    crash_set_stack((uintptr_t)stack, (uintptr_t)stack + WORLD_STACK_GUARD_BYTES);
    probe.stack = (struct probe_range){(uintptr_t)stack, bytes};
    return NULL;
}

/*
 * With `memory static-dma`, the object's writable data is RAM: at its own addresses if the object
 * was loaded inside RAM, else as a second mapping of a piece of RAM below the stack's.
 */
static const char *place_static_data(struct world *world)
{
    struct driver_data *data = &world->driver->data;
    uint64_t addr = world->arena.base + world->arena.size_bytes - WORLD_STACK_BYTES -
                    WORLD_STACK_GUARD_BYTES - data->bytes;
    bool inside = world->arena.hole.size_bytes != 0;
    bool mapped;

    if (!world->scenario->static_dma || data->bytes == 0)
        return NULL;
    if (data->bytes > world->arena.size_bytes / 2)
        return "the driver's static data does not fit into RAM";
    if (inside)
        addr = world->arena.base + (uint64_t)(data->host - world->arena.host);
    world->driver->aliased = true;
    mapped = inside ? arena_fill_hole(&world->arena, addr, data->bytes)
                    : arena_map_alias(&world->arena, addr, data->host, data->bytes);
    if (!mapped || !arena_declare(&world->arena, ARENA_REGION_STATIC, addr, data->bytes, "static"))
        return "the driver's static data cannot be made DMA memory";
    observe_range((uintptr_t)data->host, (uintptr_t)data->host + data->bytes);
    return NULL;
}

/* Nothing, if any of it is RAM. */
static struct probe_range without_ram(struct probe_range range)
{
    for (uint32_t i = 0; i < probe.memory_count; i++) {
        const struct probe_range *memory = &probe.memory[i];
        if (memory->host < range.host + range.bytes && range.host < memory->host + memory->bytes)
            return (struct probe_range){0};
    }
    return range;
}

/* ---- the device ---- */

static void observer_emit(void *context, struct event *event)
{
    struct world *world = context;

    world_emit(world, event);
    if (world->far != NULL)
        qemu_device_saw(world, event);
}

static const struct sim_class *class_of(const struct scenario *scenario)
{
    static const struct sim_class *const class[SCENARIO_DEVICE_COUNT] = {
        [SCENARIO_DEVICE_GPU] = &gpu_class,
        [SCENARIO_DEVICE_BLK] = &blk_class,
        [SCENARIO_DEVICE_RNG] = &rng_class,
    };
    return class[scenario->kind];
}

static bool create_state(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    struct gpu_config gpu = {
        .num_scanouts = scenario->scanouts,
        .width_px = scenario->display_width_px,
        .height_px = scenario->display_height_px,
    };
    struct blk_config blk = {
        .disk_bytes = scenario->disk_bytes,
        .read_only = scenario->disk_read_only,
    };

    switch (scenario->kind) {
    case SCENARIO_DEVICE_GPU:
        return gpu_create(&world->device, &gpu);
    case SCENARIO_DEVICE_BLK:
        return blk_create(&world->device, &blk);
    case SCENARIO_DEVICE_RNG:
        return rng_create(&world->device, scenario->seed);
    case SCENARIO_DEVICE_COUNT:
        break;
    }
    return false;
}

static void destroy_state(struct world *world)
{
    if (world->device.class == &gpu_class)
        gpu_destroy(&world->device);
    else if (world->device.class == &blk_class)
        blk_destroy(&world->device);
    else if (world->device.class == &rng_class)
        rng_destroy(&world->device);
}

static const char *create_device(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    struct event_observer observer = {observer_emit, world};
    const char *error = bus_create(&world->bus, &scenario->machine, scenario->device.version,
                                   scenario->memory_base, scenario->memory_bytes);

    if (error != NULL)
        return error;
    sim_device_create(&world->device, &scenario->device, class_of(scenario), &world->arena,
                      observer);
    if (!create_state(world))
        return "no memory for the device";
    world->device.faults = scenario->faults;
    world->device.check_stores = world->options->check_stores && world->far == NULL;
    world->device.witness = world->far != NULL;
    if (world->far != NULL)
        world->device.config_generation = qemu_device_generation(world->far);
    bus_plug(&world->bus, scenario->device.slot, &world->device);
    return NULL;
}

static const char *copy_tree_low(struct world *world)
{
    void *low;

    if (world->driver == NULL || !world->driver->ilp32)
        return NULL;
    low = mmap(NULL, sizeof world->bus.fdt, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (low == MAP_FAILED)
        return "no memory below 4 GiB for the device tree";
    memcpy(low, world->bus.fdt, sizeof world->bus.fdt);
    world->low_tree = low;
    return NULL;
}

const char *world_create_machine(struct world *world)
{
    const char *error = create_memory(world);

    if (error == NULL)
        error = create_window(world);
    if (error == NULL)
        error = create_stack(world);
    if (error == NULL)
        error = create_device(world);
    if (error == NULL)
        error = copy_tree_low(world);
    if (error == NULL && world->driver != NULL)
        error = place_static_data(world);
    probe.quiet[0] = without_ram(probe.stack);
    probe.quiet[1] = without_ram(probe.image);
    return error;
}

void world_destroy_machine(struct world *world)
{
    if (world->device.class != NULL) {
        destroy_state(world);
        sim_device_destroy(&world->device);
    }
    if (world->stack_mapped)
        unmap_stack(world);
    if (world->low_tree != NULL)
        munmap(world->low_tree, sizeof world->bus.fdt);
    if (world->window_map != NULL)
        unmap_window(world);
    if (world->arena.host != NULL)
        arena_keep(&world->arena);
}
