/*
 * The one door to toml++, and the only C++ of this room. Whatever it throws is caught here and told
 * as a fault.
 */
#include "config/toml.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace
{

struct Value {
    std::string path;
    og_toml_type type;
    std::string text;
    int line;
};

og_toml_type
scalar_text(const toml::node &node, std::string &out)
{
    if (auto text = node.as_string()) {
        out = text->get();
        return OG_TOML_TEXT;
    }
    if (auto number = node.as_integer()) {
        out = std::to_string(number->get());
        return OG_TOML_NUMBER;
    }
    if (auto fraction = node.as_floating_point()) {
        char digits[32];
        std::snprintf(digits, sizeof(digits), "%.9g", fraction->get());
        out = digits;
        return OG_TOML_NUMBER;
    }
    if (auto flag = node.as_boolean()) {
        out = flag->get() ? "true" : "false";
        return OG_TOML_BOOL;
    }
    return OG_TOML_OTHER;
}

og_toml_type
list_text(const toml::array &list, std::string &out)
{
    for (const toml::node &item : list) {
        std::string text;
        og_toml_type type = scalar_text(item, text);
        bool is_plain = type == OG_TOML_TEXT || type == OG_TOML_NUMBER;
        if (!is_plain || text.empty() || text.find(',') != std::string::npos) {
            return OG_TOML_OTHER;
        }
        out += out.empty() ? text : "," + text;
    }
    return OG_TOML_LIST;
}

void
collect(const toml::table &table, const std::string &prefix, std::vector<Value> &values)
{
    for (auto &&[key, node] : table) {
        std::string path = prefix + std::string(key.str());
        if (auto inner = node.as_table()) {
            collect(*inner, path + ".", values);
            continue;
        }
        Value value{path, OG_TOML_OTHER, "", static_cast<int>(node.source().begin.line)};
        auto list = node.as_array();
        value.type = list ? list_text(*list, value.text) : scalar_text(node, value.text);
        values.push_back(std::move(value));
    }
}

/* Its messages may quote a character of the document, never more; what is not plain is left out. */
void
set_fault(og_toml_fault *fault, int line, std::string_view text)
{
    fault->line = line;
    std::size_t len = 0;
    for (char c : text) {
        if (len + 1 < sizeof(fault->text) && c >= 0x20 && c < 0x7F) {
            fault->text[len++] = c;
        }
    }
    fault->text[len] = '\0';
}

} // namespace

bool
og_toml_read(const char *text, size_t len,
             bool (*fn)(void *ctx, const struct og_toml_value *value), void *ctx,
             struct og_toml_fault *fault)
try {
    std::vector<Value> values;
    collect(toml::parse(std::string_view(text ? text : "", len)), "", values);
    std::stable_sort(values.begin(), values.end(),
                     [](const Value &a, const Value &b) { return a.line < b.line; });
    for (const Value &value : values) {
        og_toml_value plain{value.path.data(), value.path.size(), value.type,
                            value.text.data(), value.text.size(), value.line};
        if (!fn(ctx, &plain)) {
            return false;
        }
    }
    return true;
} catch (const toml::parse_error &error) {
    set_fault(fault, static_cast<int>(error.source().begin.line), error.description());
    return false;
} catch (const std::exception &) {
    set_fault(fault, 0, "the document cannot be read");
    return false;
}
