/*
 * A page from start to end.
 */
#include "page_state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "isolate.h"
#include "report.h"

#define REPORT_COLUMNS 100u

const char *page_state_word(enum page_state state)
{
    static const char *const words[] = {
#define X(name, word, text) word,
        PAGE_STATES(X)
#undef X
    };
    return words[state];
}

/* ---- the run ---- */

static bool complain(const char *path, const char *what)
{
    fprintf(stderr, "ringside: %s: %s\n", path, what);
    return false;
}

/* A file without a name in the folder: gone with the last process that has it open. */
static int unnamed_file(const char *dir)
{
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0) { /* not every file system has them */
        FILE *file = tmpfile();
        fd = file != NULL ? fcntl(fileno(file), F_DUPFD_CLOEXEC, 0) : -1;
        if (file != NULL)
            fclose(file);
    }
    return fd;
}

struct page *page_create(const char *dir, const char *again)
{
    struct page *page;

    struct stat status;

    if (mkdir(dir, 0777) != 0 && (errno != EEXIST || stat(dir, &status) != 0)) {
        complain(dir, strerror(errno));
        return NULL;
    }
    if (stat(dir, &status) == 0 && !S_ISDIR(status.st_mode)) {
        complain(dir, strerror(ENOTDIR));
        return NULL;
    }
    page = isolate_alloc(sizeof *page);
    if (page == NULL) {
        complain(dir, "out of memory");
        return NULL;
    }
    page->dir = dir;
    page->again = again;
    page->spool = unnamed_file(dir);
    page->rows = unnamed_file(dir);
    if (page->spool < 0 || page->rows < 0) {
        complain(dir, strerror(errno));
        (void)page_end(page, false);
        return NULL;
    }
    page_begin(page);
    return page;
}

bool page_end(struct page *page, bool whole)
{
    bool good = !whole || (page_index_write(page) && !page->failed);

    if (page->spool >= 0)
        close(page->spool);
    if (page->rows >= 0)
        close(page->rows);
    isolate_free(page, sizeof *page);
    return good;
}

void page_begin(struct page *page)
{
    page->spool_failed = false;
    page->spool_bytes = 0;
    page->event_count = page->block_count = 0;
    page->events_dropped = 0;
    page->text_events = page->text_bytes = 0;
    page->fold_count = page->folds_dropped = page->call_fold = 0;
    page->mark_count = page->marks_dropped = 0;
    page->ring_count = 0;
    memset(&page->request, 0, sizeof page->request);
    memset(&page->run, 0, sizeof page->run);
    memset(page->label_slot, 0, sizeof page->label_slot);
    memset(page->known, 0, sizeof page->known);
    memset(&page->place[0], 0, sizeof page->place[0]);
    page->label[0][0] = '\0';
    page->label_count = page->place_count = 1;
    if (ftruncate(page->spool, 0) != 0)
        page->spool_failed = true;
}

static void read_event(void *context, const struct event *event, const struct world_sight *sight)
{
    page_note_event(context, event, sight);
}

struct world_reader page_reader(struct page *page)
{
    return (struct world_reader){read_event, page};
}

/* ---- templates ---- */

static const char *const hole_names[PAGE_HOLE_COUNT] = {
#define X(name) #name,
    PAGE_HOLES(X)
#undef X
};

void page_fill(FILE *out, const char *template, void (*fill)(void *context, enum page_hole hole),
               void *context)
{
    static const char begin[] = "<!--@", end[] = "-->";
    const char *hole;

    while ((hole = strstr(template, begin)) != NULL) {
        const char *name = hole + strlen(begin);
        size_t bytes = strcspn(name, "-");
        fwrite(template, 1, (size_t)(hole - template), out);
        for (int i = 0; i < PAGE_HOLE_COUNT; i++) {
            if (strlen(hole_names[i]) == bytes && strncmp(hole_names[i], name, bytes) == 0)
                fill(context, (enum page_hole)i);
        }
        template = name + bytes + strlen(end);
    }
    fputs(template, out);
}

struct page_job {
    struct page *page;
    const struct world_outcome *outcome;
    enum page_state state;
    uint64_t until_step;
    FILE *out;
};

/* The report as on a terminal: what is left where no script runs. */
static void put_report(const struct page_job *job)
{
    struct report_options options = {.verbose = true,
                                     .columns = REPORT_COLUMNS,
                                     .until = job->until_step,
                                     .again = job->page->again};
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);

    if (out == NULL) {
        job->page->failed = true;
        return;
    }
    report_outcome(out, &options, job->outcome);
    if (fclose(out) == 0)
        page_html_text(job->out, text);
    free(text);
}

static void fill_page(void *context, enum page_hole hole)
{
    struct page_job *job = context;
    struct page *page = job->page;

    switch (hole) {
    case PAGE_HOLE_title:
        page_html_text(job->out, job->outcome->scenario->name);
        break;
    case PAGE_HOLE_style:
        fputs(page_file_page_css, job->out);
        break;
    case PAGE_HOLE_script:
        fputs(page_file_data_js, job->out);
        fputs(page_file_report_js, job->out);
        fputs(page_file_diagram_js, job->out);
        fputs(page_file_rings_js, job->out);
        fputs(page_file_page_js, job->out);
        break;
    case PAGE_HOLE_data:
        page_write_report(page, job->outcome, job->state, job->until_step, job->out);
        break;
    case PAGE_HOLE_rings:
        page->failed |= !page_write_rings(page, job->out);
        break;
    case PAGE_HOLE_folds:
        page_write_folds(page, job->out);
        break;
    case PAGE_HOLE_blocks:
        page_write_blocks(page, job->out);
        break;
    case PAGE_HOLE_report:
        put_report(job);
        break;
    case PAGE_HOLE_COUNT:
        break;
    }
}

bool page_finish(struct page *page, const struct world_outcome *outcome, enum page_state state,
                 uint64_t until_step)
{
    struct page_job job = {page, outcome, state, until_step, NULL};
    struct whole_file file;
    char name[NAME_MAX + 1], path[PATH_MAX];
    bool failed = page->failed; /* of the index */

    page_end_events(page);
    memset(page->known, 0, sizeof page->known); /* a lost driver was loaded anew, elsewhere */
    if (!page_take_name(page, outcome->scenario->name, name, sizeof name))
        return complain(outcome->scenario->name, "no name for a page");
    snprintf(path, sizeof path, "%s/%s", page->dir, name);
    if (!whole_file_open(&file, path))
        return false;
    job.out = file.stream;
    page->failed = page->spool_failed;
    page_fill(file.stream, page_file_page_html, fill_page, &job);
    file.failed = page->failed;
    page->failed = failed;
    if (!whole_file_close(&file, true))
        return false;
    page_index_add(page, name, outcome, state);
    return true;
}
