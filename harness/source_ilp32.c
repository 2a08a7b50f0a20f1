/*
 * Debug information of drivers with 32-bit pointers: line tables with addresses of the width that
 * the rest of it has.
 *
 * `0, 9, DW_LNE_set_address` and 8 bytes become `0, 5, DW_LNE_set_address` and 4 bytes; the 4 that
 * are left over are opcodes that cancel each other. So nothing moves.
 */
#include "source_ilp32.h"

#include <dwarf.h>
#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX (64 << 20)
#define LINE_UNITS_MAX 65536u
#define WIDE           8u
#define NARROW         4u

struct section {
    uint8_t *at;
    size_t bytes;
};

/* A section by name; no bytes when there is none, or it is compressed. */
static struct section find_section(uint8_t *file, size_t bytes, const char *name)
{
    Elf64_Ehdr header;
    Elf64_Shdr names, section;
    struct section found = {NULL, 0};

    if (bytes < sizeof header)
        return found;
    memcpy(&header, file, sizeof header);
    if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_shoff > bytes || (bytes - header.e_shoff) / sizeof section < header.e_shnum ||
        header.e_shstrndx >= header.e_shnum)
        return found;
    memcpy(&names, file + header.e_shoff + header.e_shstrndx * sizeof names, sizeof names);
    for (size_t i = 0; i < header.e_shnum; i++) {
        memcpy(&section, file + header.e_shoff + i * sizeof section, sizeof section);
        if (names.sh_offset > bytes || section.sh_name >= bytes - names.sh_offset ||
            section.sh_offset > bytes || section.sh_size > bytes - section.sh_offset ||
            (section.sh_flags & SHF_COMPRESSED) != 0 || section.sh_type == SHT_NOBITS)
            continue;
        const char *at = (const char *)file + names.sh_offset + section.sh_name;
        if (strncmp(at, name, bytes - names.sh_offset - section.sh_name) == 0) {
            found.at = file + section.sh_offset;
            found.bytes = section.sh_size;
        }
    }
    return found;
}

static uint32_t word_at(const uint8_t *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Address size of the first unit: behind length, version and, since version 5, the unit's type. */
static bool has_narrow_units(const struct section *info)
{
    if (info->bytes < 12)
        return false;
    unsigned version = info->at[4] | (unsigned)info->at[5] << 8;
    return (version >= 5 ? info->at[7] : info->at[10]) == NARROW;
}

static void narrow_unit(uint8_t *unit, size_t bytes)
{
    static const uint8_t wide[] = {0, WIDE + 1, DW_LNE_set_address};

    if ((unit[4] | (unsigned)unit[5] << 8) >= 5)
        unit[6] = NARROW;
    for (size_t i = 6; i + sizeof wide + WIDE <= bytes; i++) {
        uint8_t *address = unit + i + sizeof wide;
        if (memcmp(unit + i, wide, sizeof wide) != 0 || word_at(address + NARROW) != 0)
            continue;
        unit[i + 1] = NARROW + 1;
        memset(address + NARROW, DW_LNS_negate_stmt, WIDE - NARROW);
    }
}

static void narrow_lines(const struct section *line)
{
    size_t at = 0;

    for (size_t i = 0; i < LINE_UNITS_MAX && line->bytes - at > 8; i++) {
        size_t length = word_at(line->at + at);
        if (length > line->bytes - at - 4)
            return;
        narrow_unit(line->at + at, length + 4);
        at += length + 4;
    }
}

/* A memory file with these bytes, or -1. */
static int copy_of(const uint8_t *file, size_t bytes)
{
    int fd = memfd_create("ringside-lines", MFD_CLOEXEC);

    if (fd >= 0 && write(fd, file, bytes) != (ssize_t)bytes) {
        close(fd);
        fd = -1;
    }
    return fd;
}

int source_ilp32(int fd)
{
    struct stat status;
    uint8_t *file;
    size_t bytes;
    int copy = -1;

    if (fd < 0 || fstat(fd, &status) != 0 || status.st_size <= 0 || status.st_size > FILE_BYTES_MAX)
        return fd;
    bytes = (size_t)status.st_size;
    file = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (file == MAP_FAILED)
        return fd;
    struct section info = find_section(file, bytes, ".debug_info");
    struct section line = find_section(file, bytes, ".debug_line");
    if (has_narrow_units(&info) && line.bytes != 0) {
        narrow_lines(&line);
        copy = copy_of(file, bytes);
    }
    munmap(file, bytes);
    if (copy < 0)
        return fd;
    close(fd);
    return copy;
}
