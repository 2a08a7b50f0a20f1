/*
 * What the disk driver of a small teaching kernel shows to the rest of it.
 */
#ifndef HOBBY_BLK_H
#define HOBBY_BLK_H

typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long long uint64;

#define BSIZE 1024 /* a block of the file system: two sectors */

struct buf {
    int disk; /* does the disk own the buffer? */
    uint blockno;
    uchar status;
    uchar data[BSIZE];
};

/* 0, or what went wrong. */
enum disk_error { DISK_OK, DISK_NONE, DISK_BAD, DISK_NO_FEATURES, DISK_NO_QUEUE, DISK_LATE };

int disk_init(void);
int disk_rw(struct buf *b, int write);
int disk_flush(void);
int disk_discard(void);
void disk_stop(void);
uint64 disk_capacity(void);

#endif
