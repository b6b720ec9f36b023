/* ApiVersions: what a broker speaks. Its request must be readable by every broker, and version 0 of its response by
   every client, whatever was asked for. */
#include "schema.h"

#define T weir_api_versions_request
ROWS = {
    ROW(client_software_name, 3, UP, ZERO, IGNORABLE),
    ROW(client_software_version, 3, UP, ZERO, IGNORABLE),
    ROW(cluster_id, 5, UP, NONE, NULLABLE(5) | IGNORABLE),
    ROW(node_id, 5, UP, MINUS_1, IGNORABLE),
};
#undef T

#define T weir_api_versions_response_api_version
ROWS = {
    ROW(api_key, 0, UP, ZERO, 0),
    ROW(min_version, 0, UP, ZERO, 0),
    ROW(max_version, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_api_versions_response_supported_feature_key
ROWS = {
    ROW(name, 3, UP, ZERO, 0),
    ROW(min_version, 3, UP, ZERO, 0),
    ROW(max_version, 3, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_api_versions_response_finalized_feature_key
ROWS = {
    ROW(name, 3, UP, ZERO, 0),
    ROW(max_version_level, 3, UP, ZERO, 0),
    ROW(min_version_level, 3, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_api_versions_response
ROWS = {
    ROW(error_code, 0, UP, ZERO, 0),
    STRUCTS(api_keys, weir_api_versions_response_api_version, 0, UP, ZERO, 0),
    ROW(throttle_time_ms, 1, UP, ZERO, IGNORABLE),
    STRUCTS(supported_features, weir_api_versions_response_supported_feature_key, 3, UP, ZERO, TAG(0) | IGNORABLE),
    ROW(finalized_features_epoch, 3, UP, MINUS_1, TAG(1) | IGNORABLE),
    STRUCTS(finalized_features, weir_api_versions_response_finalized_feature_key, 3, UP, ZERO, TAG(2) | IGNORABLE),
    ROW(zk_migration_ready, 3, UP, ZERO, TAG(3) | IGNORABLE),
};
#undef T

API(api_versions, WEIR_API_VERSIONS, "ApiVersions", 0, 5, 0, 5, 3);
