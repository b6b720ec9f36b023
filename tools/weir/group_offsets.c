#include "group_offsets.h"

#include "admin.h"
#include "json.h"
#include "text.h"
#include "words.h"

#include <weir/proto.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUP_MAX    280 /* of words that name a group; a longer id is cut off in them */
#define NO_LEADER    (-1)
#define UNKNOWN      (-1) /* offset or epoch */
#define LATEST       (-1) /* in place of a time */
#define ANY_CONSUMER (-1) /* replica id */

/* What a group has committed in one partition. The texts are views into responses. */
typedef struct row {
    weir_str topic, metadata;
    int32_t partition, leader_epoch, leader;
    int64_t committed, end;
} row;

typedef struct offsets {
    cli_session *session;
    const char *group;
    const weir_metadata_response *metadata; /* of all topics */
    row *rows;
    size_t count;
    int status; /* in the end */
} offsets;

/* Whether brokers of before 0.10.2 are asked, whom every partition must be named; from 2.1 on, groups come in a list.
 */
typedef enum request_form {
    FORM_GROUPS,
    FORM_ALL,
    FORM_NAMED
} request_form;

static int compare_words(weir_str a, weir_str b) {
    uint32_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.p, b.p, common) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int by_partition(const void *a, const void *b) {
    const row *one = a, *other = b;
    int order = compare_words(one->topic, other->topic);
    return order != 0 ? order : (one->partition > other->partition) - (one->partition < other->partition);
}

static int by_leader(const void *a, const void *b) {
    const row *one = a, *other = b;
    int order = (one->leader > other->leader) - (one->leader < other->leader);
    return order != 0 ? order : by_partition(a, b);
}

static int32_t leader_of(const offsets *o, weir_str topic, int32_t partition) {
    const weir_metadata_response_topic *found = cli_find_topic(o->metadata, topic);
    for (int32_t n = 0; found && n < found->partitions.count; n++)
        if (found->partitions.items[n].partition_index == partition)
            return found->partitions.items[n].leader_id;
    return NO_LEADER;
}

int cli_group_refused(int16_t api_key, const char *group, int16_t code) {
    char what[GROUP_MAX];
    snprintf(what, sizeof what, "group %s", group);
    return cli_refused(api_key, what, code, (weir_str){NULL, 0});
}

/* ---- what is committed ---- */
/* Sends OffsetFetch in one of its forms. */
static weir_err fetch(offsets *o, request_form form, weir_offset_fetch_request_topic *named, weir_call *call,
                      int16_t (*code_of)(const void *response), int16_t *code) {
    weir_offset_fetch_request request;
    weir_offset_fetch_request_group group = {.group_id = weir_str_of(o->group), .member_epoch = -1};
    weir_message_init(weir_api_find(WEIR_API_OFFSET_FETCH)->request, &request);
    group.topics.count = -1;
    if (form == FORM_GROUPS) {
        request.groups.items = &group;
        request.groups.count = 1;
    } else {
        request.group_id = group.group_id;
        request.topics.items = named;
        request.topics.count = form == FORM_ALL ? -1 : o->metadata->topics.count;
    }
    *call = (weir_call){.api_key = WEIR_API_OFFSET_FETCH,
                        .target = WEIR_TARGET_GROUP,
                        .key = weir_str_of(o->group),
                        .request = &request};
    return cli_try_patiently(o->session, call, code_of, code);
}

/* Every partition of every topic, for FORM_NAMED; from malloc, as are their `partition_indexes`. */
static weir_offset_fetch_request_topic *name_all(const weir_metadata_response *metadata) {
    weir_offset_fetch_request_topic *named = cli_grow(NULL, (size_t)metadata->topics.count + 1, sizeof *named);
    for (int32_t n = 0; n < metadata->topics.count; n++) {
        const weir_metadata_response_topic *topic = &metadata->topics.items[n];
        int32_t *indexes = cli_grow(NULL, (size_t)topic->partitions.count + 1, sizeof *indexes);
        for (int32_t p = 0; p < topic->partitions.count; p++)
            indexes[p] = topic->partitions.items[p].partition_index;
        named[n] = (weir_offset_fetch_request_topic){
            .name = topic->name, .partition_indexes = {.items = indexes, .count = topic->partitions.count}};
    }
    return named;
}

/* The error of a response: that of the group, or the first of a partition that may pass, which is how the oldest
   versions tell what is wrong with the coordinator. */
static int16_t fetch_code(const void *message) {
    const weir_offset_fetch_response *response = message;
    if (response->groups.count > 0)
        return response->groups.items[0].error_code;
    for (int32_t n = 0; response->error_code == WEIR_CODE_NONE && n < response->topics.count; n++)
        for (int32_t p = 0; p < response->topics.items[n].partitions.count; p++)
            if (cli_is_passing(response->topics.items[n].partitions.items[p].error_code))
                return response->topics.items[n].partitions.items[p].error_code;
    return response->error_code;
}

/* Says that a broker does not tell of a partition. */
static void refused(offsets *o, int16_t api_key, weir_str topic, int32_t partition, int16_t code) {
    char what[WEIR_TOPIC_MAX + 64];
    snprintf(what, sizeof what, "topic %.*s partition %" PRId32, (int)topic.len, topic.p ? topic.p : "", partition);
    o->status = cli_refused(api_key, what, code, (weir_str){NULL, 0});
}

static void add_row(offsets *o, row new, int16_t code) {
    if (code != WEIR_CODE_NONE) {
        refused(o, WEIR_API_OFFSET_FETCH, new.topic, new.partition, code);
    } else if (new.committed >= 0) {
        new.leader = leader_of(o, new.topic, new.partition);
        new.end = UNKNOWN;
        o->rows = cli_grow(o->rows, o->count + 1, sizeof *o->rows);
        o->rows[o->count++] = new;
    }
}

/* The name of a topic in a response: newer versions give its id. Of a topic that is gone, p is NULL. */
static weir_str name_of(const offsets *o, const weir_offset_fetch_response_topics *topic) {
    for (int32_t n = 0; !weir_uuid_is_zero(topic->topic_id) && n < o->metadata->topics.count; n++)
        if (memcmp(&o->metadata->topics.items[n].topic_id, &topic->topic_id, sizeof topic->topic_id) == 0)
            return o->metadata->topics.items[n].name;
    return topic->name;
}

static void take_groups(offsets *o, const weir_offset_fetch_response_group *group) {
    for (int32_t n = 0; n < group->topics.count; n++) {
        const weir_offset_fetch_response_topics *topic = &group->topics.items[n];
        for (int32_t p = 0; p < topic->partitions.count; p++) {
            const weir_offset_fetch_response_partitions *entry = &topic->partitions.items[p];
            add_row(o,
                    (row){.topic = name_of(o, topic),
                          .partition = entry->partition_index,
                          .committed = entry->committed_offset,
                          .leader_epoch = entry->committed_leader_epoch,
                          .metadata = entry->metadata},
                    entry->error_code);
        }
    }
}

static void take_topics(offsets *o, const weir_offset_fetch_response *response) {
    for (int32_t n = 0; n < response->topics.count; n++) {
        const weir_offset_fetch_response_topic *topic = &response->topics.items[n];
        for (int32_t p = 0; p < topic->partitions.count; p++) {
            const weir_offset_fetch_response_partition *entry = &topic->partitions.items[p];
            add_row(o,
                    (row){.topic = topic->name,
                          .partition = entry->partition_index,
                          .committed = entry->committed_offset,
                          .leader_epoch = entry->committed_leader_epoch,
                          .metadata = entry->metadata},
                    entry->error_code);
        }
    }
}

/* Asks for all that the group has committed, in the newest form that its coordinator understands. -1 with the call,
   whose response the rows look into; else a status. */
static int fetch_committed(offsets *o, weir_call *call) {
    weir_offset_fetch_request_topic *named = NULL;
    int16_t code = WEIR_CODE_NONE;
    weir_err err = WEIR_E_VERSION;
    for (request_form form = FORM_GROUPS; err == WEIR_E_VERSION && form <= FORM_NAMED; form++) {
        if (form > FORM_GROUPS)
            weir_call_release(o->session->client, call);
        if (form == FORM_NAMED)
            named = name_all(o->metadata);
        err = fetch(o, form, named, call, fetch_code, &code);
    }
    for (int32_t n = 0; named && n < o->metadata->topics.count; n++)
        free((void *)named[n].partition_indexes.items);
    free(named);
    if (err != WEIR_OK)
        return cli_session_fail(o->session, call);
    const weir_offset_fetch_response *response = call->response;
    if (code != WEIR_CODE_NONE) {
        int status = cli_group_refused(WEIR_API_OFFSET_FETCH, o->group, code);
        weir_call_release(o->session->client, call);
        return status;
    }
    if (response->groups.count > 0)
        take_groups(o, &response->groups.items[0]);
    else
        take_topics(o, response);
    return -1;
}

/* ---- the ends of the partitions ---- */
static int16_t ends_code(const void *message) {
    const weir_list_offsets_response *response = message;
    for (int32_t n = 0; n < response->topics.count; n++)
        for (int32_t p = 0; p < response->topics.items[n].partitions.count; p++)
            if (cli_is_passing(response->topics.items[n].partitions.items[p].error_code))
                return response->topics.items[n].partitions.items[p].error_code;
    return WEIR_CODE_NONE;
}

static void take_ends(offsets *o, row *rows, size_t count, const weir_list_offsets_response *response) {
    for (int32_t n = 0; n < response->topics.count; n++)
        for (int32_t p = 0; p < response->topics.items[n].partitions.count; p++) {
            const weir_list_offsets_response_list_offsets_partition_response *entry =
                &response->topics.items[n].partitions.items[p];
            row wanted = {.topic = response->topics.items[n].name, .partition = entry->partition_index};
            row *found = bsearch(&wanted, rows, count, sizeof *rows, by_partition);
            if (entry->error_code != WEIR_CODE_NONE)
                refused(o, WEIR_API_LIST_OFFSETS, wanted.topic, wanted.partition, entry->error_code);
            else if (found)
                found->end = entry->old_style_offsets.count > 0 ? entry->old_style_offsets.items[0] : entry->offset;
        }
}

/* Asks a leader for the ends of its partitions, which are `rows`, in order. -1, or a status. */
static int fetch_ends_from(offsets *o, row *rows, size_t count) {
    weir_list_offsets_request_list_offsets_topic *topics = cli_grow(NULL, count, sizeof *topics);
    weir_list_offsets_request_list_offsets_partition *partitions = cli_grow(NULL, count, sizeof *partitions);
    weir_list_offsets_request request;
    weir_message_init(weir_api_find(WEIR_API_LIST_OFFSETS)->request, &request);
    request.replica_id = ANY_CONSUMER;
    request.timeout_ms = (int32_t)o->session->config.request_timeout_ms;
    for (size_t n = 0; n < count; n++) {
        partitions[n] = (weir_list_offsets_request_list_offsets_partition){.partition_index = rows[n].partition,
                                                                           .current_leader_epoch = -1,
                                                                           .timestamp = LATEST,
                                                                           .max_num_offsets = 1};
        if (n == 0 || !weir_str_equal(rows[n].topic, rows[n - 1].topic)) {
            topics[request.topics.count] = (weir_list_offsets_request_list_offsets_topic){.name = rows[n].topic};
            topics[request.topics.count++].partitions.items = &partitions[n];
        }
        topics[request.topics.count - 1].partitions.count++;
    }
    request.topics.items = topics;
    weir_call call = {
        .api_key = WEIR_API_LIST_OFFSETS, .target = WEIR_TARGET_BROKER, .broker = rows[0].leader, .request = &request};
    int16_t code;
    int status = cli_call_patiently(o->session, &call, ends_code, &code);
    free(topics);
    free(partitions);
    if (status >= 0)
        return status;
    take_ends(o, rows, count, call.response);
    weir_call_release(o->session->client, &call);
    return -1;
}

/* Asks every leader. A partition without one, or without a topic, has no end that is known. -1, or a status. */
static int fetch_ends(offsets *o) {
    int status = -1;
    if (o->count > 1)
        qsort(o->rows, o->count, sizeof *o->rows, by_leader);
    for (size_t n = 0, next; status < 0 && n < o->count; n = next) {
        for (next = n + 1; next < o->count && o->rows[next].leader == o->rows[n].leader;)
            next++;
        if (o->rows[n].leader != NO_LEADER)
            status = fetch_ends_from(o, o->rows + n, next - n);
    }
    if (o->count > 1)
        qsort(o->rows, o->count, sizeof *o->rows, by_partition);
    return status;
}

/* ---- printing ---- */
static void print_json(const offsets *o, const row *r) {
    cli_json json = {0};
    cli_json_event(&json, "offset");
    cli_json_put_string(&json, "group", o->group);
    cli_json_name(&json, "topic");
    cli_json_bytes(&json, r->topic.p, r->topic.len);
    cli_json_put_int(&json, "partition", r->partition);
    cli_json_put_int(&json, "committed", r->committed);
    if (r->leader_epoch != UNKNOWN)
        cli_json_put_int(&json, "leader_epoch", r->leader_epoch);
    cli_json_name(&json, "metadata");
    cli_json_bytes(&json, r->metadata.p, r->metadata.len);
    if (r->end != UNKNOWN) {
        cli_json_put_int(&json, "end", r->end);
        cli_json_put_int(&json, "lag", r->end - r->committed);
    }
    cli_json_close(&json, '}');
    cli_json_line(&json);
    cli_json_free(&json);
}

static void print_text(const row *r) {
    cli_print_word(r->topic);
    cli_print(" partition %" PRId32 ": committed %" PRId64, r->partition, r->committed);
    if (r->end != UNKNOWN)
        cli_print(", end %" PRId64 ", lag %" PRId64, r->end, r->end - r->committed);
    else
        cli_print(", end not known");
    if (r->leader_epoch != UNKNOWN)
        cli_print(", leader epoch %" PRId32, r->leader_epoch);
    if (r->metadata.len > 0) {
        cli_print(", metadata ");
        cli_print_word(r->metadata);
    }
    cli_print("\n");
}

int cli_group_offsets(cli_session *session, const char *group, bool json) {
    offsets o = {.session = session, .group = group, .status = CLI_DONE};
    weir_call metadata_call, call;
    int status = cli_fetch_metadata(session, NULL, -1, &metadata_call, &o.metadata);
    if (status >= 0)
        return status;
    status = fetch_committed(&o, &call);
    if (status < 0) {
        status = fetch_ends(&o);
        for (size_t n = 0; n < o.count; n++) {
            if (json)
                print_json(&o, &o.rows[n]);
            else
                print_text(&o.rows[n]);
        }
        if (status < 0 && o.status == CLI_DONE && o.count == 0) {
            cli_say("group %s does not exist, or has committed nothing", group);
            o.status = CLI_FAILED;
        }
        weir_call_release(session->client, &call);
    }
    free(o.rows);
    weir_call_release(session->client, &metadata_call);
    return status < 0 ? o.status : status;
}
