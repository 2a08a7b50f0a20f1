/*
 * QEMU as a device: started, watched, used again, and always ended.
 *
 * Invariants: at most one process is kept; a process that is handed out has just been started or
 * reset; the child gets SIGKILL when this process dies, and has no files but memory files.
 *
 * Not handled: machines whose RAM is not where the scenario's is, big-endian targets.
 */
#include "qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "boot.h"
#include "patience.h"
#include "qmp.h"
#include "virtio/mmio.h"

#define EXEC_FAILED   127
#define LEGACY_ALIGN  4096u /* QueueAlign until it is written */
#define START_MS      10000
#define MONITOR_MS    8000
#define OVER_MS       500 /* how long the end of a QEMU that broke off is waited for */
#define ERROR_BYTES   1024u
#define WORDS_BYTES   700u
/* Of what it prints, as much is kept; further lines come to nothing. */
#define PRINTED_BYTES (256u << 10)
#define KEY_BYTES     400u

struct qemu {
    pid_t pid;
    int ram, shot, errors, monitor, registers; /* descriptors; -1 = none */
    off_t printed_from; /* what was printed since it was obtained begins here */
    struct qtest qtest;
    struct qmp qmp;
    bool shown;
    bool broken;
    char key[KEY_BYTES]; /* what it was started for */
};

static char message[ERROR_BYTES];
static struct qemu *kept;
static pid_t kept_by;

__attribute__((format(printf, 1, 2))) static const char *fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return message;
}

/* X(machine, program, QEMU's machine, CPU, Debian package) */
#define QEMU_PROGRAMS(X)                                                                           \
    X(VIRT_AARCH64, "qemu-system-aarch64", "virt", "cortex-a57", "qemu-system-arm")                \
    X(VIRT_ARM, "qemu-system-arm", "virt", "cortex-a15", "qemu-system-arm")                        \
    X(VIRT_RISCV, "qemu-system-riscv64", "virt", "rv64", "qemu-system-misc")

static const struct {
    const char *program, *machine, *cpu, *package;
} programs[MACHINE_COUNT] = {
#define X(name, program, machine, cpu, package) [MACHINE_##name] = {program, machine, cpu, package},
    QEMU_PROGRAMS(X)
#undef X
};

bool qemu_has_machine(const struct scenario *scenario)
{
    return programs[scenario->machine.name].program != NULL && !scenario->machine_own;
}

const char *qemu_program(const struct scenario *scenario, const char **why)
{
    const char *program = programs[scenario->machine.name].program;

    *why = NULL;
    if (!qemu_has_machine(scenario)) {
        *why = "QEMU's device is driven on the machines virt-aarch64, virt-arm and virt-riscv only";
        return NULL;
    }
    if (!boot_is_on_path(program))
        *why = fail("%s is not on the PATH: install the package %s", program,
                    programs[scenario->machine.name].package);
    return program;
}

/* ---- start ---- */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* What two scenarios must have in common to share a process. */
static void make_key(const struct scenario *scenario, char out[KEY_BYTES])
{
    snprintf(out, KEY_BYTES,
             "%d v%" PRIu32 " slot %" PRIu32 " %" PRIu32 "x%" PRIu32 " of %" PRIu32 " +%" PRIx64
             " -%" PRIx64 " ram %" PRIu64,
             (int)scenario->machine.name, scenario->device.version, scenario->device.slot,
             scenario->display_width_px, scenario->display_height_px, scenario->scanouts,
             scenario->features_on, scenario->features_off, scenario->memory_bytes);
}

static void make_command(const struct scenario *scenario, const struct qemu *qemu,
                         const int channel[2], struct boot_command *out)
{
    enum machine_name name = scenario->machine.name;
    const char *const fixed[] = {programs[name].program,
                                 "-cpu",
                                 programs[name].cpu,
                                 "-display",
                                 "none",
                                 "-nodefaults",
                                 "-no-user-config",
                                 "-S",
                                 "-d",
                                 "guest_errors",
                                 "-bios",
                                 "none",
                                 "-qtest",
                                 "chardev:qtest",
                                 "-qtest-log",
                                 "/dev/null",
                                 "-mon",
                                 "chardev=qmp,mode=control"};

    *out = (struct boot_command){0};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        bool is_bios = strcmp(fixed[i], "-bios") == 0;
        if (is_bios && name != MACHINE_VIRT_RISCV)
            i++; /* QEMU's Arm machine takes none by itself, and knows no word for it */
        else
            boot_add_word(out, "%s", fixed[i]);
    }
    boot_add_word(out, "-M");
    boot_add_word(out, "%s,memory-backend=ram", programs[name].machine);
    boot_add_word(out, "-m");
    boot_add_word(out, "%" PRIu64 "K", scenario->memory_bytes / 1024);
    boot_add_word(out, "-object");
    boot_add_word(out,
                  "memory-backend-file,id=ram,share=on,size=%" PRIu64 ",mem-path=/proc/self/fd/%d",
                  scenario->memory_bytes, qemu->ram);
    boot_add_word(out, "-chardev");
    boot_add_word(out, "socket,id=qtest,fd=%d", channel[0]);
    boot_add_word(out, "-chardev");
    boot_add_word(out, "socket,id=qmp,fd=%d", channel[1]);
    boot_add_device(out, scenario, scenario->device.slot, true);
}

static void keep_over_exec(int fd)
{
    int flags = fcntl(fd, F_GETFD);
    fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
}

/* The child: becomes QEMU or leaves a message on standard error. */
_Noreturn static void become_qemu(const struct qemu *qemu, char *const *words, pid_t parent,
                                  const int channel[2])
{
    int null = open("/dev/null", O_RDWR);
    struct rlimit limit;

    patience_child();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* the parent died before the line above */
        _exit(EXEC_FAILED);
    setpgid(0, 0);                             /* Ctrl-C is for ringside, and QEMU goes with it */
    if (getrlimit(RLIMIT_DATA, &limit) == 0) { /* a worker's limit is not meant for QEMU */
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_DATA, &limit);
    }
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(qemu->errors, STDERR_FILENO);
    keep_over_exec(qemu->ram);
    keep_over_exec(qemu->shot);
    keep_over_exec(channel[0]);
    keep_over_exec(channel[1]);
    execvp(words[0], words);
    dprintf(STDERR_FILENO, "%s\n", strerror(errno));
    _exit(EXEC_FAILED);
}

/*
 * A memory file for standard error that cannot grow: QEMU neither waits for a reader nor fills up
 * memory. Its position, shared with QEMU, says how much was printed.
 */
static int open_errors(void)
{
    int file = memfd_create("ringside-errors", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (file >= 0 && (ftruncate(file, PRINTED_BYTES) != 0 ||
                      fcntl(file, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) != 0))
        close_fd(&file);
    return file;
}

/* Memory files and both channels; `channel` gets QEMU's ends. */
static const char *open_channels(struct qemu *qemu, const struct scenario *scenario, int channel[2])
{
    int registers[2], monitor[2];

    qemu->ram = memfd_create("ringside-ram", MFD_CLOEXEC);
    qemu->shot = memfd_create("ringside-screen", MFD_CLOEXEC);
    qemu->errors = open_errors();
    if (qemu->ram < 0 || qemu->shot < 0 || qemu->errors < 0 ||
        ftruncate(qemu->ram, (off_t)scenario->memory_bytes) != 0)
        return fail("no memory file for QEMU: %s", strerror(errno));
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, registers) != 0)
        return fail("socketpair: %s", strerror(errno));
    qemu->registers = registers[0];
    channel[0] = registers[1];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, monitor) != 0)
        return fail("socketpair: %s", strerror(errno));
    qemu->monitor = monitor[0];
    channel[1] = monitor[1];
    return NULL;
}

static const char *spawn(struct qemu *qemu, const struct scenario *scenario)
{
    int channel[2] = {-1, -1};
    const char *error = open_channels(qemu, scenario, channel);

    if (error == NULL) {
        struct boot_command command;
        make_command(scenario, qemu, channel, &command);
        pid_t parent = getpid();
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0)
            become_qemu(qemu, command.word, parent, channel);
        boot_command_free(&command);
        if (pid < 0)
            error = fail("fork: %s", strerror(errno));
        else
            qemu->pid = pid;
    }
    close_fd(&channel[0]);
    close_fd(&channel[1]);
    return error;
}

static void end(struct qemu *qemu)
{
    if (qemu->pid > 0) {
        kill(qemu->pid, SIGKILL);
        while (waitpid(qemu->pid, NULL, 0) < 0 && errno == EINTR)
            continue; /* killed, so this ends */
    }
    close_fd(&qemu->ram);
    close_fd(&qemu->shot);
    close_fd(&qemu->errors);
    close_fd(&qemu->monitor);
    close_fd(&qemu->registers);
    free(qemu);
}

static const char *start(const struct scenario *scenario, struct qemu **out)
{
    struct qemu *qemu = calloc(1, sizeof *qemu);

    *out = NULL;
    if (qemu == NULL)
        return "memory ran out";
    qemu->ram = qemu->shot = qemu->errors = qemu->monitor = qemu->registers = -1;
    make_key(scenario, qemu->key);
    const char *error = spawn(qemu, scenario);
    if (error == NULL)
        error = qtest_open(&qemu->qtest, qemu->registers);
    if (error == NULL)
        error = qmp_open(&qemu->qmp, qemu->monitor, NULL, patience_deadline(START_MS));
    if (error == NULL) {
        *out = qemu;
        return NULL;
    }
    error = qemu_explain(qemu, error);
    end(qemu);
    return error;
}

/* ---- the one that is kept ---- */

void qemu_end_kept(void)
{
    if (kept != NULL && kept_by == getpid())
        end(kept);
    kept = NULL;
}

/* What a reset of the machine leaves as it was: QueueAlign of a version-1 device. */
static const char *make_as_new(struct qemu *qemu, const struct scenario *scenario)
{
    const char *error = qmp_reset(&qemu->qmp, patience_deadline(MONITOR_MS));
    uint64_t slot =
        scenario->machine.base + machine_slot_offset(&scenario->machine, scenario->device.slot);

    for (uint32_t queue = SIM_QUEUES_MAX; queue-- > 0 && error == NULL;) {
        struct qtest_access align[] = {{slot + VIRTIO_MMIO_QueueSel, queue, 4, true},
                                       {slot + VIRTIO_MMIO_QueueAlign, LEGACY_ALIGN, 4, true}};
        if (scenario->device.version == 1)
            error = qtest_exchange(&qemu->qtest, align, 2);
    }
    return error;
}

const char *qemu_obtain(const struct scenario *scenario, struct qemu **out)
{
    const char *why;
    char key[KEY_BYTES];

    *out = NULL;
    if (qemu_program(scenario, &why) == NULL || why != NULL)
        return why;
    make_key(scenario, key);
    if (kept != NULL && kept_by == getpid() && strcmp(kept->key, key) == 0 &&
        make_as_new(kept, scenario) == NULL) {
        *out = kept;
        kept = NULL;
        lseek((*out)->errors, 0, SEEK_SET); /* there is room again for all that it may print */
        (*out)->printed_from = 0;
        return NULL;
    }
    qemu_end_kept();
    const char *error = start(scenario, out);
    if (error == NULL)
        (*out)->printed_from = lseek((*out)->errors, 0, SEEK_CUR);
    return error;
}

void qemu_release(struct qemu *qemu, bool keep)
{
    static bool registered;

    qemu_end_kept();
    if (!keep || qemu->broken) {
        end(qemu);
        return;
    }
    if (!registered)
        atexit(qemu_end_kept);
    registered = true;
    kept = qemu;
    kept_by = getpid();
}

/* ---- what it has ---- */

int qemu_ram_fd(const struct qemu *qemu)
{
    return qemu->ram;
}

struct qtest *qemu_qtest(struct qemu *qemu)
{
    return &qemu->qtest;
}

bool qemu_has_shown(const struct qemu *qemu)
{
    return qemu->shown;
}

void qemu_note_shown(struct qemu *qemu)
{
    qemu->shown = true;
}

/*
 * QEMU pads the rows of its PPM to four bytes, which no reader of PPM expects: when that matters,
 * the screen is taken again as PNG.
 */
const char *qemu_screen(struct qemu *qemu, struct picture *picture)
{
    char path[64];

    *picture = (struct picture){0};
    snprintf(path, sizeof path, "/proc/self/fd/%d", qemu->shot);
    const char *error = qmp_screendump(&qemu->qmp, path, NULL, patience_deadline(MONITOR_MS));
    if (error == NULL)
        error = picture_read_ppm(picture, path);
    if (error != NULL || picture->width_px * 3 % 4 == 0)
        return error;
    picture_free(picture);
    *picture = (struct picture){0};
    error = qmp_screendump(&qemu->qmp, path, "png", patience_deadline(MONITOR_MS));
    return error != NULL ? error : picture_read_png(picture, path);
}

/* ---- what it says ---- */

const char *qemu_version(const struct qemu *qemu)
{
    return qemu->qmp.version;
}

/* The same line again is counted. */
static void add_words(struct world_words *words, const char *text, size_t bytes)
{
    const char *name = memmem(text, bytes, "qemu-system-", strlen("qemu-system-"));
    const char *colon = name == text ? memmem(text, bytes, ": ", 2) : NULL;
    char line[WORLD_WORD_BYTES];

    if (colon != NULL) {
        bytes -= (size_t)(colon + 2 - text);
        text = colon + 2;
    }
    if (bytes == 0)
        return;
    snprintf(line, sizeof line, "%.*s", (int)bytes, text);
    for (size_t i = 0; i < words->count; i++) {
        if (strcmp(words->line[i].text, line) == 0) {
            words->line[i].times++;
            return;
        }
    }
    if (words->count == WORLD_WORDS_MAX) {
        words->dropped++;
        return;
    }
    memcpy(words->line[words->count].text, line, sizeof line);
    words->line[words->count++].times = 1;
}

void qemu_printed(const struct qemu *qemu, struct world_words *out)
{
    off_t end = lseek(qemu->errors, 0, SEEK_CUR);
    size_t bytes = end > qemu->printed_from ? (size_t)(end - qemu->printed_from) : 0;
    char *text = malloc(bytes + 1);

    *out = (struct world_words){0};
    if (text == NULL || pread(qemu->errors, text, bytes, qemu->printed_from) != (ssize_t)bytes)
        bytes = 0;
    if (bytes == 0 ? end > qemu->printed_from : end == PRINTED_BYTES)
        out->dropped++; /* it cannot be read; or all room is taken, and who knows what more came */
    for (size_t at = 0, next; at < bytes; at = next) {
        const char *newline = memchr(text + at, '\n', bytes - at);
        next = newline != NULL ? (size_t)(newline - text) + 1 : bytes;
        add_words(out, text + at, next - at - (newline != NULL));
    }
    free(text);
}

/* The last that QEMU wrote on standard error, on one line. */
static void take_words(const struct qemu *qemu, char out[WORDS_BYTES])
{
    off_t end = lseek(qemu->errors, 0, SEEK_CUR);
    off_t from = end > (off_t)WORDS_BYTES - 1 ? end - ((off_t)WORDS_BYTES - 1) : 0;
    ssize_t got = pread(qemu->errors, out, (size_t)(end - from), from);
    size_t used = got > 0 ? (size_t)got : 0;

    while (used > 0 && out[used - 1] == '\n')
        used--;
    out[used] = '\0';
    for (size_t i = 0; i < used; i++) {
        if (out[i] == '\n')
            out[i] = ' ';
    }
}

/* Its connections are gone before it is: gives it a moment to be over. False when it lives on. */
static bool is_over(struct qemu *qemu, int *status)
{
    struct pollfd gone = {.fd = pidfd_open(qemu->pid, 0), .events = POLLIN};

    if (gone.fd >= 0) {
        (void)patience_wait(&gone, 1, patience_deadline(OVER_MS));
        close(gone.fd);
    }
    return waitpid(qemu->pid, status, WNOHANG) == qemu->pid;
}

const char *qemu_explain(struct qemu *qemu, const char *error)
{
    char words[WORDS_BYTES] = "", how[80] = "";
    char broken[QTEST_ERROR_BYTES + 100];
    int status = 0;

    qemu->broken = true;
    snprintf(broken, sizeof broken, "%s", error);
    bool over = qemu->pid > 0 && is_over(qemu, &status);
    if (qemu->errors >= 0)
        take_words(qemu, words);
    if (!over)
        return fail("%s%s%s", broken, words[0] != '\0' ? ": " : "", words);
    qemu->pid = 0;
    if (WIFSIGNALED(status))
        snprintf(how, sizeof how, "QEMU was ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(how, sizeof how, "QEMU ended with status %d", WEXITSTATUS(status));
    return fail("%s%s%s", how, words[0] != '\0' ? ": " : "", words);
}
