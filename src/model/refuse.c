#include "handlers.h"
bool weir__refuse(weir__exchange *e, int16_t code) {
    (void)e;
    (void)code;
    return false;
}
