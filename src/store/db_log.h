/*
 * How the engine writes its write-ahead log: frame by frame, two small writes for each page. Here
 * they are gathered, and go to the file in one write when the engine asks that the log be on disk.
 *
 * Only for a connection that flushes the log before each commit counts (synchronous=FULL): until
 * then nobody else looks at what it has written, for the index that leads readers to it comes after.
 */
#pragma once

/* Register it with the engine, once, after that was initialized; an SQLite code. */
int og_db_log_register(void);

/* The name under which a connection asks for it. */
#define OG_DB_LOG_VFS "otpgate-log"
