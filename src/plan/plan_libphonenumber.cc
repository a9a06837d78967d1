/*
 * The one door to libphonenumber. No exception leaves this file, and the library's own log, which
 * would print numbers, is silenced.
 */
#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumberutil.h>

#include <dlfcn.h>

#include <cstdio>
#include <exception>
#include <string>

#include "plan/plan_module.h"

using i18n::phonenumbers::Logger;
using i18n::phonenumbers::NullLogger;
using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

static const PhoneNumberUtil *
library()
{
    static NullLogger silence;
    static const PhoneNumberUtil *const util = [] {
        const PhoneNumberUtil *made = PhoneNumberUtil::GetInstance();
        Logger::set_logger_impl(&silence);
        return made;
    }();
    return util;
}

static const char *
parse_reason(PhoneNumberUtil::ErrorType error)
{
    switch (error) {
    case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR:
        return "unknown country";
    case PhoneNumberUtil::TOO_SHORT_AFTER_IDD:
    case PhoneNumberUtil::TOO_SHORT_NSN:
        return "too short";
    case PhoneNumberUtil::TOO_LONG_NSN:
        return "too long";
    default:
        return "not a number";
    }
}

static enum og_phone_type
type_of(PhoneNumberUtil::PhoneNumberType type)
{
    switch (type) {
    case PhoneNumberUtil::FIXED_LINE:
        return OG_PHONE_TYPE_FIXED;
    case PhoneNumberUtil::MOBILE:
        return OG_PHONE_TYPE_MOBILE;
    case PhoneNumberUtil::FIXED_LINE_OR_MOBILE:
        return OG_PHONE_TYPE_FIXED_OR_MOBILE;
    case PhoneNumberUtil::TOLL_FREE:
        return OG_PHONE_TYPE_TOLL_FREE;
    case PhoneNumberUtil::PREMIUM_RATE:
        return OG_PHONE_TYPE_PREMIUM;
    case PhoneNumberUtil::SHARED_COST:
        return OG_PHONE_TYPE_SHARED_COST;
    case PhoneNumberUtil::VOIP:
        return OG_PHONE_TYPE_VOIP;
    case PhoneNumberUtil::PERSONAL_NUMBER:
        return OG_PHONE_TYPE_PERSONAL;
    case PhoneNumberUtil::PAGER:
        return OG_PHONE_TYPE_PAGER;
    case PhoneNumberUtil::UAN:
        return OG_PHONE_TYPE_UAN;
    case PhoneNumberUtil::VOICEMAIL:
        return OG_PHONE_TYPE_VOICEMAIL;
    default:
        return OG_PHONE_TYPE_UNKNOWN;
    }
}

static void
fill(const PhoneNumberUtil *util, const PhoneNumber &number, const std::string &e164,
     PhoneNumberUtil::PhoneNumberType type, struct og_phone_facts *out)
{
    std::string country;
    std::snprintf(out->e164, sizeof(out->e164), "%s", e164.c_str());
    out->type = type_of(type);
    out->is_valid = out->type != OG_PHONE_TYPE_UNKNOWN; /* as IsValidNumber, without its work */
    util->GetRegionCodeForNumber(number, &country);
    if (country == "ZZ") { /* a range that the data do not know yet: its calling code tells */
        util->GetRegionCodeForCountryCode(number.country_code(), &country);
    }
    std::snprintf(out->region, sizeof(out->region), "%s", country == "ZZ" ? "" : country.c_str());
}

/* Calling code and national number of what may be E.164; no calling code begins another one. A
 * national number with a zero in front is the parser's. */
static bool
split_e164(const PhoneNumberUtil *util, const std::string &text, PhoneNumber *out)
{
    std::string country = "ZZ";
    int code = 0;
    size_t at = 1;
    if (text.size() >= OG_PHONE_BYTES || text[0] != '+' ||
        text.find_first_not_of("0123456789", 1) != std::string::npos) {
        return false;
    }
    while (country == "ZZ" && at <= 3 && at < text.size()) {
        code = code * 10 + (text[at++] - '0');
        util->GetRegionCodeForCountryCode(code, &country);
    }
    if (country == "ZZ" || at == text.size() || text[at] == '0') {
        return false;
    }
    out->set_country_code(code);
    out->set_national_number(std::stoull(text.substr(at)));
    return true;
}

/* A valid number in E.164 is what it says; not parsing it saves more than half of the work. Where a
 * parser would take a digit away because the rest is valid too (+52 1), it stays. */
static bool
read_e164(const PhoneNumberUtil *util, const std::string &text, struct og_phone_facts *out)
{
    PhoneNumber number;
    if (!split_e164(util, text, &number)) {
        return false;
    }
    PhoneNumberUtil::PhoneNumberType type = util->GetNumberType(number);
    if (type != PhoneNumberUtil::UNKNOWN) {
        fill(util, number, text, type, out);
    }
    return type != PhoneNumberUtil::UNKNOWN;
}

/* Only "possible" decides, by length: the plan data may be years older than the number. */
static enum og_code
parse(const std::string &text, const char *region, struct og_phone_facts *out, const char **why)
{
    const PhoneNumberUtil *util = library();
    PhoneNumber number;
    std::string e164;

    if (read_e164(util, text, out)) {
        return OG_OK;
    }
    PhoneNumberUtil::ErrorType error = util->Parse(text, region, &number);
    if (error != PhoneNumberUtil::NO_PARSING_ERROR) {
        *why = parse_reason(error);
        return OG_E_UNPROCESSABLE;
    }
    if (util->IsPossibleNumberWithReason(number) != PhoneNumberUtil::IS_POSSIBLE) {
        *why = "too short or too long for its country";
        return OG_E_UNPROCESSABLE;
    }
    util->Format(number, PhoneNumberUtil::E164, &e164);
    if (e164.size() >= sizeof(out->e164)) {
        *why = "too long";
        return OG_E_UNPROCESSABLE;
    }
    fill(util, number, e164, util->GetNumberType(number), out);
    return OG_OK;
}

enum og_code
og_plan_module_parse(struct og_str text, const char *region, struct og_phone_facts *out,
                     const char **why)
{
    try {
        *why = "";
        return parse(std::string(text.ptr, text.len), region, out, why);
    } catch (const std::exception &) {
        *why = "libphonenumber failed";
    } catch (...) {
        *why = "libphonenumber failed";
    }
    return OG_E_UNAVAILABLE;
}

const char *
og_plan_module_file(void)
{
    Dl_info found;
    void *inside = reinterpret_cast<void *>(&PhoneNumberUtil::GetInstance);
    return dladdr(inside, &found) != 0 && found.dli_fname ? found.dli_fname : "";
}
