/*
 * A QEMU process whose CPUs never run: its device models alone, driven over qtest, with a memory
 * file as RAM that others map as well.
 *
 *   qemu_obtain()  ->  registers over qtest, pictures over the monitor  ->  qemu_release()
 *     starts one, or resets one that is left over        ends it, or keeps it for the next
 *
 * Nothing of it is in any folder: sockets are pairs; RAM, screendump and what QEMU prints are
 * memory files. QEMU dies with the process that started it, whatever that dies of.
 *
 * Functions return NULL or a message that lives until the next call of any of them.
 */
#ifndef RINGSIDE_HARNESS_QEMU_H
#define RINGSIDE_HARNESS_QEMU_H

#include <stdbool.h>
#include <stdint.h>
#include "picture.h"
#include "qtest.h"
#include "scenario.h"
#include "world.h"

struct qemu;

/* Is the scenario's machine one on which QEMU's device is driven? */
bool qemu_has_machine(const struct scenario *scenario);
/* Which of QEMU's programs has the scenario's machine and is on the PATH; else *why says what is
 * missing. */
const char *qemu_program(const struct scenario *scenario, const char **why);

/* A machine with the scenario's device, in reset; the contents of its RAM are the caller's. */
const char *qemu_obtain(const struct scenario *scenario, struct qemu **out);
/* `keep`: it may serve the next scenario that wants the same machine and device. */
void qemu_release(struct qemu *qemu, bool keep);
/* Ends the one that was kept. */
void qemu_end_kept(void);

/* The memory file that is its RAM; not owned by the caller. */
int qemu_ram_fd(const struct qemu *qemu);
struct qtest *qemu_qtest(struct qemu *qemu);
/* Has this process ever shown a picture? Its placeholder is another one from then on. */
bool qemu_has_shown(const struct qemu *qemu);
void qemu_note_shown(struct qemu *qemu);

/* The screen; the caller frees it. */
const char *qemu_screen(struct qemu *qemu, struct picture *picture);

/*
 * What it has printed since it was obtained, with -d guest_errors: every line once, in the order in
 * which they came first.
 */
void qemu_printed(const struct qemu *qemu, struct world_words *out);
const char *qemu_version(const struct qemu *qemu);

/* A connection broke with this message: if QEMU has ended, its own last words. */
const char *qemu_explain(struct qemu *qemu, const char *error);

#endif
