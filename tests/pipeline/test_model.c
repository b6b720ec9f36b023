/* Whole jobs on a model of a cluster: exactly once, whatever happens to the job or to the cluster. */
#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include "model_runner.h"

static model_runner r;

#define ck_assert_end(expr, want)                                                                                      \
    do {                                                                                                               \
        weir_job_end came_to = (expr);                                                                                 \
        ck_assert_msg(came_to == (want), "end %d, not %d: %s", (int)came_to, (int)(want), r.fault.text);               \
    } while (0)

static void start(int16_t transaction_version, int32_t count) {
    model_runner_init(&r, transaction_version);
    model_runner_start(&r);
    for (int32_t n = 0; n < PARTITIONS; n++)
        model_runner_feed(&r, n, count);
}

START_TEST(copies_everything_once) {
    start((int16_t)_i, 2000);
    ck_assert_end(model_runner_life(&r), WEIR_JOB_FINISHED);
    model_runner_check(&r);
    ck_assert_int_eq(r.recovered, 0);
    ck_assert_uint_eq(r.records, 2000 * PARTITIONS);
    ck_assert_uint_ge(r.transactions, 3);
    model_runner_free(&r);
}
END_TEST

START_TEST(takes_up_what_is_new) {
    start((int16_t)_i, 50);
    for (int life = 0; life < 4; life++) {
        ck_assert_end(model_runner_life(&r), WEIR_JOB_FINISHED);
        model_runner_check(&r);
        model_runner_feed(&r, life % PARTITIONS, 40);
    }
    ck_assert_int_eq(r.losses, 0);
    model_runner_free(&r);
}
END_TEST

/* The job dies again and again, each time a few steps later, until it comes to its end. */
START_TEST(crash_anywhere) {
    start((int16_t)_i, 200);
    int lives = 0;
    for (r.crash_at = 3;; r.crash_at += 1 + r.crash_at / 20, lives++) {
        weir_job_end end = model_runner_life(&r);
        if (!model_runner_crashed(&r)) {
            ck_assert_end(end, WEIR_JOB_FINISHED);
            break;
        }
        model_runner_pass(&r, SECOND / 10);
    }
    ck_assert_int_gt(lives, 10);
    model_runner_check(&r);
    model_runner_free(&r);
}
END_TEST

/* Requests fail now and then: refused, lost, or answered by a connection that breaks. */
static weir__model_mischief now_and_then(void *user, const weir__model_request *request) {
    static const weir__model_mischief deeds[] = {
        {WEIR__MODEL_DROP, 0, 0},           {WEIR__MODEL_DROP_DONE, 0, 0},
        {WEIR__MODEL_DELAY_ANSWER, 0, 700}, {WEIR__MODEL_REFUSE, WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS, 0},
        {WEIR__MODEL_THROTTLE, 0, 5000},    {WEIR__MODEL_DELAY, 0, 900},
    };
    int64_t *asked = user;
    int64_t n = (*asked)++;
    weir__model_mischief none = {WEIR__MODEL_HONEST, 0, 0}, deed = deeds[n / 17 % 6];
    bool coordinated = request->header.api_key == WEIR_API_END_TXN ||
                       request->header.api_key == WEIR_API_INIT_PRODUCER_ID ||
                       request->header.api_key == WEIR_API_TXN_OFFSET_COMMIT;
    return n % 17 != 16 || (deed.deed == WEIR__MODEL_REFUSE && !coordinated) ? none : deed;
}

START_TEST(mischief) {
    int64_t asked = 0;
    start((int16_t)_i, 2000);
    weir__model_set_judge(r.model, now_and_then, &asked);
    ck_assert_end(model_runner_life(&r), WEIR_JOB_FINISHED);
    ck_assert_int_gt(asked, 100);
    weir__model_set_judge(r.model, NULL, NULL);
    ck_assert_end(model_runner_life(&r), WEIR_JOB_FINISHED);
    model_runner_check(&r);
    model_runner_free(&r);
}
END_TEST

/* Every answer of the coordinators is lost once in a while, and the job dies in between. */
START_TEST(mischief_and_crashes) {
    int64_t asked = 0;
    start((int16_t)_i, 100);
    weir__model_set_judge(r.model, now_and_then, &asked);
    for (r.crash_at = 20;; r.crash_at += 1 + r.crash_at / 8) {
        weir_job_end end = model_runner_life(&r);
        if (!model_runner_crashed(&r)) {
            ck_assert_end(end, WEIR_JOB_FINISHED);
            break;
        }
    }
    model_runner_check(&r);
    model_runner_free(&r);
}
END_TEST

/* Coordinators and leaders move while the job runs. */
static weir__model_mischief moving(void *user, const weir__model_request *request) {
    (void)request;
    ++*(int64_t *)user;
    return (weir__model_mischief){WEIR__MODEL_HONEST, 0, 0};
}

START_TEST(brokers_come_and_go) {
    int64_t asked = 0;
    start((int16_t)_i, 200);
    weir__model_set_judge(r.model, moving, &asked);
    for (int32_t life = 0; life < 12; life++) {
        r.crash_at = 30 + 25 * life;
        (void)model_runner_life(&r);
        int32_t broker = 1 + life % 3;
        weir__model_stop_broker(r.model, broker, SECOND / 2, r.now);
        weir__model_move_coordinators(r.model, life % 5, 1 + (life + 1) % 3, 30000, r.now);
        (void)model_runner_life(&r);
        weir__model_start_broker(r.model, broker, r.now);
    }
    r.crash_at = 0;
    ck_assert_end(model_runner_life(&r), WEIR_JOB_FINISHED);
    ck_assert_int_gt(asked, 100);
    model_runner_check(&r);
    model_runner_free(&r);
}
END_TEST

/* Transactions time out while nobody runs: what was in them is read once more. */
START_TEST(transactions_time_out) {
    start((int16_t)_i, 200);
    int lost = 0;
    for (r.crash_at = 5; r.crash_at < 120; r.crash_at += 4) {
        (void)model_runner_life(&r);
        weir__model_transaction txn;
        for (size_t n = 0; weir__model_transaction_at(r.model, n, &txn); n++) {
            lost += strcmp(txn.state, "Ongoing") == 0;
            weir__model_expire_transaction(r.model, txn.id, r.now);
        }
        model_runner_pass(&r, SECOND / 10);
        for (int32_t n = 0; n < PARTITIONS; n++)
            model_runner_feed(&r, n, 100);
    }
    ck_assert_int_ge(lost, 4);
    r.crash_at = 0;
    ck_assert_end(model_runner_life(&r), WEIR_JOB_FINISHED);
    model_runner_check(&r);
    model_runner_free(&r);
}
END_TEST

/* Epochs run out while the job runs: producer ids change. */
START_TEST(epochs_run_out) {
    model_runner_init(&r, (int16_t)_i);
    r.model_config.first_epoch = 32763;
    model_runner_start(&r);
    for (int life = 0; life < 6; life++) {
        model_runner_feed(&r, life % PARTITIONS, 200);
        r.crash_at = life % 2 == 0 ? 60 : 0;
        (void)model_runner_life(&r);
    }
    r.crash_at = 0;
    ck_assert_end(model_runner_life(&r), WEIR_JOB_FINISHED);
    model_runner_check(&r);
    model_runner_free(&r);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("pipeline on the model");
    TCase *tests = tcase_create("transaction versions");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, copies_everything_once, 0, 3);
    tcase_add_loop_test(tests, takes_up_what_is_new, 0, 3);
    tcase_add_loop_test(tests, crash_anywhere, 0, 3);
    tcase_add_loop_test(tests, mischief, 0, 3);
    tcase_add_loop_test(tests, mischief_and_crashes, 0, 3);
    tcase_add_loop_test(tests, brokers_come_and_go, 0, 3);
    tcase_add_loop_test(tests, transactions_time_out, 0, 3);
    tcase_add_loop_test(tests, epochs_run_out, 0, 3);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
