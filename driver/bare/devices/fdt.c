/*
 * The few functions of libfdt that images call, under its names, for machines that have a device
 * tree and for which Debian has no libfdt (Devicetree Specification 0.4, 5 "Flattened Devicetree").
 *
 * A node's offset is that of its BEGIN_NODE token in the structure block. The tree is walked from
 * its beginning each time: it is small, and nobody asks often. Every walk ends with the block.
 *
 * Not handled: paths of more than one part, aliases, phandles, trees of before version 16.
 */
#include <libfdt.h>
#include <string.h>

#define VERSION_MIN           16u
#define CELLS_MAX             4u
#define TAG_BYTES             4
#define ADDRESS_CELLS_DEFAULT 2
#define SIZE_CELLS_DEFAULT    1

/* One token and what belongs to it. */
struct token {
    uint32_t tag;
    int offset;        /* of the token itself */
    int next;          /* of the one behind it */
    const char *name;  /* of a node or a property */
    const void *value; /* of a property */
    int value_bytes;
};

static const char *structure(const void *tree)
{
    return (const char *)tree + fdt_off_dt_struct(tree);
}

static uint32_t word_at(const void *tree, int offset)
{
    return fdt32_ld((const fdt32_t *)(const void *)(structure(tree) + offset));
}

/* The name of a property, or NULL when it does not lie in the blob with its zero. */
static const char *property_name(const void *tree, uint32_t offset)
{
    const char *names = (const char *)tree + fdt_off_dt_strings(tree);
    uint32_t bytes = fdt_size_dt_strings(tree);

    return offset < bytes && memchr(names + offset, 0, bytes - offset) != NULL ? names + offset
                                                                               : NULL;
}

/* False at the end of the block, or where it makes no sense. */
static bool read_token(const void *tree, int offset, struct token *out)
{
    int end = (int)fdt_size_dt_struct(tree);

    *out = (struct token){.offset = offset};
    if (offset < 0 || offset + TAG_BYTES > end)
        return false;
    out->tag = word_at(tree, offset);
    out->next = offset + TAG_BYTES;
    if (out->tag == FDT_BEGIN_NODE) {
        out->name = structure(tree) + out->next;
        out->next += (int)strnlen(out->name, (size_t)(end - out->next)) + 1;
        if (out->next > end)
            return false;
    } else if (out->tag == FDT_PROP) {
        if (out->next + 2 * TAG_BYTES > end)
            return false;
        out->value_bytes = (int)word_at(tree, out->next);
        out->name = property_name(tree, word_at(tree, out->next + TAG_BYTES));
        out->next += 2 * TAG_BYTES;
        out->value = structure(tree) + out->next;
        if (out->name == NULL || out->value_bytes < 0 || out->value_bytes > end - out->next)
            return false;
        out->next += out->value_bytes;
    } else if (out->tag != FDT_END_NODE && out->tag != FDT_NOP) {
        return false;
    }
    out->next = (out->next + TAG_BYTES - 1) & ~(TAG_BYTES - 1);
    return true;
}

int fdt_check_header(const void *tree)
{
    if (fdt_magic(tree) != FDT_MAGIC)
        return -FDT_ERR_BADMAGIC;
    if (fdt_version(tree) < VERSION_MIN || fdt_last_comp_version(tree) > FDT_LAST_SUPPORTED_VERSION)
        return -FDT_ERR_BADVERSION;
    if (fdt_off_dt_struct(tree) > fdt_totalsize(tree) ||
        fdt_size_dt_struct(tree) > fdt_totalsize(tree) - fdt_off_dt_struct(tree) ||
        fdt_off_dt_strings(tree) > fdt_totalsize(tree) ||
        fdt_size_dt_strings(tree) > fdt_totalsize(tree) - fdt_off_dt_strings(tree))
        return -FDT_ERR_TRUNCATED;
    return 0;
}

const void *fdt_getprop(const void *tree, int node, const char *name, int *bytes)
{
    struct token token;
    bool is_node = read_token(tree, node, &token) && token.tag == FDT_BEGIN_NODE;

    while (is_node && read_token(tree, token.next, &token)) {
        if (token.tag == FDT_NOP)
            continue;
        if (token.tag != FDT_PROP)
            break; /* properties come before all children */
        if (strcmp(token.name, name) != 0)
            continue;
        if (bytes != NULL)
            *bytes = token.value_bytes;
        return token.value;
    }
    if (bytes != NULL)
        *bytes = is_node ? -FDT_ERR_NOTFOUND : -FDT_ERR_BADOFFSET;
    return NULL;
}

/*
 * The node that begins behind `node`, or the first one for -1; negative when there is none. `depth`
 * counts the nodes that are open; as in libfdt, the walk ends behind the node in which it began,
 * where it is negative.
 */
int fdt_next_node(const void *tree, int node, int *depth)
{
    struct token token = {.next = 0};

    if (node >= 0 && (!read_token(tree, node, &token) || token.tag != FDT_BEGIN_NODE))
        return -FDT_ERR_BADOFFSET;
    while (read_token(tree, token.next, &token)) {
        if (token.tag == FDT_BEGIN_NODE) {
            if (depth != NULL)
                ++*depth;
            return token.offset;
        }
        if (token.tag == FDT_END_NODE && depth != NULL && --*depth < 0)
            return token.next;
    }
    return -FDT_ERR_NOTFOUND;
}

int fdt_parent_offset(const void *tree, int node)
{
    struct token token = {.next = 0};
    int open[16] = {0}; /* the nodes around the place that was reached */
    int depth = 0;

    while (token.next <= node && read_token(tree, token.next, &token)) {
        if (token.tag == FDT_END_NODE)
            depth--;
        if (token.tag != FDT_BEGIN_NODE)
            continue;
        if (depth < 0 || depth >= (int)(sizeof(open) / sizeof(open[0])))
            return -FDT_ERR_BADSTRUCTURE;
        open[depth++] = token.offset;
        if (token.offset == node)
            return depth > 1 ? open[depth - 2] : -FDT_ERR_NOTFOUND;
    }
    return -FDT_ERR_BADOFFSET;
}

/* Is `text` one of the strings, each with its zero, in a list? */
static bool list_has(const char *list, int bytes, const char *text)
{
    while (bytes > 0) {
        int length = (int)strnlen(list, (size_t)bytes);
        if (length < bytes && strcmp(list, text) == 0)
            return true;
        list += length + 1;
        bytes -= length + 1;
    }
    return false;
}

/* 0 when it is, 1 when it is not; negative when the node has no such property. */
int fdt_node_check_compatible(const void *tree, int node, const char *compatible)
{
    int bytes = 0;
    const char *list = fdt_getprop(tree, node, "compatible", &bytes);

    if (list == NULL)
        return bytes;
    return list_has(list, bytes, compatible) ? 0 : 1;
}

int fdt_node_offset_by_compatible(const void *tree, int start, const char *compatible)
{
    int node = start;

    while ((node = fdt_next_node(tree, node, NULL)) >= 0) {
        if (fdt_node_check_compatible(tree, node, compatible) == 0)
            return node;
    }
    return node;
}

int fdt_node_offset_by_prop_value(const void *tree, int start, const char *name, const void *value,
                                  int value_bytes)
{
    int node = start;

    while ((node = fdt_next_node(tree, node, NULL)) >= 0) {
        int bytes = 0;
        const void *found = fdt_getprop(tree, node, name, &bytes);
        if (found != NULL && bytes == value_bytes && memcmp(found, value, (size_t)bytes) == 0)
            return node;
    }
    return node;
}

/* "/name": a child of the root. */
int fdt_path_offset(const void *tree, const char *path)
{
    int node = 0;

    if (path[0] != '/' || strchr(path + 1, '/') != NULL)
        return -FDT_ERR_BADPATH;
    while ((node = fdt_next_node(tree, node, NULL)) >= 0) {
        struct token token;
        read_token(tree, node, &token);
        if (strcmp(token.name, path + 1) == 0 && fdt_parent_offset(tree, node) == 0)
            return node;
    }
    return node;
}

static int cells_of(const void *tree, int node, const char *name, int preset)
{
    int bytes = 0;
    const fdt32_t *cells = fdt_getprop(tree, node, name, &bytes);

    if (cells == NULL)
        return preset;
    if (bytes != (int)sizeof(*cells) || fdt32_ld(cells) > CELLS_MAX)
        return -FDT_ERR_BADNCELLS;
    return (int)fdt32_ld(cells);
}

int fdt_address_cells(const void *tree, int node)
{
    int cells = cells_of(tree, node, "#address-cells", ADDRESS_CELLS_DEFAULT);

    return cells == 0 ? -FDT_ERR_BADNCELLS : cells;
}

int fdt_size_cells(const void *tree, int node)
{
    return cells_of(tree, node, "#size-cells", SIZE_CELLS_DEFAULT);
}
