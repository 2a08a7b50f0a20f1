/*
 * The vocabulary against Linux: one wrong constant would fool driver and simulator alike.
 *
 * Compared in both directions by name. The headers are read as text too, ours and Linux's, so that
 * a name that neither table has is found as well.
 */
#include "vocabulary.h"

#include <check.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "virtio/mmio.h"
#include "virtio/ring.h"

#define COUNT(array)      (sizeof(array) / sizeof((array)[0]))
#define HEADER_BYTES_MAX  65536u
#define COMMENT_BYTES_MAX 2048u
#define NAME_BYTES_MAX    96u

static const struct vocabulary_row *find(struct vocabulary table, const char *key)
{
    for (size_t i = 0; i < table.count; i++) {
        if (strcmp(table.row[i].key, key) == 0) {
            return &table.row[i];
        }
    }
    return NULL;
}

static bool linux_table_names(const char *name)
{
    struct vocabulary table = vocabulary_linux();
    for (size_t i = 0; i < table.count; i++) {
        if (table.row[i].linux_name != NULL && strcmp(table.row[i].linux_name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- values ---- */

START_TEST(every_value_of_linux_is_ours)
{
    struct vocabulary theirs = vocabulary_linux();
    for (size_t i = 0; i < theirs.count; i++) {
        const struct vocabulary_row *row = &theirs.row[i];
        const struct vocabulary_row *ours = find(vocabulary_ours(), row->key);
        ck_assert_msg(ours != NULL, "%s is missing in driver/virtio", row->key);
        ck_assert_msg(ours->value == row->value, "%s is 0x%llx, but 0x%llx in Linux", row->key,
                      (unsigned long long)ours->value, (unsigned long long)row->value);
    }
}
END_TEST

START_TEST(every_value_of_ours_is_linuxs_or_the_specifications)
{
    struct vocabulary ours = vocabulary_ours();
    for (size_t i = 0; i < ours.count; i++) {
        const struct vocabulary_row *row = &ours.row[i];
        const struct vocabulary_row *theirs = find(vocabulary_linux(), row->key);
        const struct vocabulary_row *alone = find(vocabulary_ours_alone(), row->key);
        ck_assert_msg((theirs != NULL) != (alone != NULL),
                      "%s must be in exactly one of the tables of vocabulary_linux.c", row->key);
        uint64_t expected = theirs != NULL ? theirs->value : alone->value;
        ck_assert_msg(row->value == expected, "%s is 0x%llx, expected 0x%llx", row->key,
                      (unsigned long long)row->value, (unsigned long long)expected);
    }
}
END_TEST

START_TEST(no_key_is_there_twice)
{
    const struct vocabulary tables[] = {vocabulary_ours(), vocabulary_linux(),
                                        vocabulary_ours_alone()};
    for (size_t t = 0; t < COUNT(tables); t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            ck_assert_ptr_eq(find(tables[t], tables[t].row[i].key), &tables[t].row[i]);
        }
    }
}
END_TEST

/* Field by field without a gap: a field that the lists forget would leave one. */
START_TEST(the_fields_of_every_structure_fill_it)
{
    struct vocabulary ours = vocabulary_ours();
    for (size_t i = 0; i < ours.count; i++) {
        const char *name = ours.row[i].key + strlen("size ");
        if (strncmp(ours.row[i].key, "size ", 5) != 0 || strchr(name, '.') != NULL) {
            continue;
        }
        uint64_t end = 0;
        for (size_t k = 0; k < ours.count; k++) {
            const char *field = ours.row[k].key + strlen("offset ");
            if (strncmp(ours.row[k].key, "offset ", 7) == 0 &&
                strncmp(field, name, strlen(name)) == 0 && field[strlen(name)] == '.') {
                ck_assert_msg(ours.row[k].value == end, "%s is not at %llu", field,
                              (unsigned long long)end);
                end += ours.row[k + 1].value; /* its size comes next */
            }
        }
        ck_assert_msg(end == ours.row[i].value, "%s has fields of %llu bytes in all", name,
                      (unsigned long long)end);
    }
}
END_TEST

/* ---- the headers as text ---- */

struct header {
    char text[HEADER_BYTES_MAX];
    size_t at;
    char comment[COMMENT_BYTES_MAX]; /* the last one that was passed */
};

static struct header *open_header(const char *directory, const char *name)
{
    static struct header header;
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s cannot be read", path);
    size_t length = fread(header.text, 1, sizeof header.text - 1, file);
    ck_assert_msg(length > 0 && feof(file), "%s is longer than %u bytes", path, HEADER_BYTES_MAX);
    fclose(file);
    header.text[length] = '\0';
    header.at = 0;
    header.comment[0] = '\0';
    return &header;
}

/* The next word outside comments, or NULL at the end. A word is what an identifier could be, or
 * `#word`. */
static const char *next_word(struct header *header)
{
    static char word[NAME_BYTES_MAX];
    for (;;) {
        const char *at = header->text + header->at;
        if (*at == '\0') {
            return NULL;
        }
        if (at[0] == '/' && at[1] == '*') {
            const char *end = strstr(at + 2, "*/");
            ck_assert_ptr_nonnull(end);
            snprintf(header->comment, sizeof header->comment, "%.*s", (int)(end - at), at);
            header->at += (size_t)(end + 2 - at);
            continue;
        }
        if (at[0] == '"') {
            header->at += strcspn(at + 1, "\"") + 2;
            continue;
        }
        size_t length = *at == '#' ? 1 : 0;
        while (isalnum((unsigned char)at[length]) || at[length] == '_') {
            length++;
        }
        header->at += length > 0 ? length : 1;
        if (length > 0) {
            snprintf(word, sizeof word, "%.*s", (int)length, at);
            return word;
        }
    }
}

static bool starts_with_one_of(const char *name, const char *const *prefixes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return false;
}

static const char *const linux_headers[] = {
    "linux/virtio_blk.h", "linux/virtio_config.h", "linux/virtio_gpu.h",
    "linux/virtio_ids.h", "linux/virtio_mmio.h",   "linux/virtio_ring.h",
};

/* What Linux has and this project does not use, so that anything else that is new is noticed. */
static const char *const unused[] = {
    "VIRTIO_TRANS_ID_",        /* PCI ids */
    "VIRTIO_TRANSPORT_F_",     /* bounds of a range */
    "VIRTIO_F_IOMMU_PLATFORM", /* old name of ACCESS_PLATFORM */
    "VIRTIO_CONFIG_NO_LEGACY", /* switches of the headers themselves */
    "VIRTIO_MMIO_NO_LEGACY",
    "VIRTIO_RING_NO_LEGACY",
    "VIRTIO_GPU_HW_H",
    "VRING_PACKED_", /* packed rings */
    "VIRTIO_GPU_UNDEFINED",
    "VIRTIO_GPU_SHM_ID_", /* 3D and blob resources: rows of commands, no more */
    "VIRTIO_GPU_RESOURCE_FLAG_",
    "VIRTIO_GPU_CONTEXT_INIT_",
    "VIRTIO_GPU_CAPSET_",
    "VIRTIO_GPU_MAP_",
    "VIRTIO_BLK_NO_LEGACY",
    "VIRTIO_BLK_F_WCE",      /* old name of FLUSH */
    "VIRTIO_BLK_T_SCSI_CMD", /* legacy requests that were never in the specification */
    "VIRTIO_BLK_T_BARRIER",
    "VIRTIO_BLK_WRITE_ZEROES_FLAG_",
};

static const char *const unused_ids[] = {
    "BALLOON",
    "IOMEM",
    "RPMSG",
    "SCSI",
    "9P",
    "MAC80211_WLAN",
    "RPROC_SERIAL",
    "CAIF",
    "MEMORY_BALLOON",
    "CLOCK",
    "VSOCK",
    "CRYPTO",
    "SIGNAL_DIST",
    "PSTORE",
    "IOMMU",
    "MEM",
    "SOUND",
    "FS",
    "PMEM",
    "RPMB",
    "MAC80211_HWSIM",
    "VIDEO_ENCODER",
    "VIDEO_DECODER",
    "SCMI",
    "NITRO_SEC_MOD",
    "I2C_ADAPTER",
    "WATCHDOG",
    "CAN",
    "DMABUF",
    "PARAM_SERV",
    "AUDIO_POLICY",
    "BT",
    "GPIO",
};

static bool is_unused_id(const char *name)
{
    const char *prefix = "VIRTIO_ID_";
    for (size_t i = 0; strncmp(name, prefix, strlen(prefix)) == 0 && i < COUNT(unused_ids); i++) {
        if (strcmp(name + strlen(prefix), unused_ids[i]) == 0) {
            return true;
        }
    }
    return false;
}

START_TEST(no_constant_of_linuxs_headers_is_overlooked)
{
    static const char *const prefixes[] = {"VIRTIO_", "VRING_"};
    size_t seen = 0;
    for (size_t i = 0; i < COUNT(linux_headers); i++) {
        struct header *header = open_header(RINGSIDE_LINUX_INCLUDE, linux_headers[i]);
        for (const char *name = next_word(header); name != NULL; name = next_word(header)) {
            if (!starts_with_one_of(name, prefixes, COUNT(prefixes)) ||
                starts_with_one_of(name, unused, COUNT(unused)) || is_unused_id(name)) {
                continue;
            }
            seen++;
            ck_assert_msg(linux_table_names(name), "%s has %s, which vocabulary_linux.c lacks",
                          linux_headers[i], name);
        }
    }
    ck_assert_uint_gt(seen, 100);
}
END_TEST

/* Structures of other kinds of queue, and those that are bound up in others or in vring itself. */
static const char *const unused_structs[] = {
    "vring_packed_desc", "vring_packed_desc_event",         "vring",
    "virtio_gpu_box",    "virtio_blk_discard_write_zeroes", "virtio_scsi_inhdr",
};

START_TEST(no_structure_of_linuxs_headers_is_overlooked)
{
    size_t seen = 0;
    for (size_t i = 0; i < COUNT(linux_headers); i++) {
        struct header *header = open_header(RINGSIDE_LINUX_INCLUDE, linux_headers[i]);
        for (const char *word = next_word(header); word != NULL; word = next_word(header)) {
            if (strcmp(word, "struct") != 0) {
                continue;
            }
            const char *name = next_word(header);
            bool known = linux_table_names(name);
            for (size_t k = 0; k < COUNT(unused_structs); k++) {
                known = known || strcmp(unused_structs[k], name) == 0;
            }
            /* the header alone is written HEADER in the table of commands */
            known = known || strcmp(name, "virtio_gpu_ctrl_hdr") == 0;
            seen++;
            ck_assert_msg(known, "%s has struct %s, which vocabulary.h lacks", linux_headers[i],
                          name);
        }
    }
    ck_assert_uint_gt(seen, 20);
}
END_TEST

/* Macros with parameters are tables or functions. */
START_TEST(no_constant_of_our_headers_is_overlooked)
{
    static const char *const headers[] = {"blk.h",  "config.h", "entropy.h", "gpu.h",
                                          "mmio.h", "ring.h",   "types.h"};
    size_t seen = 0;
    for (size_t i = 0; i < COUNT(headers); i++) {
        struct header *header = open_header(RINGSIDE_SOURCE_DIR "/driver/virtio", headers[i]);
        for (const char *word = next_word(header); word != NULL; word = next_word(header)) {
            if (strcmp(word, "#define") != 0) {
                continue;
            }
            const char *name = next_word(header);
            if (header->text[header->at] == '(' || strncmp(name, "RINGSIDE_", 9) == 0 ||
                strcmp(name, "X") == 0 || strstr(name, "_IS_TURNED") != NULL) { /* the CPU's */
                continue;
            }
            seen++;
            ck_assert_msg(find(vocabulary_ours(), name) != NULL,
                          "%s has %s, which vocabulary_ours.c lacks", headers[i], name);
        }
    }
    ck_assert_uint_gt(seen, 10);
}
END_TEST

/* ---- directions of registers, from the comments of Linux's header ---- */

static const struct vocabulary_register *register_by_linux_name(const char *name)
{
    struct vocabulary theirs = vocabulary_linux();
    for (size_t i = 0; i < theirs.count; i++) {
        if (theirs.row[i].linux_name == NULL || strcmp(theirs.row[i].linux_name, name) != 0) {
            continue;
        }
        for (size_t k = 0; k < vocabulary_register_count; k++) {
            if (strcmp(vocabulary_registers[k].key, theirs.row[i].key) == 0) {
                return &vocabulary_registers[k];
            }
        }
    }
    return NULL;
}

static unsigned direction_in(const char *comment)
{
    if (strstr(comment, "Read Only") != NULL) {
        return VIRTIO_MMIO_R;
    }
    if (strstr(comment, "Write Only") != NULL) {
        return VIRTIO_MMIO_W;
    }
    return strstr(comment, "Read Write") != NULL ? VIRTIO_MMIO_RW : VIRTIO_MMIO_NONE;
}

START_TEST(registers_have_the_directions_and_versions_of_linuxs_comments)
{
    struct header *header = open_header(RINGSIDE_LINUX_INCLUDE, "linux/virtio_mmio.h");
    bool legacy = false;
    size_t directions = 0;
    size_t legacy_only = 0;
    for (const char *word = next_word(header); word != NULL; word = next_word(header)) {
        if (strcmp(word, "#endif") == 0) {
            legacy = false;
        }
        if (strcmp(word, "#ifndef") == 0) {
            legacy = strcmp(next_word(header), "VIRTIO_MMIO_NO_LEGACY") == 0;
            continue;
        }
        if (strcmp(word, "#define") != 0) {
            continue;
        }
        const struct vocabulary_register *reg = register_by_linux_name(next_word(header));
        unsigned direction = direction_in(header->comment);
        header->comment[0] = '\0'; /* it speaks of the first register behind it only */
        if (reg == NULL) {
            continue;
        }
        unsigned ours = reg->access_v1 != VIRTIO_MMIO_NONE ? reg->access_v1 : reg->access_v2;
        ck_assert_msg(direction == VIRTIO_MMIO_NONE || direction == ours, "direction of %s",
                      reg->key);
        ck_assert_msg(legacy == (reg->access_v2 == VIRTIO_MMIO_NONE), "versions of %s", reg->key);
        ck_assert_msg(reg->access_v1 == VIRTIO_MMIO_NONE || reg->access_v2 == VIRTIO_MMIO_NONE ||
                          reg->access_v1 == reg->access_v2,
                      "%s has two directions", reg->key);
        directions += direction != VIRTIO_MMIO_NONE;
        legacy_only += legacy;
    }
    ck_assert_uint_ge(directions, 16);
    ck_assert_uint_eq(legacy_only, 3);
}
END_TEST

/* ---- computed layouts ---- */

START_TEST(rings_are_laid_out_as_linux_lays_them_out)
{
    for (uint32_t size = 1; size <= VOCABULARY_QUEUE_MAX; size *= 2) {
        for (unsigned long align = 4; align <= VOCABULARY_ALIGN_MAX; align *= 2) {
            uint64_t used = virtq_legacy_used_offset(size, align);
            ck_assert_uint_eq(used, linux_used_offset(size, align));
            ck_assert_uint_eq(used + virtq_used_bytes(size), linux_ring_bytes(size, align));
            ck_assert_uint_eq(virtq_used_event_offset(size), linux_used_event_offset(size, align));
            ck_assert_uint_eq(virtq_avail_event_offset(size),
                              linux_avail_event_offset(size, align));
        }
        ck_assert_uint_eq(virtq_desc_bytes(size) + virtq_avail_bytes(size),
                          virtq_legacy_used_offset(size, 1));
    }
}
END_TEST

START_TEST(events_are_needed_when_linux_needs_them)
{
    static const uint16_t edges[] = {0,     1,     2,     3,     100,   32766, 32767,
                                     32768, 32769, 40000, 65533, 65534, 65535};
    for (size_t i = 0; i < COUNT(edges); i++) {
        for (size_t k = 0; k < COUNT(edges); k++) {
            for (uint32_t event = 0; event <= UINT16_MAX; event++) {
                if ((virtq_need_event((uint16_t)event, edges[i], edges[k]) != 0) !=
                    (linux_need_event((uint16_t)event, edges[i], edges[k]) != 0)) {
                    ck_abort_msg("event %u, new %u, old %u", event, edges[i], edges[k]);
                }
            }
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vocabulary");
    TCase *tcase = tcase_create("against Linux");
    tcase_add_test(tcase, every_value_of_linux_is_ours);
    tcase_add_test(tcase, every_value_of_ours_is_linuxs_or_the_specifications);
    tcase_add_test(tcase, no_key_is_there_twice);
    tcase_add_test(tcase, the_fields_of_every_structure_fill_it);
    tcase_add_test(tcase, no_constant_of_linuxs_headers_is_overlooked);
    tcase_add_test(tcase, no_structure_of_linuxs_headers_is_overlooked);
    tcase_add_test(tcase, no_constant_of_our_headers_is_overlooked);
    tcase_add_test(tcase, registers_have_the_directions_and_versions_of_linuxs_comments);
    tcase_add_test(tcase, rings_are_laid_out_as_linux_lays_them_out);
    tcase_add_test(tcase, events_are_needed_when_linux_needs_them);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
