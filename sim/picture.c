/*
 * Pictures: comparison, PNG in and out, and PPM in.
 *
 * Files come from anywhere and may hold anything: sizes are checked against PICTURE_SIDE_PX_MAX
 * before memory is asked for, and a reader that fails leaves an empty picture. libpng reports an
 * error by longjmp(); the functions that call setjmp() keep everything that must survive it in a
 * struct of their caller's.
 *
 * Not handled: transparency, colour profiles, more than 8 bits a channel (cut to 8).
 */
#include "picture.h"
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RGB_BYTES            3u
#define PPM_HEADER_BYTES_MAX 4096u /* comments included */

bool picture_create(struct picture *picture, uint32_t width_px, uint32_t height_px)
{
    *picture = (struct picture){0};
    if (width_px > PICTURE_SIDE_PX_MAX || height_px > PICTURE_SIDE_PX_MAX)
        return false;
    size_t bytes = (size_t)width_px * height_px * RGB_BYTES;
    picture->rgb = calloc(bytes ? bytes : 1, 1);
    if (!picture->rgb)
        return false;
    picture->width_px = width_px;
    picture->height_px = height_px;
    return true;
}

void picture_free(struct picture *picture)
{
    free(picture->rgb);
    *picture = (struct picture){0};
}

static uint8_t *row_of(const struct picture *picture, uint32_t y)
{
    return picture->rgb + (size_t)y * picture->width_px * RGB_BYTES;
}

/* ---- comparison ---- */

static void note_difference(struct picture_difference *out, uint32_t x, uint32_t y)
{
    if (out->pixels++ == 0) {
        out->first_x = out->left = out->right = x;
        out->first_y = out->top = out->bottom = y;
        return;
    }
    out->left = x < out->left ? x : out->left;
    out->right = x > out->right ? x : out->right;
    out->bottom = y; /* rows come from the top */
}

bool picture_equal(const struct picture *a, const struct picture *b, struct picture_difference *out)
{
    struct picture_difference difference = {.same_size = a->width_px == b->width_px &&
                                                         a->height_px == b->height_px};
    uint32_t width = a->width_px < b->width_px ? a->width_px : b->width_px;
    uint32_t height = a->height_px < b->height_px ? a->height_px : b->height_px;

    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *row_a = row_of(a, y), *row_b = row_of(b, y);
        if (memcmp(row_a, row_b, (size_t)width * RGB_BYTES) == 0)
            continue;
        for (uint32_t x = 0; x < width; x++) {
            if (memcmp(row_a + (size_t)x * RGB_BYTES, row_b + (size_t)x * RGB_BYTES, RGB_BYTES))
                note_difference(&difference, x, y);
        }
    }
    if (out)
        *out = difference;
    return difference.same_size && difference.pixels == 0;
}

/* ---- PNG ---- */

/* What must survive a longjmp() out of libpng. */
struct png_job {
    FILE *file;
    png_structp png;
    png_infop info;
    struct picture *picture;
    const char *error; /* NULL = done */
};

static void png_quiet(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static _Noreturn void png_fail(png_structp png, png_const_charp message)
{
    (void)message;
    png_longjmp(png, 1);
}

/* May leave by longjmp(); nothing that it owns is lost then. */
static void png_write_body(struct png_job *job)
{
    const struct picture *picture = job->picture;

    png_init_io(job->png, job->file);
    png_set_IHDR(job->png, job->info, picture->width_px, picture->height_px, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(job->png, 3); /* half the size of 1, a third of the time of 9 */
    png_write_info(job->png, job->info);
    for (uint32_t y = 0; y < picture->height_px; y++)
        png_write_row(job->png, row_of(picture, y));
    png_write_end(job->png, job->info);
}

/* Turns whatever the file has into 8-bit RGB. May leave by longjmp(). */
static void png_read_body(struct png_job *job)
{
    png_structp png = job->png;

    png_init_io(png, job->file);
    png_set_user_limits(png, PICTURE_SIDE_PX_MAX, PICTURE_SIDE_PX_MAX);
    png_read_info(png, job->info);
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    png_set_gray_to_rgb(png);
    int passes = png_set_interlace_handling(png); /* 1 or 7 */
    png_read_update_info(png, job->info);
    if (!picture_create(job->picture, png_get_image_width(png, job->info),
                        png_get_image_height(png, job->info))) {
        job->error = "the picture is too large, or memory ran out";
        return;
    }
    if (png_get_rowbytes(png, job->info) != (size_t)job->picture->width_px * RGB_BYTES) {
        job->error = "the PNG file cannot be turned into 8-bit RGB";
        return;
    }
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t y = 0; y < job->picture->height_px; y++)
            png_read_row(png, row_of(job->picture, y), NULL);
    }
    png_read_end(png, NULL);
}

/* Runs a body; `on_error` becomes the job's error if the body is left by longjmp(). */
static void png_guarded(struct png_job *job, void (*body)(struct png_job *), const char *on_error)
{
    if (setjmp(png_jmpbuf(job->png))) {
        job->error = on_error;
        return;
    }
    body(job);
}

static void png_write_file(struct png_job *job)
{
    job->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, png_fail, png_quiet);
    job->info = job->png ? png_create_info_struct(job->png) : NULL;
    if (job->info)
        png_guarded(job, png_write_body, "the PNG file cannot be written");
    else
        job->error = "libpng did not start";
    png_destroy_write_struct(&job->png, &job->info);
}

const char *picture_put_png(const struct picture *picture, FILE *out)
{
    struct picture source = *picture;
    struct png_job job = {.file = out, .picture = &source};

    if (picture->width_px == 0 || picture->height_px == 0)
        return "a picture without pixels cannot be written as PNG";
    png_write_file(&job);
    return job.error;
}

const char *picture_write_png(const struct picture *picture, const char *path)
{
    static const char suffix[] = ".tmp";
    struct picture source = *picture;
    struct png_job job = {.picture = &source};

    if (picture->width_px == 0 || picture->height_px == 0)
        return "a picture without pixels cannot be written as PNG";
    size_t path_length = strlen(path);
    char *temporary = malloc(path_length + sizeof(suffix));
    if (!temporary)
        return "memory ran out";
    memcpy(temporary, path, path_length);
    memcpy(temporary + path_length, suffix, sizeof(suffix));
    job.file = fopen(temporary, "wb");
    if (!job.file) {
        free(temporary);
        return "the file cannot be created";
    }
    png_write_file(&job);
    if (fclose(job.file) != 0 && !job.error)
        job.error = "the PNG file cannot be written to its end";
    if (!job.error && rename(temporary, path) != 0)
        job.error = "the PNG file cannot be given its name";
    if (job.error)
        unlink(temporary);
    free(temporary);
    return job.error;
}

const char *picture_read_png(struct picture *picture, const char *path)
{
    struct png_job job = {.picture = picture};

    *picture = (struct picture){0};
    job.file = fopen(path, "rb");
    if (!job.file)
        return "the file cannot be opened";
    job.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, png_fail, png_quiet);
    job.info = job.png ? png_create_info_struct(job.png) : NULL;
    if (job.info)
        png_guarded(&job, png_read_body, "not a PNG file, or a damaged one");
    else
        job.error = "libpng did not start";
    png_destroy_read_struct(&job.png, &job.info, NULL);
    fclose(job.file);
    if (job.error)
        picture_free(picture);
    return job.error;
}

/* ---- PPM ---- */

struct ppm_reader {
    FILE *file;
    uint32_t left_bytes; /* of the header: bounds every loop in it */
};

/* The next byte of the header, or EOF at the end of the file or of the limit. */
static int ppm_byte(struct ppm_reader *reader)
{
    if (reader->left_bytes == 0)
        return EOF;
    reader->left_bytes--;
    return getc(reader->file);
}

static bool ppm_is_space(int byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r' || byte == '\v' ||
           byte == '\f';
}

/*
 * A decimal number after white space and comments; takes the one byte of white space behind it too.
 * False when there is none, or it is above `most`.
 */
static bool ppm_number(struct ppm_reader *reader, uint32_t most, uint32_t *out)
{
    int byte = ppm_byte(reader);
    uint32_t value = 0;

    if (reader->left_bytes == PPM_HEADER_BYTES_MAX - 3 && !ppm_is_space(byte) && byte != '#')
        return false; /* the width sticks to the magic number */
    while (ppm_is_space(byte) || byte == '#') {
        if (byte == '#') {
            while (byte != '\n' && byte != EOF)
                byte = ppm_byte(reader);
        }
        byte = ppm_byte(reader);
    }
    if (byte < '0' || byte > '9')
        return false;
    for (; byte >= '0' && byte <= '9'; byte = ppm_byte(reader)) {
        value = value * 10 + (uint32_t)(byte - '0');
        if (value > most)
            return false;
    }
    *out = value;
    return ppm_is_space(byte);
}

static const char *ppm_read_body(FILE *file, struct picture *picture)
{
    struct ppm_reader reader = {.file = file, .left_bytes = PPM_HEADER_BYTES_MAX};
    uint32_t width = 0, height = 0, most = 0;

    if (ppm_byte(&reader) != 'P' || ppm_byte(&reader) != '6')
        return "not a binary PPM file (P6)";
    if (!ppm_number(&reader, PICTURE_SIDE_PX_MAX, &width) ||
        !ppm_number(&reader, PICTURE_SIDE_PX_MAX, &height) || !ppm_number(&reader, 65535, &most))
        return "the PPM file has no proper header";
    if (most != 255)
        return "the PPM file does not have 8 bits a channel";
    if (!picture_create(picture, width, height))
        return "memory ran out";
    size_t row_bytes = (size_t)width * RGB_BYTES;
    for (uint32_t y = 0; y < height && width > 0; y++) {
        if (fread(row_of(picture, y), 1, row_bytes, file) != row_bytes)
            return "the PPM file ends before its last pixel";
    }
    return NULL;
}

const char *picture_read_ppm(struct picture *picture, const char *path)
{
    *picture = (struct picture){0};
    FILE *file = fopen(path, "rb");
    if (!file)
        return "the file cannot be opened";
    const char *error = ppm_read_body(file, picture);
    fclose(file);
    if (error)
        picture_free(picture);
    return error;
}
