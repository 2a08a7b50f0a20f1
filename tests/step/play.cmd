# Either party by hand: row B.
until publication
hold
acts
step 6
act
act 3
continue
act 20
act
release
step driver 3
acts
back 4
acts
read InterruptStatus
write InterruptACK 1
step driver
back 2
forget
acts
goto 172
fault used-id 9
until used
goto 170
store q0.desc[1].len 8
alloc mine 0x1000 at 0x40200000
store 0x40200000 4 0x100
free mine 0x1000 at 0x40200000
driver barrier full
interrupt
until used
findings
quit
