/* Test vectors of the app hash: packages, certificates (DER in base64), expected hashes. From the
 * domain notes; the first three are published values. */
#pragma once

struct apphash_certificate {
    const char *name;
    const char *der_base64;
};

static const struct apphash_certificate apphash_certificates[] = {
    {"ec_p256",
     "MIIBOzCB4aADAgECAgg/WNpi87jRSDAKBggqhkjOPQQDAjARMQ8wDQYDVQQDEwZFQyBPbmUwIBcNMjYxMTIyMTMz"
     "MDA3WhgPMjA1MTExMTYxMzMwMDdaMBExDzANBgNVBAMTBkVDIE9uZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA"
     "BBNVBHaTz1KL77CAiMNFZk6LR9xkq40wqqSUK89aGpTIul+KJHCejy4KghLzMC/S9/Yh8Nwi/pKQjPmFWtqMGgqj"
     "ITAfMB0GA1UdDgQWBBR1GXzkQBLbA7ilDX/3FB8CCS7suzAKBggqhkjOPQQDAgNJADBGAiEAxW8LozI+ASX0MZCo"
     "1KR97o7BtOHg+m9b/SzkE6QYUFUCIQD37hbaX1JQwNZ+xMImjyo6Iw7BkGZiqhMua7hXN9nHhQ=="},
    {"ec_p384",
     "MIIBdzCB/qADAgECAggjuMRQ65E2FDAKBggqhkjOPQQDAzARMQ8wDQYDVQQDEwZFQyAzODQwIBcNMjYxMTIyMTMz"
     "MDEyWhgPMjA1MTExMTYxMzMwMTJaMBExDzANBgNVBAMTBkVDIDM4NDB2MBAGByqGSM49AgEGBSuBBAAiA2IABFW9"
     "fBrAnBqUg3lAleYx29ssrnVypznFPbepPNW2ixxST3aXAlRV/b5EdWEfCPlt+1qJVfVueTc42gJRe5TGs97rvSNw"
     "ovRBMLwQ3YKb/7UrG9NFYwVEVa6yCfL3n5yt1qMhMB8wHQYDVR0OBBYEFI863hg548SOXK6FmA9SvIGnIETmMAoG"
     "CCqGSM49BAMDA2gAMGUCMQDIfJdvjNjPTDfvj0U/leNh1I/zty/wtHVA5Fea8zEYDv067R7FUB0FMttxrtKx6u4C"
     "MAHLT8aJXy1bkcPe6iZ9/IAr0evTVi1iWRPhv0LJNaSUXsdSkRC3FtzXMPORH8ClOA=="},
    {"ed25519",
     "MIIBRDCB96ADAgECAhQysgn0UBlAeaVU5icdAleY6KKFsTAFBgMrZXAwFzEVMBMGA1UEAwwMRWQyNTUxOSBUZXN0"
     "MCAXDTI2MTEyMjEzMzAxM1oYDzIwNTExMTE2MTMzMDEzWjAXMRUwEwYDVQQDDAxFZDI1NTE5IFRlc3QwKjAFBgMr"
     "ZXADIQAPC2vz9wgZh7ZGkNusXH+rcTgIzusuSq0m+xD0ZOSCyaNTMFEwHQYDVR0OBBYEFLKC+u6ZE48a6Kw6tCKX"
     "QMgktsEYMB8GA1UdIwQYMBaAFLKC+u6ZE48a6Kw6tCKXQMgktsEYMA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EA"
     "VMgIhCNEmuyBvWA8zzr0Qo3J+tmqaF09L4ISZKCJi7WQ/QD1OOSESbUGCFjZ0jM3Zye2IIt1Ex5SdTxCKlejDw=="},
    {"ossl_ec",
     "MIIBgjCCASegAwIBAgIUDMBVMfr+eXX1mBtadMlo8xG3jHAwCgYIKoZIzj0EAwIwFTETMBEGA1UEAwwKT3BlblNT"
     "TCBFQzAgFw0yNjExMjIxMzMwMTNaGA8yMDUxMTExNjEzMzAxM1owFTETMBEGA1UEAwwKT3BlblNTTCBFQzBZMBMG"
     "ByqGSM49AgEGCCqGSM49AwEHA0IABLdBL2P2Ivs9hYKdcC3P/9E4fWiq08PwsavegVY7Ah0BX2vKLi3gNeoKgaOL"
     "jTsqLjxLr9voLLWjv2U8UGe68hWjUzBRMB0GA1UdDgQWBBTcuj/e4uYX+JIwH7RyQQyV+ItHdzAfBgNVHSMEGDAW"
     "gBTcuj/e4uYX+JIwH7RyQQyV+ItHdzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQDz8v17RKFW"
     "hzBBhARMhNJMCHTJPJh4+6JMt1HZHDrlagIhALnXPIywbjNCCb7yDvkRKCnHVsrem2T0FT3x8xIc/zC0"},
    {"rn_debug",
     "MIIDezCCAmOgAwIBAgIEIy6uYjANBgkqhkiG9w0BAQUFADBtMQswCQYDVQQGEwJVUzEQMA4GA1UECBMHVW5rbm93"
     "bjEQMA4GA1UEBxMHVW5rbm93bjEQMA4GA1UEChMHVW5rbm93bjEQMA4GA1UECxMHQW5kcm9pZDEWMBQGA1UEAxMN"
     "QW5kcm9pZCBEZWJ1ZzAgFw0xMzEyMzEyMjM1MDRaGA8yMDUyMDQzMDIyMzUwNFowbTELMAkGA1UEBhMCVVMxEDAO"
     "BgNVBAgTB1Vua25vd24xEDAOBgNVBAcTB1Vua25vd24xEDAOBgNVBAoTB1Vua25vd24xEDAOBgNVBAsTB0FuZHJv"
     "aWQxFjAUBgNVBAMTDUFuZHJvaWQgRGVidWcwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQCS3m4gJshs"
     "1UQeeIwl9A1b3NF3utd6Z8MCfc/orRY/1RVepFNrWL4ZmTaexxZncIGFCB01zey5cSTE7MrNduGWQobgjAWKrS/n"
     "+DTa0ViEB1pb9Ug3h1dr9ViH/Jgz+z0hnSk28VC5gbk5661P59m1YeIIVxHTiEVJLNS6mqtBX7IbgqR12AVzaYf7"
     "Fz7Ay1fx4uZA2Y8t4d7pJwAVsOhjOF3b+7abh9xVAUqKKjVZGdF9FWMFtuax5+4CSnGMiQcIkmJAf9RD3kfv8tpI"
     "13R5KyDfkyGAQ9+ZXc1CN2mAxiv9LSPDT7i+LnCtloYleAoO6KlFSXLUTbEl8Ibf6dFhAgMBAAGjITAfMB0GA1Ud"
     "DgQWBBQL+f44idKKnFjwwQq3DkMo2CPzIDANBgkqhkiG9w0BAQUFAAOCAQEAX9J2Fb/OYxhNElDBuRF18Lzi+cRO"
     "eud3f42FyeGyFT09EAZrsAGaLAptfjwC29/3dta2/ycuvPRoJZhopAwOd9QwRV57z8O5/y9PeoqTG3WwUrv0JF8x"
     "4o4PSRAYq36X1/uOHXPTEs0I3Jb7ndOTnKLh1q32XP9KWNnskWrqBtQ7UkP61ZzxFG48catm0yTwEpNaMU6Wr/gb"
     "rsGDyDeQ+ZqG2rVrW8WybRaUvDVeQpDsAu26EV1Xu91lqLDkaTRWtawqOgekRH5detTenfyKmcU81O5sLmW5v97G"
     "ia6OIxnWTLg6YwiiGH4wwD/u9odxjUkD5UADqaC1f3jb2aiJKg=="},
    {"rsa1024",
     "MIIB/DCCAWWgAwIBAgIUHiwJC79uDu1lPDvTAldWV9O8BY4wDQYJKoZIhvcNAQELBQAwDzENMAsGA1UEAwwEVGlu"
     "eTAgFw0yNjExMjIxMzMwMTNaGA8yMDUxMTExNjEzMzAxM1owDzENMAsGA1UEAwwEVGlueTCBnzANBgkqhkiG9w0B"
     "AQEFAAOBjQAwgYkCgYEArz24hSWkkj+7d4ENXSWlvstTj5ERK5vR7s+TdqVHE9XQVxmc0ckHPncXVABixy/HWAYf"
     "6yKYfWi0b2edtGp5+l1kzP//G5M/0solBJV7g0KqKAc1x7ugfwvD7UTcvPErnajBU6+VDKStgbnhIOyp/uqKsNN2"
     "WrEoz36lTQcH7G0CAwEAAaNTMFEwHQYDVR0OBBYEFMbmGS4kxqN2M2Wi2fygjKP2KFMgMB8GA1UdIwQYMBaAFMbm"
     "GS4kxqN2M2Wi2fygjKP2KFMgMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADgYEAJIv0RfKnBH00LV8F"
     "CGiirIBOnzPsB8vPl78fhH/nl1wHKXct2N+yimXkoGCkqMcG1P3+3Riw/fVV1lwrVdlFWdi48retvvpHV37hlgia"
     "armgXVOKh9rzA/sN/G1TGamO8/JLJJlJxm0tSeJdjzzzrbJhoKWS3p22kKka/ZZM7s4="},
    {"rsa2048",
     "MIIDFzCCAf+gAwIBAgIIFZLxqYrahtcwDQYJKoZIhvcNAQELBQAwOTELMAkGA1UEBhMCREUxEDAOBgNVBAoTB0V4"
     "YW1wbGUxGDAWBgNVBAMTD0V4YW1wbGUgUmVsZWFzZTAgFw0yNjExMjIxMzI5NTdaGA8yMDU0MDQwOTEzMjk1N1ow"
     "OTELMAkGA1UEBhMCREUxEDAOBgNVBAoTB0V4YW1wbGUxGDAWBgNVBAMTD0V4YW1wbGUgUmVsZWFzZTCCASIwDQYJ"
     "KoZIhvcNAQEBBQADggEPADCCAQoCggEBAJgAKLYOwOkLxRHN+hEg72nbys1k7zRzDRRW+f/UYK4JJKuKNiECPJma"
     "jJqXSKLe6aNRc1wBlWckZcmc/SwxCExwl65mOYig8/rwHgx2B94ed9qZwxkBuoIQPBbB6+BC/o5ImgLDVlo9thTU"
     "qdBVHTzuFLpemAuJY+La2vYShs51T1gqWzeT6rsqNPDumG5/+iMngkOtXbUPKBopYFC1dT2H/7WExyp9PJQ3DNAA"
     "g+GPFKpJTl+bctrSuq5NmURK7/mHptGW49HI5+ILcnNoJXPNw96T1FQ0pXVz2VVI+1Lh8QwNwfxyvBC9pnZPqJPC"
     "QcBg+Q1crdexR8UGCrqjzbsCAwEAAaMhMB8wHQYDVR0OBBYEFA0Q5NS+XR3Jvpf0vP8BG/3Wr2x3MA0GCSqGSIb3"
     "DQEBCwUAA4IBAQB+r8H8RmXwvUnpyAMEprO7VtEHLO/G6drjMfd25ap14z5z5+EkB4nmRS/NUDn19ab4+BG0B6Lr"
     "kJVOSXDwLbu5yr0C1wUzzhVZH3qsCLHIMohdt1hyl4C1Of8T7fU9Bf5z9gi2Z+LjcPK4tQHdY53dMcG0b1rgatIz"
     "xIh/LOaX1FdOQS1POqfSAZMSoHe7X6UZiEqzES6LhTrWf4/Rv2+e/Kx7P8w5aUVfeTkBPUmq56GrKIaDgmpHBCjB"
     "B1J0uf4ha8i2dtR/2lo51QrnAOqiqsik/y1ffrsLPizGV/URcGZoc0EmgPI//nIjmK0ZbfuYq5z9Z2AU+OShXZ+L"
     "zf5D"},
    {"rsa4096",
     "MIIFfjCCA2agAwIBAgIJAI5ivNr78ae/MA0GCSqGSIb3DQEBDQUAMGwxCzAJBgNVBAYTAkRFMQ8wDQYDVQQIEwZC"
     "ZXJsaW4xDzANBgNVBAcTBkJlcmxpbjEVMBMGA1UEChMMRXhhbXBsZSBHbWJIMQ8wDQYDVQQLEwZNb2JpbGUxEzAR"
     "BgNVBAMTClVwbG9hZCBLZXkwIBcNMjYxMTIyMTMzMDA2WhgPMjA1MTExMTYxMzMwMDZaMGwxCzAJBgNVBAYTAkRF"
     "MQ8wDQYDVQQIEwZCZXJsaW4xDzANBgNVBAcTBkJlcmxpbjEVMBMGA1UEChMMRXhhbXBsZSBHbWJIMQ8wDQYDVQQL"
     "EwZNb2JpbGUxEzARBgNVBAMTClVwbG9hZCBLZXkwggIiMA0GCSqGSIb3DQEBAQUAA4ICDwAwggIKAoICAQCdpBDX"
     "CeMAAHjP24Y1+J4z5FiQ/hJzLtgZkCuNGdBAUOv0j365HJAL6b0BpTtT3M5Qjl4l1EVawPGD9MBb5GhnT1VnQJL4"
     "hdTbVQcBduu22R/pcch5tFG7522UI1psh7pgZMb44aqw9LFyU1UA2uiF2E5BZE0wb4an+69BEwUrKzu0rvRMQESe"
     "Wlc1BgcYBcYN9dUnFUFiGLdnALRdXNnYhwu20Ptv+VjYLZfYSnoc0AXhbvv1DdZ9rJIo33FQ6Swlei+rfjgnIy+E"
     "crCM6eLq83fBMnKEtlaIJUNm6dDylYpvvesy30q9Oh7GG1mZjDSe2shTlsHyBcoFpWcekMUpEVhqlamsAC3SRQxd"
     "l+9s+YYJnoSF4lLhXl7lIhWXJWTTBs4wixcmQr0+11auwxDKMUmJvRNGaBYKVVgmxVRBqwt3WBg/lcpm0/asnO5R"
     "Jylxy9n+JdjfHHcTuNVqtX5TBxDG4hgKbmaDJNiB+FqkBBF39Pz9XjACFCOl9ayXXVykBOA2y+CukU5/kyzBrgU1"
     "38E64/xC0Vda2ONalho7Vifklx6yDHUCqrTu4w3aKWx8RjkLxtfhYS70pd0f4RfyQ35hX5/11y/7Z+9oO7Q2yBaI"
     "CMv2ygyiPPKHecVShoC9DKxSJC84woYFhyn6Z02V9KaXmgZZzYeVkfhKPutVZQIDAQABoyEwHzAdBgNVHQ4EFgQU"
     "4EdYbGWOxs4pWrkIewgaax3Apb8wDQYJKoZIhvcNAQENBQADggIBAB/O6VCIXIJWegJzSJnkoxrXd1hBCDtRmbqb"
     "5Qcq7yYYASG3yOAf4PUjXyJ7GP0+lQIw6r6DaVZdmj3crK4Mj5Tlluqrfvc9V7P1eUNkOQSgW8exz1RawClH/Viw"
     "ofqI89uSxwldK4AKXxC4AkDXe3Kby1ES8+iNQlANhO66i4l0ctyA5HYiu8Z63JgmcyLwd5xeGkcN+WTi8ia3Us/o"
     "CA4eDkEiCWZT5O6kOangIvdgws2tlIk5djfu8nfklk7kg/TtLQIE3mNNR+CTqeQ9S2ZsCOsox6Q+sYlrq3dDREjZ"
     "gS1QSDk29vIk6okv0wn1R3DtWlstG4GIdqJ55EvuNW4xHoOYYvL6QvYnfjxSCZzitmKzaDdewNKMD13AxCle4fVa"
     "Iq7ve0ZRZXrKxEgdCmU4VAXAJzwYbgGyyzZenjQLhV5oFhPjZk3u0Mv/iGbnp85g8nSxFymkKS7WgXmdTUi6QSe3"
     "MDlNNVuSjv890w0owBQUCkH4eCm2zvmDB3zJCIaojOqHPrYnyZfFGo4dRc02effRr0/+zr92YSq8saytqYIPtaT1"
     "WhX6zGSpgVFBdekg97gQpGoiOUF6U8jT3o88KZ4i6qI7CkaQVONQLzWhk0dGrfp9JhfyqaSFtLldDBhMAxCdeBs4"
     "VkyE36g9cyZMwydK1Lhx7e+DmEyZ+Qgf"},
    {"rsa_two",
     "MIICyTCCAbGgAwIBAgIIIyOVeVa8H00wDQYJKoZIhvcNAQELBQAwEjEQMA4GA1UEAxMHUlNBIFR3bzAgFw0yNjEx"
     "MjIxMzMwMDlaGA8yMDUxMTExNjEzMzAwOVowEjEQMA4GA1UEAxMHUlNBIFR3bzCCASIwDQYJKoZIhvcNAQEBBQAD"
     "ggEPADCCAQoCggEBAL4BPg6csRLXPSi7wzZA/b5+1AI3/586GA7PkmjIubZXsgsYJeJtESleNFVQFTrYH3NE7CRf"
     "+L8YcqVneRD+agygsbsnp0SQakNrBpSRCY2cPS5HIcotrP30HBy3/AbAEeZMnQeflHoq0DGKIMgJHKA4ZJOrfDzE"
     "wSakXw8KyTJxA7jenImhUzZd1FxD5g9z3E0ItZoRXus4VDT/k5PW0m9JtdFRtmJqVk2LXkWxItmjyF3mNwDFBJDP"
     "2wnXoxEphbHgmNpwYi6eQMbbSN5Nl+J/HhFKRMyPPT2l6CJGm/ykEX/mhfgR2Er+1M0UBGUc0+zFA52mWOmqjcyT"
     "0TYD/oUCAwEAAaMhMB8wHQYDVR0OBBYEFP20TsLv+GZqzFtfZn4cBX8fssuDMA0GCSqGSIb3DQEBCwUAA4IBAQCu"
     "wvvU9n5SqkK5To6aHLcoy5dlHX1cmwya5Pr8b1vTBYlP/iQ0056odz4hlq725JFouDNdfwqvWTvm0dC6ScUCjgQ4"
     "gMFtk/kKjGmLp9Fy4tC+TZGMs92goz0L0TSfhlvqalVwbxbs0LuSLjIit5sokjHEzR9qYxL5aHcOvu7UmfHoQbPe"
     "9geDnG3u+Uqud3sn/4umq3oVfpYIz6vRHG+rGHFFX38//au/Ss9hRWNUuacP5kUQmcnwP62iOei02oSdRtADnUUE"
     "AtktuXD43RMrI+39Oj1pa9Y6pyE2hgQRiakcdfkIv5kvRndSDU+fI6UYHX3iWw4dc1tg5zu9u4ra"},
    {"x509v1_utf8",
     "MIIC8zCCAdsCFF2gGj/inGd8UIqBt+TnOU2ChwtSMA0GCSqGSIb3DQEBCwUAMDUxDzANBgNVBAMMBlg1MDl2MTEV"
     "MBMGA1UECgwMw5xuw69jb2RlIMOWMQswCQYDVQQGEwJTRTAgFw0yNjExMjIxMzMwMTNaGA8yMDUxMTExNjEzMzAx"
     "M1owNTEPMA0GA1UEAwwGWDUwOXYxMRUwEwYDVQQKDAzDnG7Dr2NvZGUgw5YxCzAJBgNVBAYTAlNFMIIBIjANBgkq"
     "hkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwwoaQ408fph2yq3VaaDaIQt2LNWKGwSB8/GLtmx0mXksSI6sbHVYaCAg"
     "i+EIZyEBY0krf1jw/UhSEyJhLJokPn2ZGVgJXLpp674vkhO2FgAgfv+UbgZ9WgpDTC0+BQ6eMIZT60JTsr5XQ1ti"
     "7romjnFehDRIkFv1gfc+m2VIZLLL9G+gXtiGUjddjq5ygV6ZOAqfgdkwFdRCUQwsW6/jysGjXmYV3LWNjrLksiPk"
     "pjdlLOiwe1pOforHTiMLLPnTG58UB5VQWPfF1QyeAoySVmbx6IKQeon52q108jDRnPT7ZpEsiOAx98r/DfEAdx7p"
     "mVDCqL8lS6yS7ZI8JEQPDwIDAQABMA0GCSqGSIb3DQEBCwUAA4IBAQBdujgMOkCUr45LWTKSLQoy2BPqFkeeMfHc"
     "nj9bf44CF7etL+uD1mOlT3s1ym4sGF9kjTv5nU1GO1K26S40UuGK5yllYM0ezzqs3lu3BSQxGeOu90XyqxdpuLXE"
     "lQdWEJNyoBIkpLKhTogCoZLjD+Bv4q0zsFJAViqKugsFsT/0s8ZetWYRFZR0vwGv8gSJkeBXNczmwIKZMV5SqnSx"
     "vQaxzeyNHhG1S1XYaZM8ad8v87ZYABDZUrr9aBMIuZNVytoXWk1HpIkyN6sM6NBKsTTXsO39H4BVuSHQt5U/B4j0"
     "PHJCowrMtSoW8aVDd0prkLIy7Nia2iV7yf8d5fabXWR0"},
};

struct apphash_vector {
    const char *id, *package, *certificate, *expected;
    const char *second; /* another certificate that signs with it, NULL: none */
};

static const struct apphash_vector apphash_vectors[] = {
    {"pub-1", "com.rnsmsretrieverexample", "rn_debug", "f8Escobih1Z"},
    {"pub-2", "com.awesomeproject", "rn_debug", "kFUwfusCq/+"},
    {"pub-3", "com.myapp", "rn_debug", "8JbtsPvGnRR"},
    {"gen-1", "com.example.myapp", "rsa2048", "OjvCiOzMEvS"},
    {"gen-2", "net.example.shop", "rsa2048", "g9zKESWsOyw"},
    {"gen-3", "com.example.myapp", "rsa4096", "jnnM7M3bgwl"},
    {"gen-4", "net.example.shop", "rsa4096", "TO0mt8c9tg/"},
    {"gen-5", "com.example.myapp", "ec_p256", "Cb3ViKLaPO0"},
    {"gen-6", "net.example.shop", "ec_p256", "yLA02h941nF"},
    {"gen-7", "com.example.myapp", "rsa_two", "r9XXkvK5QlH"},
    {"gen-8", "com.example.myapp", "ec_p384", "lLcTZXZeWNT"},
    {"gen-9", "com.example.myapp", "ossl_ec", "j0w6fNBCjDA"},
    {"gen-10", "com.example.myapp", "ed25519", "u5uH/KFMl8A"},
    {"gen-11", "com.example.myapp", "rsa1024", "F3FWlujTh9h"},
    {"gen-12", "com.example.myapp", "x509v1_utf8", "0ieDl+4Ge30"},
    {"gen-13", "a.b", "rsa2048", "yoUNzrS0AWf"},
    {"gen-14", "com.Example.MixedCase", "rsa2048", "fkEpSJ4VrL7"},
    {"gen-15", "com.example.mixedcase", "rsa2048", "f4XcTbgZT6N"},
    {"gen-16", "com.example.my_app2", "rsa2048", "EunRgAbLiGJ"},
    {"gen-17", "com.example.myapp.debug", "rsa2048", "GwnR/7oVNam"},
    {"gen-18",
     "com.seg00.seg01.seg02.seg03.seg04.seg05.seg06.seg07.seg08.seg09."
     "seg10.seg11.seg12.seg13.seg14.seg15.seg16.seg17.seg18.seg19.seg2"
     "0.seg21.seg22.seg23.seg24.seg25.seg26.seg27.seg28.seg29",
     "rsa2048", "4La49WxDxdE"},
    {"multi-1", "com.example.myapp", "rsa2048", "fLzH4/oENFH", "ec_p256"},
    {"multi-2", "com.example.myapp", "ec_p256", "uOeuW3cbh8S", "rsa2048"},
};

/* What common mistakes give for com.example.myapp with rsa2048, and what must be said of them:
 * what was hashed, and how the digest was written; NULL: nothing wrong in that. */
struct apphash_mistake {
    const char *value, *recipe, *form;
    const char *package, *certificate; /* NULL: as said above */
};

static const struct apphash_mistake apphash_mistakes[] = {
    {"nGauqAZq6a8=", "der-alone", "eight-bytes", NULL, NULL},
    {"InzWXO8k3Xw", "upper-case-hex", NULL, NULL, NULL},
    {"JwS38KYUbP8", "colon-hex", NULL, NULL, NULL},
    {"r+Yddiafipk", "no-space", NULL, NULL, NULL},
    {"GZzsH+yAxra", "two-spaces", NULL, NULL, NULL},
    {"VGzWWzkDxc8", "trailing-newline", NULL, NULL, NULL},
    {"UD419OWiiF/", "binary-der", NULL, NULL, NULL},
    {"TRCWvYqLDq4", "public-key", NULL, NULL, NULL},
    {"jXm3TSnSojy", "cert-sha256", NULL, NULL, NULL},
    {"1k1aqnGr09L", "sha1", NULL, NULL, NULL},
    {"M2EzYmMyODh", NULL, "base64-of-hex-digest", NULL, NULL},
    {"kFUwfusCq_-", NULL, "base64url", "com.awesomeproject", "rn_debug"},
    {"OjvCiOzMEvSQ", NULL, "twelve-chars", NULL, NULL},
    {"HDoiDI7gXr0", "keytool-password-prompt", NULL, NULL, NULL},
};
