/* Frames: int32 size, header, body. Headers have versions of their own, which follow from the API's version. */
#include "load.h"
#include "schema.h"

/* The version of the header that goes with a version of an API. */
static int16_t request_header_version(const weir_api *api, int16_t version) {
    return version >= api->flexible_version ? 2 : 1;
}

/* A response to ApiVersions has the old header for ever, because the client cannot know what the broker speaks. */
static int16_t response_header_version(const weir_api *api, int16_t version) {
    return version >= api->flexible_version && api->key != WEIR_API_VERSIONS ? 1 : 0;
}

/* Writes the size of the frame into the 4 bytes at `size_at`, behind which everything since `before` lies. */
static weir_err close_frame(weir_out *out, uint8_t *size_at, size_t before) {
    size_t size = out->total - before - 4;
    if (size > INT32_MAX)
        weir_out_fail(out, WEIR_E_TOO_LARGE);
    if (!out->error && out->start)
        weir__store32(size_at, (uint32_t)size);
    return out->error;
}

weir_err weir_request_encode(weir_out *out, const weir_api *api, int16_t version, int32_t correlation_id,
                             weir_str client_id, const void *message) {
    weir_request_header header = {api->key, version, correlation_id, client_id};
    uint8_t *size_at = out->p;
    size_t before = out->total;
    weir_out_i32(out, 0);
    weir_message_encode(weir__request_header.schema, request_header_version(api, version), out, &header);
    weir_message_encode(api->request, version, out, message);
    return close_frame(out, size_at, before);
}

weir_err weir_request_header_decode(weir_in *in, weir_request_header *header) {
    weir_in ahead = *in;
    const weir_api *api = weir_api_find(weir_in_i16(&ahead));
    int16_t version = weir_in_i16(&ahead);
    return weir_message_decode(weir__request_header.schema, api ? request_header_version(api, version) : 1, in, NULL,
                               header);
}

weir_err weir_response_encode(weir_out *out, const weir_api *api, int16_t version, int32_t correlation_id,
                              const void *message) {
    weir_response_header header = {correlation_id};
    uint8_t *size_at = out->p;
    size_t before = out->total;
    weir_out_i32(out, 0);
    weir_message_encode(weir__response_header.schema, response_header_version(api, version), out, &header);
    weir_message_encode(api->response, version, out, message);
    return close_frame(out, size_at, before);
}

weir_err weir_response_header_decode(weir_in *in, const weir_api *api, int16_t version, int32_t *correlation_id) {
    weir_response_header header;
    weir_message_decode(weir__response_header.schema, response_header_version(api, version), in, NULL, &header);
    *correlation_id = header.correlation_id;
    return in->error;
}
