/* Text and numbers on the machine's console. */
#include "bare.h"

void print(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            machine_put('\r');
        machine_put(*text);
    }
}

static void print_number(uint64_t value, uint32_t radix)
{
    char digits[21];
    uint32_t at = sizeof(digits) - 1;

    digits[at] = '\0';
    do {
        digits[--at] = "0123456789abcdef"[value % radix];
        value /= radix;
    } while (value > 0 && at > 0);
    print(&digits[at]);
}

void print_decimal(uint64_t value)
{
    print_number(value, 10);
}

void print_hex(uint64_t value)
{
    print("0x");
    print_number(value, 16);
}
