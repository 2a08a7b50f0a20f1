/*
 * The suite runner of a bare machine: does what the bootargs say, and tells the console.
 *
 *   ringside: driver NAME
 *   ringside: alloc WHAT 0xADDR 0xSIZE
 *   ringside: option NAME VALUE ok|unknown
 *   ringside: call N NAME -> RESULT           N counts calls from 0
 *   ringside: response untouched|filled|unchanged    after the call; unchanged from before it
 *   ringside: log TEXT
 *   ringside: fault TEXT
 *   ringside: interrupts N                    how many were delivered
 *   ringside: done                            the machine then sleeps, with its screen as it is
 */
#include <libfdt.h>
#include <string.h>

#include "bare.h"
#include "bootargs.h"
#include "suite.h"

static const char *const result_names[SUITE_RESULT_COUNT] = {
#define X(name, meaning) [SUITE_##name] = #name,
    SUITE_RESULTS(X)
#undef X
};

static _Noreturn void finish(void)
{
    print("ringside: interrupts ");
    print_decimal(bare_interrupts());
    print("\nringside: done\n");
    machine_stop();
}

_Noreturn void bare_fault(const char *what, uint64_t pc, uint64_t addr, uint64_t syndrome)
{
    print("ringside: fault ");
    print(what);
    print(" pc=");
    print_hex(pc);
    print(" addr=");
    print_hex(addr);
    print(" syndrome=");
    print_hex(syndrome);
    print("\n");
    finish();
}

static void do_option(const struct bootargs_statement *statement)
{
    bool known = ringside_driver.set_option != NULL &&
                 ringside_driver.set_option(statement->name, statement->value);

    print("ringside: option ");
    print(statement->name);
    print(" ");
    print(statement->value);
    print(known ? " ok\n" : " unknown\n");
}

/* What the call did to the response buffer: a request that timed out is explained by it. */
static void print_response(const uint8_t *before)
{
    static const uint8_t zeros[BARE_RESPONSE_BYTES];
    const void *after = bare_response();

    if (after == NULL)
        return;
    print("ringside: response ");
    if (memcmp(after, zeros, sizeof(zeros)) == 0)
        print("untouched\n");
    else
        print(memcmp(after, before, sizeof(zeros)) == 0 ? "unchanged\n" : "filled\n");
}

static void do_call(const struct bootargs_statement *statement, uint32_t call)
{
    enum suite_result result = SUITE_UNSUPPORTED;
    uint8_t response[BARE_RESPONSE_BYTES] = {0};

    if (bare_response() != NULL)
        memcpy(response, bare_response(), sizeof(response));
    for (size_t i = 0; i < ringside_driver.op_count; i++) {
        if (strcmp(ringside_driver.ops[i].name, statement->name) == 0)
            result = ringside_driver.ops[i].call(&statement->args);
    }
    print("ringside: call ");
    print_decimal(call);
    print(" ");
    print(statement->name);
    print(" -> ");
    print((uint32_t)result < SUITE_RESULT_COUNT ? result_names[result] : "(no such result)");
    print("\n");
    print_response(response);
}

static const char *bootargs_of(const void *tree)
{
    int node = fdt_path_offset(tree, "/chosen");
    int bytes = 0;
    const char *text = node < 0 ? NULL : fdt_getprop(tree, node, "bootargs", &bytes);

    return text != NULL && bytes > 0 && text[bytes - 1] == '\0' ? text : "";
}

_Noreturn void bare_main(uintptr_t device_tree)
{
    const void *tree = machine_device_tree(device_tree);
    struct bootargs_statement statement;
    const char *text;
    uint32_t calls = 0;

    print("ringside: driver ");
    print(ringside_driver.name);
    print("\n");
    if (!bare_platform_begin(tree))
        finish();
    machine_interrupts_begin(tree);
    machine_interrupts_take(true);

    text = bootargs_of(tree);
    for (uint32_t i = 0; i < BOOTARGS_STATEMENTS_MAX; i++) {
        bootargs_next(&text, &statement);
        if (statement.kind == BOOTARGS_END)
            break;
        if (statement.kind == BOOTARGS_ERROR) {
            print("ringside: fault bootargs: ");
            print(statement.error);
            print("\n");
            break;
        }
        if (statement.kind == BOOTARGS_OPTION)
            do_option(&statement);
        else
            do_call(&statement, calls++);
    }
    finish();
}
