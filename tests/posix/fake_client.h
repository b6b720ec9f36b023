/* A stand-in for weir_client: it does what a test has written into it and notes what the host tells it. */
#ifndef FAKE_CLIENT_H
#define FAKE_CLIENT_H

#include <weir/client.h>

#define FAKE_LINKS 8

typedef struct fake_link {
    const uint8_t *out; /* what is to be sent */
    size_t out_len, sent, slice_len;
    uint8_t *in; /* where to receive to */
    size_t in_room, received;
    int opened, open_failed, closed; /* how often */
    char error[512];                 /* the last one told */
} fake_link;

struct weir_client {
    weir_io io[16]; /* what next_io will give */
    size_t io_count, io_taken;
    fake_link links[FAKE_LINKS];
    weir_time_us deadline, ticked;
    int ticks;
    weir_call *call; /* finishes when its link 0 has received a byte or could not be opened */
};

void fake_init(weir_client *client);
void fake_open(weir_client *client, uint32_t link, const char *host, uint16_t port);
void fake_close(weir_client *client, uint32_t link);

#endif
