-- Take an attempt, then compare, and on a match forget the record: one step for everybody else.
-- ARGV: length, letters (0 or 1), then for each key in use its id and the digest made with it
-- Answers: verdict (the numbers of enum og_code_verdict), attempts left, life left in ms
local NONE, MALFORMED, WRONG, KILLED, MATCH = 0, 1, 2, 3, 4
local record = redis.call('HMGET', KEYS[1], 'key', 'mac', 'length', 'letters')
local life = redis.call('PTTL', KEYS[1])
if not record[1] then
    return {NONE, 0, 0}
end
local typed = nil
for i = 3, #ARGV, 2 do
    if ARGV[i] == record[1] then
        typed = ARGV[i + 1]
    end
end
if not typed or life < 0 then
    redis.call('DEL', KEYS[1])
    return {NONE, 0, 0}
end
if ARGV[1] ~= record[3] or (record[4] == '0' and ARGV[2] == '1') then
    return {MALFORMED, 0, life}
end
-- Before the comparison: a server that cannot write (no memory left) must not compare either.
local left = redis.call('HINCRBY', KEYS[1], 'left', -1)
-- Strings of Lua are the same object when they are equal, so this takes one time for all of them.
local right = typed == record[2]
if right or left <= 0 then
    redis.call('DEL', KEYS[1])
end
return {right and MATCH or left <= 0 and KILLED or WRONG, left, life}
