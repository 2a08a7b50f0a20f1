# Every mistake is one line, and changes nothing.
nonsense
brak QueueReady
step 0
step nine
step device 1 2
until
until quueReady
until before stuck
until before QueueNotify 1
until 0x10..0x5
break q9.used.idx
delete 7
goto
goto x
back
act
mem
mem 0x1
mem nosuch+0x10
mem QueueSel
desc
desc 0
ring 7
source nosuch.c
source nosuch.c:3
scanout /nonexistent/x.png
scanout 1 x.png
scanout 99999999999999999999 x.png
trace 100000
write QueueReay 1
write q0.avail.idx 1
store 0x1 2 3
store QueueSel 1
call init
fault nosuch
help nosuch
quit now
