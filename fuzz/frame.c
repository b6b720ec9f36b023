/* Headers of frames: a request as a broker for tests reads it (first byte 0), or a response to a request of the key and
   version in the next two bytes. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* A request that can be read is written with the same header. */
static void write_again(const weir_request_header *header, weir_bytes body) {
    const weir_api *api = weir_api_find(header->api_key);
    if (api == NULL || header->client_id.len > INT16_MAX)
        return;
    fuzz_message m = {.schema = api->request, .version = header->api_version};
    if (fuzz_message_decode(&m, body) == WEIR_OK) {
        weir_request_header again;
        weir_out out;
        weir_in in;
        weir_out_init(&out, NULL, 0);
        MUST(weir_request_encode(&out, api, m.version, header->correlation_id, header->client_id, m.message) ==
             WEIR_OK);
        size_t size = out.total;
        uint8_t *frame = fuzz_memory(size);
        weir_out_init(&out, frame, size);
        MUST(weir_request_encode(&out, api, m.version, header->correlation_id, header->client_id, m.message) ==
             WEIR_OK);
        weir_in_init(&in, frame, size);
        MUST(weir_in_u32(&in) == size - 4);
        MUST(weir_request_header_decode(&in, &again) == WEIR_OK);
        MUST(again.api_key == header->api_key && again.api_version == header->api_version);
        MUST(again.correlation_id == header->correlation_id);
        MUST(weir_str_equal(again.client_id, header->client_id));
        free(frame);
    }
    fuzz_message_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input input = {data, size};
    bool response = fuzz_byte(&input) != 0;
    const weir_api *api = response ? weir_api_find(fuzz_byte(&input)) : NULL;
    int16_t version = response ? fuzz_byte(&input) : 0;
    weir_bytes frame = fuzz_rest(&input);
    weir_request_header header;
    int32_t correlation_id;
    weir_in in;
    weir_in_init(&in, frame.p, frame.len);
    if (response && api != NULL) {
        (void)weir_response_header_decode(&in, api, version, &correlation_id);
    } else if (weir_request_header_decode(&in, &header) == WEIR_OK) {
        fuzz_touch(header.client_id.p, header.client_id.len);
        write_again(&header, (weir_bytes){in.p, (uint32_t)weir_in_left(&in)});
    }
    return 0;
}
