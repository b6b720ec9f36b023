/* The first request on every connection: which versions does this broker speak, and which features are finalized? */
#include <string.h>

#include "state.h"

#define SOFTWARE_NAME    "weir"
#define SOFTWARE_VERSION "0.1.0"

static const void *hello_fill(weir__request *request, int16_t version) {
    weir__link *link = request->owner;
    (void)version;
    link->hello_message.client_software_name = weir_str_of(SOFTWARE_NAME);
    link->hello_message.client_software_version = weir_str_of(SOFTWARE_VERSION);
    return &link->hello_message;
}

static void take_versions(weir__link *link, const weir_api_versions_response *response) {
    for (int key = 0; key < WEIR__KEYS; key++)
        link->min_version[key] = link->max_version[key] = -1;
    for (int32_t i = 0; i < response->api_keys.count; i++) {
        int16_t key = response->api_keys.items[i].api_key;
        if (key < 0 || key >= WEIR__KEYS)
            continue;
        link->min_version[key] = response->api_keys.items[i].min_version;
        link->max_version[key] = response->api_keys.items[i].max_version;
    }
    link->versions_known = true;
}

/* KIP-584: levels that the whole cluster has agreed on. An older epoch never replaces a newer one. */
static void take_features(weir_client *client, const weir_api_versions_response *response) {
    int64_t epoch = response->finalized_features_epoch;
    if (epoch < 0 || epoch < client->features_epoch)
        return;
    client->features_epoch = epoch;
    client->transaction_version = 0;
    for (int32_t i = 0; i < response->finalized_features.count; i++)
        if (weir_str_equal(response->finalized_features.items[i].name, weir_str_of("transaction.version")))
            client->transaction_version = response->finalized_features.items[i].max_version_level;
}

/* The newest release whose mark is offered; the marks are versions that a release introduced. */
static const char *guess_release(const weir__link *link) {
    static const struct {
        int16_t key, version;
        const char *release;
    } marks[] = {
        {WEIR_API_VERSIONS, 5, "4.4 or newer"},
        {WEIR_API_LIST_OFFSETS, 11, "4.2"},
        {WEIR_API_FETCH, 18, "4.1"},
        {WEIR_API_METADATA, 13, "4.0"},
        {WEIR_API_LIST_OFFSETS, 9, "3.9"},
        {WEIR_API_PRODUCE, 11, "3.8"},
        {WEIR_API_FETCH, 16, "3.7"},
        {WEIR_API_ADD_PARTITIONS_TO_TXN, 4, "3.6"},
        {WEIR_API_FETCH, 15, "3.5"},
        {WEIR_API_FETCH, 13, "3.1 to 3.4"},
        {WEIR_API_LIST_OFFSETS, 7, "3.0"},
        {WEIR_API_METADATA, 11, "2.8"},
        {WEIR_API_FETCH, 12, "2.7"},
        {WEIR_API_INIT_PRODUCER_ID, 3, "2.5"},
        {WEIR_API_METADATA, 9, "2.4"},
        {WEIR_API_FETCH, 11, "2.3"},
        {WEIR_API_LIST_OFFSETS, 5, "2.2"},
        {WEIR_API_FETCH, 10, "2.1"},
        {WEIR_API_FETCH, 8, "2.0"},
        {WEIR_API_FETCH, 7, "1.1"},
        {WEIR_API_FETCH, 6, "1.0"},
        {WEIR_API_FETCH, 5, "0.11"},
        {WEIR_API_CREATE_TOPICS, 1, "0.10.2"},
        {WEIR_API_FETCH, 3, "0.10.1"},
    };
    for (size_t n = 0; n < sizeof marks / sizeof marks[0]; n++)
        if (link->max_version[marks[n].key] >= marks[n].version)
            return marks[n].release;
    return "0.10.0"; /* older ones do not answer ApiVersions */
}

static void hello_done(weir__request *request, const weir__outcome *outcome) {
    weir__link *link = request->owner;
    weir_client *client = link->client;
    const weir_api_versions_response *response = outcome->response;
    if (outcome->err != WEIR_OK)
        return; /* the link is gone, and says so itself */
    if (response->error_code == WEIR_CODE_UNSUPPORTED_VERSION && link->hello_version > 0) {
        link->hello_version = 0;
        weir__hello_start(link, outcome->now);
        return;
    }
    if (response->error_code != WEIR_CODE_NONE) {
        weir__link_drop(link, weir_code_name(response->error_code), outcome->now);
        return;
    }
    take_versions(link, response);
    take_features(client, response);
    client->broker_version = guess_release(link);
    link->broker->failures = 0;
    link->state = WEIR__LINK_READY;
    weir__trouble_over(client);
}

void weir__hello_start(weir__link *link, weir_time_us now) {
    weir__request *hello = &link->hello;
    if (hello->api == NULL) {
        hello->api = weir_api_find(WEIR_API_VERSIONS);
        hello->fill = hello_fill;
        hello->done = hello_done;
        hello->owner = link;
        hello->once = true;
        weir_message_init(hello->api->request, &link->hello_message);
    }
    hello->active = true;
    if (weir__flight_launch(link, hello, link->hello_version, now) != WEIR_OK) {
        hello->active = false;
        weir__trouble_memory(link->client, "for the first request");
        weir__link_hang_up(link, now);
    }
}
