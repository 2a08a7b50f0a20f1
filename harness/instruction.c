/*
 * Reads the text of an instruction of another machine, with the processor's registers in the
 * places of `%0`, `%1`.
 */
#include "instruction.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "event.h"

#define TEXT_BYTES_MAX 256u

/* ---- registers ---- */

static const char *const stems[8] = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
static const char *const bytes[8] = {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil"};

/* `name` is without the percent sign. */
static bool find_register(const char *name, size_t length, unsigned *reg, bool *is_wide)
{
    char *end;
    unsigned long number;

    for (unsigned i = 0; i < 8; i++) {
        size_t stem = length == 3 && (name[0] == 'r' || name[0] == 'e') ? 1 : 0;
        bool is_word = length - stem == 2 && strncmp(name + stem, stems[i], 2) == 0;
        bool is_byte = strlen(bytes[i]) == length && strncmp(name, bytes[i], length) == 0;
        if (is_word || is_byte) {
            *reg = i;
            *is_wide = is_word && stem == 1 && name[0] == 'r';
            return true;
        }
    }
    if (length < 2 || name[0] != 'r' || !isdigit((unsigned char)name[1]))
        return false;
    number = strtoul(name + 1, &end, 10);
    *reg = (unsigned)number & 15;
    *is_wide = (size_t)(end - name) == length;
    return number >= 8 && number <= 15;
}

static size_t word_length(const char *text)
{
    size_t length = 0;

    while (isalnum((unsigned char)text[length]) || text[length] == '_' || text[length] == '.')
        length++;
    return length;
}

/* ---- operands ---- */

/* `DISP(BASE,INDEX,SCALE)`, any of them missing; false when it cannot be told. */
static bool memory_address(const char *text, const struct instruction_frame *frame, uint64_t *out)
{
    const char *at = strchr(text, '(');
    uint64_t address = 0;
    uint64_t part[2] = {0, 0};
    uint64_t scale = 1;
    char *end;

    if (at != text) {
        address = (uint64_t)strtoll(text, &end, 0);
        if (end != at)
            return false;
    }
    at++;
    for (unsigned i = 0; i < 2 && (*at == '%' || *at == ','); i++) {
        unsigned reg;
        bool is_wide;
        size_t length = *at == '%' ? 1 + word_length(at + 1) : 0;
        if (length > 0 && !find_register(at + 1, length - 1, &reg, &is_wide))
            return false;
        if (length > 0)
            part[i] = is_wide ? frame->reg[reg] : (uint32_t)frame->reg[reg];
        at += length;
        at += *at == ',';
    }
    if (isdigit((unsigned char)*at))
        scale = (uint64_t)strtoull(at, &end, 10);
    *out = address + part[0] + part[1] * scale;
    return true;
}

/* `text` has no spaces and is in lower case. */
static void read_operand(const char *text, const struct instruction_frame *frame,
                         struct instruction_operand *out)
{
    size_t length = strlen(text);
    const char *digits = text[0] == '$' ? text + 1 : text;
    char *end;

    memset(out, 0, sizeof *out);
    strncpy(out->word, text, sizeof out->word - 1);
    if (text[0] == '\0') {
        out->kind = INSTRUCTION_NONE;
    } else if (strchr(text, '(') != NULL) {
        out->kind = memory_address(text, frame, &out->value) ? INSTRUCTION_MEMORY
                                                             : INSTRUCTION_OPAQUE;
    } else if (text[0] == '%') {
        out->kind = INSTRUCTION_OPAQUE;
        if (find_register(text + 1, length - 1, &out->reg, &out->is_wide)) {
            out->kind = INSTRUCTION_REGISTER;
            out->value = frame->reg[out->reg];
            /* Other machines have no 16-bit registers: what is no 64-bit name is one of 32 bits. */
            if (!out->is_wide)
                out->value = (uint32_t)out->value;
        }
    } else {
        out->value = strtoull(digits, &end, 0);
        out->kind = end != digits && *end == '\0' ? INSTRUCTION_NUMBER : INSTRUCTION_WORD;
        if (digits != text && out->kind == INSTRUCTION_WORD)
            out->kind = INSTRUCTION_OPAQUE;
    }
}

/* Lower case, no spaces, no comment in the style of the other machine. */
static size_t clean(const char *text, char *out, size_t out_bytes)
{
    size_t length = 0;

    for (size_t i = 0; text[i] != '\0' && length + 1 < out_bytes; i++) {
        if (text[i] == '@' || (text[i] == '/' && (text[i + 1] == '/' || text[i + 1] == '*')))
            break;
        if (!isspace((unsigned char)text[i]))
            out[length++] = (char)tolower((unsigned char)text[i]);
    }
    out[length] = '\0';
    return length;
}

void instruction_read(const char *text, const struct instruction_frame *frame,
                      struct instruction *out)
{
    char operands[TEXT_BYTES_MAX];
    size_t name = strcspn(text, " ");
    size_t length = clean(text + name, operands, sizeof operands);
    size_t start = 0;
    unsigned depth = 0;

    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < name && i + 1 < sizeof out->name; i++)
        out->name[i] = (char)tolower((unsigned char)text[i]);
    if (length == 0)
        return;
    for (size_t i = 0; i <= length && out->operand_count < INSTRUCTION_OPERANDS_MAX; i++) {
        depth += operands[i] == '(';
        depth -= operands[i] == ')' && depth > 0;
        if (i < length && (operands[i] != ',' || depth > 0))
            continue;
        operands[i] = '\0';
        read_operand(operands + start, frame, &out->operand[out->operand_count++]);
        start = i + 1;
    }
}

bool instruction_set(struct instruction_frame *frame, const struct instruction_operand *operand,
                     uint64_t value)
{
    if (operand->kind != INSTRUCTION_REGISTER)
        return false;
    frame->reg[operand->reg] = operand->is_wide ? value : (uint32_t)value;
    return true;
}

/* ---- barriers ---- */

/* X(option's number, word, orders all but the other kind): Arm's table of dmb and dsb options. */
#define ARM_OPTIONS(X)                                                                             \
    X(15, "sy", FULL) X(14, "st", STORE) X(13, "ld", LOAD)                                         \
    X(11, "ish", FULL) X(10, "ishst", STORE) X(9, "ishld", LOAD)                                   \
    X(7, "nsh", FULL) X(6, "nshst", STORE) X(5, "nshld", LOAD)                                     \
    X(3, "osh", FULL) X(2, "oshst", STORE) X(1, "oshld", LOAD)                                     \
    X(7, "un", FULL) X(6, "unst", STORE)

int instruction_arm_barrier(const struct instruction *instruction)
{
    static const struct {
        uint64_t number;
        const char *word;
        int kind;
    } options[] = {
#define X(number, word, kind) {number, word, EVENT_BARRIER_##kind},
        ARM_OPTIONS(X)
#undef X
    };
    const struct instruction_operand *operand = &instruction->operand[0];
    bool waits = strcmp(instruction->name, "dsb") == 0;
    int kind = EVENT_BARRIER_FULL; /* no option, or one that the assembler took for a comment */

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        bool by_number = operand->kind == INSTRUCTION_NUMBER && operand->value == options[i].number;
        if (by_number || strcmp(operand->word, options[i].word) == 0) {
            kind = options[i].kind;
            break;
        }
    }
    return waits && kind == EVENT_BARRIER_FULL ? EVENT_BARRIER_SYNC : kind;
}

int instruction_riscv_fence(const struct instruction *instruction)
{
    bool load[2] = {false, false};
    bool store[2] = {false, false};

    if (instruction->operand_count < 2)
        return EVENT_BARRIER_FULL;
    for (unsigned side = 0; side < 2; side++) {
        const char *letters = instruction->operand[side].word;
        load[side] = strpbrk(letters, "ri") != NULL;
        store[side] = strpbrk(letters, "wo") != NULL;
    }
    if (load[0] && store[0] && load[1] && store[1])
        return EVENT_BARRIER_FULL;
    if (load[0] && store[0] && store[1])
        return EVENT_BARRIER_RELEASE;
    if (store[0] && store[1])
        return EVENT_BARRIER_STORE;
    if (load[0] && (load[1] || store[1]))
        return EVENT_BARRIER_LOAD;
    return store[0] && load[1] ? EVENT_BARRIER_FULL : EVENT_BARRIER_COMPILER;
}

/* ---- this machine ---- */

/*
 * Of nearly all x86 instructions with an operand in memory, the lowest bit of the opcode tells 8
 * bits from the rest, whose width the prefixes tell. Those that load and widen stand behind 0x0f.
 */
uint32_t instruction_access_bytes(const uint8_t *code)
{
    bool is_half = false;
    bool is_quad = false;
    unsigned at = 0;

    for (; at < 4; at++) { /* more prefixes no compiler makes */
        is_half |= code[at] == 0x66;
        if (code[at] != 0x66 && code[at] != 0xf2 && code[at] != 0xf3)
            break;
    }
    if ((code[at] & 0xf0) == 0x40)
        is_quad = (code[at++] & 8) != 0;
    if (code[at] == 0x0f) {
        at++;
        if (code[at] == 0xb6 || code[at] == 0xbe)
            return 1;
        if (code[at] == 0xb7 || code[at] == 0xbf)
            return 2;
    } else if ((code[at] & 1) == 0) {
        return 1;
    }
    if (is_quad)
        return 8;
    return is_half ? 2 : 4;
}
