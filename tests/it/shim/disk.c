/* A disk that fails on command, put under the daemon by LD_PRELOAD.
 *
 * It stands between the process and the C library for the calls by which files of one folder are changed, counts them, and at
 * the call that the test chose does one of these:
 *
 *   KILL       the process is killed before the call is made
 *   TORN       the same, after half of the bytes of a write
 *   POWER      everything that was not synced is undone, newest first; then the process is killed
 *   POWER_HALF the same, but a pseudo-random half of it stays, as a disk writes in any order it likes
 *   FAIL       the call fails with a given error, and so do those after it up to a given one
 *   READ_ONLY  the same for whatever writes or opens for writing; a sync still goes well, as on a disk mounted read-only
 *
 * Test and process share a file of eight 64-bit words (BDCD_DISK_CONTROL), mapped here, so the test chooses while the process
 * runs and sees how far it is. BDCD_DISK_FOLDER is the folder. The write-ahead index of SQLite (-shm) is mapped memory, never
 * synced, and made again after a power cut: of it only calls are counted, and nothing is undone.
 *
 * The last word sets the wall clock of the process forward or back.
 *
 * For POWER the old bytes of every write, cut and rename, and every file made, are kept until a sync of that file, or of the
 * folder for names, takes them to be on disk. A removed file stays removed. The calls are made one at a time under a lock, so
 * that nothing slips through while the process dies.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum act { NONE, KILL, TORN, POWER, POWER_HALF, FAIL, READ_ONLY, STALL };

/* The words of the control file. */
struct control {
    uint64_t calls; /* made so far */
    uint64_t at;    /* the first call to act at; 0 is never */
    uint64_t last;  /* the last one, for FAIL and READ_ONLY */
    uint64_t act;
    uint64_t error;
    uint64_t acted; /* how often */
    uint64_t seed;
    int64_t clock; /* seconds by which the wall clock is wrong */
};

enum what { BYTES, LENGTH, NAME, MADE };

/* Something done that is not known to be on disk. */
struct undo {
    struct undo *older;
    enum what what;
    dev_t device;
    ino_t file; /* of the folder, for names */
    int fd;     /* never closed: closing it would drop the process's locks on the file */
    off_t at, length_before;
    size_t count;
    char *bytes;
    char *from, *to;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct control *control;
static const char *folder;
static struct undo *newest;

static void start(void) {
    const char *path = getenv("BDCD_DISK_CONTROL");
    folder = getenv("BDCD_DISK_FOLDER");
    if (!path || !folder) return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR, 0);
    if (fd < 0) return;
    void *map = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED) control = map;
}

static int is_ours(const char *path) {
    size_t length = strlen(folder);
    return !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

static int is_index(const char *path) {
    size_t length = strlen(path);
    return length > 4 && !strcmp(path + length - 4, "-shm");
}

/* The path of an open file of the folder; 0 where it is none. */
static int ours(int fd, char *path) {
    pthread_once(&once, start);
    if (!control) return 0;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_ours(path);
}

/* The same of a path given. */
static int ours_by_path(const char *path) {
    pthread_once(&once, start);
    return control && path && path[0] == '/' && is_ours(path);
}

__attribute__((noreturn)) static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static uint64_t random_next(void) {
    uint64_t mixed = control->seed += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    return mixed ^ (mixed >> 31);
}

static void put_back(const char *bytes, size_t count, int fd, off_t at) {
    while (count > 0) {
        ssize_t done = syscall(SYS_pwrite64, fd, bytes, count, at);
        if (done <= 0) return;
        bytes += done, count -= done, at += done;
    }
}

static void cut_power(int is_half) {
    for (struct undo *undo = newest; undo; undo = undo->older) {
        if (is_half && random_next() & 1) continue;
        switch (undo->what) {
        case BYTES:
        case LENGTH:
            put_back(undo->bytes, undo->count, undo->fd, undo->at);
            /* Where half stays, what was put behind the end is zeros rather than gone: later bytes may stand behind it. */
            if (!is_half) syscall(SYS_ftruncate, undo->fd, undo->length_before);
            break;
        case NAME:
            syscall(SYS_renameat2, AT_FDCWD, undo->to, AT_FDCWD, undo->from, 0);
            break;
        case MADE:
            syscall(SYS_unlinkat, AT_FDCWD, undo->to, 0);
            break;
        }
    }
}

/* Counts a call, and acts where it is the one; the error to fail with, or 0. */
static int count_call(int is_sync, int fd, const void *bytes, size_t count, off_t at) {
    uint64_t call = __atomic_add_fetch(&control->calls, 1, __ATOMIC_SEQ_CST);
    uint64_t first = __atomic_load_n(&control->at, __ATOMIC_SEQ_CST);
    uint64_t act = __atomic_load_n(&control->act, __ATOMIC_SEQ_CST);
    if (!first || call < first || act == NONE) return 0;
    if (act >= FAIL && (call > __atomic_load_n(&control->last, __ATOMIC_SEQ_CST) || (act == READ_ONLY && is_sync))) return 0;
    __atomic_add_fetch(&control->acted, 1, __ATOMIC_SEQ_CST);
    switch (act) {
    case TORN:
        if (bytes && count > 1) put_back(bytes, count / 2, fd, at);
        die();
    case POWER:
    case POWER_HALF:
        cut_power(act == POWER_HALF);
        die();
    case KILL:
        die();
    case STALL:
        /* Until it is mended; then the call is done. */
        while (__atomic_load_n(&control->at, __ATOMIC_SEQ_CST)) usleep(10000);
        return 0;
    }
    return (int)control->error;
}

static struct undo *remember(enum what what, struct stat *file) {
    struct undo *undo = calloc(1, sizeof *undo);
    *undo = (struct undo){.older = newest, .what = what, .device = file->st_dev, .file = file->st_ino, .fd = -1};
    newest = undo;
    return undo;
}

static int keeps_undo(void) {
    return control->act == POWER || control->act == POWER_HALF;
}

/* A descriptor of the same file that stays open. */
static int kept(int fd, struct stat *file) {
    for (struct undo *undo = newest; undo; undo = undo->older)
        if (undo->fd >= 0 && undo->device == file->st_dev && undo->file == file->st_ino) return undo->fd;
    return fcntl(fd, F_DUPFD_CLOEXEC, 100);
}

/* Keeps what stands in `count` bytes from `at`. */
static void before_bytes(enum what what, int fd, const char *path, off_t at, size_t count) {
    struct stat file;
    if (!keeps_undo() || is_index(path) || fstat(fd, &file)) return;
    size_t within = at >= file.st_size ? 0 : (size_t)(file.st_size - at);
    size_t old = what == LENGTH || within < count ? within : count;
    size_t all = what == LENGTH ? old : count;
    int same = kept(fd, &file);
    struct undo *undo = remember(what, &file);
    undo->fd = same, undo->at = at, undo->length_before = file.st_size, undo->count = all;
    undo->bytes = calloc(1, all + 1);
    for (size_t have = 0; have < old;) {
        ssize_t got = syscall(SYS_pread64, same, undo->bytes + have, old - have, at + (off_t)have);
        if (got <= 0) break;
        have += (size_t)got;
    }
}

static void before_name(enum what what, const char *from, const char *to) {
    char parent[PATH_MAX];
    struct stat file;
    if (!keeps_undo() || is_index(to)) return;
    snprintf(parent, sizeof parent, "%s", to);
    char *slash = strrchr(parent, '/');
    if (slash) *slash = 0;
    if (stat(parent, &file)) return;
    struct undo *undo = remember(what, &file);
    undo->from = from ? strdup(from) : NULL;
    undo->to = strdup(to);
}

/* What was done to the file, or to the folder's names, is on disk. */
static void after_sync(int fd) {
    struct stat file;
    if (fstat(fd, &file)) return;
    for (struct undo **at = &newest; *at;) {
        struct undo *undo = *at;
        if (undo->device != file.st_dev || undo->file != file.st_ino) {
            at = &undo->older;
            continue;
        }
        *at = undo->older;
        free(undo->bytes), free(undo->from), free(undo->to), free(undo);
    }
}

/* The call itself between its count and the end of the lock. */
#define GUARDED(is_sync, fd, bytes, count, at, before, call)                                                                   \
    do {                                                                                                                       \
        pthread_mutex_lock(&lock);                                                                                             \
        int failed = count_call(is_sync, fd, bytes, count, at);                                                                \
        if (!failed) {                                                                                                         \
            before;                                                                                                            \
            result = (call);                                                                                                   \
            failed = result < 0 ? errno : 0;                                                                                   \
        }                                                                                                                      \
        pthread_mutex_unlock(&lock);                                                                                           \
        if (failed) errno = failed, result = -1;                                                                               \
    } while (0)

ssize_t write(int fd, const void *bytes, size_t count) {
    char path[PATH_MAX];
    ssize_t result;
    if (!ours(fd, path)) return syscall(SYS_write, fd, bytes, count);
    off_t at = syscall(SYS_lseek, fd, 0, SEEK_CUR);
    GUARDED(0, fd, bytes, count, at, before_bytes(BYTES, fd, path, at, count), syscall(SYS_write, fd, bytes, count));
    return result;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t at) {
    char path[PATH_MAX];
    ssize_t result;
    if (!ours(fd, path)) return syscall(SYS_pwrite64, fd, bytes, count, at);
    GUARDED(0, fd, bytes, count, at, before_bytes(BYTES, fd, path, at, count), syscall(SYS_pwrite64, fd, bytes, count, at));
    return result;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    return pwrite64(fd, bytes, count, at);
}

int ftruncate64(int fd, off_t length) {
    char path[PATH_MAX];
    int result;
    if (!ours(fd, path)) return (int)syscall(SYS_ftruncate, fd, length);
    GUARDED(0, fd, NULL, 0, 0, before_bytes(LENGTH, fd, path, length, 0), (int)syscall(SYS_ftruncate, fd, length));
    return result;
}

int ftruncate(int fd, off_t length) {
    return ftruncate64(fd, length);
}

static int sync_now(int fd, long number) {
    int result = (int)syscall(number, fd);
    if (result == 0) after_sync(fd);
    return result;
}

static int synced(int fd, long number) {
    char path[PATH_MAX];
    int result;
    if (!ours(fd, path)) return (int)syscall(number, fd);
    GUARDED(1, fd, NULL, 0, 0, , sync_now(fd, number));
    return result;
}

int fsync(int fd) {
    return synced(fd, SYS_fsync);
}

int fdatasync(int fd) {
    return synced(fd, SYS_fdatasync);
}

int rename(const char *from, const char *to) {
    int result;
    if (!ours_by_path(to)) return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    GUARDED(0, -1, NULL, 0, 0, before_name(NAME, from, to), (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
    return result;
}

int unlink(const char *path) {
    int result;
    if (!ours_by_path(path)) return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    GUARDED(0, -1, NULL, 0, 0, , (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0));
    return result;
}

static int opened(int folder_fd, const char *path, int flags, mode_t mode) {
    int result;
    struct stat file;
    int is_writing = (flags & O_ACCMODE) != O_RDONLY || flags & O_CREAT;
    if (!is_writing || !ours_by_path(path)) return (int)syscall(SYS_openat, folder_fd, path, flags, mode);
    int is_new = flags & O_CREAT && stat(path, &file);
    if (!is_new && control->act != READ_ONLY) return (int)syscall(SYS_openat, folder_fd, path, flags, mode);
    GUARDED(0, -1, NULL, 0, 0, if (is_new) before_name(MADE, NULL, path), (int)syscall(SYS_openat, folder_fd, path, flags, mode));
    return result;
}

#define OPEN(name, parameters, folder_fd)                                                                                      \
    int name parameters {                                                                                                      \
        va_list rest;                                                                                                          \
        va_start(rest, flags);                                                                                                 \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                                                \
        va_end(rest);                                                                                                          \
        return opened(folder_fd, path, flags, mode);                                                                           \
    }

OPEN(open, (const char *path, int flags, ...), AT_FDCWD)
OPEN(open64, (const char *path, int flags, ...), AT_FDCWD)
OPEN(openat, (int at, const char *path, int flags, ...), at)
OPEN(openat64, (int at, const char *path, int flags, ...), at)

int clock_gettime(clockid_t clock, struct timespec *now) {
    pthread_once(&once, start);
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (!result && control && clock == CLOCK_REALTIME) now->tv_sec += __atomic_load_n(&control->clock, __ATOMIC_SEQ_CST);
    return result;
}
