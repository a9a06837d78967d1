/*
 * The interfaces' addresses as text.
 */
#include "app/addresses.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

static bool
is_useful(const struct ifaddrs *entry, int family)
{
    if (!entry->ifa_addr || entry->ifa_addr->sa_family != family ||
        !(entry->ifa_flags & IFF_UP) || (entry->ifa_flags & IFF_LOOPBACK)) {
        return false;
    }
    if (family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)entry->ifa_addr;
        return (ntohl(v4->sin_addr.s_addr) >> 16) != 0xa9fe; /* 169.254/16 */
    }
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)entry->ifa_addr;
    return !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr);
}

static struct og_str
as_text(const struct ifaddrs *entry, struct og_arena *mem)
{
    char text[INET6_ADDRSTRLEN] = "";
    const void *address =
        entry->ifa_addr->sa_family == AF_INET
            ? (const void *)&((const struct sockaddr_in *)(const void *)entry->ifa_addr)->sin_addr
            : (const void *)&((const struct sockaddr_in6 *)(const void *)entry->ifa_addr)
                  ->sin6_addr;
    inet_ntop(entry->ifa_addr->sa_family, address, text, sizeof text);
    return og_str_dup(mem, og_str_from(text));
}

struct og_str_list
og_app_addresses(struct og_arena *mem, size_t max)
{
    static const int families[] = {AF_INET, AF_INET6};
    struct og_str *items = OG_ARENA_ARRAY(mem, struct og_str, max);
    struct ifaddrs *all = NULL;
    size_t count = 0;
    if (getifaddrs(&all) != 0) {
        return (struct og_str_list){NULL, 0};
    }
    for (int f = 0; f < 2; f++) {
        for (struct ifaddrs *entry = all; entry && count < max; entry = entry->ifa_next) {
            if (is_useful(entry, families[f])) {
                items[count++] = as_text(entry, mem);
            }
        }
    }
    freeifaddrs(all);
    return (struct og_str_list){items, count};
}
