/* driver/bare/devices/fdt.c under names beginning with our_, so that libfdt's are there as well. */
#include <libfdt.h>

#define fdt_check_header              our_check_header
#define fdt_next_node                 our_next_node
#define fdt_node_check_compatible     our_node_check_compatible
#define fdt_getprop                   our_getprop
#define fdt_parent_offset             our_parent_offset
#define fdt_path_offset               our_path_offset
#define fdt_node_offset_by_compatible our_node_offset_by_compatible
#define fdt_node_offset_by_prop_value our_node_offset_by_prop_value
#define fdt_address_cells             our_address_cells
#define fdt_size_cells                our_size_cells

int our_check_header(const void *tree);
int our_next_node(const void *tree, int node, int *depth);
int our_node_check_compatible(const void *tree, int node, const char *compatible);
const void *our_getprop(const void *tree, int node, const char *name, int *bytes);
int our_parent_offset(const void *tree, int node);
int our_path_offset(const void *tree, const char *path);
int our_node_offset_by_compatible(const void *tree, int start, const char *compatible);
int our_node_offset_by_prop_value(const void *tree, int start, const char *name, const void *value,
                                  int value_bytes);
int our_address_cells(const void *tree, int node);
int our_size_cells(const void *tree, int node);

#include "../driver/bare/devices/fdt.c"
