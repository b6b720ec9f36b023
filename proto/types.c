/* Plain values. */
#include <weir/types.h>

#include <string.h>

const char *weir_err_name(weir_err err) {
    switch (err) {
#define NAME(constant)                                                                                                 \
    case constant:                                                                                                     \
        return #constant;
        NAME(WEIR_OK)
        NAME(WEIR_AGAIN)
        NAME(WEIR_END)
        NAME(WEIR_E_MALFORMED)
        NAME(WEIR_E_NO_MEMORY)
        NAME(WEIR_E_VERSION)
        NAME(WEIR_E_CONFIG)
        NAME(WEIR_E_UNREACHABLE)
        NAME(WEIR_E_TIMEOUT)
        NAME(WEIR_E_INDETERMINATE)
        NAME(WEIR_E_BROKER)
        NAME(WEIR_E_FENCED)
        NAME(WEIR_E_LOSS)
        NAME(WEIR_E_CHECKPOINT)
        NAME(WEIR_E_STORE)
        NAME(WEIR_E_LOCKED)
        NAME(WEIR_E_TOO_LARGE)
        NAME(WEIR_E_UNSUPPORTED)
        NAME(WEIR_E_ABORTED)
#undef NAME
    }
    return "unknown error";
}

weir_str weir_str_of(const char *text) {
    return (weir_str){text, text ? (uint32_t)strlen(text) : 0};
}

bool weir_str_equal(weir_str a, weir_str b) {
    if (!a.p || !b.p)
        return !a.p && !b.p;
    return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

bool weir_uuid_is_zero(weir_uuid id) {
    static const weir_uuid zero;
    return memcmp(&id, &zero, sizeof id) == 0;
}
