/* Command lines against option tables. */
#include "suite.h"

#include "args.h"
#include "text.h"
#include "words.h"

typedef struct sample_args {
    cli_common common;
    const char *from;
    int64_t count;
    int stop;
    bool json, quiet;
    cli_list headers;
} sample_args;

static const cli_option options[] = {
    {"from", 'f', CLI_TEXT, "TOPIC", offsetof(sample_args, from), 0, 0, "text"},
    {"count", 'n', CLI_NUMBER, "N", offsetof(sample_args, count), 1, 10, "number"},
    {"stop", '\0', CLI_CHOICE, "never|latest", offsetof(sample_args, stop), 0, 0, "choice"},
    {"json", 'j', CLI_FLAG, NULL, offsetof(sample_args, json), 0, 0, "flag"},
    {"quiet", 'q', CLI_FLAG, NULL, offsetof(sample_args, quiet), 0, 0, "flag"},
    {"header", '\0', CLI_LIST, "K=V", offsetof(sample_args, headers), 0, 0, "list"},
};

static const cli_command with_operands = {"weir sample", "ID...", "About.", options, 6, true};
static const cli_command without_operands = {"weir sample", NULL, "About.", options, 6, false};

#define MAX_WORDS 16

/* Parses words separated by single spaces; they live in `line`. */
static int parse(const cli_command *command, sample_args *args, char *line) {
    char *words[MAX_WORDS];
    int count = 0;
    *args = (sample_args){.count = -1};
    for (char *word = line; word; count++) {
        char *space = strchr(word, ' ');
        ck_assert_int_lt(count, MAX_WORDS);
        words[count] = word;
        word = space ? space + 1 : NULL;
        if (space)
            *space = '\0';
    }
    return cli_parse(command, args, count, words);
}

#define PARSE(command, args, text)                                                                                     \
    char line_[] = text;                                                                                               \
    int status = parse(command, args, line_)

START_TEST(spellings) {
    sample_args args;
    PARSE(&with_operands, &args, "--from a --count=7 -jq one --stop latest -bh:1 -X k=v -- -x --from");
    ck_assert_int_eq(status, -1);
    ck_assert_str_eq(args.from, "a");
    ck_assert_int_eq(args.count, 7);
    ck_assert_int_eq(args.stop, 1);
    ck_assert(args.json && args.quiet);
    ck_assert_uint_eq(args.common.operands.count, 3);
    ck_assert_str_eq(args.common.operands.items[0].text, "one");
    ck_assert_str_eq(args.common.operands.items[1].text, "-x");
    ck_assert_str_eq(args.common.operands.items[2].text, "--from");
    ck_assert_uint_eq(args.common.settings.count, 2);
    ck_assert_int_eq(args.common.settings.items[0].letter, 'b');
    ck_assert_str_eq(args.common.settings.items[0].text, "h:1");
    ck_assert_int_eq(args.common.settings.items[1].letter, 'X');
    ck_assert_str_eq(args.common.settings.items[1].text, "k=v");
    cli_args_free(&args.common);
}
END_TEST

START_TEST(short_values) {
    sample_args args;
    PARSE(&with_operands, &args, "-jn 3 -fa=b - --header x --header=y=z --from=");
    ck_assert_int_eq(status, -1);
    ck_assert(args.json);
    ck_assert_int_eq(args.count, 3);
    ck_assert_str_eq(args.from, "");
    ck_assert_uint_eq(args.common.operands.count, 1);
    ck_assert_str_eq(args.common.operands.items[0].text, "-");
    ck_assert_uint_eq(args.headers.count, 2);
    ck_assert_str_eq(args.headers.items[1].text, "y=z");
    free(args.headers.items);
    cli_args_free(&args.common);
}
END_TEST

START_TEST(wrong_lines) {
    static const char *const lines[] = {
        "--form a",
        "--from",
        "-f",
        "-z",
        "--json=1",
        "--count 0",
        "--count 11",
        "--count x",
        "--count 3x",
        "--count=",
        "--stop soon",
        "--stop=lat",
        "--stop=",
        "--fro a",
        "--count 99999999999999999999",
        "--stop never|latest",
        "--=x",
        "---from a",
    };
    for (size_t n = 0; n < sizeof lines / sizeof lines[0]; n++) {
        char line[64];
        sample_args args;
        snprintf(line, sizeof line, "%s", lines[n]);
        ck_assert_msg(parse(&with_operands, &args, line) == CLI_USAGE, "taken: %s", lines[n]);
        cli_args_free(&args.common);
    }
}
END_TEST

START_TEST(commands_without) {
    sample_args args;
    {
        PARSE(&without_operands, &args, "--json surplus");
        ck_assert_int_eq(status, CLI_USAGE);
        cli_args_free(&args.common);
    }
    {
        PARSE(&without_operands, &args, "-b h:1");
        ck_assert_int_eq(status, CLI_USAGE);
        cli_args_free(&args.common);
    }
    {
        PARSE(&without_operands, &args, "--help --nonsense");
        ck_assert_int_eq(status, CLI_DONE);
        cli_args_free(&args.common);
    }
}
END_TEST

START_TEST(nearest_words) {
    size_t best = SIZE_MAX;
    ck_assert_uint_eq(cli_distance("form", "from"), 1);
    ck_assert_uint_eq(cli_distance("kitten", "sitting"), 3);
    ck_assert_uint_eq(cli_distance("", "abc"), 3);
    ck_assert_uint_eq(cli_distance("same", "same"), 0);
    ck_assert(!cli_nearer("checkpoint", "from", &best));
    ck_assert(cli_nearer("formt", "from", &best));
    ck_assert(cli_nearer("formt", "format", &best));
    ck_assert(!cli_nearer("formt", "from", &best));
}
END_TEST

START_TEST(long_words) {
    char a[300], b[300];
    memset(a, 'a', sizeof a);
    memset(b, 'b', sizeof b);
    a[sizeof a - 1] = b[sizeof b - 1] = '\0';
    ck_assert_uint_eq(cli_distance(a, b), 48);
}
END_TEST

START_TEST(statuses) {
    ck_assert_int_eq(cli_status(WEIR_OK), 0);
    ck_assert_int_eq(cli_status(WEIR_E_CONFIG), 2);
    ck_assert_int_eq(cli_status(WEIR_E_LOSS), 3);
    ck_assert_int_eq(cli_status(WEIR_E_FENCED), 4);
    ck_assert_int_eq(cli_status(WEIR_E_LOCKED), 4);
    ck_assert_int_eq(cli_status(WEIR_E_INDETERMINATE), 1);
    ck_assert_int_eq(cli_status(WEIR_E_CHECKPOINT), 1);
    ck_assert_int_eq(cli_status(WEIR_E_UNREACHABLE), 1);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {spellings,     short_values, wrong_lines, commands_without,
                                  nearest_words, long_words,   statuses};
    return RUN_SUITE("args", tests);
}
