# Forward, back, and to breakpoints: row A.
step
step 3
until reset
step driver 2
break QueueReady
break before notification
watch q0.desc[0]
breaks
continue
continue
back
back 2
back driver 2
until stuck
back until notification
back continue
back continue
delete 2
delete all
breaks
goto 304
continue
step
back
finish
goto 10
until transport.c:106
until LMMIO-DRV-D10
back until VIRTIO_GPU_CMD_SET_SCANOUT
restart
until step 100
until 0x400c7000/64
s
c
quit
