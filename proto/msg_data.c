/* What is not part of an API: the headers of frames, and the value of the control record that ends a transaction. */
#include "schema.h"

#define T weir_request_header
ROWS = {
    ROW_NAMED(api_key, request_api_key, 0, UP, ZERO, 0),
    ROW_NAMED(api_version, request_api_version, 0, UP, ZERO, 0),
    ROW(correlation_id, 0, UP, ZERO, 0),
    ROW(client_id, 1, UP, ZERO, NULLABLE(1) | IGNORABLE | CLASSIC),
};
#undef T

DATA(request_header, "RequestHeader", 0, 2, 2, false);

#define T weir_response_header
ROWS = {
    ROW(correlation_id, 0, UP, ZERO, 0),
};
#undef T

DATA(response_header, "ResponseHeader", 0, 1, 1, false);

#define T weir_end_txn_marker
ROWS = {
    ROW(coordinator_epoch, 0, UP, ZERO, 0),
};
#undef T

DATA(end_txn_marker, "EndTxnMarker", 0, 0, NEVER, true);
