# The rings of version 1 are in the order of a big-endian CPU; what the descriptors say is readable.
until notification
ring
desc 0
until used
ring
