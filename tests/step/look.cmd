# What there is to see in the middle of a request: row B.
where
why
until request
where
why
regs
ring
ring 1
desc 0
desc q0 0
mem q0.desc[0] 32
mem queue+0x100
mem 0x400c9000 16
model
source
source driver/specimens/levitate/queue.c:103
scanout
trace 5
findings
record /nonexistent/x.rec
help step
help fault
help patterns
quit
