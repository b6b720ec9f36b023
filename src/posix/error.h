/* Words for errno. */
#ifndef WEIR_POSIX_ERROR_H
#define WEIR_POSIX_ERROR_H

#include <stddef.h>

/* Enough for the longest text of any system in use. */
#define WEIR__ERROR_TEXT_MAX 96

/* Writes the system's words for an errno value, begun in lower case so that they fit inside a sentence ("connection
   refused"), and returns `text`. Unlike strerror it may be called on several threads. */
const char *weir__error_text(int error, char text[WEIR__ERROR_TEXT_MAX]);

#endif
