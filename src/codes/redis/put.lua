-- Store a record with its life, in one step: no key is ever without one. Nothing is written before HSET,
-- which a server without memory left refuses; after a first write it would not.
-- ARGV: key id, digest, length, letters (0 or 1), attempts, life in ms, sealed copy
redis.call('HSET', KEYS[1], 'key', ARGV[1], 'mac', ARGV[2], 'length', ARGV[3],
           'letters', ARGV[4], 'left', ARGV[5], 'sealed', ARGV[7])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return {1}
