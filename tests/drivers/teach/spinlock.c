/*
 * Locks of the teaching kernel: a word that is swapped, and interrupts off while any lock is held.
 */
#include "kernel.h"

static int noff;
static int intena;

void initlock(struct spinlock *lk, char *name)
{
    lk->name = name;
    lk->locked = 0;
    lk->cpu = -1;
}

int holding(struct spinlock *lk)
{
    return lk->locked && lk->cpu == (int)r_tp();
}

void acquire(struct spinlock *lk)
{
    int old = intr_get();

    intr_off();
    if (noff++ == 0)
        intena = old;
    if (holding(lk))
        panic("acquire");
    while (__sync_lock_test_and_set(&lk->locked, 1) != 0)
        ;
    __sync_synchronize();
    lk->cpu = (int)r_tp();
}

void release(struct spinlock *lk)
{
    if (!holding(lk))
        panic("release");
    lk->cpu = -1;
    __sync_synchronize();
    __sync_lock_release(&lk->locked);
    if (--noff == 0 && intena)
        intr_on();
}

void *memset(void *to, int value, uint32 bytes)
{
    char *at = to;

    for (uint32 i = 0; i < bytes; i++)
        at[i] = (char)value;
    return to;
}
