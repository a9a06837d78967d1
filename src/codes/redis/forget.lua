-- These counts begin at nought. KEYS: the mark, then the counts
for i = 2, #KEYS do
    redis.call('DEL', KEYS[i])
end
return {1}
