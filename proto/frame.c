/* Frames: int32 size, header, body. Headers have versions of their own, which follow from the API's version. */
#include "load.h"
#include "schema.h"

/* Reads and writes nothing but the tagged fields at the end of a flexible header. */
static const weir_schema header_tags = {NULL, 0, 0, 0, 0, 0};

static bool request_flexible(const weir_api *api, int16_t version) {
    return version >= api->flexible_version;
}

/* A response to ApiVersions has the old header for ever, because the client cannot know what the broker speaks. */
static bool response_flexible(const weir_api *api, int16_t version) {
    return version >= api->flexible_version && api->key != WEIR_API_VERSIONS;
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
    uint8_t *size_at = out->p;
    size_t before = out->total;
    weir_out_i32(out, 0);
    weir_out_i16(out, api->key);
    weir_out_i16(out, version);
    weir_out_i32(out, correlation_id);
    if (client_id.len > WEIR__STRING_MAX)
        weir_out_fail(out, WEIR_E_VERSION);
    weir_out_i16(out, client_id.p ? (int16_t)client_id.len : -1);
    if (client_id.p)
        weir_out_bytes(out, client_id.p, client_id.len);
    if (request_flexible(api, version))
        weir_message_encode(&header_tags, 0, out, NULL);
    weir_message_encode(api->request, version, out, message);
    return close_frame(out, size_at, before);
}

weir_err weir_request_header_decode(weir_in *in, weir_request_header *header) {
    header->api_key = weir_in_i16(in);
    header->api_version = weir_in_i16(in);
    header->correlation_id = weir_in_i32(in);
    int16_t len = weir_in_i16(in);
    if (len < -1)
        weir_in_fail(in, WEIR_E_MALFORMED);
    weir_bytes client_id = {NULL, 0};
    if (len >= 0)
        client_id = weir_in_take(in, (size_t)len);
    header->client_id = (weir_str){(const char *)client_id.p, client_id.len};
    const weir_api *api = weir_api_find(header->api_key);
    if (api && request_flexible(api, header->api_version))
        weir_message_decode(&header_tags, 0, in, NULL, NULL);
    return in->error;
}

weir_err weir_response_encode(weir_out *out, const weir_api *api, int16_t version, int32_t correlation_id,
                              const void *message) {
    uint8_t *size_at = out->p;
    size_t before = out->total;
    weir_out_i32(out, 0);
    weir_out_i32(out, correlation_id);
    if (response_flexible(api, version))
        weir_message_encode(&header_tags, 0, out, NULL);
    weir_message_encode(api->response, version, out, message);
    return close_frame(out, size_at, before);
}

weir_err weir_response_header_decode(weir_in *in, const weir_api *api, int16_t version, int32_t *correlation_id) {
    *correlation_id = weir_in_i32(in);
    if (response_flexible(api, version))
        weir_message_decode(&header_tags, 0, in, NULL, NULL);
    return in->error;
}
