/* A driver that is never compiled: test_report.c and test_source.c pretend that their code is this. */
struct transport;
unsigned read32(struct transport *transport, unsigned offset);
void write32(struct transport *transport, unsigned offset, unsigned value);

int probe(struct transport *transport)
{
    unsigned version = read32(transport, VERSION);
    if (version != 1 && version != 2) {
        return -1;
    }
	write32(transport, STATUS, 0); // a tab in front, and a comment that makes the line too long to show
    return 0;
}

void queue_set_up(struct transport *transport, unsigned long addr)
{
    write32(transport, QUEUE_SEL, 0);
    write32(transport, QUEUE_DESC_LOW, (unsigned)addr);
    write32(transport, QUEUE_DESC_HIGH, (unsigned)(addr >> 32));
    write32(transport, QUEUE_READY, 1);
}
