#include "props.h"

#include <string.h>

void cli_props_init(cli_props *props, const char *bytes, size_t len) {
    *props = (cli_props){.p = bytes, .end = bytes + len, .next_line = 1};
}

void cli_props_free(cli_props *props) {
    cli_text_free(&props->key);
    cli_text_free(&props->value);
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\f';
}

static bool at_line_end(const cli_props *props) {
    return props->p == props->end || *props->p == '\n' || *props->p == '\r';
}

/* Steps over one line terminator: \n, \r or \r\n. */
static void take_line_end(cli_props *props) {
    if (props->p == props->end)
        return;
    if (*props->p == '\r' && props->end - props->p > 1 && props->p[1] == '\n')
        props->p++;
    props->p++;
    props->next_line++;
}

/* Steps over blanks, and over continued line ends with the blanks that begin the next line. */
static void skip_blanks(cli_props *props) {
    for (;;) {
        while (props->p < props->end && is_blank(*props->p))
            props->p++;
        bool continued =
            props->end - props->p > 1 && props->p[0] == '\\' && (props->p[1] == '\n' || props->p[1] == '\r');
        if (!continued)
            return;
        props->p++;
        take_line_end(props);
    }
}

/* Steps over empty lines and comments to the start of a pair; false at the end of the file. */
static bool find_pair(cli_props *props) {
    for (;;) {
        while (props->p < props->end && is_blank(*props->p))
            props->p++;
        if (props->p == props->end)
            return false;
        if (*props->p == '#' || *props->p == '!')
            while (!at_line_end(props))
                props->p++;
        if (!at_line_end(props))
            return true;
        take_line_end(props);
    }
}

static void add_utf8(cli_text *out, uint32_t c) {
    if (c < 0x80) {
        cli_text_byte(out, (char)c);
    } else if (c < 0x800) {
        cli_text_byte(out, (char)(0xC0 | c >> 6));
        cli_text_byte(out, (char)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        cli_text_byte(out, (char)(0xE0 | c >> 12));
        cli_text_byte(out, (char)(0x80 | (c >> 6 & 0x3F)));
        cli_text_byte(out, (char)(0x80 | (c & 0x3F)));
    } else {
        cli_text_byte(out, (char)(0xF0 | c >> 18));
        cli_text_byte(out, (char)(0x80 | (c >> 12 & 0x3F)));
        cli_text_byte(out, (char)(0x80 | (c >> 6 & 0x3F)));
        cli_text_byte(out, (char)(0x80 | (c & 0x3F)));
    }
}

/* The four digits behind "\u"; false when there are not four. */
static bool take_hex(cli_props *props, uint32_t *unit) {
    *unit = 0;
    for (int digit = 0; digit < 4; digit++, props->p++) {
        char c = props->p < props->end ? *props->p : '\0';
        uint32_t value = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (value == 16)
            return false;
        *unit = *unit << 4 | value;
    }
    return true;
}

static weir_err malformed(cli_props *props, const char *why) {
    props->why = why;
    return WEIR_E_MALFORMED;
}

/* The character behind "\u", which may be two UTF-16 units. */
static weir_err take_unicode(cli_props *props, cli_text *out) {
    uint32_t c, low;
    if (!take_hex(props, &c))
        return malformed(props, "\\u needs four hexadecimal digits");
    if (c == 0)
        return malformed(props, "a NUL character cannot be in a property");
    if (c >= 0xD800 && c < 0xDC00 && props->end - props->p > 2 && props->p[0] == '\\' && props->p[1] == 'u') {
        props->p += 2;
        if (!take_hex(props, &low) || low < 0xDC00 || low > 0xDFFF)
            return malformed(props, "\\u names half of a surrogate pair");
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    } else if (c >= 0xD800 && c <= 0xDFFF) {
        return malformed(props, "\\u names half of a surrogate pair");
    }
    add_utf8(out, c);
    return WEIR_OK;
}

/* What stands behind a backslash: an escape or a continued line. */
static weir_err take_escape(cli_props *props, cli_text *out) {
    static const char letters[] = "tnrf", bytes[] = "\t\n\r\f";
    if (at_line_end(props)) {
        take_line_end(props);
        while (props->p < props->end && is_blank(*props->p))
            props->p++;
        return WEIR_OK;
    }
    char c = *props->p++;
    if (c == 'u')
        return take_unicode(props, out);
    const char *letter = c == '\0' ? NULL : strchr(letters, c);
    cli_text_byte(out, letter ? bytes[letter - letters] : c);
    return c == '\0' ? malformed(props, "a NUL character cannot be in a property") : WEIR_OK;
}

/* Reads up to the end of the logical line, or with `is_key` up to what separates key and value. */
static weir_err take_text(cli_props *props, cli_text *out, bool is_key) {
    weir_err err = WEIR_OK;
    while (err == WEIR_OK && !at_line_end(props)) {
        char c = *props->p;
        if (is_key && (c == '=' || c == ':' || is_blank(c)))
            break;
        props->p++;
        if (c == '\\')
            err = take_escape(props, out);
        else if (c == '\0')
            err = malformed(props, "a NUL character cannot be in a property");
        else
            cli_text_byte(out, c);
    }
    cli_text_byte(out, '\0');
    out->len--;
    return err;
}

weir_err cli_props_next(cli_props *props) {
    props->key.len = props->value.len = 0;
    if (!find_pair(props))
        return WEIR_END;
    props->line = props->next_line;
    weir_err err = take_text(props, &props->key, true);
    if (err != WEIR_OK)
        return err;
    skip_blanks(props);
    if (props->p < props->end && (*props->p == '=' || *props->p == ':')) {
        props->p++;
        skip_blanks(props);
    }
    err = take_text(props, &props->value, false);
    take_line_end(props);
    return err;
}
