/* Properties files as java.util.Properties.load reads them, and hostile ones. */
#include "suite.h"

#include "props.h"

/* Reads `text` and writes what comes out as "key=value;" onto `out`. Returns how the walk ended. */
static weir_err read_all(const char *text, size_t len, char *out, size_t room) {
    cli_props props;
    weir_err err;
    size_t used = 0;
    char *exact = malloc(len > 0 ? len : 1); /* so that a sanitizer sees a step behind the end */
    ck_assert_ptr_nonnull(exact);
    if (len > 0)
        memcpy(exact, text, len);
    cli_props_init(&props, exact, len);
    while ((err = cli_props_next(&props)) == WEIR_OK) {
        ck_assert_uint_eq(strlen(props.key.p), props.key.len);
        ck_assert_uint_eq(strlen(props.value.p), props.value.len);
        ck_assert_uint_lt(used + props.key.len + props.value.len + 3, room);
        memcpy(out + used, props.key.p, props.key.len);
        used += props.key.len;
        out[used++] = '=';
        memcpy(out + used, props.value.p, props.value.len);
        used += props.value.len;
        out[used++] = ';';
    }
    out[used] = '\0';
    if (err == WEIR_E_MALFORMED)
        ck_assert_ptr_nonnull(props.why);
    cli_props_free(&props);
    free(exact);
    return err;
}

typedef struct sample {
    const char *text, *pairs;
} sample;

START_TEST(well_formed) {
    static const sample samples[] = {
        {"a=1\nb=2\n", "a=1;b=2;"},
        {"a=1", "a=1;"},
        {"", ""},
        {"\n\r\n  \n# c\n! d=1\n   # e\\\nf=2", "f=2;"},
        {"a:1\nb 2\nc\t=\t3\nd  :  4\ne=:5\nf  6=7", "a=1;b=2;c=3;d=4;e=:5;f=6=7;"},
        {"a=1 \r\nb=2\rc=3", "a=1 ;b=2;c=3;"},
        {"a=x\\\n   y\\\r\n\tz\nb=1", "a=xyz;b=1;"},
        {"a\\\n  b=1", "ab=1;"},
        {"a=1\\", "a=1;"},
        {"a=1\\\n\nb=2", "a=1;b=2;"},
        {"a\\ b\\=c\\:d=\\ e", "a b=c:d= e;"},
        {"a=\\t\\n\\r\\f\\q\\\\", "a=\t\n\r\fq\\;"},
        {"a=\\u0041\\u00e9\\u20AC\\ud83d\\ude00", "a=A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80;"},
        {"a=\xC3\xA9", "a=\xC3\xA9;"},
        {"alone", "alone=;"},
        {"=v", "=v;"},
        {"a=1#2", "a=1#2;"},
        {"a=b\\\n# c", "a=b# c;"},
        {"a \\\n = b", "a=b;"},
        {"a=1\na=2", "a=1;a=2;"},
    };
    for (size_t n = 0; n < sizeof samples / sizeof samples[0]; n++) {
        char out[256];
        ck_assert_int_eq(read_all(samples[n].text, strlen(samples[n].text), out, sizeof out), WEIR_END);
        ck_assert_str_eq(out, samples[n].pairs);
    }
}
END_TEST

START_TEST(malformed) {
    static const char *const texts[] = {"a=\\u12",   "a=\\u12g4",        "\\uZZZZ=1",      "a=\\u0000", "a=\\ud83d",
                                        "a=\\ude00", "a=\\ud83d\\u0041", "a=\\ud83d\\u12", "b=1\na=\\u"};
    char out[256];
    for (size_t n = 0; n < sizeof texts / sizeof texts[0]; n++)
        ck_assert_int_eq(read_all(texts[n], strlen(texts[n]), out, sizeof out), WEIR_E_MALFORMED);
    ck_assert_int_eq(read_all("a=\0b", 4, out, sizeof out), WEIR_E_MALFORMED);
    ck_assert_int_eq(read_all("a=\\\0b", 5, out, sizeof out), WEIR_E_MALFORMED);
    ck_assert_int_eq(read_all("\0", 1, out, sizeof out), WEIR_E_MALFORMED);
}
END_TEST

START_TEST(line_numbers) {
    static const char text[] = "# one\r\n\na=\\\n  b\\\n c\nd=\\u0\n";
    cli_props props;
    cli_props_init(&props, text, sizeof text - 1);
    ck_assert_int_eq(cli_props_next(&props), WEIR_OK);
    ck_assert_uint_eq(props.line, 3);
    ck_assert_int_eq(cli_props_next(&props), WEIR_E_MALFORMED);
    ck_assert_uint_eq(props.line, 6);
    cli_props_free(&props);
}
END_TEST

/* Any bytes end in finite time, without a step out of the file, with nothing longer than the file. */
START_TEST(hostile) {
    static const char alphabet[] = "\\\\\\\n\r \t\fu0dD8=:#!a\0\xFF";
    uint32_t state = 12345;
    for (int round = 0; round < 20000; round++) {
        char text[24], out[256];
        size_t len = (size_t)round % sizeof text;
        for (size_t n = 0; n < len; n++) {
            state = state * 1664525 + 1013904223;
            text[n] = alphabet[(state >> 16) % (sizeof alphabet - 1)];
        }
        weir_err err = read_all(text, len, out, sizeof out);
        ck_assert(err == WEIR_END || err == WEIR_E_MALFORMED);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {well_formed, malformed, line_numbers, hostile};
    return RUN_SUITE("props", tests);
}
