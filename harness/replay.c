/*
 * One scenario on real QEMU: boot, listen, screendump, response buffer, the end.
 */
#include "replay.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "boot.h"
#include "patience.h"
#include "resources.h"
#include "transcript.h"

#define GUEST_ERRORS_BYTES_MAX (1u << 20)
#define RESPONSE_HEADER_BYTES  24u
#define START_MS               20000
#define MONITOR_MS             20000

/* Everything that is too big for a stack. */
struct replay_work {
    struct boot boot;
    struct transcript transcript;
    char image[BOOT_PATH_BYTES];
};

static char message[BOOT_ERROR_BYTES + 200];

const char *replay_image(const struct scenario *scenario, const struct replay_options *options,
                         char *out, size_t out_bytes)
{
    const char *dir = options->image_dir ? options->image_dir : resource_folder(RESOURCE_images);

    int used = snprintf(out, out_bytes, "%s/%s-%s.elf", dir, scenario->driver, options->target);
    return used < 0 || (size_t)used >= out_bytes ? "the image's path is too long" : NULL;
}

const char *replay_missing(const struct scenario *scenario, const struct replay_options *options)
{
    const struct boot_target *target = boot_target_by_name(options->target);
    char image[BOOT_PATH_BYTES];

    assert(target);
    const char *error = replay_image(scenario, options, image, sizeof image);
    if (error)
        return error;
    if (!boot_qemu_is_there(target)) {
        snprintf(message, sizeof message, "%s is not installed: install the package %s",
                 target->qemu, target->qemu_package);
        return message;
    }
    if (access(image, R_OK) == 0)
        return NULL;
    snprintf(message, sizeof message,
             "no image %.800s: build image_%s_%s, which needs the package %s and "
             "tools/fetch-target-libfdt %s",
             image, scenario->driver, target->name, target->compiler_package, target->name);
    return message;
}

/*
 * QEMU pads the rows of its PPM to four bytes, which no reader of PPM expects: when that matters,
 * the screen is taken again as PNG, which QEMU knows since 7.1.
 */
static const char *take_screen(struct boot *boot, struct picture *picture)
{
    char path[BOOT_PATH_BYTES];

    boot_path(boot, "screen.ppm", path, sizeof path);
    const char *error = qmp_screendump(&boot->qmp, path, NULL, patience_deadline(MONITOR_MS));
    if (!error)
        error = picture_read_ppm(picture, path);
    if (error || picture->width_px * 3 % 4 == 0)
        return error;
    picture_free(picture);
    *picture = (struct picture){0};
    boot_path(boot, "screen.png", path, sizeof path);
    error = qmp_screendump(&boot->qmp, path, "png", patience_deadline(MONITOR_MS));
    return error ? error : picture_read_png(picture, path);
}

/*
 * For a machine that does not say itself what became of the response buffer, as when it is stuck in
 * a call. A platform's DMA memory begins as zeros, a response with a type that is not 0.
 */
static const char *take_response(struct boot *boot, const struct transcript *transcript,
                                 enum replay_response *out)
{
    const struct transcript_alloc *alloc = transcript_alloc(transcript, "response");
    char path[BOOT_PATH_BYTES];
    size_t bytes = 0;

    if (!alloc || alloc->size_bytes < RESPONSE_HEADER_BYTES)
        return NULL;
    boot_path(boot, "response.bin", path, sizeof path);
    const char *error = qmp_pmemsave(&boot->qmp, alloc->addr, RESPONSE_HEADER_BYTES, path,
                                     patience_deadline(MONITOR_MS));
    if (error)
        return error;
    char *memory = boot_read_file(path, RESPONSE_HEADER_BYTES, &bytes);
    if (!memory || bytes != RESPONSE_HEADER_BYTES) {
        free(memory);
        return "QEMU did not save the response buffer";
    }
    *out = REPLAY_RESPONSE_UNTOUCHED;
    for (size_t i = 0; i < bytes; i++) {
        if (memory[i])
            *out = REPLAY_RESPONSE_FILLED_ONCE;
    }
    free(memory);
    return NULL;
}

/* What the machine said of its last call; `calls` is how many it was to make. */
static enum replay_response said_response(const struct transcript *transcript, size_t calls)
{
    if (!transcript->call_count || transcript->call_count != calls)
        return REPLAY_RESPONSE_UNKNOWN;
    switch (transcript->call[calls - 1].response) {
    case TRANSCRIPT_RESPONSE_UNTOUCHED:
        return REPLAY_RESPONSE_UNTOUCHED;
    case TRANSCRIPT_RESPONSE_FILLED:
        return REPLAY_RESPONSE_FILLED;
    case TRANSCRIPT_RESPONSE_UNCHANGED:
        return REPLAY_RESPONSE_UNCHANGED;
    case TRANSCRIPT_RESPONSE_UNKNOWN:
    case TRANSCRIPT_RESPONSE_COUNT:
        break;
    }
    return REPLAY_RESPONSE_UNKNOWN;
}

static void take_transcript(const struct transcript *transcript, struct replay_outcome *out)
{
    out->done = transcript->done;
    out->fault = transcript->fault;
    snprintf(out->fault_text, sizeof out->fault_text, "%s", transcript->fault_text);
    snprintf(out->driver, sizeof out->driver, "%s", transcript->driver);
    snprintf(out->unknown_option, sizeof out->unknown_option, "%s", transcript->unknown_option);
    out->call_count = transcript->call_count;
    out->interrupts = transcript->interrupts;
    for (size_t i = 0; i < SCENARIO_ACTIONS_MAX; i++)
        out->result[i] = i < transcript->call_count ? transcript->call[i].result : -1;
}

/* Milliseconds since then, which becomes now. */
static unsigned since(int64_t *then_ms)
{
    int64_t now_ms = patience_deadline(0);
    unsigned passed_ms = (unsigned)(now_ms - *then_ms);

    *then_ms = now_ms;
    return passed_ms;
}

/* From start to the last byte taken; the caller ends QEMU. */
static const char *run(struct replay_work *work, const struct boot_target *target,
                       const struct scenario *scenario, unsigned timeout_seconds,
                       struct replay_outcome *out)
{
    struct boot *boot = &work->boot;
    int64_t deadline_ms = patience_deadline((int64_t)timeout_seconds * 1000);
    int64_t begin_ms = patience_deadline(0);
    bool over;

    const char *error =
        boot_start(boot, target, scenario, work->image, patience_deadline(START_MS));
    if (error)
        return error;
    out->start_ms = since(&begin_ms);
    error = boot_listen(boot, &over, deadline_ms);
    if (error)
        return error;
    out->guest_ms = since(&begin_ms);
    transcript_parse(boot->log, boot->log_bytes, &work->transcript);
    take_transcript(&work->transcript, out);
    error = take_screen(boot, &out->picture);
    if (error)
        return error;
    out->screen = placeholder_recognise(&out->picture);
    out->screen_ms = since(&begin_ms);
    out->response = said_response(&work->transcript, scenario->action_count);
    return out->response == REPLAY_RESPONSE_UNKNOWN
               ? take_response(boot, &work->transcript, &out->response)
               : NULL;
}

const char *replay_run(const struct scenario *scenario, const struct replay_options *options,
                       struct replay_outcome *out)
{
    const struct boot_target *target = boot_target_by_name(options->target);
    char path[BOOT_PATH_BYTES];
    size_t bytes;

    assert(target);
    memset(out, 0, sizeof *out);
    out->screen = REPLAY_SCREEN_NONE;
    const char *error = replay_missing(scenario, options);
    if (error)
        return error;
    struct replay_work *work = malloc(sizeof *work);
    if (!work)
        return "memory ran out";
    error = replay_image(scenario, options, work->image, sizeof work->image);
    assert(!error);
    patience_begin();
    error = run(work, target, scenario,
                options->timeout_seconds ? options->timeout_seconds : REPLAY_TIMEOUT_SECONDS, out);
    if (error) {
        snprintf(message, sizeof message, "%s", error);
        error = message;
    } else {
        boot_path(&work->boot, "guest_errors", path, sizeof path);
        out->guest_errors = boot_read_file(path, GUEST_ERRORS_BYTES_MAX, &bytes);
    }
    boot_end(&work->boot); /* QEMU may talk until here */
    out->log = work->boot.log;
    free(work);
    if (error)
        replay_outcome_free(out);
    patience_end(); /* a signal that came meanwhile ends us here, with everything tidy */
    return error;
}

void replay_outcome_free(struct replay_outcome *outcome)
{
    picture_free(&outcome->picture);
    free(outcome->log);
    free(outcome->guest_errors);
    outcome->picture = (struct picture){0};
    outcome->log = outcome->guest_errors = NULL;
}
