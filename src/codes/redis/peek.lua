-- The sealed copy and the life left in ms, or nothing.
local sealed = redis.call('HGET', KEYS[1], 'sealed')
local life = redis.call('PTTL', KEYS[1])
if not sealed or life < 0 then
    return {}
end
return {sealed, life}
