/* `weir decode frame`: the frames of a connection to JSON. */
#ifndef CLI_DECODE_FRAME_H
#define CLI_DECODE_FRAME_H

int cli_decode_frame(int argc, char **argv);

#endif
