/*
 * Looks a name up in an object's file each time: only findings ask, and rarely.
 */
#include "symbol_name.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* An object's file, mapped; every offset in it is checked before it is used. */
struct image {
    const uint8_t *bytes;
    size_t size;
};

static const void *part(const struct image *image, uint64_t offset, uint64_t size)
{
    if (offset > image->size || size > image->size - offset)
        return NULL;
    return image->bytes + offset;
}

/* The smallest object or function that holds `value`; false when there is none. */
static bool search(const struct image *image, const Elf64_Shdr *table, const Elf64_Shdr *strings,
                   uint64_t value, char *out, size_t out_bytes)
{
    const Elf64_Sym *symbols = part(image, table->sh_offset, table->sh_size);
    const char *names = part(image, strings->sh_offset, strings->sh_size);
    const Elf64_Sym *best = NULL;

    if (symbols == NULL || names == NULL || strings->sh_size == 0 ||
        names[strings->sh_size - 1] != '\0')
        return false;
    for (uint64_t i = 0; i < table->sh_size / sizeof *symbols; i++) {
        const Elf64_Sym *symbol = &symbols[i];
        if (ELF64_ST_TYPE(symbol->st_info) != STT_OBJECT || value < symbol->st_value ||
            value - symbol->st_value >= symbol->st_size || symbol->st_name >= strings->sh_size)
            continue;
        if (best == NULL || symbol->st_size < best->st_size)
            best = symbol;
    }
    if (best == NULL)
        return false;
    if (value == best->st_value)
        snprintf(out, out_bytes, "%s", names + best->st_name);
    else
        snprintf(out, out_bytes, "%s+0x%llx", names + best->st_name,
                 (unsigned long long)(value - best->st_value));
    return true;
}

static bool search_file(const struct image *image, uint64_t value, char *out, size_t out_bytes)
{
    const Elf64_Ehdr *header = part(image, 0, sizeof *header);
    const Elf64_Shdr *sections;

    if (header == NULL || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64)
        return false;
    sections = part(image, header->e_shoff, (uint64_t)header->e_shnum * sizeof *sections);
    for (unsigned i = 0; sections != NULL && i < header->e_shnum; i++) {
        if (sections[i].sh_type == SHT_SYMTAB && sections[i].sh_link < header->e_shnum &&
            search(image, &sections[i], &sections[sections[i].sh_link], value, out, out_bytes))
            return true;
    }
    return false;
}

void symbol_name(uintptr_t address, char *out, size_t out_bytes)
{
    Dl_info info;
    struct link_map *map = NULL;
    struct stat status;
    bool found = false;
    int fd;

    if (!dladdr1((const void *)address, &info, (void **)&map, RTLD_DL_LINKMAP) || map == NULL) {
        snprintf(out, out_bytes, "0x%llx", (unsigned long long)address);
        return;
    }
    fd = open(map->l_name, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size > 0) {
        struct image image = {.size = (size_t)status.st_size};
        void *bytes = mmap(NULL, image.size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes != MAP_FAILED) {
            image.bytes = bytes;
            found = search_file(&image, address - map->l_addr, out, out_bytes);
            munmap(bytes, image.size);
        }
    }
    if (fd >= 0)
        close(fd);
    if (!found)
        snprintf(out, out_bytes, "driver+0x%llx", (unsigned long long)(address - map->l_addr));
}
