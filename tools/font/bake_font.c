/*
 * Draws the printable ASCII characters of a monospaced font in a few sizes, and writes them as C:
 * so the program needs neither font file nor library to write text into a picture.
 *
 * Usage: bake_font FONT.ttf OUT.c. Each size is one array of coverage bytes, character by
 * character from ` ` to `~`, each `width` x `height`.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <ft2build.h>
#include FT_FREETYPE_H

#define FIRST_CHARACTER 32
#define LAST_CHARACTER  126
#define CELL_BYTES_MAX  8192

static const unsigned sizes_px[] = {11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 26, 28, 32, 36, 40};

#define SIZE_COUNT (sizeof sizes_px / sizeof sizes_px[0])

struct cell {
    unsigned width, height;
    int ascent;
};

/* High enough for all characters; the font's own line height if that is higher. */
static bool measure(FT_Face face, struct cell *cell)
{
    const FT_Size_Metrics *metrics = &face->size->metrics;
    int top = 0, bottom = 0;
    for (unsigned long character = FIRST_CHARACTER; character <= LAST_CHARACTER; character++) {
        if (FT_Load_Char(face, character, FT_LOAD_RENDER) != 0)
            return false;
        int high = face->glyph->bitmap_top;
        int low = high - (int)face->glyph->bitmap.rows;
        top = high > top ? high : top;
        bottom = low < bottom ? low : bottom;
    }
    int needed = top - bottom, wanted = (int)(metrics->height + 32) / 64;
    int height = needed > wanted ? needed : wanted;
    *cell = (struct cell){.width = (unsigned)(metrics->max_advance + 32) / 64,
                          .height = (unsigned)height,
                          .ascent = top + (height - needed + 1) / 2};
    return cell->width * cell->height <= CELL_BYTES_MAX;
}

/* One character into its cell, what hangs over cut off. */
static bool draw(FT_Face face, struct cell cell, unsigned long character, uint8_t *out)
{
    if (FT_Load_Char(face, character, FT_LOAD_RENDER) != 0)
        return false;
    const FT_Bitmap *bitmap = &face->glyph->bitmap;
    for (unsigned y = 0; y < bitmap->rows; y++) {
        for (unsigned x = 0; x < bitmap->width; x++) {
            int to_x = face->glyph->bitmap_left + (int)x;
            int to_y = cell.ascent - face->glyph->bitmap_top + (int)y;
            if (to_x < 0 || to_y < 0 || to_x >= (int)cell.width || to_y >= (int)cell.height)
                continue;
            out[(unsigned)to_y * cell.width + (unsigned)to_x] =
                bitmap->buffer[y * (unsigned)bitmap->pitch + x];
        }
    }
    return true;
}

static bool bake(FT_Face face, unsigned size_px, struct cell *cell, FILE *out)
{
    if (FT_Set_Pixel_Sizes(face, 0, size_px) != 0 || !measure(face, cell))
        return false;
    fprintf(out, "static const uint8_t font_%u[] = {\n", size_px);
    for (unsigned long character = FIRST_CHARACTER; character <= LAST_CHARACTER; character++) {
        uint8_t bytes[CELL_BYTES_MAX] = {0};
        if (!draw(face, *cell, character, bytes))
            return false;
        for (unsigned i = 0; i < cell->width * cell->height; i++)
            fprintf(out, "%u,%s", bytes[i], i % 32 == 31 ? "\n" : "");
        fputc('\n', out);
    }
    fputs("};\n\n", out);
    return true;
}

int main(int argc, char **argv)
{
    FT_Library library;
    FT_Face face;
    struct cell cell[SIZE_COUNT];
    if (argc != 3) {
        fputs("usage: bake_font FONT.ttf OUT.c\n", stderr);
        return 2;
    }
    if (FT_Init_FreeType(&library) != 0 || FT_New_Face(library, argv[1], 0, &face) != 0) {
        fprintf(stderr, "bake_font: %s: no font that can be read\n", argv[1]);
        return 1;
    }
    FILE *out = fopen(argv[2], "w");
    if (!out) {
        perror(argv[2]);
        return 1;
    }
    bool good = true;
    fputs("/* Made by bake_font. */\n#include \"canvas_font.h\"\n\n", out);
    for (size_t i = 0; i < SIZE_COUNT && good; i++)
        good = bake(face, sizes_px[i], &cell[i], out);
    fputs("const struct canvas_font canvas_fonts[] = {\n", out);
    for (size_t i = 0; i < SIZE_COUNT && good; i++)
        fprintf(out, "    {%u, %u, %u, font_%u},\n", sizes_px[i], cell[i].width, cell[i].height,
                sizes_px[i]);
    fprintf(out, "};\n\nconst unsigned canvas_font_count = %zu;\n", SIZE_COUNT);
    good = fclose(out) == 0 && good;
    FT_Done_Face(face);
    FT_Done_FreeType(library);
    return good ? 0 : 1;
}
