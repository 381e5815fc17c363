/** Written anew at each start, so that an upgrade of this project is an upgrade of its settings. */
export const POSTGRESQL_CONF = `# Written at each start; changes here are lost.
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
password_encryption = 'scram-sha-256'

# Two cores, shared with the gateway and OPA.
shared_buffers = 256MB
effective_cache_size = 1GB
maintenance_work_mem = 64MB
random_page_cost = 1.1
max_worker_processes = 4
max_parallel_workers = 2
# A query keeps to one core, and needs nothing of /dev/shm, which is 64 MB in most containers.
max_parallel_workers_per_gather = 0
jit = off

# A commit that was answered is on disk.
fsync = on
synchronous_commit = on
full_page_writes = on
wal_compression = on
max_wal_size = 2GB
min_wal_size = 128MB
restart_after_crash = on

# Standard error is a file whose size the gateway bounds. Statements stay out of it: they can hold personal data.
logging_collector = off
log_destination = 'stderr'
log_line_prefix = '%m [%p] '
log_timezone = 'UTC'
log_min_error_statement = panic
timezone = 'UTC'
datestyle = 'iso, mdy'
default_text_search_config = 'pg_catalog.english'
lc_messages = 'C'
`;

/** Every connection comes over the loopback with a password. */
export const PG_HBA_CONF = `# Written at each start; changes here are lost.
host all all 127.0.0.1/32 scram-sha-256
`;
