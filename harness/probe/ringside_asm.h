/* placeholder: assembler macros of other architectures come here */
