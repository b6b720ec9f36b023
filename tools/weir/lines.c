#include "lines.h"

#include "json.h"
#include "words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool readable(void) {
    if (ferror(stdin))
        cli_say("cannot read standard input: %s", strerror(errno));
    return !ferror(stdin);
}

bool cli_read_all(cli_text *text) {
    char chunk[1 << 14];
    size_t len;
    while ((len = fread(chunk, 1, sizeof chunk, stdin)) > 0)
        cli_text_add(text, chunk, len);
    return readable();
}

int cli_each_line(bool (*answer)(void *state, char *line, size_t len), void *state) {
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    bool right = true, written = true;
    while (written && (len = getline(&line, &size, stdin)) > 0) {
        if (line[len - 1] == '\n')
            line[--len] = '\0';
        right = answer(state, line, (size_t)len) && right;
        written = cli_flush();
    }
    free(line);
    return readable() && right && written ? CLI_DONE : CLI_FAILED;
}

bool cli_refuse(weir_err err, uint64_t offset) {
    cli_json json = {0};
    cli_json_open(&json, '{');
    cli_json_put_string(&json, "error", weir_err_name(err));
    cli_json_put_uint(&json, "offset", offset);
    cli_json_close(&json, '}');
    cli_json_line(&json);
    cli_json_free(&json);
    return false;
}
