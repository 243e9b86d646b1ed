"""What befalls the machine, and several upstreams at once: what is right, and the tests that try it."""

from __future__ import annotations

from typing import NamedTuple


class Attack(NamedTuple):
    """`tests`: path below tests/ and name, "::" between them."""

    fault: str
    right: str
    tests: tuple[str, ...]


_HTTP = "flows/sources/http/test_attacks.py::"
_OWN_PREFECT = "flows/process/test_own_prefect.py::"
_STREAMS = "flows/process/test_streams.py::"
_TROUBLE = "flows/process/test_trouble.py::"
_CLOCK = "flows/diagnosis/test_clock.py::"
_SIGNALS = "flows/process/test_signals.py::"

ATTACKS = (
    Attack(
        "a count near 2^63",
        "refused at the source; the next good night is as ever",
        (
            "flows/sources/test_answers.py::test_other_values_are_refused_as_counts",
            "faults/test_matrix.py::test_every_outcome_is_right",
        ),
    ),
    Attack(
        "an answer that cannot be saved",
        "its own step fails, the others are saved",
        ("flows/collecting/test_what_goes_wrong.py::test_an_answer_that_cannot_be_saved_fails_its_own_step",),
    ),
    Attack(
        "halves of characters and control codes in names",
        "marked when they come in; none reaches a terminal",
        (
            "flows/sources/test_answers.py::test_characters_that_cannot_be_stored_are_replaced",
            "warehouse/test_printable.py::test_any_text_becomes_one_line_that_can_be_kept",
            _STREAMS + "test_control_codes_of_an_upstream_do_not_reach_the_terminal",
        ),
    ),
    Attack(
        "heads, chunk sizes, 100-continue, bodies that drip",
        "over at the one deadline of the exchange",
        (
            _HTTP + "test_a_drip_ends_at_the_deadline_wherever_it_drips",
            _HTTP + "test_no_handshake_takes_longer",
            _HTTP + "test_no_proxy_takes_longer",
            _HTTP + "test_many_addresses_that_never_answer_share_one_time_limit",
        ),
    ),
    Attack(
        "floods of any part of an answer",
        "cut off at a number of bytes",
        (_HTTP + "test_a_flood_is_cut_off_whatever_it_is_of", _HTTP + "test_what_unpacks_without_end_is_cut_off"),
    ),
    Attack(
        "bombs, endless bodies and chains in redirects",
        "never unpacked; few redirects, one deadline, the same host only",
        (
            _HTTP + "test_a_bomb_in_a_redirect_is_never_unpacked",
            _HTTP + "test_an_endless_body_in_a_redirect_that_is_followed_is_left_alone",
            _HTTP + "test_redirects_without_end_are_few",
            _HTTP + "test_redirects_share_one_deadline",
            _HTTP + "test_a_redirect_to_another_host_is_not_followed",
        ),
    ),
    Attack(
        "a git server that sends on to another host",
        "not followed; a repository that moved on its host is",
        (
            "flows/sources/git/test_command.py::test_a_repository_that_is_sent_to_another_host_is_not_followed",
            "flows/sources/git/test_command.py::test_a_repository_that_moved_is_followed",
        ),
    ),
    Attack(
        "a mail server whose greeting or answer has no end",
        "over at its deadline, in little memory",
        (
            "flows/mailing/test_endless_answers.py::test_an_answer_without_end_is_cut_off",
            "flows/mailing/test_endless_answers.py::test_the_answer_to_a_message_has_a_deadline_too",
        ),
    ),
    Attack(
        "a webhook whose answer drips",
        "over at its deadline",
        ("flows/mailing/test_changed.py::test_an_answer_that_drips_ends_at_the_deadline_and_is_uncertain",),
    ),
    Attack(
        "git that hangs or calls itself",
        "ended with its time; no child outlives the night",
        (
            "flows/sources/git/test_command.py::test_a_command_over_its_time_limit_is_ended_and_not_tried_again",
            "flows/sources/git/test_ways_out.py::test_git_that_calls_itself_ends_with_its_time",
            _SIGNALS + "test_git_does_not_outlive_the_night",
        ),
    ),
    Attack(
        "many requests that are each just quick enough",
        "a night gives up what is not done in six hours",
        (
            "flows/collecting/test_what_goes_wrong.py::test_what_is_not_done_at_the_end_of_the_time_fails_and_the_rest_counts",
        ),
    ),
    Attack(
        "JSON 5,000 deep, a number of 5,000 digits, a day out of range",
        "no answer like any other, with its stand-in",
        (
            "flows/sources/test_answers.py::test_any_body_gives_a_value_or_a_transient_error",
            "flows/sources/test_answers.py::test_seconds_outside_two_centuries_are_refused",
            "flows/sources/test_answers.py::test_texts_that_are_no_day_are_refused",
        ),
    ),
    Attack(
        "~/.netrc holds a password for every host",
        "it is sent nowhere",
        (
            _HTTP + "test_what_netrc_holds_goes_nowhere_after_a_redirect_either",
            "flows/sources/http/test_connection.py::test_netrc_never_takes_the_place_of_a_token",
            "flows/mailing/test_changed.py::test_what_netrc_holds_is_not_for_webhooks",
            "flows/sources/git/test_command.py::test_the_configuration_of_user_and_environment_is_ignored",
        ),
    ),
    Attack(
        "TERM, HUP, INT or KILL while a night runs, while its server starts",
        "one line; nothing runs ten seconds later",
        (
            _SIGNALS + "test_a_night_that_is_asked_to_stop_says_one_thing_and_leaves_nothing_running",
            _SIGNALS + "test_nothing_runs_on_when_the_night_ends_while_its_prefect_starts",
            _SIGNALS + "test_nothing_runs_on_when_the_night_alone_is_killed",
            _SIGNALS + "test_a_clean_up_that_hangs_is_ended",
        ),
    ),
    Attack(
        "a broken or huge prefect.db, a dead PREFECT_API_URL, the user's own Prefect",
        "a Prefect of its own, one line",
        (
            _OWN_PREFECT + "test_a_broken_home_is_made_anew_and_told_in_one_line",
            _OWN_PREFECT + "test_a_database_that_has_grown_large_is_made_anew",
            _OWN_PREFECT + "test_a_server_that_dies_costs_only_the_record_in_prefect",
            "flows/process/test_whole_night.py::test_nothing_of_the_users_prefect_steers_or_stops_a_night",
        ),
    ),
    Attack(
        "stderr full, closed, or without a reader",
        "the night and its exit code are the same",
        (
            _STREAMS + "test_progress_never_raises_and_never_waits",
            _STREAMS + "test_a_night_is_the_same_when_nobody_reads_its_progress",
            _STREAMS + "test_the_exit_code_is_the_same_where_nobody_can_be_told",
            _STREAMS + "test_a_file_never_takes_the_place_of_a_closed_stream",
        ),
    ),
    Attack(
        "warehouse.duckdb missing beside its copy",
        "exit 3 with what to do; trends restore says what is lost",
        (
            _TROUBLE + "test_a_disk_that_is_not_mounted_costs_nothing",
            "warehouse/published/test_restore.py::test_all_but_the_key_comes_back",
            "warehouse/published/test_restore.py::test_the_command_says_what_is_lost",
        ),
    ),
    Attack(
        "a clock in 2030, or behind the last run",
        "refused in one line; the next night answers for its own day",
        (
            _CLOCK + "test_a_night_from_the_future_is_one_line_and_writes_nothing",
            _CLOCK + "test_a_night_before_the_last_one_is_one_line_and_writes_nothing",
            _CLOCK + "test_after_a_night_from_the_future_everything_answers_for_the_day_of_the_next_one",
        ),
    ),
    Attack(
        "reports/latest a folder, folders of days that cannot be",
        "a line; the report is there",
        (
            _TROUBLE + "test_a_folder_in_place_of_the_link_to_the_newest_report_is_told_and_left_alone",
            _TROUBLE + "test_folders_of_days_that_no_report_can_be_of_are_none",
        ),
    ),
    Attack(
        "a broken published copy, one that is held, a log beside it",
        "each reader says so in a line; the night replaces it",
        (
            _TROUBLE + "test_a_damaged_copy_is_told_by_each_reader",
            _TROUBLE + "test_a_damaged_copy_is_replaced_by_the_night",
            _TROUBLE + "test_a_copy_that_is_held_for_writing_is_told_by_each_reader_and_replaced_by_the_night",
            _TROUBLE + "test_a_log_that_somebody_left_beside_the_copy_is_told_by_each_reader_and_removed_by_the_night",
        ),
    ),
    Attack(
        "a full disk, a damaged block of the warehouse",
        "a line; the copy stays",
        (
            _TROUBLE + "test_a_full_disk_is_a_line_and_the_copy_stays",
            _TROUBLE + "test_a_damaged_block_of_the_warehouse_is_a_line_and_the_copy_stays",
        ),
    ),
    Attack(
        "two nights in the hour that comes twice, none in the one that is left out",
        "as the schedule says, once",
        (
            "flows/scheduling/test_due.py::test_each_day_around_a_change_of_the_clock_has_one_night",
            "flows/scheduling/test_due.py::test_a_time_that_is_left_out_is_due_when_the_clock_has_changed",
            "flows/scheduling/test_due.py::test_a_time_that_comes_twice_is_due_the_first_time",
        ),
    ),
    Attack(
        "missed nights",
        "made up for by one",
        (
            "flows/scheduling/test_due.py::test_many_missed_nights_are_made_up_for_by_one",
            "flows/scheduling/test_serve.py::test_a_missed_night_is_made_up_for_and_a_signal_leaves_nothing",
        ),
    ),
    Attack(
        "midnight, 29 February, the turn of a year",
        "each day is collected once",
        (
            _CLOCK + "test_nights_on_odd_days_collect_each_day_once",
            _CLOCK + "test_a_night_across_midnight_is_of_the_day_on_which_it_began",
        ),
    ),
    Attack(
        "others on the machine",
        "nothing of the data folder can be read by them",
        (
            "flows/process/test_private.py::test_a_folder_of_an_earlier_version_is_closed_to_its_last_file",
            "flows/process/test_whole_night.py::test_a_night_leaves_nothing_that_others_can_read",
        ),
    ),
    Attack(
        "the published copy beside the public repositories",
        "no id, second or place of a commit beside a person",
        (
            "faults/test_no_commit_ids.py::test_no_word_of_the_copy_is_the_id_of_a_commit_or_made_of_it_alone",
            "faults/test_no_commit_ids.py::test_no_moment_stands_beside_a_person_or_a_commit",
            "faults/test_no_commit_ids.py::test_rows_do_not_stand_in_the_order_of_git_log",
            "faults/test_no_commit_ids.py::test_what_readers_get_beside_the_copy_names_no_commit",
            "warehouse/test_migrations.py::test_ids_and_seconds_of_commits_go_and_all_else_still_joins",
        ),
    ),
    Attack(
        "years of nights",
        "answers that say nothing new add to the ledger alone; old reports go",
        (
            "warehouse/differences/test_growth.py::test_nights_that_tell_nothing_new_add_to_the_ledger_alone",
            "warehouse/test_checks_and_age.py::test_what_is_compared_does_not_grow_with_the_nights",
            "flows/diagnosis/test_sizes.py::test_parts_grow_by_what_came_since_the_oldest_night",
            "flows/diagnosis/test_sizes.py::test_doctor_says_when_the_disk_will_be_full",
            "flows/test_site.py::test_what_is_to_be_kept_is_kept",
            "flows/process/test_logbook.py::test_full_files_are_kept_for_a_while",
        ),
    ),
    Attack(
        "Ctrl-C in a backfill, of downloads and of stars",
        "one line; what came is kept, and only the rest is asked again",
        (
            "flows/collecting/test_stopped_backfill.py::test_downloads_go_on_where_they_were_stopped",
            "flows/collecting/test_stopped_backfill.py::test_pages_of_stars_that_came_are_kept",
        ),
    ),
    Attack(
        "a killed night",
        "the next one leaves what an undisturbed one would",
        (
            "flows/test_nightly.py::test_a_killed_night_leaves_what_an_undisturbed_one_would",
            "warehouse/test_store.py::test_a_save_that_fails_leaves_nothing",
        ),
    ),
)
