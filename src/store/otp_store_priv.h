/* The one page that both files about verifications use. */
#pragma once

#include "store/db.h"

enum {
    OG_OTP_SQL_INSERT,
    OG_OTP_SQL_FIND,
    OG_OTP_SQL_FIND_ACTIVE,
    OG_OTP_SQL_CLOSE,
    OG_OTP_SQL_REDEEM,
    OG_OTP_SQL_COUNT_CHECK,
    OG_OTP_SQL_RESENT,
    OG_OTP_SQL_EXPIRE_DUE,
    OG_OTP_SQL_EXPIRE_ALL,
    OG_OTP_SQL_END_MESSAGES,
    OG_OTP_SQL_SEND_INSERT,
    OG_OTP_SQL_SENDS,
    OG_OTP_SQL_CHECK_INSERT,
    OG_OTP_SQL_CHECKS,
    OG_OTP_SQL_FAILURE_ADD,
    OG_OTP_SQL_FAILURE_LOCK,
    OG_OTP_SQL_FAILURE_GET,
    OG_OTP_SQL_FAILURE_CLEAR,
    OG_OTP_STATEMENTS
};

extern const struct og_sql_page og_otp_page;
