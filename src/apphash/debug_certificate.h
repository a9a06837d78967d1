/*
 * The certificate of React Native's project template: its debug key is in countless repositories,
 * and many apps carry a hash made with it to their users.
 *
 * SHA-256 FA:C6:17:45:DC:09:...:9B:3C. Source: domain notes 1.2. (Other debug keys are made on each
 * developer's machine: ~/.android/debug.keystore.)
 */
#pragma once

extern const char og_debug_certificate_base64[];
