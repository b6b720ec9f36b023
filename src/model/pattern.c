/* Regular expressions, matched by trying. */
#include "pattern.h"

#include <string.h>

/* The length of the item (without what repeats it) at the head of the pattern; 0: it is not an item. */
static uint32_t item_len(weir_str pattern) {
    switch (pattern.p[0]) {
    case '\\':
        return pattern.len > 1 ? 2 : 0;
    case '[': {
        uint32_t n = pattern.len > 1 && pattern.p[1] == '^' ? 2 : 1;
        const char *end = pattern.len > n + 1 ? memchr(pattern.p + n + 1, ']', pattern.len - n - 1) : NULL;
        return end != NULL ? (uint32_t)(end - pattern.p) + 1 : 0;
    }
    case '*':
    case '+':
    case '?':
    case '(':
    case ')':
    case '{':
    case '|':
        return 0;
    default:
        return 1;
    }
}

static bool repeats(char c) {
    return c == '*' || c == '+' || c == '?';
}

static weir_str after(weir_str text, uint32_t n) {
    return (weir_str){text.p + n, text.len - n};
}

bool weir__pattern_valid(weir_str pattern) {
    while (pattern.len > 0) {
        uint32_t n = item_len(pattern);
        if (n == 0)
            return false;
        pattern = after(pattern, n);
        if (pattern.len > 0 && repeats(pattern.p[0]))
            pattern = after(pattern, 1);
    }
    return true;
}

static bool in_set(weir_str set, char c) {
    bool negated = set.p[1] == '^';
    bool found = false;
    for (uint32_t n = negated ? 2 : 1; n + 1 < set.len; n++) {
        if (n + 3 < set.len && set.p[n + 1] == '-') {
            found = found || (c >= set.p[n] && c <= set.p[n + 2]);
            n += 2;
        } else {
            found = found || c == set.p[n];
        }
    }
    return found != negated;
}

static bool item_matches(weir_str item, char c) {
    switch (item.p[0]) {
    case '.':
        return true;
    case '\\':
        return c == item.p[1];
    case '[':
        return in_set(item, c);
    default:
        return c == item.p[0];
    }
}

bool weir__pattern_matches(weir_str pattern, weir_str text) {
    while (pattern.len > 0) {
        weir_str item = {pattern.p, item_len(pattern)};
        weir_str rest = after(pattern, item.len);
        char repeat = rest.len > 0 && repeats(rest.p[0]) ? rest.p[0] : '1';
        if (repeat == '1') {
            if (text.len == 0 || !item_matches(item, text.p[0]))
                return false;
            text = after(text, 1);
            pattern = rest;
            continue;
        }
        rest = after(rest, 1);
        uint32_t most = 0;
        while (most < text.len && (repeat != '?' || most < 1) && item_matches(item, text.p[most]))
            most++;
        for (uint32_t least = repeat == '+'; most > least; most--)
            if (weir__pattern_matches(rest, after(text, most)))
                return true;
        if (most < (uint32_t)(repeat == '+'))
            return false;
        text = after(text, most);
        pattern = rest;
    }
    return text.len == 0;
}
