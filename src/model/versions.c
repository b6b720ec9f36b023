/* ApiVersions: the APIs of the release, and the features of the cluster. */
#include <weir/proto.h>

#include "answer.h"
#include "cluster.h"
#include "handlers.h"

/* A client's name or version must match [a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?. */
static bool software_valid(weir_str text) {
    for (uint32_t n = 0; n < text.len; n++) {
        char c = text.p[n];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        bool edge = n == 0 || n + 1 == text.len;
        if (!letter && (edge || (c != '.' && c != '-')))
            return false;
    }
    return text.len > 0;
}

/* What is wrong with a request. */
static int16_t check(const weir__exchange *e) {
    const weir_api_versions_request *request = e->request;
    if (request == NULL)
        return WEIR_CODE_UNSUPPORTED_VERSION;
    if (e->header.api_version >= 3 &&
        (!software_valid(request->client_software_name) || !software_valid(request->client_software_version)))
        return WEIR_CODE_INVALID_REQUEST;
    bool elsewhere = request->cluster_id.p != NULL && !weir_str_equal(request->cluster_id, weir__cluster_id());
    if (elsewhere || (request->node_id >= 0 && request->node_id != e->broker))
        return WEIR_CODE_REBOOTSTRAP_REQUIRED;
    return WEIR_CODE_NONE;
}

static bool list_apis(weir__exchange *e, weir_api_versions_response *response, bool only_this) {
    int32_t count = 0;
    while (weir__service_at((size_t)count) != NULL)
        count++;
    if (!WEIR__ANSWER_ARRAY(e, response->api_keys, count))
        return false;
    response->api_keys.count = 0;
    for (int32_t n = 0; n < count; n++) {
        const weir__service *service = weir__service_at((size_t)n);
        const int16_t *versions = service->versions[e->model->config.release];
        if (versions[1] < 0 || (only_this && service->key != WEIR_API_VERSIONS))
            continue;
        /* 4.x lists Produce from 0 on, for old librdkafka that looks for it, but does not serve it (KAFKA-18659). */
        int16_t low = service->key == WEIR_API_PRODUCE ? 0 : versions[0];
        response->api_keys.items[response->api_keys.count++] =
            (weir_api_versions_response_api_version){service->key, low, versions[1]};
    }
    return true;
}

typedef struct feature {
    const char *name;
    int16_t lowest, highest, level;
} feature;

/* The features of the release as far as they are modelled. transaction.version comes last: 3.9 lacks it. */
static int32_t features(const weir__model *model, feature list[2]) {
    bool new = model->config.release == WEIR__MODEL_4_4;
    list[0] = new ? (feature){"metadata.version", 7, 33, 33} : (feature){"metadata.version", 1, 21, 21};
    list[1] = (feature){"transaction.version", 0, 2, model->config.transaction_version};
    return new ? 2 : 1;
}

static bool list_features(weir__exchange *e, weir_api_versions_response *response) {
    feature list[2];
    int32_t count = features(e->model, list);
    if (!WEIR__ANSWER_ARRAY(e, response->supported_features, count) ||
        !WEIR__ANSWER_ARRAY(e, response->finalized_features, count))
        return false;
    response->supported_features.count = response->finalized_features.count = 0;
    response->finalized_features_epoch = e->model->features_epoch;
    for (int32_t n = 0; n < count; n++) {
        weir_str name = weir_str_of(list[n].name);
        /* Before version 4 a feature that may be at level 0 is not shown (KAFKA-17011). */
        if (e->header.api_version >= 4 || list[n].lowest > 0)
            response->supported_features.items[response->supported_features.count++] =
                (weir_api_versions_response_supported_feature_key){name, list[n].lowest, list[n].highest};
        if (list[n].level > 0)
            response->finalized_features.items[response->finalized_features.count++] =
                (weir_api_versions_response_finalized_feature_key){name, list[n].level, list[n].level};
    }
    return true;
}

weir__handled weir__serve_api_versions(weir__exchange *e) {
    weir_api_versions_response *response = e->response;
    response->error_code = check(e);
    if (!list_apis(e, response, response->error_code == WEIR_CODE_UNSUPPORTED_VERSION))
        return WEIR__NO_ROOM;
    if (response->error_code == WEIR_CODE_NONE && e->header.api_version >= 3 && !list_features(e, response))
        return WEIR__NO_ROOM;
    if (response->error_code == WEIR_CODE_INVALID_REQUEST || response->error_code == WEIR_CODE_REBOOTSTRAP_REQUIRED)
        response->api_keys.count = 0;
    return WEIR__ANSWERED;
}
