#include "group_print.h"

#include "json.h"
#include "words.h"

#include <inttypes.h>

static void put_str(cli_json *json, const char *name, weir_str value) {
    cli_json_name(json, name);
    cli_json_bytes(json, value.p, value.len);
}

static void member_json(cli_json *json, const cli_member *member) {
    cli_json_open(json, '{');
    put_str(json, "member", member->id);
    if (member->instance_id.p)
        put_str(json, "instance", member->instance_id);
    put_str(json, "client_id", member->client_id);
    put_str(json, "host", member->host);
    if (member->epoch >= 0)
        cli_json_put_int(json, "epoch", member->epoch);
    if (member->assigned_count >= 0) {
        cli_json_name(json, "assignment");
        cli_json_open(json, '[');
        for (int32_t n = 0; n < member->assigned_count; n++)
            for (int32_t p = 0; p < member->assigned[n].partitions.count; p++) {
                cli_json_open(json, '{');
                put_str(json, "topic", member->assigned[n].topic);
                cli_json_put_int(json, "partition", member->assigned[n].partitions.items[p]);
                cli_json_close(json, '}');
            }
        cli_json_close(json, ']');
    }
    cli_json_close(json, '}');
}

void cli_group_json(const cli_group *group) {
    cli_json json = {0};
    cli_json_event(&json, "group");
    put_str(&json, "group", group->id);
    cli_json_put_string(&json, "type", group->type);
    put_str(&json, "state", group->state);
    put_str(&json, "protocol_type", group->protocol_type);
    put_str(&json, "protocol", group->protocol);
    if (group->epoch >= 0)
        cli_json_put_int(&json, "epoch", group->epoch);
    cli_json_put_int(&json, "coordinator", group->coordinator);
    cli_json_name(&json, "members");
    cli_json_open(&json, '[');
    for (int32_t n = 0; n < group->member_count; n++)
        member_json(&json, &group->members[n]);
    cli_json_close(&json, ']');
    cli_json_close(&json, '}');
    cli_json_line(&json);
    cli_json_free(&json);
}

static void member_text(const cli_member *member) {
    cli_print("  member ");
    cli_print_word(member->id);
    if (member->instance_id.p) {
        cli_print(", instance ");
        cli_print_word(member->instance_id);
    }
    cli_print(": client ");
    cli_print_word(member->client_id);
    cli_print(" at ");
    cli_print_word(member->host);
    if (member->epoch >= 0)
        cli_print(", epoch %" PRId32, member->epoch);
    cli_print("\n");
    if (member->assigned_count < 0)
        cli_print("    an assignment that is not of the consumer protocol\n");
    for (int32_t n = 0; n < member->assigned_count; n++) {
        cli_print("    ");
        cli_print_word(member->assigned[n].topic);
        cli_print(":");
        for (int32_t p = 0; p < member->assigned[n].partitions.count; p++)
            cli_print(" %" PRId32, member->assigned[n].partitions.items[p]);
        cli_print("\n");
    }
}

void cli_group_text(const cli_group *group) {
    cli_print_word(group->id);
    cli_print(": ");
    cli_print_word(group->state);
    cli_print(", %s", group->type);
    if (group->protocol_type.len > 0) {
        cli_print(", protocol type ");
        cli_print_word(group->protocol_type);
    }
    if (group->protocol.len > 0) {
        cli_print(", protocol ");
        cli_print_word(group->protocol);
    }
    if (group->epoch >= 0)
        cli_print(", epoch %" PRId32, group->epoch);
    cli_print(", coordinator %" PRId32 ", %" PRId32 " members\n", group->coordinator, group->member_count);
    for (int32_t n = 0; n < group->member_count; n++)
        member_text(&group->members[n]);
}
