/*
 * Pictures of a replay, to look at: what the simulator showed, what QEMU showed, and both on one
 * sheet.
 */
#include "replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define GAP_PX      16u
#define GAP_GREY    0x80
#define PANELS_MAX  3u
#define PIXEL_BYTES 3u
#define PATH_BYTES  4096u

static char message[PATH_BYTES + 100];

static const char *write_one(const char *dir, const char *name, const char *what,
                             const struct picture *picture)
{
    char path[PATH_BYTES];

    int used = snprintf(path, sizeof path, "%s/%s-%s.png", dir, name, what);
    if (used < 0 || (size_t)used >= sizeof path)
        return "the path of a picture is too long";
    const char *error = picture_write_png(picture, path);
    if (!error)
        return NULL;
    snprintf(message, sizeof message, "%s: %s", path, error);
    return message;
}

static void copy_into(struct picture *sheet, uint32_t left, const struct picture *panel)
{
    for (uint32_t y = 0; y < panel->height_px; y++)
        memcpy(sheet->rgb + ((size_t)y * sheet->width_px + left) * PIXEL_BYTES,
               panel->rgb + (size_t)y * panel->width_px * PIXEL_BYTES,
               (size_t)panel->width_px * PIXEL_BYTES);
}

/* All panels in a row, tops aligned, grey between. */
static const char *write_sheet(const char *dir, const char *name,
                               const struct picture *const *panels, size_t count)
{
    struct picture sheet;
    uint32_t width = 0, height = 0;

    for (size_t i = 0; i < count; i++) {
        width += panels[i]->width_px + (i > 0 ? GAP_PX : 0);
        height = panels[i]->height_px > height ? panels[i]->height_px : height;
    }
    if (!picture_create(&sheet, width, height))
        return "the pictures are too large to be put side by side";
    memset(sheet.rgb, GAP_GREY, (size_t)width * height * PIXEL_BYTES);
    uint32_t left = 0;
    for (size_t i = 0; i < count; i++) {
        copy_into(&sheet, left, panels[i]);
        left += panels[i]->width_px + GAP_PX;
    }
    const char *error = write_one(dir, name, "both", &sheet);
    picture_free(&sheet);
    return error;
}

const char *replay_write_pictures(const char *dir, const struct world_outcome *simulator,
                                  const struct replay_outcome *qemu)
{
    const struct scenario *scenario = simulator->scenario;
    const struct world_scanout *scanout = &simulator->scanout;
    const struct picture *panels[PANELS_MAX];
    struct picture dark = {0}; /* a display without a scanout */
    size_t count = 0;
    const char *error = NULL;

    if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
        snprintf(message, sizeof message, "%.4000s: %s", dir, strerror(errno));
        return message;
    }
    if (!scanout->picture.rgb &&
        !picture_create(&dark, scenario->display_width_px, scenario->display_height_px))
        return "memory ran out";
    if (scanout->last.rgb && !scanout->picture.rgb) {
        panels[count++] = &scanout->last;
        error = write_one(dir, scenario->name, "sim-before", &scanout->last);
    }
    panels[count++] = scanout->picture.rgb ? &scanout->picture : &dark;
    if (!error)
        error = write_one(dir, scenario->name, "sim", panels[count - 1]);
    if (qemu->picture.rgb) {
        panels[count++] = &qemu->picture;
        if (!error)
            error = write_one(dir, scenario->name, "qemu", &qemu->picture);
    }
    if (!error)
        error = write_sheet(dir, scenario->name, panels, count);
    picture_free(&dark);
    return error;
}
