/*
 * What probe/ringside_shims.c calls, besides driver/platform.h; see there and shims.c.
 */
#ifndef RINGSIDE_HARNESS_SHIMS_H
#define RINGSIDE_HARNESS_SHIMS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include "platform.h"

/* The driver's pointer to a physical address, or NULL outside RAM. */
void *ringside_phys_to_virt(uint64_t addr);
/* Masks interrupts or opens the mask; returns 1 when they were masked. */
int ringside_mask_interrupts(int masked);
void ringside_shim_relax(const void *caller);
void ringside_shim_delay(uint64_t ns, const void *caller);
/* Until an interrupt was handled, or some time has passed; the mask is open meanwhile. */
void ringside_shim_wait(const void *caller);
/* As vsnprintf(), on the host's stack. */
int ringside_shim_format(char *out, size_t out_bytes, const char *format, va_list arguments);
/* The driver called its panic(): its call ends here, as a finding. */
_Noreturn void ringside_shim_end(const char *text, const void *caller);

#endif
