#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

const char *weir__error_text(int error, char text[WEIR__ERROR_TEXT_MAX]) {
    if (strerror_r(error, text, WEIR__ERROR_TEXT_MAX) != 0)
        snprintf(text, WEIR__ERROR_TEXT_MAX, "error %d", error);
    if (isupper((unsigned char)text[0]) && islower((unsigned char)text[1]))
        text[0] = (char)tolower((unsigned char)text[0]);
    return text;
}
