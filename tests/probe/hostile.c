/*
 * A driver all of whose strings are markup, for the page: its name, its operation, the names of its
 * memory, and this line <script>alert("source")</script>.
 */
#include "platform.h"
#include "suite.h"

static enum suite_result attack(const struct suite_args *args)
{
    static const char *const names[] = {"<img src=q onerror=alert(6)>", "</script><script>",
                                        "tab\there\nline\"'&amp;", "\xff\xfe latin"};
    struct platform_dma memory;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!platform_dma_alloc(4096, 4096, names[i], &memory))
            return SUITE_NO_MEMORY;
        *(volatile uint32_t *)memory.cpu = (uint32_t)args->count; /* <script>alert(7)</script> */
    }
    return SUITE_OK;
}

static const struct suite_op ops[] = {{"attack", attack}};

const struct suite_driver ringside_driver = {
    .name = "</script><img src=q onerror=alert(8)>", .ops = ops, .op_count = 1};
