/*
 * What the rebuilt stacks have in common below the GPU: the walk over the bus's slots, one log
 * line.
 */
#include "stack.h"

#define LOG_BYTES 64u

bool stack_find_gpu(struct stack_transport *transport, const struct stack_settings *settings)
{
    for (uint32_t slot = 0; slot < STACK_SLOTS; slot++) {
        if (transport->ops->open(transport, slot, settings) &&
            transport->device_id == VIRTIO_ID_GPU)
            return true;
    }
    return false;
}

void stack_log_count(const char *label, uint32_t count)
{
    char text[LOG_BYTES];
    char digits[10];
    size_t length = 0;
    size_t digit_count = 0;

    while (label[length] != '\0' && length < LOG_BYTES - sizeof(digits) - 3) {
        text[length] = label[length];
        length++;
    }
    text[length++] = ':';
    text[length++] = ' ';
    do {
        digits[digit_count++] = (char)('0' + count % 10);
        count /= 10;
    } while (count != 0 && digit_count < sizeof(digits));
    while (digit_count > 0)
        text[length++] = digits[--digit_count];
    text[length] = '\0';
    platform_log(text);
}
