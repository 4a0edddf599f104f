/* A disk that is full from the nth write on, for every process that is started with this preloaded.
 *
 * Every call that needs room in one folder counts: a file, folder or link made, a name given, bytes
 * written. The count and the limit stand in a file that all processes share, so the nth write is
 * the nth of all of them. The first write of bytes that does not fit is cut short, as by a disk.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct shared { long count, limit; };
static struct shared *shared;
static char where[PATH_MAX];
static size_t where_length;

__attribute__((constructor)) static void begin(void) {
  const char *file = getenv("FULL_SHARED"), *folder = getenv("FULL_WHERE");
  if (!file || !folder) return;
  int fd = open(file, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *at = mmap(0, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at == MAP_FAILED) return;
  snprintf(where, sizeof where, "%s/", folder);
  where_length = strlen(where);
  shared = at;
}

static int inside_path(int folder, const char *path) {
  char full[PATH_MAX * 2], base[PATH_MAX] = "";
  if (!shared || !path) return 0;
  if (path[0] != '/') {
    char link[64];
    snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
    ssize_t n = readlink(link, base, sizeof base - 1);
    if (n < 0) return 0;
    base[n] = 0;
  }
  snprintf(full, sizeof full, "%s%s%s", base, base[0] ? "/" : "", path);
  return strncmp(full, where, where_length) == 0;
}

static int inside(int fd) {
  char link[64], path[PATH_MAX];
  if (!shared) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n < 0) return 0;
  path[n] = 0;
  return strncmp(path, where, where_length) == 0;
}

/* 0: there is room; 1: this is the first that does not fit; 2: one of those after it. */
static int full(void) {
  long mine = __atomic_add_fetch(&shared->count, 1, __ATOMIC_SEQ_CST);
  long limit = __atomic_load_n(&shared->limit, __ATOMIC_SEQ_CST);
  return mine <= limit ? 0 : mine == limit + 1 ? 1 : 2;
}

static int refused(void) { errno = ENOSPC; return -1; }

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define PATHS(at, path, call) \
  do { if (inside_path(at, path) && full()) return refused(); return call; } while (0)

static int makes(int at, const char *path, int flags) {
  struct stat found;
  return (flags & O_CREAT) && inside_path(at, path) && fstatat(at, path, &found, 0) != 0;
}

#define OPENS(name) \
  int name(const char *path, int flags, ...) { \
    va_list more; va_start(more, flags); mode_t mode = va_arg(more, mode_t); va_end(more); \
    if (makes(AT_FDCWD, path, flags) && full()) return refused(); \
    return REAL(name)(path, flags, mode); }
#define OPENS_AT(name) \
  int name(int at, const char *path, int flags, ...) { \
    va_list more; va_start(more, flags); mode_t mode = va_arg(more, mode_t); va_end(more); \
    if (makes(at, path, flags) && full()) return refused(); \
    return REAL(name)(at, path, flags, mode); }
OPENS(open) OPENS(open64) OPENS_AT(openat) OPENS_AT(openat64)

#define STREAMS(name) \
  FILE *name(const char *path, const char *mode) { \
    if (makes(AT_FDCWD, path, mode[0] == 'r' ? 0 : O_CREAT) && full()) { \
      errno = ENOSPC; return 0; } \
    return REAL(name)(path, mode); }
STREAMS(fopen) STREAMS(fopen64)

int mkdir(const char *path, mode_t mode) { PATHS(AT_FDCWD, path, REAL(mkdir)(path, mode)); }
int mkdirat(int at, const char *path, mode_t mode) { PATHS(at, path, REAL(mkdirat)(at, path, mode)); }
int symlink(const char *to, const char *path) { PATHS(AT_FDCWD, path, REAL(symlink)(to, path)); }
int symlinkat(const char *to, int at, const char *path) {
  PATHS(at, path, REAL(symlinkat)(to, at, path)); }
int link(const char *from, const char *path) { PATHS(AT_FDCWD, path, REAL(link)(from, path)); }
int linkat(int one, const char *from, int two, const char *path, int flags) {
  PATHS(two, path, REAL(linkat)(one, from, two, path, flags)); }
int rename(const char *from, const char *to) { PATHS(AT_FDCWD, to, REAL(rename)(from, to)); }
int renameat(int one, const char *from, int two, const char *to) {
  PATHS(two, to, REAL(renameat)(one, from, two, to)); }

ssize_t write(int fd, const void *data, size_t size) {
  int how = size && inside(fd) ? full() : 0;
  if (how == 2 || (how == 1 && size < 2)) return refused();
  return REAL(write)(fd, data, how ? size / 2 : size);
}
ssize_t writev(int fd, const struct iovec *parts, int n) {
  if (inside(fd) && full()) return refused();
  return REAL(writev)(fd, parts, n);
}

#define PWRITES(name, offset_type) \
  ssize_t name(int fd, const void *data, size_t size, offset_type at) { \
    int how = size && inside(fd) ? full() : 0; \
    if (how == 2 || (how == 1 && size < 2)) return refused(); \
    return REAL(name)(fd, data, how ? size / 2 : size, at); }
PWRITES(pwrite, off_t) PWRITES(pwrite64, off64_t)

#define SENDS(name, offset_type) \
  ssize_t name(int out, int in, offset_type *at, size_t size) { \
    if (inside(out) && full()) return refused(); \
    return REAL(name)(out, in, at, size); }
SENDS(sendfile, off_t) SENDS(sendfile64, off64_t)
ssize_t copy_file_range(int in, off64_t *one, int out, off64_t *two, size_t size, unsigned flags) {
  if (inside(out) && full()) return refused();
  return REAL(copy_file_range)(in, one, out, two, size, flags);
}
