/* `otpgate send --csv`: one text to the numbers of a list. */
#pragma once

#include "cli/cli_priv.h"

/* Instead of numbers and text as words. An exit code. */
int og_send_list(struct og_cli *cli);

#define OG_SEND_LIST_OPTIONS                                                                      \
    {"csv", "FILE", "to each row of this list, whose first line names its columns"},             \
        {"text", "TEXT", "the text for --csv; {name} is the row's column name"},                 \
        {"to-column", "NAME", "the column with the number: to, phone or number"},                \
        {"separator", "CHAR", "what stands between the fields of the list: , ; | or tab"},       \
        {"tag", "TAG", "for rules of routing"},                                                  \
        {"pace", "NUMBER", "so many SMS a minute (a long text is several); without: as fast as the phones can"},     \
        {"repeat-numbers", NULL, "send to a number as often as it is in the list"},              \
        {"hold", NULL, "do not start: otpgate batch resume ID does"}
