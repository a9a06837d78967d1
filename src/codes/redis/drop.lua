-- Forget the record.
return {redis.call('DEL', KEYS[1])}
