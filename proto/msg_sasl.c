/* Authentication: SaslHandshake and SaslAuthenticate. */
#include "schema.h"

#define T weir_sasl_handshake_request
ROWS = {
    ROW(mechanism, 0, UP, ZERO, 0),
};
#undef T

#define T weir_sasl_handshake_response
ROWS = {
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(mechanisms, 0, UP, ZERO, 0),
};
#undef T

API(sasl_handshake, WEIR_API_SASL_HANDSHAKE, "SaslHandshake", 0, 1, 0, 1, NEVER);

#define T weir_sasl_authenticate_request
ROWS = {
    ROW(auth_bytes, 0, UP, ZERO, 0),
};
#undef T

#define T weir_sasl_authenticate_response
ROWS = {
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(error_message, 0, UP, ZERO, NULLABLE(0)),
    ROW(auth_bytes, 0, UP, ZERO, 0),
    ROW(session_lifetime_ms, 1, UP, ZERO, IGNORABLE),
};
#undef T

API(sasl_authenticate, WEIR_API_SASL_AUTHENTICATE, "SaslAuthenticate", 0, 2, 0, 2, 2);
