/*
 * Drivers whose pointers and longs have 32 bits: what the loader left is put right, and the table
 * is read in its own layout.
 *
 * Not handled: thread-local data, C++ classes with virtual functions that the probe reports, and
 * objects of more than one address (each is loaded where it was linked, or not at all).
 */
#include "driver_ilp32.h"

#include <dlfcn.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX   (64L << 20)
#define OPS_MAX          256u
#define OPTION_NAMES_MAX 64u

/* The tables of suite.h as a compiler with 32-bit pointers lays them out. */
struct op32 {
    uint32_t name, call;
};

struct suite32 {
    uint32_t name, ops, op_count, set_option, option_names, memory;
};

_Static_assert(sizeof(struct suite_driver) == 8 * sizeof(struct suite32) / 4,
               "a new member of struct suite_driver belongs here, too");

bool ilp32_is(void *handle)
{
    return dlsym(handle, "ringside_driver_ilp32") != NULL;
}

/* ---- what the loader left ---- */

struct image {
    const uint8_t *file;
    size_t bytes;
};

static uint8_t *read_file(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rbe");
    uint8_t *content = NULL;
    long size = -1;

    if (file != NULL && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size > 0 && size <= FILE_BYTES_MAX && fseek(file, 0, SEEK_SET) == 0)
        content = malloc((size_t)size);
    if (content != NULL && fread(content, 1, (size_t)size, file) != (size_t)size) {
        free(content);
        content = NULL;
    }
    if (file != NULL)
        fclose(file);
    *bytes = content != NULL ? (size_t)size : 0;
    return content;
}

/* `bytes` bytes at an offset of the file, or NULL. */
static const void *at_offset(const struct image *image, uint64_t offset, uint64_t bytes)
{
    if (offset > image->bytes || bytes > image->bytes - offset)
        return NULL;
    return image->file + offset;
}

/* Section headers have all relocations in order, whatever became of the dynamic section in memory.
 */
static const Elf64_Shdr *sections(const struct image *image, size_t *count)
{
    const Elf64_Ehdr *header = at_offset(image, 0, sizeof *header);

    *count = 0;
    if (header == NULL || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64)
        return NULL;
    *count = header->e_shnum;
    return at_offset(image, header->e_shoff, (uint64_t)header->e_shnum * sizeof(Elf64_Shdr));
}

/* What the file has at an address, for four bytes; 0 where it has nothing (.bss). */
static uint32_t initial_word(const struct image *image, uint64_t addr)
{
    const Elf64_Ehdr *header = at_offset(image, 0, sizeof *header);
    const Elf64_Phdr *segment =
        at_offset(image, header->e_phoff, (uint64_t)header->e_phnum * sizeof *segment);
    uint32_t word = 0;

    for (size_t i = 0; segment != NULL && i < header->e_phnum; i++) {
        const void *from;
        if (segment[i].p_type != PT_LOAD || addr < segment[i].p_vaddr ||
            addr - segment[i].p_vaddr + sizeof word > segment[i].p_filesz)
            continue;
        from = at_offset(image, segment[i].p_offset + (addr - segment[i].p_vaddr), sizeof word);
        if (from != NULL)
            memcpy(&word, from, sizeof word);
    }
    return word;
}

static bool is_dynamic(const Elf64_Shdr *section)
{
    return section->sh_type == SHT_RELA && (section->sh_flags & SHF_ALLOC) != 0;
}

/* Does another relocation begin at this address? Then its word is not ours to put back. */
static bool begins_relocation(const struct image *image, uint64_t addr)
{
    size_t count = 0;
    const Elf64_Shdr *section = sections(image, &count);

    for (size_t i = 0; i < count; i++) {
        size_t rows = section[i].sh_size / sizeof(Elf64_Rela);
        const Elf64_Rela *rela = at_offset(image, section[i].sh_offset, section[i].sh_size);
        for (size_t k = 0; is_dynamic(&section[i]) && rela != NULL && k < rows; k++) {
            if (rela[k].r_offset == addr)
                return true;
        }
    }
    return false;
}

static void repair_section(const struct image *image, const Elf64_Shdr *section)
{
    size_t rows = section->sh_size / sizeof(Elf64_Rela);
    const Elf64_Rela *rela = at_offset(image, section->sh_offset, section->sh_size);

    for (size_t i = 0; rela != NULL && i < rows; i++) {
        uint64_t addr = rela[i].r_offset;
        uint32_t pointer = (uint32_t)rela[i].r_addend;
        uint32_t behind = initial_word(image, addr + sizeof pointer);
        if (ELF64_R_TYPE(rela[i].r_info) != R_X86_64_RELATIVE)
            continue;
        memcpy((void *)(uintptr_t)addr, &pointer, sizeof pointer);
        if (!begins_relocation(image, addr + sizeof pointer))
            memcpy((void *)(uintptr_t)(addr + sizeof pointer), &behind, sizeof behind);
    }
}

const char *ilp32_repair(const char *path, const void *symbol)
{
    struct image image = {0};
    uint8_t *content = read_file(path, &image.bytes);
    size_t count = 0;
    const Elf64_Shdr *section;
    Dl_info info;

    if (content == NULL)
        return "cannot be read again";
    image.file = content;
    section = sections(&image, &count);
    if (section == NULL || dladdr(symbol, &info) == 0 || (uintptr_t)symbol > UINT32_MAX) {
        free(content);
        return "an ILP32 object must lie below 4 GiB, and something else is there: link it with "
               "another TEXT_SEGMENT";
    }
    for (size_t i = 0; i < count; i++) {
        if (is_dynamic(&section[i]))
            repair_section(&image, &section[i]);
    }
    free(content);
    return NULL;
}

/* ---- the table ---- */

static void *pointer_of(uint32_t pointer)
{
    return (void *)(uintptr_t)pointer;
}

/* Table, operations and names of options in one block. */
struct translated {
    struct suite_driver suite;
    struct suite_op op[OPS_MAX];
    const char *option_name[OPTION_NAMES_MAX + 1];
};

struct suite_driver *ilp32_suite(const void *table)
{
    const struct suite32 *from = table;
    const struct op32 *op = pointer_of(from->ops);
    const uint32_t *name = pointer_of(from->option_names);
    struct translated *to = calloc(1, sizeof *to);

    if (to == NULL)
        return NULL;
    to->suite.name = pointer_of(from->name);
    to->suite.ops = to->op;
    to->suite.op_count = from->op_count < OPS_MAX ? from->op_count : OPS_MAX;
    for (size_t i = 0; i < to->suite.op_count; i++) {
        to->op[i].name = pointer_of(op[i].name);
        *(void **)&to->op[i].call = pointer_of(op[i].call);
    }
    *(void **)&to->suite.set_option = pointer_of(from->set_option);
    for (size_t i = 0; name != NULL && name[i] != 0 && i < OPTION_NAMES_MAX; i++)
        to->option_name[i] = pointer_of(name[i]);
    to->suite.option_names = name != NULL ? to->option_name : NULL;
    to->suite.memory = pointer_of(from->memory);
    return &to->suite;
}
