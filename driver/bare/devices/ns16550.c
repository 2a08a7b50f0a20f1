/* The 16550 as a console: registers of one byte, side by side. */
#include "devices.h"

#define UART_THR      0u
#define UART_LSR      5u
#define UART_LSR_THRE (1u << 5)
#define UART_TRIES    1000000u

void ns16550_put(uintptr_t uart, char letter)
{
    for (uint32_t i = 0; i < UART_TRIES && (*reg8(uart + UART_LSR) & UART_LSR_THRE) == 0; i++)
        ;
    *reg8(uart + UART_THR) = (uint8_t)letter;
}
