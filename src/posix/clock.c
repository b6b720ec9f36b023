#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <weir/posix.h>

weir_time_us weir_posix_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (weir_time_us)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

uint64_t weir_posix_seed(void) {
    uint64_t seed = 0;
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, &seed, sizeof seed) : -1;
    if (fd >= 0)
        close(fd);
    if (n == (ssize_t)sizeof seed)
        return seed;
    /* No such device, for example in a bare chroot. The seed only spreads back-offs, so time and pid are enough. */
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return ((uint64_t)now.tv_sec << 20 ^ (uint64_t)now.tv_nsec) ^ (uint64_t)getpid() << 44;
}
