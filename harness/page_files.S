/*
 * The files of page/ as text of the program, each ended by a NUL. The build says where they lie.
 */
    .section .rodata, "a"

.macro text_file symbol, path
    .globl \symbol
    .type \symbol, @object
\symbol:
    .incbin "\path"
    .byte 0
    .size \symbol, . - \symbol
.endm

text_file page_file_page_html, "page.html"
text_file page_file_index_html, "index.html"
text_file page_file_page_css, "page.css"
text_file page_file_index_js, "index.js"
text_file page_file_data_js, "data.js"
text_file page_file_report_js, "report.js"
text_file page_file_diagram_js, "diagram.js"
text_file page_file_rings_js, "rings.js"
text_file page_file_page_js, "page.js"

    .section .note.GNU-stack, "", @progbits
