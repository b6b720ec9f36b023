/* What reading and writing JSON share. */
#ifndef WEIR_PROTO_JSON_H
#define WEIR_PROTO_JSON_H

#include "schema.h"

/* The digits of base64 in bytes (RFC 4648, section 4) and in ids (section 5). */
extern const char weir__base64[65], weir__base64url[65];

/* Bytes of the UTF-8 sequence at p, of `left` bytes at most; where there is none, the bytes that one replacement
   character stands for (Unicode, "U+FFFD Substitution of Maximal Subparts"), negated. */
int weir__utf8_step(const uint8_t *p, size_t left);

#endif
