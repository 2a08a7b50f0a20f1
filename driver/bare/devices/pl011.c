/* Arm's PL011 as a console. */
#include "devices.h"

#define UART_DR      0x00u
#define UART_FR      0x18u
#define UART_FR_TXFF (1u << 5)
#define UART_TRIES   1000000u

void pl011_put(uintptr_t uart, char letter)
{
    for (uint32_t i = 0; i < UART_TRIES && (read_le32(uart + UART_FR) & UART_FR_TXFF) != 0; i++)
        ;
    write_le32(uart + UART_DR, (uint8_t)letter);
}
